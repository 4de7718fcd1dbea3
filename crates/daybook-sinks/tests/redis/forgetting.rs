//! Redis holds counts, sketches, and nothing that leads to a person.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_event::stored::Standing;
use daybook_harness::Redis;
use daybook_harness::search::{Haystack, Needles};
use daybook_privacy::view::Forgotten;

use crate::support::{handler, items, person, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_of_redis_names_anybody() {
    let redis = Redis::start();
    let handler = handler(&redis);
    let who = person(77);
    let mut items = items(300);
    for item in &mut items {
        let item = Arc::make_mut(item);
        item.standing = Standing::Person(who);
        // As a handler would have it that sees what is sealed; this one looks at none of it.
        item.event.anonymous_id = Some(Cow::Owned(who.to_string()));
        item.event.identity = Some(Cow::Borrowed("velimira.ostrov"));
        item.event.session = Some(Cow::Borrowed("session-of-velimira"));
        item.event.group = Some(Cow::Borrowed("the-bookshop-on-the-corner"));
    }
    run(&*handler, &items, 50).await;
    let forgotten = Forgotten { app: "shop".to_owned(), id: who };
    assert_eq!(handler.forget_people(&[forgotten]).await.unwrap().count, 0);
    assert!(handler.export("shop", who).await.unwrap().is_empty());
    redis.command(&["SAVE"]);
    let needles = Needles::new()
        .value("name", "velimira.ostrov")
        .value("session", "session-of-velimira")
        .value("anonymous id", &who.to_string());
    Haystack::new().directory(redis.directory()).search(&needles).assert_clean();
    // The search finds what is there.
    let there = Needles::new().value("group", "the-bookshop-on-the-corner");
    Haystack::new().directory(redis.directory()).search(&there).assert_finds_all();
}
