//! Where blobs lie: `APP/OWNER/CATEGORY/MONTH/ADDRESS`.

use daybook_event::{BlobAddress, BlobPath, Month, SubjectId};
use object_store::path::{Path, PathPart};

/// The owner of what is nobody's.
const NOBODY: &str = "nobody";

/// The place of a blob. No part of it leads anywhere else: what is no letter, digit or simple sign is written as `%XX`, also the dots
/// of `..`.
pub(crate) fn path(blob: &BlobPath<'_>) -> Path {
    let owner = owner(blob.owner.subject());
    let (month, address) = (blob.month.to_string(), blob.address.to_string());
    Path::from_iter([blob.app, &owner, blob.class, &month, &address])
}

/// The place of everything of an app.
pub(crate) fn of_app(app: &str) -> Path {
    Path::from_iter([app])
}

/// The place of everything of somebody.
pub(crate) fn of_person(app: &str, person: SubjectId) -> Path {
    Path::from_iter([app, &owner(Some(person))])
}

/// Whether a place is that of a blob of a category's month.
pub(crate) fn is_of_month(path: &Path, class: &str, month: Month) -> bool {
    let mut parts = path.parts().skip(2);
    parts.next() == Some(PathPart::from(class)) && parts.next() == Some(PathPart::from(month.to_string()))
}

/// The name of the blob that lies at a place; nothing where none does.
pub(crate) fn address(path: &Path) -> Option<BlobAddress> {
    let address = BlobAddress::parse(path.filename()?)?;
    (path.parts().count() == 5).then_some(address)
}

fn owner(subject: Option<SubjectId>) -> String {
    subject.map_or_else(|| NOBODY.to_owned(), |subject| subject.to_string())
}

#[cfg(test)]
mod tests {
    use daybook_event::Standing;

    use super::*;

    fn blob<'a>(app: &'a str, class: &'a str, owner: Standing) -> BlobPath<'a> {
        BlobPath { app, owner, class, month: Month::from_number(672), address: BlobAddress::from_bytes([0xab; 32]) }
    }

    #[test]
    fn places_tell_whose_and_when() {
        let id = SubjectId::from_bytes([1; 16]);
        let place = path(&blob("shop", "product", Standing::Person(id)));
        let hex = "ab".repeat(32);
        assert_eq!(place.as_ref(), format!("shop/{id}/product/2026-01/{hex}"));
        assert!(place.prefix_matches(&of_person("shop", id)) && place.prefix_matches(&of_app("shop")));
        assert!(!place.prefix_matches(&of_person("shop", SubjectId::from_bytes([2; 16]))));
        assert!(!place.prefix_matches(&of_app("sho")));
        assert!(is_of_month(&place, "product", Month::from_number(672)));
        assert!(!is_of_month(&place, "product", Month::from_number(673)));
        assert!(!is_of_month(&place, "produc", Month::from_number(672)));
        assert_eq!(address(&place), Some(BlobAddress::from_bytes([0xab; 32])));
        let nobodys = path(&blob("shop", "product", Standing::Nobody));
        assert_eq!(nobodys.as_ref(), format!("shop/nobody/product/2026-01/{hex}"));
    }

    #[test]
    fn no_name_leads_elsewhere() {
        for (app, class) in [("..", "../../etc"), ("a/b", "c/d"), (".", "..\\.."), ("~x", "\0"), ("sh%2Fop", "%2E%2E")]
        {
            let place = path(&blob(app, class, Standing::Nobody));
            assert_eq!(place.parts().count(), 5, "{place}");
            assert!(place.parts().all(|part| ![".", ".."].contains(&part.as_ref())), "{place}");
            assert!(is_of_month(&place, class, Month::from_number(672)) && place.prefix_matches(&of_app(app)));
        }
        for other in ["a/b/c/d", "a/b/c/d/e/f", "a/b/c/d/..", "shop/nobody/product/2026-01/xyz", ".writing/0"] {
            assert_eq!(address(&Path::from_iter(other.split('/'))), None, "{other}");
        }
        let deep = format!("x/shop/nobody/product/2026-01/{}", "ab".repeat(32));
        assert_eq!(address(&Path::from_iter(deep.split('/'))), None);
    }
}
