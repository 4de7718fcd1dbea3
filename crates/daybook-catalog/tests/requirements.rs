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
