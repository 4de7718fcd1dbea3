//! Catalogs: those that ship, and those in a directory.

use daybook_server::{Server, StartError};
use http::Method;
use serde_json::json;

use crate::site::{Site, config, write_catalog};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_catalog_is_told() {
    let site = Site::new().await;
    let catalog = site.get("/v1/shop/catalog").send().await.ok();
    assert_eq!((catalog["app"].clone(), catalog["title"].clone()), (json!("shop"), json!("Corner shop")));
    assert_eq!(catalog["events"].as_array().unwrap().len(), 4);
    serde_json::from_value::<daybook_server::openapi::CatalogBody>(catalog).unwrap();
    let placed = site.get("/v1/shop/catalog/order.placed").send().await.ok();
    assert_eq!(placed["data"]["required"], json!(["total"]));
    assert_eq!(site.get("/v1/shop/catalog/order.placed/1.0.0").send().await.ok(), placed);
    for path in ["order.lost", "order.placed/2.0.0", "order.placed/x"] {
        site.get(&format!("/v1/shop/catalog/{path}")).send().await.is_problem(404, "catalog.unknown");
    }
    site.call(Method::GET, "/v1/shop/catalog").send().await.is_problem(401, "key.missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_does_not_start_on_half_of_what_it_was_given() {
    let directory = tempfile::tempdir().unwrap();
    write_catalog(directory.path());
    let broken = directory.path().join("catalogs/broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("catalog.yaml"), "app: broken\nverison: 1.0.0\n").unwrap();
    let opened = Server::open(config(directory.path(), |_| {})).await;
    let Err(StartError::Catalogs(diagnostics)) = opened else { panic!("it started") };
    assert!(diagnostics.iter().any(|diagnostic| diagnostic.file.contains("broken")));
    std::fs::remove_dir_all(&broken).unwrap();

    let opened =
        Server::open(config(directory.path(), |config| config.browser_events.app = Some("shp".to_owned()))).await;
    let Err(error @ StartError::BrowserApp { .. }) = opened else { panic!("it started") };
    assert!(error.to_string().contains("did you mean shop?"), "{error}");
    let opened = Server::open(config(directory.path(), |config| {
        config.default_catalogs = false;
        config.catalogs.clear();
    }))
    .await;
    assert!(matches!(opened, Err(StartError::NoApps)));

    // Only the one app, and then nothing is written of Daybook's own.
    let site = Site::with(|config| config.default_catalogs = false).await;
    site.get("/v1/daybook/catalog").send().await.is_problem(404, "app.unknown");
    assert_eq!(site.send(&crate::site::order("1", 1)).await["receipts"][0]["position"], 1);
}
