//! People, months, consents: what a vault is for.

use std::collections::{HashMap, HashSet};

use daybook_event::{Month, Needs, PSEUDONYMS, PersonName, SubjectId, Timestamp};
use daybook_privacy::vault::VaultId;
use daybook_privacy::{ConsentRow, NewConsent, VaultError, VaultOptions, limits};
use sea_orm::{ConnectionTrait, Statement};

use crate::database::{Place, ada, bob, month, people};

crate::on_both!(
    people_are_found_again,
    months_are_found_again,
    months_expire,
    consent_holds_at_once,
    an_objection_holds_at_once,
    names_by_id,
    the_erased_are_gone,
    people_beyond_the_cache,
    many_new_people_at_once,
    names_of_all_kinds,
    what_is_wrapped_opens,
    a_vault_has_one_name,
);

async fn people_are_found_again(place: &Place) {
    let vault = place.vault(&[1]).await;
    let asked = [Some(ada()), None, Some(bob()), Some(ada())];
    assert_eq!(vault.find("app", &asked).await.unwrap(), [None, None, None, None]);
    let made = vault.ensure("app", &people(&[ada(), bob()])).await.unwrap().people;
    assert_ne!((made[0].id, &made[0].secret), (made[1].id, &made[1].secret));
    let expected = [Some(made[0].clone()), None, Some(made[1].clone()), Some(made[0].clone())];
    assert_eq!(vault.find("app", &asked).await.unwrap(), expected);
    assert_eq!(vault.ensure("app", &people(&[bob(), ada()])).await.unwrap().people, [made[1].clone(), made[0].clone()]);

    // Another app, or another kind of name, is somebody else.
    let anonymous = [Some(PersonName::anonymous(ada().name))];
    assert_eq!(vault.find("other", &asked[..1]).await.unwrap(), [None]);
    assert_eq!(vault.find("app", &anonymous).await.unwrap(), [None]);
    let others = vault.ensure("other", &people(&[ada(), PersonName::anonymous(ada().name)])).await.unwrap().people;
    assert!(others.iter().all(|other| made.iter().all(|person| person.id != other.id)));
    vault.close().await;

    let vault = place.vault(&[1]).await;
    assert_eq!(vault.find("app", &asked).await.unwrap(), expected);
    assert_eq!(vault.ensure("app", &people(&[ada()])).await.unwrap().people, made[..1]);
    let status = vault.status().await.unwrap();
    assert_eq!((status.people, status.unreadable_people, status.generations.len()), (4, 0, 1));
    assert!(!status.is_degraded());
}

async fn months_are_found_again(place: &Place) {
    let vault = place.vault(&[1]).await;
    assert_eq!(vault.months("app").iter().count(), 0);
    let needs = Needs {
        people: vec![ada()],
        months: vec![
            ("product".into(), Month::from_number(674)),
            (PSEUDONYMS.into(), Month::from_number(674)),
            ("product".into(), Month::from_number(-3)),
        ],
    };
    let made = vault.ensure("app", &needs).await.unwrap();
    assert_eq!((made.people.len(), made.months.len()), (1, 3));
    assert_ne!(made.months[0], made.months[1]);
    let before = vault.months("app");
    assert_eq!(before.get("product", Month::from_number(-3)), Some(&made.months[2]));
    assert_ne!(vault.ensure("other", &needs).await.unwrap().months, made.months);
    vault.close().await;

    let vault = place.vault(&[1]).await;
    assert_eq!(vault.months("app").iter().collect::<Vec<_>>(), before.iter().collect::<Vec<_>>());
    assert_eq!(vault.ensure("app", &needs).await.unwrap().months, made.months);
    assert!(vault.older_months("app").is_empty());
    let present = vault.months_present().await.unwrap();
    let expected = ["app", "other"].map(|app| {
        [("product", -3), ("product", 674), (PSEUDONYMS, 674)]
            .map(|(class, number)| (app.to_owned(), class.to_owned(), Month::from_number(number)))
    });
    assert_eq!(present, expected.as_flattened());
}

