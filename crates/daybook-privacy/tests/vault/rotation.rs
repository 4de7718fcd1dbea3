//! Rotation of the master key.

use daybook_privacy::MasterKey;
use daybook_privacy::vault::{RotateError, Rotated, inspect, rotate};

use crate::database::{Place, ada, bob, key, people};

crate::on_both!(rotation_keeps_everything, rotation_that_ends_early, a_wrong_key_rotates_nothing, locked_ones_stay);

#[derive(Debug, thiserror::Error)]
#[error("no space")]
struct NoSpace;

async fn wraps(place: &Place) -> i64 {
    place.one("SELECT COUNT(*) FROM vault_keys").await
}

/// Whether this key opens everything.
async fn opens(place: &Place, keys: &[MasterKey]) -> bool {
    !inspect(&place.connect().await, keys).await.unwrap().is_degraded()
}

async fn rotation_keeps_everything(place: &Place) {
    // A server that runs goes on meanwhile.
    let running = place.vault(&[1]).await;
    let made = running.ensure("app", &people(&[ada()])).await.unwrap().people;
    let database = place.connect().await;
    let mut installed = false;
    let install = || {
        installed = true;
        Ok::<(), NoSpace>(())
    };
    let rotated = rotate(&database, &[key(1)], &key(2), install).await.unwrap();
    assert_eq!((installed, rotated), (true, Rotated { generations: 1, locked: 0, retired: 1 }));
    assert_eq!(wraps(place).await, 1);
    assert!(opens(place, &[key(2)]).await && !opens(place, &[key(1)]).await);
    running.ensure("app", &people(&[bob()])).await.unwrap();
    let found = place.vault(&[2]).await.find("app", &[Some(ada()), Some(bob())]).await.unwrap();
    assert_eq!(found[0], Some(made[0].clone()));
    assert!(found[1].is_some());
    // Run again it does nothing.
    let again = rotate(&database, &[key(1)], &key(2), || Ok::<(), NoSpace>(())).await.unwrap();
    assert_eq!(again, Rotated { generations: 1, locked: 0, retired: 0 });
}

async fn rotation_that_ends_early(place: &Place) {
    place.vault(&[1]).await.ensure("app", &people(&[ada()])).await.unwrap();
    let database = place.connect().await;
    // The new file cannot be written, or the process ends before: the old key is in place and opens.
    let outcome = rotate(&database, &[key(1)], &key(2), || Err(NoSpace)).await;
    assert!(matches!(outcome, Err(RotateError::Install(NoSpace))));
    assert!(opens(place, &[key(1)]).await);
    assert_eq!(inspect(&database, &[key(1)]).await.unwrap().generations[0].wraps, 2);
    // It ends after the file is written: the new key is in place and opens.
    assert!(opens(place, &[key(2)]).await);
    // Whichever is in place, the next rotation ends what was begun.
    let outcome = rotate(&database, &[key(1)], &key(3), || Ok::<(), NoSpace>(())).await.unwrap();
    assert_eq!(outcome, Rotated { generations: 1, locked: 0, retired: 2 });
    assert!(opens(place, &[key(3)]).await && !opens(place, &[key(1)]).await && !opens(place, &[key(2)]).await);
    assert_eq!(wraps(place).await, 1);
}

async fn a_wrong_key_rotates_nothing(place: &Place) {
    place.vault(&[1]).await.ensure("app", &people(&[ada()])).await.unwrap();
    let database = place.connect().await;
    let outcome = rotate(&database, &[key(7)], &key(2), || panic!("nothing is installed")).await;
    assert!(matches!(outcome, Err::<Rotated, RotateError<NoSpace>>(RotateError::WrongKey)));
    assert!(opens(place, &[key(1)]).await);
    assert_eq!(wraps(place).await, 1);
}

async fn locked_ones_stay(place: &Place) {
    place.vault(&[1]).await.ensure("app", &people(&[ada()])).await.unwrap();
    place.vault(&[2]).await.ensure("app", &people(&[ada()])).await.unwrap();
    let database = place.connect().await;
    let outcome = rotate(&database, &[key(2)], &key(3), || Ok::<(), NoSpace>(())).await.unwrap();
    assert_eq!(outcome, Rotated { generations: 1, locked: 1, retired: 1 });
    assert!(opens(place, &[key(3), key(1)]).await);
    // All under one key in the end.
    rotate(&database, &[key(1)], &key(3), || Ok::<(), NoSpace>(())).await.unwrap();
    assert!(opens(place, &[key(3)]).await);
}
