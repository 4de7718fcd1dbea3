//! The keys that actors sign with.

use daybook_event::{PersonName, Secret, Timestamp};
use daybook_privacy::{KnownKey, NewActorKey, Owner, Vault, VaultError};
use daybook_signature::{KeyId, Signer, SigningKey};
use sea_orm::EntityTrait as _;

use crate::database::{Place, ada, bob, people};

crate::on_both!(
    keys_are_found_by_their_names_and_by_whose_they_are,
    a_key_is_one_actors,
    what_is_revoked_counts_at_once,
    keys_go_with_their_person,
    a_row_in_another_place_is_nobodys,
    the_database_alone_tells_no_key,
    keys_of_a_locked_generation_come_back,
);

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from_bytes([number; 32]))
}

fn id(number: u8) -> KeyId {
    key(number).public().id()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_microseconds(seconds * 1_000_000)
}

fn of(owner: Owner, number: u8) -> NewActorKey {
    NewActorKey {
        public: key(number).public(),
        owner,
        not_before: Some(at(10)),
        not_after: None,
        created: at(i64::from(number)),
    }
}

fn service() -> Owner {
    Owner::Actor { kind: "service".to_owned(), name: "ada".to_owned() }
}

async fn add(vault: &Vault, owner: Owner, number: u8) -> KnownKey {
    vault.add_actor_key("app", of(owner, number)).await.unwrap()
}

async fn keys_are_found_by_their_names_and_by_whose_they_are(place: &Place) {
    let vault = place.vault(&[1]).await;
    let first = add(&vault, Owner::Person(ada()), 1).await;
    let of_service = add(&vault, service(), 2).await;
    let second = add(&vault, Owner::Person(ada()), 3).await;
    assert_eq!(
        (&first.key.owner, first.key.not_before, first.created),
        (&Signer::person(&ada().name), Some(at(10)), at(1))
    );
    assert_eq!(of_service.key.owner, Signer::actor(Some("service"), "ada"));
    assert_eq!(add(&vault, Owner::Person(ada()), 1).await, first, "the same again");
    for vault in [vault, place.vault(&[1]).await] {
        let found = vault.actor_keys("app", &[id(1), id(2), id(9)]).await.unwrap();
        assert_eq!((found.len(), &found[&id(1)], &found[&id(2)]), (2, &first.key, &of_service.key));
        assert_eq!(vault.actor_keys("app", &[id(1)]).await.unwrap()[&id(1)], first.key, "from memory");
        assert!(vault.actor_keys("other", &[id(1)]).await.unwrap().is_empty());
        assert_eq!(vault.actor_key("app", id(3)).await.unwrap().as_ref(), Some(&second));
        let keys = async |owner: Owner, after: i64, limit: u64| {
            vault.keys_of_actor("app", &owner, after, limit).await.unwrap()
        };
        assert_eq!(keys(Owner::Person(ada()), 0, 10).await, [first.clone(), second.clone()]);
        assert_eq!(keys(Owner::Person(ada()), 0, 1).await, std::slice::from_ref(&first));
        assert_eq!(keys(Owner::Person(ada()), first.number, 10).await, std::slice::from_ref(&second));
        assert_eq!(keys(service(), 0, 10).await, std::slice::from_ref(&of_service));
        assert_eq!(keys(Owner::Person(bob()), 0, 10).await, []);
    }
}

async fn a_key_is_one_actors(place: &Place) {
    let vault = place.vault(&[1]).await;
    add(&vault, Owner::Person(ada()), 1).await;
    for owner in [Owner::Person(bob()), service()] {
        assert_eq!(vault.add_actor_key("app", of(owner, 1)).await, Err(VaultError::KeyTaken));
    }
    // In another app it may be anybody's.
    vault.add_actor_key("other", of(Owner::Person(bob()), 1)).await.unwrap();
    // Of many who add it at once one has it.
    let adding = (0..8).map(|number| {
        let vault = vault.clone();
        let owner = Owner::Person(PersonName::identity(format!("person {number}")));
        tokio::spawn(async move { vault.add_actor_key("app", of(owner, 7)).await })
    });
    let adding: Vec<_> = adding.collect();
    let mut added = 0;
    for outcome in adding {
        match outcome.await.unwrap() {
            Ok(_) => added += 1,
            Err(error) => assert_eq!(error, VaultError::KeyTaken),
        }
    }
    assert_eq!(added, 1);
}

