use std::collections::{BTreeMap, BTreeSet};

use daybook_catalog::{Catalogs, from_texts};
use proptest::prelude::*;

use super::*;

const DAY_US: i64 = 86_400_000_000;

fn catalogs() -> Catalogs {
    let loaded = from_texts(&[(
        "catalog.yaml",
        "app: shop\n\
         version: 1.0.0\n\
         title: Shop\n\
         categories:\n\
         \x20 product: {description: What is used., retain: 90d}\n\
         \x20 audit: {description: What was done., retain: 2y}\n\
         \x20 brief: {description: What matters for a moment., retain: 1h}\n\
         \x20 always: {description: What stays.}\n",
    )]);
    assert!(loaded.catalogs.app("shop").is_some(), "{:?}", loaded.diagnostics);
    loaded.catalogs
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn months_end_when_all_of_them_is_past() {
    let check = |class: &str, month: &str, now: &str, expected: bool| {
        let month = Month::of(at(&format!("{month}-15T00:00:00Z")));
        let plan = plan(&catalogs(), [("shop", class, month)], at(now));
        assert_eq!(!plan.months.is_empty(), expected, "{class} {month} {now}");
        assert_eq!(plan.unruled, []);
    };
    // 90 days after the end of January 2026 is the 2nd of May.
    check("product", "2026-01", "2026-05-01T23:59:59.999999Z", false);
    check("product", "2026-01", "2026-05-02T00:00:00Z", true);
    check("always", "1970-01", "2026-05-02T00:00:00Z", false);
    check(PSEUDONYMS, "2026-01", "2026-02-01T23:59:59Z", false);
    check(PSEUDONYMS, "2026-01", "2026-02-02T00:00:00Z", true);
    check(QUARANTINE, "2026-01", "2026-05-01T00:00:00Z", false);
    check(QUARANTINE, "2026-01", "2026-05-02T00:00:00Z", true);
    check("product", "2027-01", "2026-05-02T00:00:00Z", false);
}

#[test]
fn what_no_catalog_rules_is_kept_and_said() {
    let month = Month::from_number(0);
    let plan = plan(
        &catalogs(),
        [("shop", "gone", month), ("left", "product", month), ("left", PSEUDONYMS, month)],
        at("2026-05-02T00:00:00Z"),
    );
    let names: Vec<_> = plan.unruled.iter().map(|month| (&*month.app, &*month.category)).collect();
    assert_eq!(names, [("left", "product"), ("shop", "gone")]);
    assert_eq!(plan.expired_months(), [ExpiredMonth { app: "left".into(), category: PSEUDONYMS.into(), month }]);
    assert!(!plan.cut_offs.is_past("shop", "gone", Timestamp::default()));
    assert!(!plan.cut_offs.is_past("left", "product", Timestamp::default()));
}

#[test]
fn cut_offs_are_by_category() {
    let cut_offs = CutOffs::at(&catalogs(), at("2026-05-02T00:00:00Z"));
    let all: Vec<_> =
        cut_offs.iter().map(|(app, category, cut_off)| format!("{app} {category} {}", cut_off.before)).collect();
    assert_eq!(
        all,
        [
            "shop audit 2024-05-02T00:00:00.000Z",
            "shop brief 2026-05-01T23:00:00.000Z",
            "shop product 2026-02-01T00:00:00.000Z"
        ]
    );
    assert_eq!(cut_offs.latest(), Some(at("2026-05-01T23:00:00Z")));
    assert!(cut_offs.is_past("shop", "product", at("2026-01-31T23:59:59.999999Z")));
    assert!(!cut_offs.is_past("shop", "product", at("2026-02-01T00:00:00Z")));
    assert_eq!(CutOffs::default().latest(), None);
}

/// A record: its class, and when it happened.
fn records() -> impl Strategy<Value = Vec<(&'static str, Timestamp)>> {
    let class = prop::sample::select(vec!["product", "audit", "brief", "always"]);
    let time = (0i64..4_000 * DAY_US)
        .prop_map(|time| Timestamp::from_microseconds(at("2020-01-01T00:00:00Z").microseconds() + time));
    prop::collection::vec((class, time), 1..60)
}

proptest! {
    #[test]
    fn a_record_that_is_kept_keeps_its_secret(records in records(), now in 0i64..5_000 * DAY_US) {
        let now = Timestamp::from_microseconds(at("2020-01-01T00:00:00Z").microseconds() + now);
        let present: BTreeSet<_> = records.iter().map(|(class, time)| ("shop", *class, Month::of(*time))).collect();
        let plan = plan(&catalogs(), present, now);
        for (class, time) in records {
            let ends = plan.months.iter().any(|ending| ending.class == class && ending.month == Month::of(time));
            prop_assert!(!ends || plan.cut_offs.is_past("shop", class, time), "{} {}", class, time);
            let latest = plan.cut_offs.latest().unwrap();
            prop_assert!(time < latest || !plan.cut_offs.is_past("shop", class, time));
        }
    }

    #[test]
    fn months_end_once_and_in_time(records in records(), mut runs in prop::collection::vec(0i64..6_000 * DAY_US, 1..40)) {
        let catalogs = catalogs();
        let mut present: BTreeSet<_> = records.iter().map(|(class, time)| ("shop", *class, Month::of(*time))).collect();
        let everything = present.len();
        runs.sort_unstable();
        let mut ended = BTreeMap::new();
        for run in runs {
            let now = Timestamp::from_microseconds(at("2020-01-01T00:00:00Z").microseconds() + run);
            for ending in plan(&catalogs, present.iter().copied(), now).months {
                let class = ["product", "audit", "brief"].into_iter().find(|class| *class == ending.class).unwrap();
                prop_assert!(present.remove(&("shop", class, ending.month)));
                prop_assert_eq!(ended.insert((class, ending.month), now), None);
                prop_assert!(ending.month.end() < now);
            }
            // A second run at once finds nothing to do, and what is left is not due.
            let again = plan(&catalogs, present.iter().copied(), now);
            prop_assert_eq!(&again.months, &[]);
            for (app, class, month) in &present {
                let due = again.cut_offs.get(app, class).is_some_and(|cut_off| month.end() <= cut_off.before);
                prop_assert!(!due);
            }
        }
        prop_assert_eq!(present.len() + ended.len(), everything);
    }

    #[test]
    fn no_time_is_too_far(now: i64, month: i32) {
        let _ = plan(&catalogs(), [("shop", "audit", Month::from_number(month))], Timestamp::from_microseconds(now));
    }
}
