//! The vault: who people are, and the secrets that seal what is kept of them.

mod actor_key_changes;
mod actor_keys;
mod cache;
mod change;
mod error;
mod facts;
mod load;
mod make_months;
mod make_people;
mod month_secrets;
mod open;
mod ring;
mod rotate;
mod scrub;
mod status;
mod writer;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use daybook_event::{Keys, Month, Months, Needs, Person, PersonName, SubjectId, Timestamp};
use parking_lot::Mutex;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

pub use actor_keys::{KnownKey, NewActorKey, Owner};
pub use error::{DatabaseError, NotOpened, OpenVaultError, VaultError};
pub use facts::{
    Change, ConsentRow, Destroyed, Erased, Generation, Identity, NewConsent, Objection, SubjectInfo, VaultOptions,
    VaultStatus,
};
pub use open::VaultId;
pub use rotate::{RotateError, Rotated, rotate};
pub use status::inspect;

use crate::tables::{months, subjects};
use crate::{MasterKey, limits};
use actor_keys::KeyCache;
use cache::{LookupKey, People};
use change::{DestroyLocked, Erase, ExpireMonths, NoteDamage, SetConsent, SetObjection};
use load::{Found, Wanted};
use month_secrets::MonthSecrets;
use ring::Ring;
use scrub::Scrubber;
use writer::{Command, Effect, Ensure, Ensured, Waiting, WantedMonth};

/// The vault. Cheap to clone; every clone is the same vault. One process at a time may hold a vault open to serve it: what
/// another one changes is not noticed in memory.
#[derive(Clone)]
pub struct Vault {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// What the handles and the writer have in common.
struct Shared {
    database: DatabaseConnection,
    ring: Ring,
    people: People,
    months: MonthSecrets,
    actor_keys: KeyCache,
    scrubber: Scrubber,
}

impl Vault {
    /// Opens the vault in this database, making its tables where they are missing. Of several keys the first is current;
    /// the others open what was wrapped under them.
    ///
    /// Where none of the keys opens any generation of the vault key, a new generation is made: the vault opens all the
    /// same, [`Vault::status`] says what cannot be read, and new people and months go on under the new one.
    ///
    /// # Errors
    /// [`OpenVaultError`].
    pub async fn open(
        database: DatabaseConnection,
        keys: Vec<MasterKey>,
        options: VaultOptions,
    ) -> Result<Self, OpenVaultError> {
        open::migrate(&database).await?;
        let ring = open::ring(&database, &keys).await?;
        drop(keys);
        let (opened, damaged) = month_secrets::open(&ring, months::Entity::find().all(&database).await?);
        for row in damaged {
            tracing::warn!(row, "a row of the vault's months is damaged");
        }
        let (people, months) = (People::new(options.people_cached), MonthSecrets::default());
        months.put(&opened);
        let actor_keys = KeyCache::default();
        let shared = Arc::new(Shared { database, ring, people, months, actor_keys, scrubber: Scrubber::default() });
        let (commands, waiting) = mpsc::channel(limits::WAITING_MAX);
        let writer = tokio::spawn(writer::run(Arc::clone(&shared), waiting));
        Ok(Self { shared, commands, writer: Arc::new(Mutex::new(Some(writer))) })
    }

    /// How the vault is. Counts every person, so it is not for every second.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn status(&self) -> Result<VaultStatus, VaultError> {
        let open: Vec<i32> = self.shared.ring.all().iter().map(|generation| generation.number).collect();
        Ok(status::of(&self.shared.database, &open).await?)
    }

    /// Finishes what waits and takes nothing more.
    pub async fn close(&self) {
        // Where it cannot be said the writer has ended already.
        let _ended = self.commands.send(Command::Close).await;
        let writer = self.writer.lock().take();
        if let Some(Err(error)) = async { Some(writer?.await) }.await
            && error.is_panic()
        {
            tracing::error!("the vault's writer panicked");
        }
    }

