//! Rows that are damaged, or put in each other's place.

use daybook_event::{Month, NameKind, SubjectId, Timestamp};
use daybook_privacy::{NewConsent, Vault};

use crate::database::{Place, ada, bob, month, people};

crate::on_both!(
    a_damaged_person_is_replaced,
    a_damaged_person_is_noted_by_id,
    exchanged_people_are_nobody,
    a_damaged_month_is_replaced,
    damaged_wraps_lock_a_generation,
    a_database_that_fails,
);

async fn said(vault: &Vault) {
    let time = Timestamp::from_microseconds(7);
    let consent = NewConsent { granted: false, time, source: None, version: None };
    vault.set_consent("app", &ada(), "telemetry", consent).await.unwrap();
    vault.set_objection("app", &ada(), Some(time)).await.unwrap();
}

async fn a_damaged_person_is_replaced(place: &Place) {
    let vault = place.vault(&[1]).await;
    let mut ids = vec![];
    for person in vault.ensure("app", &people(&[ada(), bob()])).await.unwrap().people {
        ids.push(person.id);
    }
    said(&vault).await;
    vault.close().await;
    // Twice, and whoever asks first repairs: a reader, then a writer.
    for round in 0..2 {
        let at = format!("UPDATE subjects SET wrapped = {} WHERE lookup IS NOT NULL", place.damaged("wrapped"));
        place.execute(&at).await;
        let vault = place.vault(&[1]).await;
        let person = match round {
            0 => vault.find("app", &[Some(ada())]).await.unwrap().pop().flatten().unwrap(),
            _ => vault.ensure("app", &people(&[ada()])).await.unwrap().people.pop().unwrap(),
        };
        assert!(!ids.contains(&person.id));
        // What they said is not lost with the name.
        assert_eq!((person.consent("telemetry"), person.objected), (Some(false), true));
        let info = vault.subject("app", &ada()).await.unwrap().unwrap();
        assert_eq!(info.id, person.id);
        assert!(info.also.contains(&ids[0]) && info.also.len() == round + 1);
        assert_eq!(vault.by_id(&ids[..1]).await.unwrap().len(), 0);
        ids.push(person.id);
        vault.close().await;
    }
    // An erasure takes what was replaced along.
    let vault = place.vault(&[1]).await;
    assert_eq!(vault.erase(&ids[3..]).await.unwrap().secrets, 3);
    assert_eq!(vault.find("app", &[Some(ada())]).await.unwrap(), [None]);
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM consents").await, 0);
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM subjects").await, 1);
}

async fn a_damaged_person_is_noted_by_id(place: &Place) {
    let vault = place.vault(&[1]).await;
    let id = vault.ensure("app", &people(&[ada()])).await.unwrap().people[0].id;
    vault.ensure("app", &people(&[bob()])).await.unwrap();
    vault.close().await;
    place.execute("UPDATE subjects SET wrapped = lookup").await;
    let vault = place.vault(&[1]).await;
    assert_eq!(vault.identity(&[id]).await.unwrap().len(), 0);
    // The note is written behind whatever is asked next.
    vault.ensure("app", &month("product", 1)).await.unwrap();
    let status = vault.status().await.unwrap();
    assert_eq!((status.people, status.unreadable_people, status.damaged_people), (1, 1, 1));
    assert!(status.is_degraded());
}

async fn exchanged_people_are_nobody(place: &Place) {
    let vault = place.vault(&[1]).await;
    let made = vault.ensure("app", &people(&[ada(), bob()])).await.unwrap().people;
    vault.close().await;
    // Whoever can write to the database makes Ada's events Bob's.
    let ids = made.iter().map(|person| literal(place, person.id)).collect::<Vec<_>>();
    let lookups = [vault.lookup("app", &ada()), vault.lookup("app", &bob())].map(|hash| bytes(place, &hash));
    place.execute("UPDATE subjects SET lookup = NULL").await;
    for (id, lookup) in ids.iter().zip(lookups.iter().rev()) {
        place.execute(&format!("UPDATE subjects SET lookup = {lookup} WHERE anonymous_id = {id}")).await;
    }
    let vault = place.vault(&[1]).await;
    let found = vault.find("app", &[Some(ada()), Some(bob())]).await.unwrap();
    for person in found.into_iter().flatten() {
        assert!(made.iter().all(|known| known.id != person.id && known.secret != person.secret));
    }
    // A wrap under another id, or in another app, does not open.
    let first = made[0].id;
    place.execute(&format!("UPDATE subjects SET app = 'other' WHERE anonymous_id = {}", ids[0])).await;
    assert_eq!(place.vault(&[1]).await.by_id(&[first]).await.unwrap().len(), 0);
    assert_eq!(ada().kind, NameKind::Identity);
}

