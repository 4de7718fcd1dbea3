//! Events read from the messages of an app, and written in them.

use std::collections::HashMap;

use daybook_event::Finding;

use super::schema::{Declaration, Message, Of, Schema};
use super::wire::{Content, Entries};
use super::{decode, encode, envelope};
use crate::AppCatalog;
use crate::emit::Model;
use crate::migrate::Upcasting;

/// Reads and writes the events of an app as `events.proto` declares them.
pub struct Codec {
    pub(super) package: String,
    pub(super) messages: Vec<Compiled>,
    pub(super) enumerations: Vec<Enumeration>,
    /// The data of every version of every event type, by the name of its message.
    pub(super) data: HashMap<String, Data>,
    /// The message of the data of an event, by the name of its type and the version.
    pub(super) of: HashMap<(String, String), usize>,
}

/// A message made ready.
pub(super) struct Compiled {
    pub(super) message: Message,
    /// The places of its fields, by their numbers.
    pub(super) by_number: HashMap<u32, usize>,
    /// The places of its fields, by their names in the event.
    pub(super) by_name: HashMap<String, usize>,
}

/// An enumeration made ready.
pub(super) struct Enumeration {
    pub(super) by_number: HashMap<u64, String>,
    pub(super) by_value: HashMap<String, u32>,
}

/// The data of a version of an event type.
pub(super) struct Data {
    pub(super) message: usize,
    pub(super) event_type: String,
    /// Its version, where it is not the one of events that name none.
    pub(super) version: Option<String>,
}

impl Codec {
    /// That of an app.
    #[must_use]
    pub fn of(app: &AppCatalog) -> Self {
        let model = Model::of(app);
        let schema = Schema::of(&model);
        let (mut data, mut of) = (HashMap::new(), HashMap::new());
        for outermost in &schema.outermost {
            let Of::Data(index) = outermost.of else { continue };
            let (Declaration::Message(message), Some(declared)) = (outermost.declaration, model.events.get(index))
            else {
                continue;
            };
            let (event_type, version) = (declared.event_type.name.clone(), declared.event_type.version.to_string());
            of.insert((event_type.clone(), version.clone()), message);
            let version = (!declared.current).then_some(version);
            data.insert(declared.data_name.clone(), Data { message, event_type, version });
        }
        let enumerations = schema.enumerations.into_iter().map(|found| Enumeration {
            by_number: found.values.iter().map(|(value, _, number)| (u64::from(*number), value.clone())).collect(),
            by_value: found.values.into_iter().map(|(value, _, number)| (value, number)).collect(),
        });
        Self {
            package: schema.package,
            enumerations: enumerations.collect(),
            messages: schema.messages.into_iter().map(Compiled::from).collect(),
            data,
            of,
        }
    }

    /// The name of the message of one event.
    #[must_use]
    pub fn event_type(&self) -> String {
        format!("{}.Event", self.package)
    }

    /// The name of the message of several events.
    #[must_use]
    pub fn batch_type(&self) -> String {
        format!("{}.EventBatch", self.package)
    }

    /// The events of a batch, each as it is.
    ///
    /// # Errors
    /// What is wrong, when the bytes are no batch at all, and at which of them.
    pub fn split<'b>(&self, batch: &'b [u8]) -> Result<Vec<&'b [u8]>, (usize, &'static str)> {
        let mut events = Vec::new();
        let mut entries = Entries(batch);
        loop {
            let at = batch.len() - entries.0.len();
            match entries.next().map_err(|problem| (at, problem))? {
                None => return Ok(events),
                Some(entry) => match (entry.number, entry.content) {
                    (envelope::BATCH_EVENTS, Content::Bytes(event)) => events.push(event),
                    // A page that Daybook gave out can be sent again.
                    (envelope::BATCH_NEXT, Content::Varint(_)) => {}
                    _ => return Err((at, "a field that batches do not have")),
                },
            }
        }
    }

    /// Reads one event, and appends it in the canonical form.
    ///
    /// # Errors
    /// Why it cannot be read, with a JSON Pointer into the canonical form.
    pub fn read(&self, event: &[u8], out: &mut Vec<u8>) -> Result<(), Box<Finding>> {
        let event = decode::event(self, event).map_err(Box::new)?;
        // Text, numbers and names always serialise.
        let _ = serde_json::to_writer(out, &event);
        Ok(())
    }

    /// Appends an event as the message of one event.
    pub fn write(&self, event: &daybook_event::Event<'_>, upcasting: &Upcasting, out: &mut Vec<u8>) {
        encode::event(self, event, upcasting, out);
    }

    /// Appends an event as one of a batch.
    pub fn write_to_batch(&self, event: &daybook_event::Event<'_>, upcasting: &Upcasting, out: &mut Vec<u8>) {
        super::wire::put_message(envelope::BATCH_EVENTS, out, |out| encode::event(self, event, upcasting, out));
    }

    /// Appends where the page behind a batch begins.
    pub fn end_batch(&self, next: u64, out: &mut Vec<u8>) {
        super::wire::put_varint(envelope::BATCH_NEXT, next, out);
    }
}

impl From<Message> for Compiled {
    fn from(message: Message) -> Self {
        let fields = || message.fields.iter().enumerate();
        let by_number = fields().map(|(place, field)| (field.number, place)).collect();
        let by_name = fields().map(|(place, field)| (field.json.clone(), place)).collect();
        Self { message, by_number, by_name }
    }
}
