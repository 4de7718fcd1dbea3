//! Quarantined events, sealed on their way in and opened on their way out: like records of the log, under the secret of the
//! person they are about, where that can be told, and of the month they came in.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use daybook_admission::QuarantineEntry;
use daybook_event::person::QUARANTINE;
use daybook_event::{Digest, Month, Needs, PersonName, SealKeys, SubjectId, Timestamp};
use daybook_privacy::VaultError;
use rand::RngCore;

use crate::collector::{App, Collector};
use crate::quarantine::{Entry, NewEntry, SealedEvent};
use daybook_privacy::Opener;

impl Collector {
    /// What the quarantine keeps of these entries.
    ///
    /// # Errors
    /// When the vault does not answer.
    pub async fn set_aside(
        &self,
        app: &App,
        entries: Vec<QuarantineEntry>,
        now: Timestamp,
    ) -> Result<Vec<NewEntry>, VaultError> {
        let people = entries.iter().map(|entry| entry.person.clone()).collect();
        let events: Vec<&str> = entries.iter().map(|entry| entry.event.as_str()).collect();
        let sealed = self.seal_aside(app, people, &events, now).await?;
        let kept = entries.into_iter().zip(sealed).map(|(entry, event)| NewEntry {
            app: Arc::clone(&app.slug),
            event_id: entry.id.map(|id| id.to_string()),
            name: entry.name,
            event,
            errors: entry.errors,
        });
        Ok(kept.collect())
    }

    /// Seals the JSON of events, each about the person beside it.
    ///
    /// # Errors
    /// When the vault does not answer.
    pub async fn seal_aside(
        &self,
        app: &App,
        people: Vec<Option<PersonName<'static>>>,
        events: &[&str],
        now: Timestamp,
    ) -> Result<Vec<SealedEvent>, VaultError> {
        let month = Month::of(now);
        let mut needs = Needs { people: Vec::new(), months: vec![(Cow::Borrowed(QUARANTINE), month)] };
        let mut places: HashMap<PersonName<'static>, usize> = HashMap::new();
        let mut place = |person: PersonName<'static>| {
            *places.entry(person).or_insert_with_key(|person| {
                needs.people.push(person.clone());
                needs.people.len() - 1
            })
        };
        let numbers: Vec<Option<usize>> = people.into_iter().map(|person| person.map(&mut place)).collect();
        let keys = self.vault.ensure(&app.slug, &needs).await?;
        // Asked for one month, the vault gives one.
        let Some(secret) = keys.months.first() else { return Err(VaultError::Closed) };
        let context = context(app);
        let sealed = events.iter().zip(numbers).map(|(event, number)| {
            let person = number.and_then(|at| keys.people.get(at));
            let keys = SealKeys::derive(person.map(|person| &person.secret), secret);
            let mut nonce = [0; daybook_event::seal::NONCE_BYTES];
            rand::rng().fill_bytes(&mut nonce);
            let mut bytes = Vec::new();
            keys.seal(nonce, &context, event.as_bytes(), &mut bytes);
            let hash = blake3::keyed_hash(keys.digest_key(), event.as_bytes());
            let mut digest = Digest::default();
            digest.copy_from_slice(&hash.as_bytes()[..size_of::<Digest>()]);
            SealedEvent { subject: person.map(|person| person.id), month, bytes, digest }
        });
        Ok(sealed.collect())
    }

    /// The JSON of quarantined events of an app; nothing for one whose secrets are gone or cannot be read.
    ///
    /// # Errors
    /// When the vault does not answer.
    pub async fn open_aside(&self, app: &App, entries: &[Entry]) -> Result<Vec<Option<String>>, VaultError> {
        let subjects: Vec<SubjectId> = entries.iter().filter_map(subject).collect();
        let people = self.vault.by_id(&subjects).await?;
        let opener = Opener::new(&self.vault, &app.slug, people);
        let context = context(app);
        let open = |entry: &Entry| {
            let Some(sealed) = &entry.sealed else { return Some(entry.event.clone()) };
            let month = Month::from_number(entry.month?);
            let keys = opener.keys(QUARANTINE, month, subject(entry));
            let opened = keys.into_iter().find_map(|keys| keys.open(&context, sealed).ok())?;
            String::from_utf8(opened).ok()
        };
        Ok(entries.iter().map(open).collect())
    }
}

fn subject(entry: &Entry) -> Option<SubjectId> {
    entry.subject.as_deref()?.try_into().ok().map(SubjectId::from_bytes)
}

/// What binds a sealed event to its app's quarantine.
fn context(app: &App) -> Vec<u8> {
    [b"quarantine".as_slice(), &app.hash.to_le_bytes()].concat()
}
