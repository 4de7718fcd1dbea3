//! A thousand consumers of one log.

use std::sync::Arc;

use daybook_catalog::consumers::Spec;

use crate::handlers::Fake;
use crate::support::{APP, caught_up, on_sqlite, registration, spec, until};

const CONSUMERS: usize = 1_000;

#[test]
fn a_thousand_consumers_of_one_log() {
    on_sqlite(async |world| {
        world.append_many("everyone.wants", 1_000).await;
        let runtime = world.runtime().await;
        let mut fakes = Vec::new();
        for number in 0..CONSUMERS {
            let fake = Fake::willing();
            let events = vec!["everyone.*".to_owned(), format!("only.{number}")];
            let spec = Spec { events, ..spec(&format!("c{number}")) };
            runtime.add(registration(spec, Arc::clone(&fake) as _)).await.unwrap();
            fakes.push(fake);
        }
        runtime.start();
        for (number, fake) in fakes.iter().enumerate() {
            caught_up(&runtime, &format!("c{number}")).await;
            assert_eq!(fake.count(), 1_000);
        }
        // At the end of the log one is woken, and only one.
        let attempts = || fakes.iter().map(|fake| fake.attempts.lock().len()).sum::<usize>();
        let before = attempts();
        for number in [0, 500, 999] {
            world.append_many(&format!("only.{number}"), 1).await;
            until(&runtime, &format!("c{number}"), |status| status.delivered == 1_001).await;
        }
        assert_eq!(attempts(), before + 3);
        assert!(runtime.statuses().iter().all(|status| status.app == APP && status.lag_events == 0));
        world.append_many("everyone.wants", 1).await;
        for number in 0..CONSUMERS {
            caught_up(&runtime, &format!("c{number}")).await;
        }
        assert!(fakes.iter().all(|fake| fake.count() >= 1_001));
        runtime.close().await;
    });
}
