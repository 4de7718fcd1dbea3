//! The catalog of an app made ready to admit its events.

use std::sync::Arc;

use daybook_catalog::{AppCatalog, As, Dialect, EventType, Field, FieldSpec, Store, UnknownTypes};
use daybook_event::limits::EVENT_JSON_BYTES_MAX;
use daybook_event::record::Term;
use daybook_event::{Sampling, Timestamp, app_hash, term};
use rustc_hash::FxHashMap;

use crate::cloud_events;
use crate::consent::ConsentRule;
use crate::envelope::{Envelope, Form};
use crate::indexed::is_indexed;
use crate::json::Redaction;
use crate::personal::Rules;
use crate::sampler::Sampler;
use crate::schema::{CompileError, DataSchema};

/// Admits the events of one app: decodes them, judges them by the catalog, and makes records of them. It does no I/O and
/// holds nothing between calls but the counts of sampling windows.
pub struct Admission {
    pub(crate) app: Arc<AppCatalog>,
    pub(crate) app_hash: u64,
    pub(crate) envelopes: [Envelope; 3],
    /// By name; lowest version first.
    types: FxHashMap<Box<str>, Vec<CompiledType>>,
    pub(crate) unknown_sampler: Sampler,
    pub(crate) undeclared_rules: Rules,
    pub(crate) undeclared_consent: Option<ConsentRule>,
    pub(crate) redaction: Redaction,
    pub(crate) max_clock_skew_us: i64,
    pub(crate) warn_older_than_us: i64,
    pub(crate) event_bytes_max: usize,
}

/// One version of an event type made ready.
pub(crate) struct CompiledType {
    pub(crate) event_type: EventType,
    pub(crate) version: String,
    pub(crate) schema: DataSchema,
    pub(crate) sampler: Sampler,
    /// Required data properties that the envelope may hold instead.
    pub(crate) envelope_required: Vec<(String, Field)>,
    /// How long its events are kept, in microseconds.
    pub(crate) retain_us: i64,
    /// What in its data is personal.
    pub(crate) rules: Rules,
    /// What its events may be kept for.
    pub(crate) consent: Option<ConsentRule>,
    /// The term of its name, where events of that name are indexed.
    pub(crate) term: Option<Term>,
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Admission")
            .field("app", &self.app.app)
            .field("types", &self.types.len())
            .finish_non_exhaustive()
    }
}

impl Admission {
    /// Makes a catalog ready.
    ///
    /// # Errors
    /// [`CompileError`] when a schema does not compile, which linting the catalog would have told.
    pub fn new(app: Arc<AppCatalog>) -> Result<Self, CompileError> {
        let mut types: FxHashMap<Box<str>, Vec<CompiledType>> = FxHashMap::default();
        for event_type in &app.events {
            let compiled = CompiledType {
                version: event_type.version.to_string(),
                schema: DataSchema::compile(&app, event_type)?,
                sampler: Sampler::new(event_type.sampling),
                envelope_required: app.envelope_required(event_type),
                retain_us: retain_us(&app, &event_type.category),
                rules: Rules::compile(&app, Some(event_type)),
                consent: app.consent_of(event_type).and_then(|consent| ConsentRule::new(&app, &consent)),
                term: None,
                event_type: event_type.clone(),
            };
            types.entry(event_type.name.as_str().into()).or_default().push(compiled);
        }
        for (name, versions) in types.iter_mut().filter(|(_, versions)| is_indexed(versions)) {
            let term = term::of_type(&app.app, name);
            versions.iter_mut().for_each(|version| version.term = Some(term));
        }
        let unknown_category = match &app.unknown_types {
            UnknownTypes::Keep { category, .. } => app.category(category),
            UnknownTypes::Quarantine => None,
        };
        let unknown_sampling = unknown_category.and_then(|category| category.sampling).unwrap_or(Sampling::ALL);
        Ok(Self {
            app_hash: app_hash(&app.app),
            envelopes: [
                Envelope::new(&app.dialect, Form::Dialect),
                Envelope::new(&foreign(&app.dialect, FieldSpec::canonical), Form::Canonical),
                Envelope::new(&foreign(&app.dialect, cloud_events::field), Form::CloudEvent),
            ],
            types,
            unknown_sampler: Sampler::new(unknown_sampling),
            undeclared_rules: Rules::compile(&app, None),
            undeclared_consent: ConsentRule::undeclared(&app),
            redaction: Redaction {
                secrets: true,
                emails: app.sanitise.emails,
                card_numbers: app.sanitise.card_numbers,
            },
            max_clock_skew_us: microseconds(app.max_clock_skew),
            warn_older_than_us: app.warn_older_than.map_or(i64::MAX, microseconds),
            event_bytes_max: EVENT_JSON_BYTES_MAX,
            app,
        })
    }

    /// Takes events that would be as large as this if they were stored whole, in bytes;
    /// [`EVENT_JSON_BYTES_MAX`] is what it takes otherwise.
    #[must_use]
    pub fn taking_events_of(self, bytes_max: usize) -> Self {
        Self { event_bytes_max: bytes_max, ..self }
    }

    /// The catalog it admits by.
    #[must_use]
    pub fn catalog(&self) -> &Arc<AppCatalog> {
        &self.app
    }

    pub(crate) fn envelope(&self, form: Form) -> &Envelope {
        &self.envelopes[form as usize]
    }

    /// All versions of an event type, lowest first.
    pub(crate) fn versions(&self, name: &str) -> &[CompiledType] {
        self.types.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// All event types, with their versions.
    pub(crate) fn compiled(&self) -> impl Iterator<Item = (&str, &[CompiledType])> {
        self.types.iter().map(|(name, versions)| (&**name, versions.as_slice()))
    }

    /// How long events of a category are kept, in microseconds.
    pub(crate) fn retain_us(&self, category: &str) -> i64 {
        retain_us(&self.app, category)
    }
}

impl CompiledType {
    pub(crate) fn counts_only(&self) -> bool {
        self.event_type.store == Store::DailyCounts
    }
}

/// How an app's fields look in a form that is not its own: the names are that form's, what the values may be is the
/// app's. Nothing but the name is required there.
fn foreign(dialect: &Dialect, field: impl Fn(Field) -> FieldSpec) -> Dialect {
    let data = field(Field::Data).path;
    let own_data = dialect.field(Field::Data).map(|spec| spec.path.clone());
    let fields = Field::ALL.into_iter().map(|name| {
        let mut spec = field(name);
        if let Some(own) = dialect.field(name) {
            spec.values.clone_from(&own.values);
            spec.default.clone_from(&own.default);
            // "properties.community_id" of the app is "data.community_id" here.
            let within = own.also.as_deref().zip(own_data.as_deref()).and_then(|(also, data)| also.strip_prefix(data));
            spec.also = within.map(|within| [data.as_slice(), within].concat());
        }
        if name != Field::Time {
            spec.kind = if matches!(spec.kind, As::Uuid | As::Integer | As::ObjectId) { As::String } else { spec.kind };
        }
        spec
    });
    Dialect { fields: fields.collect(), open_variant: None }
}

fn retain_us(app: &AppCatalog, category: &str) -> i64 {
    app.category(category).and_then(|category| category.retain).map_or(i64::MAX, microseconds)
}

fn microseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Whether an event of this time is beyond what is kept.
pub(crate) const fn is_expired(time: Timestamp, now: Timestamp, retain_us: i64) -> bool {
    now.microseconds().saturating_sub(time.microseconds()) > retain_us
}
