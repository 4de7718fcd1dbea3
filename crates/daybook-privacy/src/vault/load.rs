//! People read from the database.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::{Consents, Person, PersonName, SubjectId, Timestamp};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    RelationTrait,
};

use super::cache::LookupKey;
use super::facts::ConsentRow;
use super::ring::{Opened, Ring};
use crate::limits;
use crate::tables::{consents, subjects};

/// Somebody who is looked for.
#[derive(Clone)]
pub(super) struct Wanted {
    pub app: Arc<str>,
    pub name: PersonName<'static>,
    /// Their hash under the current generation.
    pub key: LookupKey,
}

impl Wanted {
    pub fn new(ring: &Ring, app: &Arc<str>, name: &PersonName<'_>) -> Self {
        let key = ring.current().lookup(app, name);
        Self { app: Arc::clone(app), name: name.clone().into_owned(), key }
    }
}

/// One row of a person with one of their consents, as the database gives it.
#[derive(FromQueryResult)]
struct Joined {
    id: i64,
    app: String,
    lookup: Option<Vec<u8>>,
    anonymous_id: Vec<u8>,
    generation: i32,
    wrapped: Vec<u8>,
    created_us: i64,
    objected_us: Option<i64>,
    damaged_us: Option<i64>,
    purpose: Option<String>,
    granted: Option<bool>,
    time_us: Option<i64>,
    source: Option<String>,
    version: Option<String>,
}

/// A row of a person, opened where it does.
pub(super) struct Row {
    pub id: i64,
    pub app: String,
    pub lookup: Option<Vec<u8>>,
    pub subject: SubjectId,
    pub generation: i32,
    pub created_us: i64,
    pub objected_us: Option<i64>,
    pub damaged_us: Option<i64>,
    pub consents: Vec<ConsentRow>,
    /// None where it does not open.
    pub opened: Option<Opened>,
}

impl Row {
    /// Whether its generation is open, so that it would open if it were not damaged.
    pub fn is_damaged(&self, ring: &Ring) -> bool {
        self.opened.is_none() && ring.get(self.generation).is_some()
    }

    pub fn into_person(self) -> Option<Person> {
        let consents = said(&mut self.consents.into_iter().map(|consent| (consent.purpose, consent.granted)));
        let (id, objected) = (self.subject, self.objected_us.is_some());
        self.opened.map(|opened| Person { id, secret: opened.secret, consents, objected })
    }
}

/// What there is of somebody who was looked for.
#[derive(Default)]
pub(super) struct Found {
    /// Rows that open, the oldest generation first: the person is the first; the others are from times when it was locked.
    pub rows: Vec<Row>,
    /// Rows that were found by the name's hash, but do not open or hold another name.
    pub damaged: Vec<Row>,
}

impl Found {
    /// The person: id and secret of the first row, what was said last in any of them, and an objection in any of them.
    pub fn person(&self) -> Option<Person> {
        let first = self.rows.first()?;
        let opened = first.opened.as_ref()?;
        Some(Person {
            id: first.subject,
            secret: opened.secret.clone(),
            consents: said(&mut self.consents().into_iter().map(|row| (row.purpose.clone(), row.granted))),
            objected: self.objected().is_some(),
        })
    }

    /// What was last said of each purpose, by purpose.
    pub fn consents(&self) -> Vec<&ConsentRow> {
        let mut all: Vec<&ConsentRow> = self.rows.iter().flat_map(|row| &row.consents).collect();
        all.sort_by(|a, b| a.purpose.cmp(&b.purpose).then(b.time.cmp(&a.time)));
        all.dedup_by(|a, b| a.purpose == b.purpose);
        all
    }

    /// Since when they object.
    pub fn objected(&self) -> Option<Timestamp> {
        self.rows.iter().filter_map(|row| row.objected_us).min().map(Timestamp::from_microseconds)
    }
}

/// What somebody said, as it is kept in memory.
fn said(rows: &mut dyn Iterator<Item = (String, bool)>) -> Option<Arc<Consents>> {
    let said: Consents = rows.map(|(purpose, granted)| (purpose.into(), granted)).collect();
    (!said.is_empty()).then(|| Arc::new(said))
}