async fn months_expire(place: &Place) {
    let vault = place.vault(&[1]).await;
    for (class, number) in [("product", 670), ("product", 671), ("product", 672), ("security", 670)] {
        vault.ensure("app", &month(class, number)).await.unwrap();
    }
    let kept = vault.months("app").get("product", Month::from_number(672)).cloned();
    let gone = vault.expire_months("app", "product", Month::from_number(672)).await.unwrap();
    assert_eq!(gone, [670, 671].map(Month::from_number));
    assert_eq!(vault.expire_months("app", "product", Month::from_number(672)).await.unwrap(), []);
    assert_eq!(vault.expire_months("other", "product", Month::from_number(999)).await.unwrap(), []);
    for vault in [vault, place.vault(&[1]).await] {
        let months = vault.months("app");
        assert_eq!(months.get("product", Month::from_number(670)), None);
        assert_eq!(months.get("product", Month::from_number(672)).cloned(), kept);
        assert!(months.get("security", Month::from_number(670)).is_some());
    }
}

fn consent(granted: bool, seconds: i64) -> NewConsent {
    let time = Timestamp::from_microseconds(seconds * 1_000_000);
    NewConsent { granted, time, source: Some("settings".to_owned()), version: None }
}

async fn consent_holds_at_once(place: &Place) {
    let vault = place.vault(&[1]).await;
    // Said by somebody who was never seen.
    let change = vault.set_consent("app", &ada(), "telemetry", consent(true, 100)).await.unwrap();
    assert_eq!((change.previous, change.person.consent("telemetry")), (None, Some(true)));
    let person = vault.find("app", &[Some(ada())]).await.unwrap().pop().flatten().unwrap();
    assert_eq!(person, change.person);
    let before = ConsentRow {
        purpose: "telemetry".to_owned(),
        granted: true,
        time: Timestamp::from_microseconds(100_000_000),
        source: Some("settings".to_owned()),
        version: None,
    };
    assert_eq!(vault.consents("app", &ada()).await.unwrap(), std::slice::from_ref(&before));

    // What is said last holds, whatever clock it was said by.
    let withdrawn = NewConsent { version: Some("2".to_owned()), source: None, ..consent(false, 50) };
    let change = vault.set_consent("app", &ada(), "telemetry", withdrawn).await.unwrap();
    assert_eq!(change.previous, Some(before));
    vault.set_consent("app", &ada(), "research", consent(true, 60)).await.unwrap();
    for vault in [vault, place.vault(&[1]).await] {
        let found = vault.find("app", &[Some(ada())]).await.unwrap().pop().flatten().unwrap();
        assert_eq!((found.id, &found.secret), (person.id, &person.secret));
        assert_eq!([found.consent("telemetry"), found.consent("research")], [Some(false), Some(true)]);
        assert_eq!(vault.by_id(&[person.id]).await.unwrap()[&person.id], found);
        let rows = vault.consents("app", &ada()).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.purpose.as_str()).collect::<Vec<_>>(), ["research", "telemetry"]);
        assert_eq!((rows[1].granted, rows[1].version.as_deref()), (false, Some("2")));
    }
}

async fn an_objection_holds_at_once(place: &Place) {
    let vault = place.vault(&[1]).await;
    let time = Timestamp::from_microseconds(5_000_000);
    let first = vault.set_objection("app", &ada(), Some(time)).await.unwrap();
    assert_eq!((first.previous, first.person.objected), (None, true));
    assert!(vault.find("app", &[Some(ada())]).await.unwrap()[0].as_ref().unwrap().objected);
    assert_eq!(vault.subject("app", &ada()).await.unwrap().unwrap().objected, Some(time));
    let second = vault.set_objection("app", &ada(), None).await.unwrap();
    assert_eq!((second.previous, second.person.objected), (Some(time), false));
    assert!(!vault.find("app", &[Some(ada())]).await.unwrap()[0].as_ref().unwrap().objected);
    assert_eq!(vault.subject("app", &bob()).await.unwrap(), None);
}

