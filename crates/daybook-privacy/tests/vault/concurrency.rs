//! Much at once: the writer's group commit, the cache beside changes, a queue that is full, an end.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use daybook_event::{Person, PersonName, Timestamp};
use daybook_privacy::{NewConsent, VaultError, VaultOptions, limits};
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};

use crate::database::{Place, ada, month, people};

crate::on_both!(
    the_same_new_person_at_once,
    consent_beside_readers,
    erasure_beside_newcomers,
    a_full_queue_is_busy,
    closing_finishes_what_waits,
    one_that_cannot_be_done_takes_nobody_with_it,
    dropped_without_an_end,
);

fn person(number: usize) -> PersonName<'static> {
    PersonName::identity(format!("person-{number}"))
}

async fn the_same_new_person_at_once(place: &Place) {
    // The second vault is another process that should not be there: even so nobody gets two ids.
    let vaults = [place.vault(&[1]).await, place.vault(&[1]).await];
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..60 {
        let vault = vaults[usize::from(task % 10 == 0)].clone();
        tasks.spawn(async move {
            let names: Vec<_> = (0..20).map(|number| person((task + number) % 40)).collect();
            let mut needs = people(&names);
            needs.months = month("product", 1).months;
            let keys = vault.ensure("app", &needs).await.unwrap();
            (names.into_iter().zip(keys.people).collect::<Vec<_>>(), keys.months)
        });
    }
    let mut ids: HashMap<PersonName<'_>, Person> = HashMap::new();
    let mut months = HashSet::new();
    for (people, secrets) in tasks.join_all().await {
        months.insert(*secrets[0].as_bytes());
        for (name, person) in people {
            assert_eq!(*ids.entry(name).or_insert_with(|| person.clone()), person);
        }
    }
    assert_eq!((ids.len(), months.len()), (40, 1));
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM subjects").await, 40);
}

async fn consent_beside_readers(place: &Place) {
    // A cache this small is filled from the database all the time.
    let vault = place.vault_with(&[1], VaultOptions { people_cached: 4 }).await;
    let names: Vec<_> = (0..12).map(person).collect();
    let made = vault.ensure("app", &people(&names)).await.unwrap().people;
    let stop = Arc::new(AtomicBool::new(false));
    let mut readers = tokio::task::JoinSet::new();
    for reader in 0..4 {
        let (vault, stop, names) = (vault.clone(), Arc::clone(&stop), names.clone());
        let ids: Vec<_> = made.iter().map(|person| person.id).collect();
        readers.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                if reader % 2 == 0 {
                    let asked: Vec<_> = names.iter().cloned().map(Some).collect();
                    vault.find("app", &asked).await.unwrap();
                } else {
                    vault.by_id(&ids).await.unwrap();
                }
            }
        });
    }
    for round in 0..200 {
        let (name, id) = (&names[round % 3], made[round % 3].id);
        let granted = round % 2 == 0;
        let time = Timestamp::from_microseconds(i64::try_from(round).unwrap());
        let consent = NewConsent { granted, time, source: None, version: None };
        vault.set_consent("app", name, "telemetry", consent).await.unwrap();
        let found = vault.find("app", &[Some(name.clone())]).await.unwrap().pop().flatten().unwrap();
        assert_eq!(found.consent("telemetry"), Some(granted), "round {round}");
        assert_eq!(vault.by_id(&[id]).await.unwrap()[&id].consent("telemetry"), Some(granted), "round {round}");
    }
    stop.store(true, Ordering::Relaxed);
    readers.join_all().await;
}

async fn erasure_beside_newcomers(place: &Place) {
    let vault = place.vault_with(&[1], VaultOptions { people_cached: 6 }).await;
    let names: Vec<_> = (0..10).map(person).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (vault, stop, names) = (vault.clone(), Arc::clone(&stop), names.clone());
        tasks.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let made = vault.ensure("app", &people(&names)).await.unwrap();
                assert_eq!(made.people.len(), names.len());
            }
        });
    }
    let mut erased = HashSet::new();
    for round in 0..25 {
        // There is somebody, whoever of the tasks made them.
        let made = vault.ensure("app", &people(std::slice::from_ref(&names[round % 10]))).await.unwrap();
        let person = &made.people[0];
        // Two erasures of the same person at once.
        let (one, two) = (vault.clone(), vault.clone());
        let ids = [person.id];
        let (one, two) = tokio::join!(one.erase(&ids), two.erase(&ids));
        assert_eq!(one.unwrap().secrets + two.unwrap().secrets, 1);
        assert!(erased.insert(person.id));
        assert_eq!(vault.by_id(&ids).await.unwrap().len(), 0);
        // Whoever has that name now is somebody else.
        let found = vault.find("app", &[Some(names[round % 10].clone())]).await.unwrap().pop().flatten();
        assert!(found.is_none_or(|found| found.id != person.id));
    }
    stop.store(true, Ordering::Relaxed);
    tasks.join_all().await;
    // What is in memory is what is in the database.
    let asked: Vec<_> = names.into_iter().map(Some).collect();
    let fresh = place.vault(&[1]).await;
    assert_eq!(vault.find("app", &asked).await.unwrap(), fresh.find("app", &asked).await.unwrap());
}