fn literal(place: &Place, id: SubjectId) -> String {
    bytes(place, id.as_bytes())
}

fn bytes(place: &Place, bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match place {
        Place::Sqlite { .. } => format!("x'{hex}'"),
        Place::Postgres { .. } => format!("'\\x{hex}'::bytea"),
    }
}

async fn a_damaged_month_is_replaced(place: &Place) {
    let vault = place.vault(&[1]).await;
    let secret = vault.ensure("app", &month("product", 5)).await.unwrap().months.remove(0);
    let other = vault.ensure("app", &month("product", 6)).await.unwrap().months.remove(0);
    vault.close().await;
    let at = format!("UPDATE months SET wrapped = {} WHERE month = 5", place.damaged("wrapped"));
    place.execute(&at).await;
    let vault = place.vault(&[1]).await;
    assert_eq!(vault.months("app").get("product", Month::from_number(5)), None);
    let again = vault.ensure("app", &month("product", 5)).await.unwrap().months.remove(0);
    assert_ne!(again, secret);
    let vault = place.vault(&[1]).await;
    assert_eq!(vault.months("app").get("product", Month::from_number(5)), Some(&again));
    assert_eq!(vault.months("app").get("product", Month::from_number(6)), Some(&other));
    // The damaged row goes with the month.
    assert_eq!(vault.expire_months("app", "product", Month::from_number(6)).await.unwrap(), [Month::from_number(5)]);
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM months").await, 1);
}

async fn damaged_wraps_lock_a_generation(place: &Place) {
    let vault = place.vault(&[1]).await;
    vault.ensure("app", &people(&[ada()])).await.unwrap();
    vault.close().await;
    place.execute(&format!("UPDATE vault_keys SET wrapped = {}", place.damaged("wrapped"))).await;
    // The same key: the vault opens, with a new generation.
    let vault = place.vault(&[1]).await;
    assert_eq!(vault.find("app", &[Some(ada())]).await.unwrap(), [None]);
    vault.ensure("app", &people(&[ada()])).await.unwrap();
    let status = vault.status().await.unwrap();
    assert_eq!((status.people, status.unreadable_people), (1, 1));
    let open: Vec<_> = status.generations.iter().map(|generation| (generation.open, generation.current)).collect();
    assert_eq!(open, [(false, false), (true, true)]);
}

async fn a_database_that_fails(place: &Place) {
    let vault = place.impatient_vault(1).await;
    let made = vault.ensure("app", &people(&[ada()])).await.unwrap().people;
    match place {
        Place::Postgres { server, .. } => server.kill(),
        Place::Sqlite { .. } => drop(place.execute("ALTER TABLE subjects RENAME TO elsewhere").await),
    }
    // Whoever is in memory is found; nobody new is made, and nothing is said to be.
    assert_eq!(vault.find("app", &[Some(ada())]).await.unwrap(), [Some(made[0].clone())]);
    let (new, asked, erased) = ([bob()], [Some(bob())], [made[0].id]);
    let needs = people(&new);
    let failed = tokio::join!(vault.ensure("app", &needs), vault.find("app", &asked), vault.erase(&erased));
    assert!(failed.0.is_err() && failed.1.is_err() && failed.2.is_err());
    match place {
        Place::Postgres { server, .. } => server.start_again(),
        Place::Sqlite { .. } => drop(place.execute("ALTER TABLE elsewhere RENAME TO subjects").await),
    }
    assert_eq!(vault.ensure("app", &people(&[ada(), bob()])).await.unwrap().people[0], made[0]);
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM subjects").await, 2);
}
