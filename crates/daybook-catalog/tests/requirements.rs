//! Holds each catalog that ships against a list transcribed by hand from its requirement document.
//!
//! The lists lie in `requirements/<app>.txt` and are written from the documents alone, never from the catalogs, so that
//! a slip of the pen in one shows against the other. A list is plain text:
//!
//! - A line that starts with `#` is a comment, an empty line means nothing.
//! - `[section]` alone on a line starts a section. Lines before the first section belong to `[events]`.
//! - Every other line is a row of cells between `|`. A cell `-`, or a cell left out at the end, says that the document
//!   says nothing here, and nothing is checked.
//!
//! The sections, with the cells of a row:
//!
//! | section | cells | checked |
//! | --- | --- | --- |
//! | `[events]` | name, fields, sources, category, note | the type exists, and no other type does but those under `[extra]` |
//! | `[extra]` | name, reason | a type of the catalog that the document announces or implies without listing it |
//! | `[types]` | name, fields or `enum(…)` | the named type has just these fields, or just these values |
//! | `[categories]` | name, retain, aggregate-retain, pii, sampling | equal; there is no other category |
//! | `[sources]` | name | the catalog's source list is just these |
//! | `[dialect]` | canonical field, path, as, `required` or `optional`, values | equal |
//! | `[policies]` | event type or `*`, policies | each policy holds for the type, or for every type |
//! | `[consent]` | purpose, names of the event types that ask for it | equal; no names: it is the app's own purpose |
//! | `[aggregates]` | name, dimensions, event types it is computed from | every dimension is in the data or the envelope |
//!
//! **Fields** are separated by commas: `field` is required, `field?` optional, and a type may follow a colon:
//! `costUsd?: decimal`. Types: `string`, `boolean`, `integer`, `number`, `object`, `array`, `any`, and the formats
//! `decimal`, `int64`, `object-id`, `uuid`, `date-time`; several between slashes are a union (`object/array/string`);
//! `type?` may be null (`string?`); `enum(A B C)` is a closed list of values; `#zone` is the named type `zone`. A field
//! that the list does not name must not be in the catalog: the catalogs invent nothing for a type that a document
//! describes. A cell `-` for the fields leaves the data unchecked, `none` says that the data has no fields, and
//! `#usage` alone that the whole data is the named type `usage`.
//!
//! `*` among the fields says that further fields are expected: the schema must say so (`additionalProperties`).
//!
//! **Policies** are separated by commas: `sampled` (only a share is kept), `daily-counts`, `indexed`,
//! `data-missing warn`, `optional identity` (the envelope field may be absent though the dialect requires it).
//!
//! **Sources** are separated by commas, `any` is every source. **Sampling** is `rate/minimum/window`: `0.1/10/60s`.
//!
//! Whatever a list says, each type has a description and at least one example, and the catalog has no finding worse
//! than a note.

#[path = "requirements/compare.rs"]
mod compare;
#[path = "requirements/data.rs"]
mod data;
#[path = "requirements/list.rs"]
mod list;

use std::fs;
use std::path::{Path, PathBuf};

use daybook_catalog::Loaded;
use daybook_event::Severity;

use crate::list::List;

fn load(app: &str) -> Loaded {
    let catalogs: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "catalogs"].iter().collect();
    daybook_catalog::check(&catalogs.join(app))
}

fn text(app: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requirements").join(app).with_extension("txt");
    fs::read_to_string(&path).unwrap_or_else(|error| format!("[no list: {error}]\nnone"))
}

/// Everything in which the catalog of `app` differs from the list in `text`, a line each.
fn differences(app: &str, text: &str) -> Vec<String> {
    let list = match List::parse(text) {
        Ok(list) => list,
        Err(bad_line) => return vec![format!("{app}.txt, {bad_line}")],
    };
    match load(app).catalogs.app(app) {
        Some(catalog) => compare::problems(catalog, &list),
        None => vec![format!("the catalog {app} cannot be used")],
    }
}

/// Holds the catalog of `app` against its list, which has `count` event types: a line lost from list and catalog alike
/// would go unnoticed otherwise.
fn check(app: &str, count: usize) {
    let findings: Vec<String> = load(app)
        .diagnostics
        .iter()
        .filter(|finding| finding.severity >= Severity::Warning)
        .map(|finding| format!("{}:{}:{}: {}", finding.file, finding.line, finding.column, finding.message))
        .collect();
    assert!(findings.is_empty(), "findings in the catalog {app}:\n{}", findings.join("\n"));
    let text = text(app);
    let differences = differences(app, &text);
    assert!(differences.is_empty(), "{app} differs from its requirements:\n{}", differences.join("\n"));
    assert_eq!(List::parse(&text).map_or(0, |list| list.events.len()), count, "event types in {app}.txt");
}

#[test]
fn noema_is_what_its_documents_ask_for() {
    check("noema", 13);
}

#[test]
fn tachikoma_is_what_its_document_asks_for() {
    check("tachikoma", 36);
}

#[test]
fn unofficial_communities_is_what_its_document_asks_for() {
    check("unofficial-communities", 58);
}

#[test]
fn tamma_is_what_its_document_asks_for() {
    check("tamma", 25);
}

/// The comparison itself: each slip in a list shows, and nothing else does.
#[test]
fn a_slip_shows() {
    let list = text("unofficial-communities");
    let slip = |right: &str, wrong: &str, expected: &[&str]| {
        assert!(list.contains(right), "the list has no `{right}`");
        let differences = differences("unofficial-communities", &list.replacen(right, wrong, 1));
        assert_eq!(differences, expected, "{right} -> {wrong}");
    };
    slip(
        "age.appeal_opened ",
        "age.appeal_open ",
        &["age.appeal_open: is not in the catalog", "age.appeal_opened: is in the catalog but not in the list"],
    );
    slip(
        "visibility, owner_id_hash",
        "visibility?",
        &[
            "community.created: the field `visibility` should be optional",
            "community.created: the document knows no field `owner_id_hash`",
        ],
    );
    slip(
        "attempts_used",
        "attempts_made",
        &[
            "user.signup.otp_verified: the field `attempts_made` is missing",
            "user.signup.otp_verified: the document knows no field `attempts_used`",
        ],
    );
    slip(
        "phone_prefix ",
        "phone_prefix, * ",
        &["user.signup.started: the schema should say that it is open to further fields"],
    );
    slip(
        "has_avatar: boolean",
        "has_avatar: boolean?",
        &["user.signup.completed: the field `has_avatar` is not of the type boolean?"],
    );
    slip("enum(A B C)", "enum(A B)", &["age.gate_presented: the field `gate` is not of the type enum(A B)"]);
    slip(
        "zone_type: #zone",
        "zone_type: string",
        &["world.zone.entered: the field `zone_type` is not of the type string"],
    );
    slip("portal_w portal_nw)", "portal_w)", &["type zone: has not the values of the document"]);
    slip("security  | 2y", "security  | 1y", &["category security: retain is not 1y"]);
    slip("event_id      | uuid", "event_id      | integer", &["envelope id: is written as uuid"]);
    slip("| sampled", "| indexed", &["world.presence.updated: has not the policy `indexed`"]);
    slip(
        "inactive_days                      | job",
        "inactive_days | api",
        &["user.session.expired: comes from {\"job\"}, not {\"api\"}"],
    );
    slip(
        "community_id, zone_type ",
        "community_id, weather ",
        &["aggregate zone_dwell_time: world.zone.exited has no weather"],
    );
    slip("[sources]", "[sauces]", &["unofficial-communities.txt, line 94: there is no section `sauces`"]);
}