async fn what_is_revoked_counts_at_once(place: &Place) {
    let vault = place.vault(&[1]).await;
    let known = add(&vault, Owner::Person(ada()), 1).await;
    assert_eq!(vault.actor_keys("app", &[id(1)]).await.unwrap()[&id(1)].revoked, None);
    let revoked = vault.revoke_actor_key("app", id(1), at(50)).await.unwrap().unwrap();
    assert_eq!((revoked.key.revoked, revoked.number), (Some(at(50)), known.number));
    assert_eq!(vault.actor_keys("app", &[id(1)]).await.unwrap()[&id(1)].revoked, Some(at(50)));
    // It stays so since then.
    assert_eq!(vault.revoke_actor_key("app", id(1), at(60)).await.unwrap().unwrap().key.revoked, Some(at(50)));
    assert_eq!(vault.revoke_actor_key("app", id(2), at(60)).await, Ok(None));
    assert_eq!(vault.revoke_actor_key("other", id(1), at(60)).await, Ok(None));

    assert_eq!(vault.remove_actor_key("app", id(1)).await.unwrap(), Some(revoked));
    assert!(vault.actor_keys("app", &[id(1)]).await.unwrap().is_empty());
    assert_eq!(vault.remove_actor_key("app", id(1)).await, Ok(None));
}

async fn keys_go_with_their_person(place: &Place) {
    let vault = place.vault(&[1]).await;
    let known = vault.ensure("app", &people(&[ada(), bob()])).await.unwrap().people;
    for (owner, number) in [(Owner::Person(ada()), 1), (Owner::Person(bob()), 2), (service(), 3)] {
        add(&vault, owner, number).await;
    }
    assert_eq!(vault.actor_keys("app", &[id(1), id(2), id(3)]).await.unwrap().len(), 3);
    vault.erase(&[known[0].id]).await.unwrap();
    let left = vault.actor_keys("app", &[id(1), id(2), id(3)]).await.unwrap();
    assert_eq!((left.len(), left.contains_key(&id(1))), (2, false));
    assert_eq!(place.one::<i64>("SELECT count(*) FROM actor_keys").await, 2);
    // Whoever has the name next may have the key.
    add(&vault, Owner::Person(ada()), 1).await;
}

async fn a_row_in_another_place_is_nobodys(place: &Place) {
    let vault = place.vault(&[1]).await;
    add(&vault, Owner::Person(ada()), 1).await;
    add(&vault, Owner::Person(bob()), 2).await;
    vault.close().await;
    place
        .execute(
            "UPDATE actor_keys SET wrapped = (SELECT wrapped FROM actor_keys ORDER BY id DESC LIMIT 1) \
             WHERE id = (SELECT min(id) FROM actor_keys)",
        )
        .await;
    let vault = place.vault(&[1]).await;
    let found = vault.actor_keys("app", &[id(1), id(2)]).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&id(2)]);
    assert_eq!(vault.keys_of_actor("app", &Owner::Person(ada()), 0, 10).await.unwrap(), []);
}

async fn the_database_alone_tells_no_key(place: &Place) {
    let vault = place.vault(&[1]).await;
    add(&vault, Owner::Person(ada()), 1).await;
    add(&vault, service(), 2).await;
    let rows = daybook_privacy::tables::actor_keys::Entity::find().all(vault.database()).await.unwrap();
    let find = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    for row in rows {
        let owner = row.owner.unwrap_or_default();
        for column in [&row.lookup, &row.wrapped, &owner] {
            for number in [1, 2] {
                let public = key(number).public();
                let (thumbprint, name) = (public.id(), ada().name);
                let secrets =
                    [&public.as_bytes()[..], public.to_string().as_bytes(), thumbprint.as_bytes(), name.as_bytes()]
                        .map(<[u8]>::to_vec);
                assert!(secrets.iter().all(|secret| !find(column, secret)));
            }
        }
    }
}

async fn keys_of_a_locked_generation_come_back(place: &Place) {
    let vault = place.vault(&[1]).await;
    let known = add(&vault, Owner::Person(ada()), 1).await;
    vault.close().await;
    // The master key is lost, and another stands in.
    let vault = place.vault(&[2]).await;
    assert!(vault.actor_keys("app", &[id(1)]).await.unwrap().is_empty());
    let again = add(&vault, Owner::Person(ada()), 1).await;
    assert_ne!(again.number, known.number);
    vault.close().await;
    let vault = place.vault(&[2, 1]).await;
    assert_eq!(vault.actor_keys("app", &[id(1)]).await.unwrap().len(), 1);
    vault.destroy_locked().await.unwrap();
    vault.close().await;
    let vault = place.vault(&[2]).await;
    vault.destroy_locked().await.unwrap();
    assert_eq!(place.one::<i64>("SELECT count(*) FROM actor_keys").await, 1);
}
