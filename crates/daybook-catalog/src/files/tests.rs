use std::path::Path;

use insta::assert_snapshot;

use crate::{Catalogs, render};

const CATALOG: &str = "app: shop\nversion: 1.0.0\ntitle: Shop\n";
const EVENTS: &str = "events:\n  - {name: order.placed, description: x, examples: [{}]}\n";

struct Place(tempfile::TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            place.write(path, text.as_bytes());
        }
        place
    }

    fn write(&self, path: &str, text: &[u8]) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The apps found, then the findings, their paths from the place.
    fn check(&self, below: &str) -> String {
        self.tell(&Catalogs::load(&[self.0.path().join(below)], false))
    }

    fn tell(&self, loaded: &crate::Loaded) -> String {
        let apps: Vec<&str> = loaded.catalogs.apps().map(|app| app.app.as_str()).collect();
        let found = render::text(&loaded.diagnostics).replace(&format!("{}/", self.0.path().display()), "");
        format!("[{}]\n{}", apps.join(", "), found.replace(&self.0.path().display().to_string(), "."))
    }
}

#[test]
fn a_directory_is_an_app_or_holds_apps() {
    let place = Place::new(&[
        ("a/catalog.yaml", CATALOG),
        ("a/events/x.yaml", EVENTS),
        ("b/catalog.yaml", &CATALOG.replace("shop", "other")),
        ("empty/readme.md", "nothing"),
    ]);
    assert_snapshot!(place.check("a"), @"[shop]");
    assert_snapshot!(place.check(""), @"[other, shop]");
    assert_snapshot!(place.check("empty"), @"
    []
    empty:1:1: error[catalog.missing]: no catalog.yaml here, nor one directory down
      hint: name the directory of an app, or the one that holds the apps' directories
    1 error
    ");
    assert_snapshot!(place.check("nowhere").replace("No such file or directory (os error 2)", "…"), @"
    []
    nowhere:1:1: error[catalog.unreadable]: cannot be read: …
    1 error
    ");
    assert_snapshot!(place.check("a/catalog.yaml").replace("Not a directory (os error 20)", "…"), @"
    []
    a/catalog.yaml:1:1: error[catalog.unreadable]: cannot be read: …
    1 error
    ");
}

#[test]
fn files_that_are_not_read_are_named() {
    let place = Place::new(&[
        ("catalog.yaml", CATALOG),
        ("events/x.yaml", EVENTS),
        ("events/y.yml", EVENTS),
        ("events/.hidden.yaml", "x"),
        ("events/notes.txt", "x"),
        ("events/deeper/z.yaml", EVENTS),
        ("event/x.yaml", EVENTS),
        ("docs/x.yaml", "x"),
        ("README.md", "x"),
        ("consumer.yaml", "a: 1"),
        ("orders.yaml", EVENTS),
        ("demo.yaml", "not even YAML: ["),
    ]);
    assert_snapshot!(place.check(""), @"
    [shop]
    consumer.yaml:1:1: warning[catalog.file-ignored]: this is not read
      hint: did you mean `consumers.yaml`?
    event:1:1: warning[catalog.file-ignored]: this is not read
      hint: did you mean `events`?
    orders.yaml:1:1: warning[catalog.file-ignored]: this is not read
      hint: event types lie in events/ and plugins/
    events/deeper:1:1: warning[catalog.file-ignored]: this is not read
      hint: directories in here are not read
    events/y.yml:1:1: warning[catalog.file-ignored]: this is not read
      hint: files end in .yaml
    5 warnings
    ");
}

#[test]
fn an_app_exists_once() {
    let place = Place::new(&[("a/catalog.yaml", CATALOG), ("b/catalog.yaml", CATALOG)]);
    assert_snapshot!(place.check(""), @"
    [shop]
    b/catalog.yaml:1:1: error[catalog.duplicate-app]: there are two catalogs of the app `shop`
      hint: the other is a/catalog.yaml
    1 error
    ");
    let loaded = Catalogs::load(&[place.0.path().join("b"), place.0.path().join("a")], false);
    assert_snapshot!(place.tell(&loaded), @"
    [shop]
    a/catalog.yaml:1:1: error[catalog.duplicate-app]: there are two catalogs of the app `shop`
      hint: the other is b/catalog.yaml
    1 error
    ");
}

#[test]
fn an_app_with_errors_is_left_out_and_the_others_stay() {
    let place = Place::new(&[
        ("a/catalog.yaml", CATALOG),
        ("a/events/x.yaml", "events: ["),
        ("b/catalog.yaml", &CATALOG.replace("shop", "other")),
        ("b/events/x.yaml", EVENTS),
    ]);
    assert_snapshot!(place.check(""), @"
    [other]
    a/events/x.yaml:2:1: error[catalog.syntax]: not YAML: while parsing a node, did not find expected node content
    1 error
    ");
}

#[test]
fn one_s_own_take_the_place_of_those_that_ship() {
    let place = Place::new(&[("catalog.yaml", "app: tamma\nversion: 99.0.0\ntitle: Another\n")]);
    let loaded = Catalogs::load(&[place.0.path().to_owned()], true);
    assert_eq!(loaded.catalogs.app("tamma").unwrap().version.major, 99);
    assert!(loaded.catalogs.app("noema").is_some());
    assert!(Catalogs::load(&[], false).catalogs.apps().next().is_none());
}

#[test]
fn the_reserved_app_can_be_checked_but_not_loaded() {
    let place = Place::new(&[("catalog.yaml", &CATALOG.replace("shop", "daybook"))]);
    assert_snapshot!(place.check(""), @"
    []
    catalog.yaml:1:6: error[catalog.reserved]: `daybook` is reserved
      hint: choose another name
    1 error
    ");
    assert!(crate::check(place.0.path()).diagnostics.is_empty());
    let twice = crate::check_all(&[place.0.path(), place.0.path()]);
    assert_eq!(twice.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), ["catalog.duplicate-app"]);
}

#[test]
fn bytes_and_sizes_are_checked() {
    let place = Place::new(&[("catalog.yaml", CATALOG)]);
    place.write("events/a.yaml", b"events:\n  - \xff\n");
    place.write("events/b.yaml", &vec![b' '; 2 * crate::limits::FILE_BYTES_MAX]);
    place.write("events/c.yaml", b"");
    std::fs::create_dir(place.0.path().join("events/d.yaml")).unwrap();
    assert_snapshot!(place.check(""), @"
    []
    events/d.yaml:1:1: error[catalog.unreadable]: cannot be read: not a regular file
    events/a.yaml:2:1: error[catalog.encoding]: the file is not UTF-8
    events/b.yaml:1:1: error[catalog.too-large]: the file has more than 1048576 bytes
      hint: spread the event types over several files
    events/c.yaml:1:1: error[catalog.empty]: the file is empty
    4 errors
    ");
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_an_app() {
    use std::os::unix::fs::symlink;

    let outside = Place::new(&[("secret.yaml", EVENTS), ("events/a.yaml", EVENTS)]);
    let place = Place::new(&[("apps/shop/catalog.yaml", CATALOG), ("apps/shop/events/real.yaml", EVENTS)]);
    let at = |path: &str| place.0.path().join("apps/shop").join(path);
    symlink(outside.0.path().join("secret.yaml"), at("events/b.yaml")).unwrap();
    symlink(at("events/real.yaml"), at("dashboards.yaml")).unwrap();
    symlink("/nonexistent", at("events/c.yaml")).unwrap();
    symlink("e.yaml", at("events/e.yaml")).unwrap();
    symlink(outside.0.path().join("events"), at("plugins")).unwrap();
    assert_snapshot!(place.check("apps").replace(&outside.0.path().display().to_string(), "OUTSIDE"), @"
    []
    apps/shop/events/b.yaml:1:1: error[catalog.link]: a link that leads out of the app's directory, or nowhere
    apps/shop/events/c.yaml:1:1: error[catalog.link]: a link that leads out of the app's directory, or nowhere
    apps/shop/events/e.yaml:1:1: error[catalog.link]: a link that leads out of the app's directory, or nowhere
    apps/shop/plugins:1:1: error[catalog.link]: a link that leads out of the app's directory
    4 errors
    ");
    // The directory of an app may itself be a link: that is the operator's choice, not the app's.
    symlink(place.0.path().join("apps/shop"), place.0.path().join("linked")).unwrap();
    assert!(Path::new(&place.0.path().join("linked")).exists());
}