    /// The database the vault is in.
    #[must_use]
    pub fn database(&self) -> &DatabaseConnection {
        &self.shared.database
    }

    /// The people with these names, where they are known.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn find(&self, app: &str, people: &[Option<PersonName<'_>>]) -> Result<Vec<Option<Person>>, VaultError> {
        let shared = &*self.shared;
        // All hashes first: they take computing, and looking them up takes waiting for memory.
        let keys: Vec<Option<LookupKey>> =
            people.iter().map(|name| name.as_ref().map(|name| shared.ring.current().lookup(app, name))).collect();
        let mut found = Vec::with_capacity(people.len());
        let mut missing: HashMap<LookupKey, Vec<usize>> = HashMap::new();
        for (index, key) in keys.into_iter().enumerate() {
            let person = key.and_then(|key| shared.people.by_name(&key));
            if let Some(key) = key.filter(|_| person.is_none()) {
                missing.entry(key).or_default().push(index);
            }
            found.push(person);
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let app: Arc<str> = app.into();
        let mut wanted = Vec::with_capacity(missing.len());
        for (key, indexes) in &missing {
            if let Some(name) = indexes.first().and_then(|index| people[*index].as_ref()) {
                check_length(name)?;
                wanted.push(Wanted { app: Arc::clone(&app), name: name.clone().into_owned(), key: *key });
            }
        }
        let marks: Vec<_> = wanted.iter().map(|person| shared.people.mark_name(&person.key)).collect();
        for ((wanted, rows), mark) in wanted.iter().zip(self.look(&wanted).await?).zip(marks) {
            let Some(person) = rows.person() else { continue };
            shared.people.fill_name(wanted.key, mark, &person);
            for index in missing.get(&wanted.key).into_iter().flatten() {
                found[*index] = Some(person.clone());
            }
        }
        Ok(found)
    }