/// Looks for people by name; the answer is in their order.
pub(super) async fn by_name<C: ConnectionTrait>(
    database: &C,
    ring: &Ring,
    wanted: &[Wanted],
) -> Result<Vec<Found>, DbErr> {
    let mut places: HashMap<LookupKey, usize> = HashMap::with_capacity(wanted.len() * ring.all().len());
    let mut keys = Vec::with_capacity(wanted.len() * ring.all().len());
    for (index, person) in wanted.iter().enumerate() {
        for generation in ring.all() {
            let is_current = generation.number == ring.current().number;
            let key = if is_current { person.key } else { generation.lookup(&person.app, &person.name) };
            if places.insert(key, index).is_none() {
                keys.push(key.to_vec());
            }
        }
    }
    let mut found: Vec<Found> = wanted.iter().map(|_| Found::default()).collect();
    for row in rows(database, ring, subjects::Column::Lookup, keys).await? {
        let key = row.lookup.as_deref().and_then(|lookup| LookupKey::try_from(lookup).ok());
        let Some(index) = key.and_then(|key| places.get(&key)).copied() else { continue };
        let person = &wanted[index];
        let is_theirs = *row.app == *person.app && row.opened.as_ref().is_some_and(|opened| opened.name == person.name);
        let found = &mut found[index];
        if is_theirs { found.rows.push(row) } else { found.damaged.push(row) }
    }
    for found in &mut found {
        found.rows.sort_by_key(|row| row.generation);
    }
    Ok(found)
}

/// Looks for people by id, in no order. Rows that were replaced are among them; they do not open.
pub(super) async fn by_id<C: ConnectionTrait>(database: &C, ring: &Ring, ids: &[SubjectId]) -> Result<Vec<Row>, DbErr> {
    let ids = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
    rows(database, ring, subjects::Column::AnonymousId, ids).await
}

async fn rows<C: ConnectionTrait>(
    database: &C,
    ring: &Ring,
    column: subjects::Column,
    keys: Vec<Vec<u8>>,
) -> Result<Vec<Row>, DbErr> {
    let mut rows: Vec<Row> = Vec::with_capacity(keys.len());
    for keys in keys.chunks(limits::CHUNK_ROWS) {
        let found = subjects::Entity::find()
            .select_only()
            .columns([
                subjects::Column::Id,
                subjects::Column::App,
                subjects::Column::Lookup,
                subjects::Column::AnonymousId,
                subjects::Column::Generation,
                subjects::Column::Wrapped,
                subjects::Column::CreatedUs,
                subjects::Column::ObjectedUs,
                subjects::Column::DamagedUs,
            ])
            .columns([
                consents::Column::Purpose,
                consents::Column::Granted,
                consents::Column::TimeUs,
                consents::Column::Source,
                consents::Column::Version,
            ])
            .join(JoinType::LeftJoin, subjects::Relation::Consents.def())
            .filter(is_one_of(column, keys))
            .into_model::<Joined>()
            .all(database)
            .await?;
        // A person's rows follow each other where the database joins in the order it reads, which none promises.
        let mut places: HashMap<i64, usize> = HashMap::with_capacity(found.len());
        for joined in found {
            let consent = joined.consent();
            let place = match places.get(&joined.id) {
                Some(place) => *place,
                None => {
                    places.insert(joined.id, rows.len());
                    rows.push(joined.open(ring));
                    rows.len() - 1
                }
            };
            rows[place].consents.extend(consent);
        }
    }
    for row in &mut rows {
        row.consents.sort_by(|a, b| a.purpose.cmp(&b.purpose));
    }
    Ok(rows)
}

/// `column IN (keys)`, with as many of them as some power of two: few different statements, which databases prepare once.
pub(super) fn is_one_of(column: subjects::Column, keys: &[Vec<u8>]) -> SimpleExpr {
    let Some(last) = keys.last() else { return Expr::value(false) };
    if let [key] = keys {
        return column.eq(key.clone());
    }
    let padding = keys.len().next_power_of_two() - keys.len();
    column.is_in(keys.iter().cloned().chain(std::iter::repeat_n(last.clone(), padding)))
}

impl Joined {
    fn consent(&self) -> Option<ConsentRow> {
        Some(ConsentRow {
            purpose: self.purpose.clone()?,
            granted: self.granted?,
            time: Timestamp::from_microseconds(self.time_us?),
            source: self.source.clone(),
            version: self.version.clone(),
        })
    }

    fn open(self, ring: &Ring) -> Row {
        let id = <[u8; 16]>::try_from(self.anonymous_id.as_slice()).ok().map(SubjectId::from_bytes);
        let opened = id
            .zip(ring.get(self.generation))
            .and_then(|(id, generation)| generation.unwrap_person(&self.app, id, &self.wrapped).ok());
        Row {
            id: self.id,
            app: self.app,
            lookup: self.lookup,
            subject: id.unwrap_or(SubjectId::from_bytes([0; 16])),
            generation: self.generation,
            created_us: self.created_us,
            objected_us: self.objected_us,
            damaged_us: self.damaged_us,
            consents: Vec::new(),
            opened,
        }
    }
}
