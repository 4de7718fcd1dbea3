//! Consumers that are read again while the server runs.

use std::path::PathBuf;

use http::Method;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{CONSUMERS, consumer_when, write_consumers, write_to};
use crate::site::{Site, order};

struct Place {
    site: Site,
    catalogs: PathBuf,
    file: PathBuf,
}

impl Place {
    /// A server that was given its settings by a file.
    async fn new() -> Self {
        let mut place = (PathBuf::new(), PathBuf::new());
        let site = Site::with(|config| {
            write_consumers(config, CONSUMERS);
            place.0.clone_from(&config.catalogs[0]);
            place.1 = config.catalogs[0].with_file_name("daybook.toml");
            std::fs::write(&place.1, "").unwrap();
            config.file = Some(place.1.clone());
        })
        .await;
        Self { site, catalogs: place.0, file: place.1 }
    }

    async fn reload(&self) -> Value {
        self.site.post("/v1/consumers/reload").send().await.ok()
    }

    async fn refused(&self) -> Vec<String> {
        let problem = self.site.post("/v1/consumers/reload").send().await.is_problem(422, "consumers.invalid");
        serde_json::from_value(problem["errors"].clone()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_come_change_and_go() {
    let place = Place::new().await;
    let (site, receiver) = (&place.site, Receiver::start());
    let nothing = place.reload().await;
    assert!(["added", "changed", "removed"].iter().all(|member| nothing[member] == json!([])), "{nothing}");
    let unchanged = nothing["unchanged"].as_u64().unwrap();
    assert_eq!(site.send(&order("r-1", 1)).await["stored"], 1);

    // A destination for one that had none: it begins where it stood. What is secret is in a file.
    let url = place.file.with_file_name("calls.url");
    std::fs::write(&url, receiver.url()).unwrap();
    let settings = format!(
        "[consumers.\"shop/calls\"]\nurl-file = \"{}\"\nsecret = \"whsec_c2hhcmVkIHNlY3JldCBvZiB0aGUgdGVzdHM=\"\nallow-private = true\n",
        url.display()
    );
    std::fs::write(&place.file, &settings).unwrap();
    let changes = place.reload().await;
    assert_eq!((&changes["changed"], &changes["unchanged"]), (&json!(["shop/calls"]), &json!(unchanged - 1)));
    consumer_when(site, "calls", |calls| calls["delivered"] == 1).await;
    assert_eq!(receiver.taken().len(), 1);

    // The file now says another receiver.
    let other = Receiver::start();
    std::fs::write(&url, other.url()).unwrap();
    assert_eq!(place.reload().await["changed"], json!(["shop/calls"]));
    assert_eq!(site.send(&order("r-2", 1)).await["stored"], 1);
    consumer_when(site, "calls", |_| other.taken().len() == 1).await;
    assert_eq!(receiver.taken().len(), 1);

    // One more in the catalog, another gone, the third turned off.
    write_to(&place.catalogs, &CONSUMERS.replace("table:", "late:").replace("insertToMySQL", "file"));
    std::fs::write(&place.file, format!("{settings}enabled = false\n")).unwrap();
    let changes = place.reload().await;
    assert_eq!(changes["added"], json!(["shop/late"]));
    assert_eq!(changes["removed"], json!(["shop/table"]));
    assert_eq!(changes["changed"], json!(["shop/calls"]));
    site.get("/v1/consumers/shop/table").send().await.is_problem(404, "consumer.unknown");
    assert_eq!(site.get("/v1/consumers/shop/calls").send().await.ok()["state"], "disabled");
    assert_eq!(site.send(&order("r-3", 1)).await["stored"], 1);
    // From now on.
    consumer_when(site, "late", |late| late["delivered"] == 1).await;
    assert_eq!(other.taken().len(), 1);

    // What came meanwhile is delivered once it is on again.
    std::fs::write(&place.file, settings).unwrap();
    place.reload().await;
    consumer_when(site, "calls", |_| other.taken().len() == 2).await;

    // What is new forgets too, and keeps nobody from being erased.
    let report = site.erase("/v1/shop/subjects/4242").await;
    assert_eq!(report["report"]["state"], "complete", "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_changes_nothing() {
    let place = Place::new().await;
    let before = place.site.get("/v1/consumers?app=shop").send().await.ok();
    let names = |list: &Value| -> Vec<String> {
        let consumers = list["consumers"].as_array().unwrap();
        consumers.iter().map(|one| format!("{} {}", one["consumer"], one["handler"])).collect()
    };

    write_to(
        &place.catalogs,
        "consumers:\n  new: {events: ['*'], handler: file}\n  bad: {events: ['*'], handler: fiel}\n",
    );
    let errors = place.refused().await;
    assert!(errors.len() == 1 && errors[0].contains("consumers.yaml:3") && errors[0].contains("fiel"), "{errors:?}");
    write_to(&place.catalogs, "consumers:\n  new: {events: ['*'], handler: file, options: {levle: 3}}\n");
    std::fs::write(&place.file, "[consumers.\"shop/table\"]\nurl = \"geheim\"\n[consumers.\"shpo/new\"]\n").unwrap();
    // All of it is said at once.
    let errors = place.refused().await;
    assert_eq!(errors.len(), 3, "{errors:?}");
    for expected in ["shop/new", "no consumer table", "did you mean shop?"] {
        assert!(errors.iter().any(|error| error.contains(expected)), "{expected}: {errors:?}");
    }
    std::fs::write(&place.file, "[consumers.\"shop/new\"]\npassword = geheim\n").unwrap();
    assert_eq!(place.refused().await.len(), 1);
    std::fs::remove_file(&place.file).unwrap();
    let errors = place.refused().await;
    assert!(errors[0].contains("cannot read"), "{errors:?}");
    std::fs::write(&place.file, "").unwrap();
    let catalog = place.catalogs.join("shop/catalog.yaml");
    let text = std::fs::read_to_string(&catalog).unwrap();
    std::fs::write(&catalog, text.replace("app: shop", "app: other")).unwrap();
    let errors = place.refused().await;
    assert!(errors.iter().any(|error| error.contains("shop is not there any more")), "{errors:?}");
    std::fs::write(&catalog, text).unwrap();
    assert_eq!(names(&place.site.get("/v1/consumers?app=shop").send().await.ok()), names(&before));

    let read = place.site.key(&json!({"scopes": ["read", "write"]})).await;
    let reload = place.site.call(Method::POST, "/v1/consumers/reload").key(&read).send().await;
    reload.is_problem(403, "key.scope");
}