    /// The people and the months' secrets; those who are new are made, and durable when this answers.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn ensure(&self, app: &str, needs: &Needs<'_>) -> Result<Keys, VaultError> {
        if needs.is_empty() {
            return Ok(Keys::default());
        }
        let shared = &*self.shared;
        let app: Arc<str> = app.into();
        let mut people = Vec::with_capacity(needs.people.len());
        let mut wanted = Vec::new();
        for name in &needs.people {
            check_length(name)?;
            let key = shared.ring.current().lookup(&app, name);
            let person = shared.people.by_name(&key);
            if person.is_none() {
                wanted.push(Wanted { app: Arc::clone(&app), name: name.clone().into_owned(), key });
            }
            people.push(person);
        }
        let known = self.months(&app);
        let mut months = Vec::with_capacity(needs.months.len());
        let mut wanted_months = Vec::new();
        for (class, month) in &needs.months {
            let secret = known.get(class, *month).cloned();
            if secret.is_none() {
                let class = class.clone().into_owned();
                wanted_months.push(WantedMonth { app: Arc::clone(&app), class, month: *month });
            }
            months.push(secret);
        }
        if !(wanted.is_empty() && wanted_months.is_empty()) {
            let made = self.make(wanted, wanted_months).await?;
            let (mut made_people, mut made_months) = (made.people.into_iter(), made.months.into_iter());
            people.iter_mut().filter(|person| person.is_none()).for_each(|person| *person = made_people.next());
            months.iter_mut().filter(|secret| secret.is_none()).for_each(|secret| *secret = made_months.next());
        }
        let (people, months): (Option<Vec<_>>, Option<Vec<_>>) =
            (people.into_iter().collect(), months.into_iter().collect());
        let (people, months) = people.zip(months).ok_or_else(DatabaseError::lost_row)?;
        Ok(Keys { people, months })
    }

    /// The secrets of an app's months, as they are now.
    #[must_use]
    pub fn months(&self, app: &str) -> Arc<Months> {
        self.shared.months.current(app)
    }

    /// Secrets of an app's months that seal nothing new, but open what was sealed while the key of the usual ones was away
    /// (or before). Usually there are none. Try them where [`Vault::months`] opens nothing.
    #[must_use]
    pub fn older_months(&self, app: &str) -> Arc<[Arc<Months>]> {
        self.shared.months.older(app)
    }

    /// The months there are secrets of, readable or not: app, class, month, in this order.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn months_present(&self) -> Result<Vec<(String, String, Month)>, VaultError> {
        use months::Column;

        let rows: Vec<(String, String, i32)> = months::Entity::find()
            .select_only()
            .columns([Column::App, Column::Class, Column::Month])
            .distinct()
            .into_tuple()
            .all(&self.shared.database)
            .await?;
        let mut present: Vec<(String, String, Month)> =
            rows.into_iter().map(|(app, class, month)| (app, class, Month::from_number(month))).collect();
        // Here, because databases order texts in ways of their own.
        present.sort_unstable();
        Ok(present)
    }

    /// The people with these ids; those who are unknown, or cannot be read, are left out.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn by_id(&self, ids: &[SubjectId]) -> Result<HashMap<SubjectId, Person>, VaultError> {
        let shared = &*self.shared;
        let mut people = HashMap::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            if people.contains_key(id) {
                continue;
            }
            match shared.people.by_id(id) {
                Some(person) => {
                    people.insert(*id, person);
                }
                None => missing.push(*id),
            }
        }
        if missing.is_empty() {
            return Ok(people);
        }
        missing.sort_unstable();
        missing.dedup();
        let marks: HashMap<_, _> = missing.iter().map(|id| (*id, shared.people.mark_id(id))).collect();
        for row in self.rows(&missing).await? {
            let id = row.subject;
            let Some(person) = row.into_person() else { continue };
            if let Some(mark) = marks.get(&id) {
                shared.people.fill_id(*mark, &person);
            }
            people.insert(id, person);
        }
        Ok(people)
    }

    /// The names of the people with these ids; those who are unknown, or cannot be read, are left out.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn identity(&self, ids: &[SubjectId]) -> Result<HashMap<SubjectId, Identity>, VaultError> {
        let rows = self.rows(ids).await?.into_iter();
        Ok(rows.filter_map(|row| Some((row.subject, Identity { app: row.app, name: row.opened?.name }))).collect())
    }

    /// What is known of a person, but for secret and name; `None` where nothing is.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn subject(&self, app: &str, name: &PersonName<'_>) -> Result<Option<SubjectInfo>, VaultError> {
        Ok(self.subjects(app, std::slice::from_ref(name)).await?.pop().flatten())
    }

    /// The same for many, in their order.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn subjects(&self, app: &str, names: &[PersonName<'_>]) -> Result<Vec<Option<SubjectInfo>>, VaultError> {
        let app: Arc<str> = app.into();
        let mut wanted = Vec::with_capacity(names.len());
        for name in names {
            check_length(name)?;
            wanted.push(Wanted::new(&self.shared.ring, &app, name));
        }
        let mut distinct = wanted.clone();
        distinct.sort_unstable_by_key(|person| person.key);
        distinct.dedup_by_key(|person| person.key);
        let found = self.look(&distinct).await?;
        let ids = found.iter().flat_map(|found| &found.rows).map(|row| row.subject.as_bytes().to_vec());
        let replaced = self.replaced(&ids.collect::<Vec<_>>()).await?;
        let known: HashMap<LookupKey, SubjectInfo> = distinct
            .iter()
            .zip(&found)
            .filter_map(|(wanted, found)| Some((wanted.key, info(found, &replaced)?)))
            .collect();
        Ok(wanted.iter().map(|person| known.get(&person.key).cloned()).collect())
    }

    /// What a person said of each purpose they were asked about.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn consents(&self, app: &str, name: &PersonName<'_>) -> Result<Vec<ConsentRow>, VaultError> {
        Ok(self.subject(app, name).await?.map(|subject| subject.consents).unwrap_or_default())
    }

    /// Notes what a person says of a purpose. Whoever calls [`Vault::find`] after this has answered sees it. A person who is
    /// not known yet is made.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn set_consent(
        &self,
        app: &str,
        name: &PersonName<'_>,
        purpose: &str,
        consent: NewConsent,
    ) -> Result<Change, VaultError> {
        check_length(name)?;
        let NewConsent { granted, time, source, version } = consent;
        let consent = ConsentRow { purpose: purpose.to_owned(), granted, time, source, version };
        let person = Wanted::new(&self.shared.ring, &app.into(), name);
        self.change(SetConsent { person, consent }).await
    }

    /// Notes that a person objects, or no longer does. A person who is not known yet is made.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn set_objection(
        &self,
        app: &str,
        name: &PersonName<'_>,
        objected: Option<Timestamp>,
    ) -> Result<Objection, VaultError> {
        check_length(name)?;
        let person = Wanted::new(&self.shared.ring, &app.into(), name);
        self.change(SetObjection { person, objected }).await
    }

    /// Destroys the secrets of a class's months before this one; says which months those were.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn expire_months(&self, app: &str, class: &str, before: Month) -> Result<Vec<Month>, VaultError> {
        let gone = self.change(ExpireMonths { app: app.to_owned(), class: class.to_owned(), before }).await?;
        if !gone.is_empty() {
            self.shared.scrubber.scrub(&self.shared.database).await;
        }
        Ok(gone)
    }

    /// Destroys these people: names, secrets, consents. Those who are unknown are passed over. When this answers they are out
    /// of memory too, and the database has been told to let go of their bytes.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn erase(&self, ids: &[SubjectId]) -> Result<Erased, VaultError> {
        let erased = self.change(Erase(ids.to_vec())).await?;
        if erased.secrets > 0 {
            self.shared.scrubber.scrub(&self.shared.database).await;
        }
        Ok(erased)
    }

    /// Destroys every generation that no master key at hand opens, with its people and months. Where a key is lost for good this
    /// keeps what is locked from ever being opened again, by whoever may find the key: nobody can be erased from it one by one.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn destroy_locked(&self) -> Result<Destroyed, VaultError> {
        let destroyed = self.change(DestroyLocked).await?;
        if destroyed != Destroyed::default() {
            self.shared.scrubber.scrub(&self.shared.database).await;
        }
        Ok(destroyed)
    }

    /// The keyed hash by which a person is found, under the current generation.
    #[must_use]
    pub fn lookup(&self, app: &str, name: &PersonName<'_>) -> [u8; 32] {
        self.shared.ring.current().lookup(app, name)
    }

    /// Seals something small under the current vault key, such as a name that a task has to remember. `purpose` must be given
    /// again to open it.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn wrap(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.shared.ring.current().wrap_other(purpose, plain).map_err(|_| VaultError::Random)
    }

    /// Opens what [`Vault::wrap`] sealed.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn unwrap(&self, purpose: &str, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        self.shared.ring.unwrap_other(purpose, wrapped)
    }

    /// Looks for people in the database, each of them once. Damaged rows among theirs are replaced first.
    async fn look(&self, wanted: &[Wanted]) -> Result<Vec<Found>, VaultError> {
        let mut all = load::by_name(&self.shared.database, &self.shared.ring, wanted).await?;
        let damaged = wanted.iter().zip(&all).filter(|(_, found)| !found.damaged.is_empty());
        let damaged: Vec<Wanted> = damaged.map(|(wanted, _)| wanted.clone()).collect();
        if !damaged.is_empty() {
            self.make(damaged.clone(), Vec::new()).await?;
            let again = load::by_name(&self.shared.database, &self.shared.ring, &damaged).await?;
            for (person, found) in damaged.iter().zip(again) {
                if let Some(place) = wanted.iter().position(|wanted| wanted.key == person.key) {
                    all[place] = found;
                }
            }
        }
        Ok(all)
    }

    /// The rows of people with these ids. Damage is noted.
    async fn rows(&self, ids: &[SubjectId]) -> Result<Vec<load::Row>, VaultError> {
        let shared = &*self.shared;
        let rows = load::by_id(&shared.database, &shared.ring, ids).await?;
        let damaged = rows.iter().filter(|row| row.damaged_us.is_none() && row.is_damaged(&shared.ring));
        let damaged: Vec<i64> = damaged.map(|row| row.id).collect();
        if !damaged.is_empty() {
            // Nobody waits for this; where the writer is busy the next reader says it again.
            let (reply, _) = oneshot::channel();
            let note = Waiting { change: NoteDamage(damaged), answer: None, reply };
            let _busy = self.commands.try_send(Command::Change(Box::new(note)));
        }
        Ok(rows)
    }

    /// The ids of rows that others took the place of, by those others' ids.
    async fn replaced(&self, ids: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, Vec<SubjectId>>, VaultError> {
        let mut replaced: HashMap<Vec<u8>, Vec<SubjectId>> = HashMap::new();
        for ids in ids.chunks(limits::CHUNK_ROWS) {
            let rows: Vec<(Vec<u8>, Vec<u8>)> = subjects::Entity::find()
                .select_only()
                .columns([subjects::Column::ReplacedBy, subjects::Column::AnonymousId])
                .filter(subjects::Column::ReplacedBy.is_not_null())
                .filter(load::is_one_of(subjects::Column::ReplacedBy, ids))
                .order_by_asc(subjects::Column::Id)
                .into_tuple()
                .all(&self.shared.database)
                .await?;
            for (by, id) in rows {
                if let Ok(id) = id.as_slice().try_into() {
                    replaced.entry(by).or_default().push(SubjectId::from_bytes(id));
                }
            }
        }
        Ok(replaced)
    }

    async fn make(&self, people: Vec<Wanted>, months: Vec<WantedMonth>) -> Result<Ensured, VaultError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Ensure(Ensure { people, months, reply }))?;
        answer.await.unwrap_or(Err(VaultError::Closed))
    }

    async fn change<C: writer::Change + 'static>(&self, change: C) -> Result<C::Answer, VaultError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Change(Box::new(Waiting { change, answer: None, reply })))?;
        answer.await.unwrap_or(Err(VaultError::Closed))
    }

    fn send(&self, command: Command) -> Result<(), VaultError> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => VaultError::Busy,
            mpsc::error::TrySendError::Closed(_) => VaultError::Closed,
        })
    }
}