async fn names_by_id(place: &Place) {
    let vault = place.vault(&[1]).await;
    let made = vault.ensure("app", &people(&[ada(), PersonName::anonymous("c-1")])).await.unwrap().people;
    let stranger = SubjectId::from_bytes([9; 16]);
    for vault in [vault, place.vault(&[1]).await] {
        let asked = [made[0].id, stranger, made[1].id, made[0].id];
        let found = vault.by_id(&asked).await.unwrap();
        assert_eq!(found.len(), 2);
        assert!(made.iter().all(|person| found[&person.id] == *person));
        let names = vault.identity(&asked).await.unwrap();
        assert_eq!(names.len(), 2);
        assert_eq!((names[&made[0].id].app.as_str(), &names[&made[0].id].name), ("app", &ada()));
        assert_eq!(names[&made[1].id].name, PersonName::anonymous("c-1"));
    }
}

async fn the_erased_are_gone(place: &Place) {
    let vault = place.vault(&[1]).await;
    let made = vault.ensure("app", &people(&[ada(), bob()])).await.unwrap().people;
    vault.set_consent("app", &ada(), "telemetry", consent(true, 1)).await.unwrap();
    vault.set_consent("app", &bob(), "telemetry", consent(true, 1)).await.unwrap();
    let wrapped: Vec<Vec<u8>> = {
        let database = place.connect().await;
        let statement = Statement::from_string(place.backend(), "SELECT anonymous_id, wrapped FROM subjects");
        let rows = database.query_all_raw(statement).await.unwrap();
        let rows = rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap()));
        let mut rows: HashMap<Vec<u8>, Vec<u8>> = rows.collect();
        made.iter().map(|person| rows.remove(person.id.as_bytes().as_slice()).unwrap()).collect()
    };
    assert_eq!(on_disk(place, &wrapped), [true, true]);

    let stranger = SubjectId::from_bytes([9; 16]);
    assert_eq!(vault.erase(&[made[0].id, stranger]).await.unwrap().secrets, 1);
    assert_eq!(vault.erase(&[made[0].id]).await.unwrap().secrets, 0);
    assert_eq!(on_disk(place, &wrapped), [false, true]);
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM consents").await, 1);
    for vault in [&vault, &place.vault(&[1]).await] {
        assert_eq!(vault.find("app", &[Some(ada())]).await.unwrap(), [None]);
        assert_eq!(vault.subject("app", &ada()).await.unwrap(), None);
        assert_eq!(vault.by_id(&[made[0].id]).await.unwrap().len(), 0);
        assert_eq!(vault.identity(&[made[0].id]).await.unwrap().len(), 0);
        let found = vault.find("app", &[Some(bob())]).await.unwrap();
        assert_eq!(found[0].as_ref().unwrap().consent("telemetry"), Some(true));
    }
    // Somebody new, of whom nothing is known.
    let again = vault.ensure("app", &people(&[ada()])).await.unwrap().people;
    assert_ne!((again[0].id, &again[0].secret), (made[0].id, &made[0].secret));
    assert_eq!(again[0].consent("telemetry"), None);
}

/// Whether bytes are in the database's files. PostgreSQL's write-ahead log keeps them until its segments are used again, so
/// there only the tables are looked at.
fn on_disk(place: &Place, texts: &[Vec<u8>]) -> Vec<bool> {
    let Place::Sqlite { directory } = place else {
        let Place::Postgres { server, url } = place else { unreachable!() };
        let hex = |text: &[u8]| text.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let count = |text| format!("SELECT COUNT(*) FROM subjects WHERE encode(wrapped, 'hex') = '{}'", hex(text));
        return texts.iter().map(|text| server.sql(url, &count(text)) == "1").collect();
    };
    let files = std::fs::read_dir(directory.path()).unwrap();
    let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    texts.iter().map(|text| bytes.windows(text.len()).any(|window| window == text)).collect()
}