/// Holds what the vault's writer needs, until it is rolled back.
async fn hold_the_writer(place: &Place) -> DatabaseTransaction {
    let transaction = place.connect().await.begin().await.unwrap();
    let hold = match place {
        Place::Sqlite { .. } => "UPDATE subjects SET id = id",
        Place::Postgres { .. } => "LOCK TABLE subjects",
    };
    transaction.execute_unprepared(hold).await.unwrap();
    transaction
}

/// Has something begin. Whoever wants its end waits for it in another way.
fn poll_once<T>(task: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    task.poll(&mut Context::from_waker(Waker::noop()))
}

async fn a_full_queue_is_busy(place: &Place) {
    let vault = place.vault(&[1]).await;
    vault.ensure("app", &people(&[ada()])).await.unwrap();
    let transaction = hold_the_writer(place).await;
    // Until 200 were turned away. How many wait depends on how many the writer takes together before it is held.
    let (mut waiting, mut busy) = (Vec::new(), 0);
    for number in 0.. {
        let vault = vault.clone();
        let mut task = Box::pin(async move { vault.ensure("app", &people(&[person(number)])).await.map(drop) });
        match poll_once(task.as_mut()) {
            Poll::Pending => waiting.push(task),
            Poll::Ready(outcome) => {
                assert_eq!(outcome, Err(VaultError::Busy));
                busy += 1;
            }
        }
        if busy == 200 {
            break;
        }
    }
    assert!((limits::WAITING_MAX..=limits::WAITING_MAX + limits::GROUP_PEOPLE).contains(&waiting.len()));
    // Whoever is known is found all the same.
    if let Place::Sqlite { .. } = place {
        assert!(vault.find("app", &[Some(ada())]).await.unwrap()[0].is_some());
    }
    transaction.rollback().await.unwrap();
    let stored = waiting.len();
    for task in waiting {
        assert_eq!(task.await, Ok(()));
    }
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM subjects").await, i64::try_from(stored).unwrap() + 1);
}

async fn closing_finishes_what_waits(place: &Place) {
    let vault = place.vault(&[1]).await;
    // However fast the writer is, nobody is answered before the vault is being closed.
    let transaction = hold_the_writer(place).await;
    let waiting: Vec<_> = (0..50)
        .map(|number| {
            let vault = vault.clone();
            let mut task = Box::pin(async move { vault.ensure("app", &people(&[person(number)])).await.map(drop) });
            // Asked, and not yet answered.
            assert!(poll_once(task.as_mut()).is_pending());
            task
        })
        .collect();
    let closing = vault.clone();
    let ((), released) = tokio::join!(closing.close(), transaction.rollback());
    released.unwrap();
    for task in waiting {
        assert_eq!(task.await, Ok(()));
    }
    assert_eq!(vault.ensure("app", &people(&[person(99)])).await.unwrap_err(), VaultError::Closed);
    assert!(vault.find("app", &[Some(person(1))]).await.unwrap()[0].is_some());
    vault.close().await;
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM subjects").await, 50);
}

async fn one_that_cannot_be_done_takes_nobody_with_it(place: &Place) {
    let vault = place.vault(&[1]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let vault = vault.clone();
        tasks.spawn(async move {
            // PostgreSQL has no text with a zero in it, SQLite has.
            let purpose = if number % 8 == 0 { "a\0b" } else { "telemetry" };
            let time = Timestamp::from_microseconds(0);
            let consent = NewConsent { granted: true, time, source: None, version: None };
            let outcome = vault.set_consent("app", &person(number), purpose, consent).await;
            (number, outcome.map(drop))
        });
    }
    for (number, outcome) in tasks.join_all().await {
        let expected = number % 8 != 0 || matches!(place, Place::Sqlite { .. });
        assert_eq!(outcome.is_ok(), expected, "{outcome:?}");
    }
}

async fn dropped_without_an_end(place: &Place) {
    for round in 0..5 {
        let database = place.connect().await;
        let keys = vec![crate::database::key(1)];
        let (answered, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let vault = daybook_privacy::Vault::open(database, keys, VaultOptions::default()).await.unwrap();
                let first = Arc::new(tokio::sync::Notify::new());
                for task in 0..8 {
                    let (vault, answered, first) = (vault.clone(), answered.clone(), Arc::clone(&first));
                    tokio::spawn(async move {
                        for number in 0..10_000 {
                            let name = person(round * 1_000_000 + task * 10_000 + number);
                            let made = vault.ensure("app", &people(std::slice::from_ref(&name))).await.unwrap();
                            if answered.send((name, made.people[0].clone())).is_err() {
                                return;
                            }
                            first.notify_one();
                        }
                    });
                }
                // However slow the machine is, somebody has an answer.
                first.notified().await;
                tokio::time::sleep(std::time::Duration::from_millis(150)).await;
            });
            runtime.shutdown_background();
        });
        tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
        let told: Vec<_> = told.try_iter().collect();
        assert!(!told.is_empty());
        let vault = place.vault(&[1]).await;
        let asked: Vec<_> = told.iter().map(|(name, _)| Some(name.clone())).collect();
        let found: Vec<_> = vault.find("app", &asked).await.unwrap().into_iter().flatten().collect();
        assert_eq!(found, told.into_iter().map(|(_, person)| person).collect::<Vec<_>>());
    }
}
