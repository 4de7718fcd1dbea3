//! Master keys that are lost, wrong, and found again.

use daybook_event::{Month, PersonName, Timestamp};
use daybook_privacy::vault::{Destroyed, inspect};
use daybook_privacy::{NewConsent, OpenVaultError, Vault, VaultOptions};

use crate::database::{Place, ada, bob, key, month, people};

crate::on_both!(
    a_wrong_key_opens_a_new_generation,
    a_key_that_comes_back_opens_all,
    the_older_key_alone,
    what_is_locked_can_be_destroyed,
    nothing_without_a_key,
    inspection_makes_nothing,
);

fn consent(granted: bool, microseconds: i64) -> NewConsent {
    let time = Timestamp::from_microseconds(microseconds);
    NewConsent { granted, time, source: None, version: None }
}

async fn a_wrong_key_opens_a_new_generation(place: &Place) {
    let vault = place.vault(&[1]).await;
    let made = vault.ensure("app", &people(&[ada(), bob()])).await.unwrap().people;
    let secret = vault.ensure("app", &month("product", 3)).await.unwrap().months;
    let wrapped = vault.wrap("x", b"y").unwrap();
    vault.close().await;

    let vault = place.vault(&[2]).await;
    let status = vault.status().await.unwrap();
    assert!(status.is_degraded());
    assert_eq!((status.people, status.unreadable_people, status.damaged_people), (0, 2, 0));
    assert_eq!((status.months, status.unreadable_months), (0, 1));
    assert_eq!(vault.find("app", &[Some(ada())]).await.unwrap(), [None]);
    assert_eq!(vault.by_id(&[made[0].id]).await.unwrap().len(), 0);
    assert_eq!(vault.identity(&[made[0].id]).await.unwrap().len(), 0);
    assert_eq!(vault.months("app").iter().count(), 0);
    assert!(vault.unwrap("x", &wrapped).is_err());
    // New events go on.
    let again = vault.ensure("app", &people(&[ada()])).await.unwrap().people;
    assert_ne!(again[0].id, made[0].id);
    assert_ne!(vault.ensure("app", &month("product", 3)).await.unwrap().months, secret);
    vault.close().await;
    // The same wrong key makes no third generation.
    let vault = place.vault(&[2]).await;
    assert_eq!(vault.find("app", &[Some(ada())]).await.unwrap(), [Some(again[0].clone())]);
    assert_eq!(vault.status().await.unwrap().generations.len(), 2);
    // What was locked is not damaged.
    assert_eq!(vault.status().await.unwrap().damaged_people, 0);
}

async fn a_key_that_comes_back_opens_all(place: &Place) {
    let vault = place.vault(&[1]).await;
    let before = vault.ensure("app", &people(&[ada(), bob()])).await.unwrap().people;
    let old_secret = vault.ensure("app", &month("product", 3)).await.unwrap().months.remove(0);
    vault.set_consent("app", &ada(), "telemetry", consent(true, 10)).await.unwrap();
    vault.set_consent("app", &ada(), "research", consent(true, 10)).await.unwrap();
    let wrapped = vault.wrap("x", b"y").unwrap();
    vault.close().await;
    let vault = place.vault(&[2]).await;
    let new = PersonName::identity("new");
    let between = vault.ensure("app", &people(&[ada(), new.clone()])).await.unwrap().people;
    let new_secret = vault.ensure("app", &month("product", 3)).await.unwrap().months.remove(0);
    vault.set_consent("app", &ada(), "telemetry", consent(false, 20)).await.unwrap();
    vault.set_objection("app", &ada(), Some(Timestamp::from_microseconds(30))).await.unwrap();
    vault.close().await;

    // In either order, both open.
    for keys in [[1, 2], [2, 1]] {
        let vault = place.vault(&keys).await;
        let status = vault.status().await.unwrap();
        assert!(!status.is_degraded());
        assert_eq!((status.people, status.months), (4, 2));
        // Ada is who she was first, and said what she said last, wherever she said it.
        let found = vault.find("app", &[Some(ada()), Some(bob()), Some(new.clone())]).await.unwrap();
        let found: Vec<_> = found.into_iter().flatten().collect();
        assert_eq!(
            found.iter().map(|person| person.id).collect::<Vec<_>>(),
            [before[0].id, before[1].id, between[1].id]
        );
        assert_eq!(found[0].secret, before[0].secret);
        assert_eq!([found[0].consent("telemetry"), found[0].consent("research")], [Some(false), Some(true)]);
        assert!(found[0].objected);
        let info = vault.subject("app", &ada()).await.unwrap().unwrap();
        assert_eq!((info.id, info.also), (before[0].id, vec![between[0].id]));
        assert_eq!(vault.by_id(&[before[0].id, between[0].id]).await.unwrap().len(), 2);
        assert_eq!(vault.identity(&[between[0].id]).await.unwrap()[&between[0].id].name, ada());
        assert_eq!(vault.unwrap("x", &wrapped).unwrap().as_slice(), b"y");
        let march = Month::from_number(3);
        assert_eq!(vault.months("app").get("product", march), Some(&new_secret));
        assert_eq!(vault.older_months("app").len(), 1);
        assert_eq!(vault.older_months("app")[0].get("product", march), Some(&old_secret));
        vault.close().await;
    }
    let vault = place.vault(&[1, 2]).await;
    // What she says now is all that counts, whatever the clocks said.
    let change = vault.set_consent("app", &ada(), "telemetry", consent(true, 15)).await.unwrap();
    assert_eq!((change.previous.unwrap().granted, change.person.consent("telemetry")), (false, Some(true)));
    let change = vault.set_objection("app", &ada(), None).await.unwrap();
    assert!(change.previous.is_some() && !change.person.objected);
    // Erased by both names, she is gone for good.
    assert_eq!(vault.erase(&[before[0].id, between[0].id]).await.unwrap().secrets, 2);
    assert_eq!(vault.find("app", &[Some(ada())]).await.unwrap(), [None]);
    assert_eq!(vault.expire_months("app", "product", Month::from_number(4)).await.unwrap(), [Month::from_number(3)]);
    assert_eq!(vault.months("app").get("product", Month::from_number(3)), None);
    assert_eq!(vault.older_months("app")[0].get("product", Month::from_number(3)), None);
}