async fn people_beyond_the_cache(place: &Place) {
    let vault = place.vault_with(&[1], VaultOptions { people_cached: 10 }).await;
    let names: Vec<PersonName<'_>> = (0..700).map(|number| PersonName::identity(format!("p{number}"))).collect();
    let made = vault.ensure("app", &people(&names)).await.unwrap().people;
    let asked: Vec<Option<PersonName<'_>>> = names.iter().cloned().map(Some).collect();
    let found: Vec<_> = vault.find("app", &asked).await.unwrap().into_iter().flatten().collect();
    assert_eq!(found, made);
    assert_eq!(vault.ensure("app", &people(&names)).await.unwrap().people, made);
    let ids: Vec<SubjectId> = made.iter().map(|person| person.id).collect();
    assert_eq!(vault.by_id(&ids).await.unwrap().len(), 700);
    assert_eq!(vault.subjects("app", &names).await.unwrap().iter().flatten().count(), 700);
    assert_eq!(vault.erase(&ids).await.unwrap().secrets, 700);
    assert_eq!(vault.find("app", &asked).await.unwrap().iter().flatten().count(), 0);
}

async fn many_new_people_at_once(place: &Place) {
    let vault = place.vault(&[1]).await;
    let names: Vec<PersonName<'_>> = (0..25_000).map(|number| PersonName::identity(format!("p{number}"))).collect();
    let made = vault.ensure("app", &people(&names)).await.unwrap().people;
    let ids: HashSet<SubjectId> = made.iter().map(|person| person.id).collect();
    assert_eq!(ids.len(), names.len());
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM subjects").await, 25_000);
}

async fn names_of_all_kinds(place: &Place) {
    let vault = place.vault(&[1]).await;
    let longest = "x".repeat(limits::NAME_BYTES_MAX);
    let names: Vec<PersonName<'_>> =
        ["", " ", "\0", "'; DROP TABLE subjects --", "ÅÄÖ 🦊", "A", "a", &longest, "%", "\u{202e}x"]
            .map(|name| PersonName::identity(name.to_owned()))
            .to_vec();
    let made = vault.ensure("app", &people(&names)).await.unwrap().people;
    let vault = place.vault(&[1]).await;
    assert_eq!(vault.ensure("app", &people(&names)).await.unwrap().people, made);
    for (name, person) in names.iter().zip(&made) {
        assert_eq!(vault.identity(&[person.id]).await.unwrap()[&person.id].name, *name);
    }
    let too_long = PersonName::identity(format!("{longest}x"));
    let error = VaultError::NameTooLong(limits::NAME_BYTES_MAX + 1);
    assert_eq!(vault.ensure("app", &people(std::slice::from_ref(&too_long))).await.unwrap_err(), error);
    assert_eq!(vault.find("app", &[Some(too_long)]).await.unwrap_err(), error);
}

async fn what_is_wrapped_opens(place: &Place) {
    let vault = place.vault(&[1]).await;
    let wrapped = vault.wrap("erasure", b"ada").unwrap();
    assert_eq!(vault.unwrap("erasure", &wrapped).unwrap().as_slice(), b"ada");
    assert!(vault.unwrap("report", &wrapped).is_err());
    assert!(vault.unwrap("erasure", &wrapped[1..]).is_err());
    assert!(vault.unwrap("erasure", &[]).is_err());
    assert_eq!(place.vault(&[1]).await.unwrap("erasure", &wrapped).unwrap().as_slice(), b"ada");
}

async fn a_vault_has_one_name(place: &Place) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let database = place.connect().await;
        tasks.spawn(async move {
            let id = VaultId::of(&database).await.unwrap();
            let keys = vec![crate::database::key(1)];
            let vault = daybook_privacy::Vault::open(database, keys, VaultOptions::default()).await.unwrap();
            (id, vault.ensure("app", &month("product", 1)).await.unwrap().months, vault.lookup("app", &ada()))
        });
    }
    let all = tasks.join_all().await;
    assert!(all.iter().all(|opened| *opened == all[0]));
    assert_eq!(all[0].0.to_string().len(), 32);
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM vault_keys").await, 1);
}
