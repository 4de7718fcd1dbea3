//! Managing keys, over HTTP and beside the server.

use std::time::{Duration, Instant};

use daybook_server::keys::{self, NewKey, Scope};
use http::Method;
use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::site::{PATIENCE, Site, order};

on_every_backend!(keys_are_made_listed_and_taken_back, another_process_can_make_and_revoke_keys_while_the_server_runs,);

async fn keys_are_made_listed_and_taken_back(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let made = site.post("/v1/keys").json(&json!({"name": "till", "scopes": ["write"], "apps": ["shop"]})).send().await;
    assert_eq!(made.status, 201);
    let made = made.ok();
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let listed = site.get("/v1/keys").send().await.ok();
    let listed = listed["keys"].as_array().unwrap();
    assert_eq!(listed.len(), 2, "the admin key and this one");
    assert_eq!(listed[1]["name"], "till");
    assert!(!json!(listed).to_string().contains(key));

    let send = || site.call(Method::POST, "/v1/shop/events").key(key).json(&order("1", 1)).send();
    assert_eq!(send().await.ok()["stored"], 1);
    let revoke = || site.call(Method::DELETE, &format!("/v1/keys/{id}")).key(&site.admin).send();
    assert!(revoke().await.ok()["revoked"].is_string());
    send().await.is_problem(401, "key.revoked");
    revoke().await.ok();
    site.call(Method::DELETE, "/v1/keys/none").key(&site.admin).send().await.is_problem(404, "key.not-found");
    for wrong in [
        json!({"name": "x"}),
        json!({"name": "x", "scopes": ["fly"]}),
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": ["write"], "colour": "red"}),
        json!({"name": "x", "scopes": ["write"], "apps": ["nowhere"]}),
        json!({"name": "x", "scopes": ["read"], "public": true}),
    ] {
        site.post("/v1/keys").json(&wrong).send().await.is_problem(400, "key.invalid");
    }
    // The server says so in its own book.
    let own = site.get("/v1/daybook/events?name=key.*").send().await.ok();
    let names: Vec<_> = own["events"].as_array().unwrap().iter().map(|event| event["name"].clone()).collect();
    assert_eq!(names, ["key.created", "key.revoked"]);
}

async fn another_process_can_make_and_revoke_keys_while_the_server_runs(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let new = NewKey {
        name: "from the command line".to_owned(),
        apps: None,
        scopes: vec![Scope::Write],
        public: false,
        origins: Vec::new(),
        requests_per_second: None,
        events_per_second: None,
        expires: None,
    };
    let made = keys::create(&site.state(), new).await.unwrap();
    let send = || site.call(Method::POST, "/v1/shop/events").key(&made.key).json(&order("1", 1)).send();
    // The server reads the keys again in a while.
    let until = async |status: u16, meanwhile: u16| {
        let begun = Instant::now();
        loop {
            let answer = send().await;
            if answer.status == status {
                return answer;
            }
            assert_eq!(answer.status, meanwhile, "{answer:?}");
            assert!(begun.elapsed() < PATIENCE, "{answer:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until(200, 401).await.ok();
    keys::revoke(&site.state(), &made.info.id).await.unwrap();
    until(401, 200).await.is_problem(401, "key.revoked");
    assert_eq!(keys::list(&site.state()).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_leaves_a_key_that_only_its_owner_can_read() {
    let site = Site::new().await;
    let file = site.data().join("admin.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&site.data()), 0o700);
        for entry in std::fs::read_dir(site.data()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
            }
        }
    }
    site.get("/v1/keys").send().await.ok();
    std::fs::remove_file(&file).unwrap();
    // It is not made again: the key that is there still counts.
    let admin = site.admin.clone();
    let directory = site.stop().await;
    let config = crate::site::config(directory.path(), |_| {});
    let server = daybook_server::Server::open(config).await.unwrap();
    assert_eq!(server.notices().admin_key_file, None);
    assert!(!file.exists());
    let handle = server.handle();
    let running = tokio::spawn(server.run(std::future::pending()));
    let answer = crate::client::Call::new(handle.address(), Method::GET, "/v1/keys").key(&admin).send().await;
    assert!(answer.ok()["keys"][0]["last_used"].is_string());
    handle.stop();
    running.await.unwrap();
}