impl Shared {
    /// Does in memory what a transaction did in the database.
    fn take_in(&self, effect: Effect) {
        match effect {
            Effect::Person(key, person) => self.people.change(key, &person),
            Effect::Gone { name, id } => {
                if let Some(key) = name {
                    self.people.forget_name(&key);
                }
                self.people.forget_id(&id);
            }
            Effect::ActorKey(key) => self.actor_keys.forget(&key),
            Effect::Months(opened) => self.months.put(&opened),
            Effect::MonthsGone { app, class, months } => self.months.forget(&app, &class, &months),
        }
    }
}

fn info(found: &Found, replaced: &HashMap<Vec<u8>, Vec<SubjectId>>) -> Option<SubjectInfo> {
    let first = found.rows.first()?;
    let also = found.rows[1..].iter().map(|row| row.subject);
    let also = also.chain(
        found
            .rows
            .iter()
            .flat_map(|row| replaced.get(row.subject.as_bytes().as_slice()).into_iter().flatten().copied()),
    );
    Some(SubjectInfo {
        id: first.subject,
        also: also.collect(),
        created: Timestamp::from_microseconds(found.rows.iter().map(|row| row.created_us).min()?),
        objected: found.objected(),
        consents: found.consents().into_iter().cloned().collect(),
    })
}

fn check_length(name: &PersonName<'_>) -> Result<(), VaultError> {
    let bytes = name.name.len();
    if bytes > limits::NAME_BYTES_MAX { Err(VaultError::NameTooLong(bytes)) } else { Ok(()) }
}

/// The time, in microseconds since the Unix epoch.
fn now_us() -> i64 {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}
