//! One request, taken from step to step.

use sea_orm::DatabaseConnection;

use super::people::{People, Status};
use super::store::{self, Stored};
use super::{EraseError, Observer, Progress, Shared, Step, events, reporting, telling};
use crate::limits;
use crate::report::SignedReport;
use crate::tables::begin_write;
use crate::vault::DatabaseError;

/// What the report says is waited for where the vault cannot read all people.
const LOCKED: &str = "people whose key the vault does not have at present";

/// Takes a request as far as it goes.
pub(super) async fn run(shared: &Shared, request: &str, observer: &Observer<'_>) -> Result<SignedReport, EraseError> {
    let stored = store::load(shared.vault.database(), request).await?;
    if stored.step == Step::Complete {
        return reporting::read(shared, request).await?.ok_or(EraseError::Damaged);
    }
    let people = People::load(shared.vault.database(), request).await?;
    Work { shared, stored, people, observer }.advance().await
}

struct Work<'s> {
    shared: &'s Shared,
    stored: Stored,
    people: People,
    observer: &'s Observer<'s>,
}

impl Work<'_> {
    async fn advance(mut self) -> Result<SignedReport, EraseError> {
        if self.stored.step == Step::Destroyed && self.stored.notes.locked && !self.is_locked().await? {
            // The vault reads everybody again: whoever could not be looked up then can be now.
            self.stored.notes.locked = false;
            self.stored.notes.views.values_mut().for_each(|view| view.confirmed = false);
            self.reach(Step::Requested).await?;
        }
        loop {
            match self.stored.step {
                Step::Requested => self.find().await?,
                Step::Found => self.announce().await?,
                Step::Announced => self.tell().await?,
                Step::Told => self.destroy().await?,
                Step::Destroyed => {
                    self.confirm().await?;
                    if self.stored.step == Step::Destroyed {
                        return self.leave_incomplete().await;
                    }
                }
                Step::Confirmed => self.sign().await?,
                Step::Signed => self.say_signed().await?,
                Step::Complete => break,
            }
        }
        reporting::read(self.shared, &self.stored.id).await?.ok_or(EraseError::Damaged)
    }

    /// Finds out who is meant; the names go, unless the vault cannot read everybody and they are needed again.
    async fn find(&mut self) -> Result<(), EraseError> {
        let vault = &self.shared.vault;
        let mut locked = self.is_locked().await?;
        let waiting = self.people.rows.iter().enumerate().filter(|(_, row)| row.wrapped_name.is_some());
        let waiting: Vec<usize> = waiting.map(|(index, _)| index).collect();
        for pass in waiting.chunks(limits::PEOPLE_PER_PASS) {
            let mut named = Vec::with_capacity(pass.len());
            for index in pass {
                let wrapped = self.people.rows.get(*index).and_then(|row| row.wrapped_name.as_deref());
                match wrapped.and_then(|wrapped| store::unwrap(vault, wrapped)) {
                    Some(name) => named.push((*index, name)),
                    // Wrapped under a key that is not there.
                    None => locked = true,
                }
            }
            let (indexes, names): (Vec<_>, Vec<_>) = named.into_iter().unzip();
            for (index, info) in indexes.into_iter().zip(vault.subjects(&self.stored.app, &names).await?) {
                let ids = info.map(|info| [vec![info.id], info.also].concat()).unwrap_or_default();
                self.people.found(index, &ids);
            }
            self.observe();
        }
        self.stored.notes.locked = locked;
        if !locked {
            self.people.rows.iter_mut().for_each(|row| row.wrapped_name = None);
        }
        self.stored.step = Step::Found;
        self.save_with(|_| true).await
    }

    /// Tells the log that they are to be erased.
    async fn announce(&mut self) -> Result<(), EraseError> {
        for pass in self.people.known().chunks(limits::PEOPLE_PER_PASS) {
            self.shared.journal.note(events::requested(&self.stored, pass, self.names())).await?;
            self.observe();
        }
        self.reach(Step::Announced).await
    }

    /// Tells the views, while the vault can still answer them. Whatever they say, it goes on.
    async fn tell(&mut self) -> Result<(), EraseError> {
        let ids = self.people.known();
        telling::first(self.shared, &self.stored.app, &ids, &mut self.stored.notes).await;
        self.reach(Step::Told).await
    }

    /// Destroys the secrets.
    async fn destroy(&mut self) -> Result<(), EraseError> {
        for pass in self.people.ids(&[Status::Found]).chunks(limits::PEOPLE_PER_PASS) {
            self.shared.vault.erase(pass).await?;
            self.people.erased(pass);
            self.observe();
            self.people.save(self.database(), |row| row.id.as_ref().is_some_and(|id| pass.contains(id))).await?;
        }
        store::scrub(self.database()).await;
        self.stored.notes.destroyed_us = Some((self.shared.clock)().microseconds());
        self.stored.position = Some(self.shared.journal.head());
        self.reach(Step::Destroyed).await
    }

    /// Asks the views to confirm, those that have not.
    async fn confirm(&mut self) -> Result<(), EraseError> {
        let ids = self.people.known();
        telling::again(self.shared, &self.stored.app, &ids, &mut self.stored.notes).await;
        if self.waiting().is_empty() {
            self.stored.notes.confirmed_us = Some((self.shared.clock)().microseconds());
            return self.reach(Step::Confirmed).await;
        }
        self.reach(Step::Destroyed).await
    }

    /// Says what is done and what is waited for.
    async fn leave_incomplete(&mut self) -> Result<SignedReport, EraseError> {
        let waiting = self.waiting();
        if self.stored.notes.said_waiting.as_ref() != Some(&waiting) {
            for pass in self.people.known().chunks(limits::PEOPLE_PER_PASS) {
                self.shared.journal.note(events::completed(&self.stored, pass, self.names(), &waiting)).await?;
            }
            self.stored.notes.said_waiting = Some(waiting.clone());
            store::save(self.database(), &self.stored, (self.shared.clock)()).await?;
        }
        let signed = reporting::sign(self.shared, &self.stored, &self.people, &waiting).await?;
        reporting::write(self.database(), &signed, (self.shared.clock)()).await?;
        Ok(signed)
    }

    /// Tells the log that it is done, and signs the report, once.
    async fn sign(&mut self) -> Result<(), EraseError> {
        for pass in self.people.known().chunks(limits::PEOPLE_PER_PASS) {
            self.shared.journal.note(events::completed(&self.stored, pass, self.names(), &[])).await?;
            self.observe();
        }
        let signed = reporting::sign(self.shared, &self.stored, &self.people, &[]).await?;
        self.stored.step = Step::Signed;
        let now = (self.shared.clock)();
        let transaction = begin_write(self.database()).await.map_err(DatabaseError::from)?;
        reporting::write(&transaction, &signed, now).await?;
        store::save(&transaction, &self.stored, now).await?;
        transaction.commit().await.map_err(DatabaseError::from)?;
        self.observe();
        Ok(())
    }

    async fn say_signed(&mut self) -> Result<(), EraseError> {
        let signed = reporting::read(self.shared, &self.stored.id).await?.ok_or(EraseError::Damaged)?;
        let event = events::signed(&self.stored, &signed).ok_or(EraseError::Damaged)?;
        self.shared.journal.note(vec![event]).await?;
        self.reach(Step::Complete).await
    }

    /// What has not confirmed.
    fn waiting(&self) -> Vec<String> {
        let views = self.stored.notes.views.iter().filter(|(_, view)| !view.confirmed);
        let mut waiting: Vec<String> = views.map(|(name, _)| name.clone()).collect();
        if self.stored.notes.locked {
            waiting.push(LOCKED.to_owned());
        }
        waiting
    }

    /// Whether there are people whom the vault cannot read.
    async fn is_locked(&self) -> Result<bool, EraseError> {
        let locked = self.shared.locked.get_or_try_init(async || {
            let status = self.shared.vault.status().await?;
            Ok::<_, EraseError>(status.generations.iter().any(|generation| !generation.open && generation.people > 0))
        });
        Ok(*locked.await?)
    }

    async fn reach(&mut self, step: Step) -> Result<(), EraseError> {
        self.stored.step = step;
        store::save(self.database(), &self.stored, (self.shared.clock)()).await?;
        self.observe();
        Ok(())
    }

    /// Writes rows of people together with how far the request is.
    async fn save_with(&self, which: impl Fn(&super::people::Row) -> bool) -> Result<(), EraseError> {
        let transaction = begin_write(self.database()).await.map_err(DatabaseError::from)?;
        self.people.save(&transaction, which).await?;
        store::save(&transaction, &self.stored, (self.shared.clock)()).await?;
        transaction.commit().await.map_err(DatabaseError::from)?;
        self.observe();
        Ok(())
    }

    fn observe(&self) {
        let names = self.stored.notes.names;
        (self.observer)(Progress { step: self.stored.step, people: self.names(), done: self.people.done(names) });
    }

    fn names(&self) -> u64 {
        u64::try_from(self.stored.notes.names).unwrap_or_default()
    }

    fn database(&self) -> &DatabaseConnection {
        self.shared.vault.database()
    }
}