async fn the_older_key_alone(place: &Place) {
    place.vault(&[1]).await.ensure("app", &people(&[ada()])).await.unwrap();
    place.vault(&[2]).await.ensure("app", &people(&[bob()])).await.unwrap();
    let vault = place.vault(&[1]).await;
    let status = vault.status().await.unwrap();
    let open: Vec<_> = status.generations.iter().map(|generation| (generation.open, generation.current)).collect();
    assert_eq!(open, [(true, true), (false, false)]);
    assert!(vault.find("app", &[Some(ada())]).await.unwrap()[0].is_some());
    vault.ensure("app", &people(&[bob()])).await.unwrap();
    assert_eq!(vault.status().await.unwrap().people, 2);
}

async fn what_is_locked_can_be_destroyed(place: &Place) {
    let vault = place.vault(&[1]).await;
    vault.ensure("app", &people(&[ada(), bob()])).await.unwrap();
    vault.ensure("app", &month("product", 3)).await.unwrap();
    vault.set_consent("app", &ada(), "telemetry", consent(true, 10)).await.unwrap();
    assert_eq!(vault.destroy_locked().await.unwrap(), Destroyed::default());
    vault.close().await;
    let vault = place.vault(&[2]).await;
    let made = vault.set_consent("app", &ada(), "telemetry", consent(true, 10)).await.unwrap().person;
    assert_eq!(vault.destroy_locked().await.unwrap(), Destroyed { people: 2, months: 1 });
    assert!(!vault.status().await.unwrap().is_degraded());
    vault.close().await;
    // The key comes back to nothing.
    let vault = place.vault(&[2, 1]).await;
    let found = vault.find("app", &[Some(ada()), Some(bob())]).await.unwrap();
    assert_eq!(found, [Some(made), None]);
    assert_eq!(place.one::<i64>("SELECT COUNT(*) FROM consents").await, 1);
}

async fn nothing_without_a_key(place: &Place) {
    let opened = Vault::open(place.connect().await, Vec::new(), VaultOptions::default()).await;
    assert!(matches!(opened.err(), Some(OpenVaultError::NoKey)));
    let key = |number| vec![key(number)];
    // Two processes that start with different keys: each opens with its own.
    let (one, two) = tokio::join!(
        Vault::open(place.connect().await, key(1), VaultOptions::default()),
        Vault::open(place.connect().await, key(2), VaultOptions::default()),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    let one = one.ensure("app", &people(&[ada()])).await.unwrap();
    let two = two.ensure("app", &people(&[ada()])).await.unwrap();
    assert_ne!(one.people[0].id, two.people[0].id);
    assert_eq!(place.vault(&[1, 2]).await.status().await.unwrap().people, 2);
}

async fn inspection_makes_nothing(place: &Place) {
    let database = place.connect().await;
    assert_eq!(inspect(&database, &[key(1)]).await.unwrap().generations, []);
    place.vault(&[1]).await.ensure("app", &people(&[ada()])).await.unwrap();
    let right = inspect(&database, &[key(2), key(1)]).await.unwrap();
    assert_eq!((right.people, right.unreadable_people), (1, 0));
    let wrong = inspect(&database, &[key(2)]).await.unwrap();
    assert_eq!((wrong.people, wrong.unreadable_people, wrong.generations.len()), (0, 1, 1));
}
