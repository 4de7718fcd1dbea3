//! `collections.yaml`: the records that an app keeps beside its events.

use crate::collections::{Collection, Index};
use crate::limits::COLLECTIONS_MAX;
use crate::read::{self, Fields};
use crate::source::{Problem, SourceFile};
use crate::yaml::{Key, Node};

/// A collection and where its schema is declared.
pub(crate) struct Kept<'f> {
    pub(crate) collection: Collection,
    pub(crate) file: &'f SourceFile,
    pub(crate) data: &'f Node,
}

/// Reads `collections.yaml`: the name of the collection of events, and the others.
pub(crate) fn read(file: &SourceFile) -> (Option<String>, Vec<Kept<'_>>) {
    let Some(mut fields) = file.root.as_ref().and_then(|root| Fields::open(file, root, "a file of collections")) else {
        return (None, Vec::new());
    };
    let events = fields.get("events").and_then(|node| read::string(file, node, "the collection of events"));
    let collections = fields.get("collections");
    fields.close();
    let entries = collections.and_then(|node| read::mapping(file, node, "`collections`")).unwrap_or_default();
    if let Some((key, _)) = entries.get(COLLECTIONS_MAX) {
        Problem::error("catalog.limit", format!("an app has at most {COLLECTIONS_MAX} collections"))
            .at(file, key.place);
    }
    let others = entries.iter().take(COLLECTIONS_MAX).filter_map(|(key, node)| collection(file, key, node)).collect();
    (events, others)
}

fn collection<'f>(file: &'f SourceFile, key: &Key, node: &'f Node) -> Option<Kept<'f>> {
    let mut fields = Fields::open(file, node, "a collection")?;
    let description = fields.get("description").and_then(|node| read::string(file, node, "the description"));
    let primary = fields.require("key").and_then(|node| read::string(file, node, "the key"));
    let indexes = fields.get("indexes").and_then(|node| read::sequence(file, node, "`indexes`")).unwrap_or_default();
    let indexes = indexes.iter().filter_map(|node| index(file, node)).collect();
    let data = fields.require("data");
    fields.close();
    let data = data?;
    let collection = Collection { name: key.text.clone(), description, key: primary?, indexes, data: data.to_json() };
    Some(Kept { collection, file, data })
}

fn index(file: &SourceFile, node: &Node) -> Option<Index> {
    let mut fields = Fields::open(file, node, "an index")?;
    let paths = fields.require("fields").and_then(|node| read::strings(file, node, "`fields`"));
    let unique = fields.get("unique").and_then(|node| read::boolean(file, node, "`unique`"));
    fields.close();
    Some(Index { fields: paths?, unique: unique.unwrap_or_default() })
}
