//! Months that are forgotten, and days that were kept long enough.

use daybook_consumers::Handler;
use daybook_event::Month;
use daybook_lake::lake::Dropped;
use daybook_privacy::view::{ExpiredMonth, Touched};

use super::place::{Place, ask_lake, batch, deliver, positions};
use crate::support::{Short, counted, item, items_after, time_of};

const EVENTS: [Short<'_>; 5] = [
    ("page.seen", "2026-01-31T23:59:59", "ada", ""),
    ("page.seen", "2026-02-01", "ada", ""),
    ("page.seen", "2026-02-28T23:59:59", "bob", ""),
    ("order.paid", "2026-02-10", "bob", ""),
    ("page.seen", "2026-03-01", "ada", ""),
];

fn month(app: &str, category: &str, day: &str) -> ExpiredMonth {
    ExpiredMonth { app: app.to_owned(), category: category.to_owned(), month: Month::of(time_of(day)) }
}

#[tokio::test]
async fn a_forgotten_month_is_gone_from_files_and_from_memory() {
    for committed in [true, false] {
        let place = Place::new();
        let lake = place.open().await;
        let mut items = items_after(0, &EVENTS);
        items.push(counted(item(6, ("door.opened", "2026-02-03", "ada", ""))).into());
        items.push(counted(item(7, ("door.opened", "2026-03-03", "ada", ""))).into());
        lake.deliver(&batch(items)).await.unwrap();
        if committed {
            lake.commit().await.unwrap();
        }
        let months = [
            month("shop", "product", "2026-02-14"),
            month("other", "ledger", "2026-02-14"),
            month("shop", "nothing", "2026-02-14"),
        ];
        assert_eq!(lake.forget_months(&months).await.unwrap(), Touched { count: 3 });
        let sql = "SELECT position FROM events ORDER BY position";
        assert_eq!(ask_lake(&lake, sql).await, ["1", "4", "5"]);
        assert_eq!(ask_lake(&lake, "SELECT position FROM daily_counts").await, ["7"]);
        assert_eq!(lake.forget_months(&months).await.unwrap(), Touched { count: 0 });
        if committed {
            // Not only out of the table.
            assert_eq!((place.files("events").len(), place.files("daily_counts").len()), (3, 1));
        }
        lake.close().await.unwrap();
        drop(lake);
        let lake = place.open().await;
        assert_eq!(ask_lake(&lake, sql).await, ["1", "4", "5"]);
        assert_eq!(lake.committed().await, Ok(7));
    }
}

#[tokio::test]
async fn people_are_forgotten_without_touching_a_file() {
    let place = Place::new();
    let lake = place.open().await;
    deliver(&lake, 0, &EVENTS).await;
    lake.commit().await.unwrap();
    let before = place.files("events");
    let id = crate::support::subject("ada");
    let forgotten = [daybook_privacy::view::Forgotten { app: "shop".to_owned(), id }];
    assert_eq!(lake.forget_people(&forgotten).await.unwrap(), Touched::default());
    assert_eq!(place.files("events"), before);
    assert!(lake.export("shop", id).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_kept_long_enough_is_dropped_and_reported() {
    let place = Place::new();
    let lake = place.open().await;
    deliver(&lake, 0, &EVENTS).await;
    lake.commit().await.unwrap();
    // `product` is kept for 90 days, `ledger` for ever. A day goes when all of it is too old.
    assert!(lake.drop_expired(time_of("2026-05-01T23:59:59")).await.unwrap().is_empty());
    let dropped = lake.upkeep(time_of("2026-05-02T00:00:00")).await.unwrap().dropped;
    let bytes = dropped.first().map(|dropped| dropped.bytes).unwrap_or_default();
    assert!(bytes > 0);
    let (table, category, date) = ("events", "product".to_owned(), Some("2026-01-31".to_owned()));
    assert_eq!(dropped, [Dropped { table, category, date, files: 1, rows: 1, bytes }]);
    assert_eq!(positions(&lake).await, "4 4 5");
    // One that comes late goes with the next upkeep, from memory too.
    deliver(&lake, 5, &[("page.seen", "2026-01-01", "ada", "")]).await;
    assert_eq!(positions(&lake).await, "5 5 6");
    let dropped = lake.upkeep(time_of("2026-05-02")).await.unwrap().dropped;
    assert_eq!(dropped.iter().map(|dropped| (dropped.rows, dropped.date.is_some())).collect::<Vec<_>>(), [(1, false)]);
    assert_eq!(positions(&lake).await, "4 4 5");
    assert_eq!(lake.drop_expired(time_of("2030-01-01")).await.unwrap().len(), 3);
    assert_eq!(ask_lake(&lake, "SELECT name FROM events").await, ["order.paid"]);
    drop(lake);
    assert_eq!(positions(&place.open().await).await, "1 1 4");
}

#[tokio::test]
async fn days_are_dropped_by_command() {
    let place = Place::new();
    let lake = place.open().await;
    deliver(&lake, 0, &EVENTS).await;
    lake.commit().await.unwrap();
    let dropped = lake.drop_before("ledger", time_of("2026-02-11")).await.unwrap();
    assert_eq!(dropped.len(), 1);
    let dropped = lake.drop_before("product", time_of("2026-02-28")).await.unwrap();
    let days: Vec<_> = dropped.iter().filter_map(|dropped| dropped.date.as_deref()).collect();
    assert_eq!(days, ["2026-01-31", "2026-02-01"]);
    assert_eq!(ask_lake(&lake, "SELECT position FROM events ORDER BY 1").await, ["3", "5"]);
}
