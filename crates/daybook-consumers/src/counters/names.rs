//! Names of event types, groups and values as small numbers.

use std::sync::Arc;

use hashbrown::HashMap;
use rustc_hash::FxHashSet;

use super::limits::NAME_BYTES;

/// A name's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NameId(u32);

impl NameId {
    /// What all names share that there is no room for.
    pub(super) const OTHER: Self = Self(0);
}

/// The names that are known.
#[derive(Debug)]
pub(super) struct Names {
    ids: HashMap<Arc<str>, NameId>,
    texts: Vec<Option<Arc<str>>>,
    free: Vec<NameId>,
    most: usize,
    /// No room was found, and nothing has been given up since.
    full: bool,
}

impl Names {
    pub(super) fn new(most: usize) -> Self {
        Self { ids: HashMap::new(), texts: vec![None], free: Vec::new(), most, full: false }
    }

    /// The number of a name, where it is known.
    pub(super) fn get(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    /// The name.
    pub(super) fn text(&self, id: NameId) -> Option<&Arc<str>> {
        self.texts.get(id.0 as usize)?.as_ref()
    }

    /// The number of a name, which is [`NameId::OTHER`] where it is too long, or where there is no room even after those that are
    /// not `used` any more are given up.
    pub(super) fn add(&mut self, name: &str, used: impl FnOnce() -> FxHashSet<NameId>) -> NameId {
        if let Some(id) = self.get(name) {
            return id;
        }
        if name.len() > NAME_BYTES || (self.full && self.ids.len() >= self.most) {
            return NameId::OTHER;
        }
        if self.ids.len() >= self.most {
            self.keep(&used());
            if self.ids.len() >= self.most {
                self.full = true;
                return NameId::OTHER;
            }
        }
        let text: Arc<str> = name.into();
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                let Ok(number) = u32::try_from(self.texts.len()) else { return NameId::OTHER };
                self.texts.push(None);
                NameId(number)
            }
        };
        if let Some(place) = self.texts.get_mut(id.0 as usize) {
            *place = Some(Arc::clone(&text));
        }
        self.ids.insert(text, id);
        id
    }

    /// Something was given up: when there is no room, it may be worth looking again.
    pub(super) const fn look_again(&mut self) {
        self.full = false;
    }

    /// How many are known.
    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        self.ids.len()
    }

    fn keep(&mut self, used: &FxHashSet<NameId>) {
        let (texts, free) = (&mut self.texts, &mut self.free);
        self.ids.retain(|_, id| {
            let keep = used.contains(id);
            if !keep {
                free.push(*id);
                if let Some(place) = texts.get_mut(id.0 as usize) {
                    *place = None;
                }
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_up_when_there_is_no_room() {
        let mut names = Names::new(2);
        let nobody = FxHashSet::default;
        let a = names.add("a", nobody);
        let b = names.add("b", nobody);
        assert_eq!(names.add("a", nobody), a);
        let in_use = || FxHashSet::from_iter([a, b]);
        assert_eq!(names.add("c", in_use), NameId::OTHER);
        // Not looked for again until something has gone.
        assert_eq!(names.add("c", nobody), NameId::OTHER);
        names.look_again();
        let c = names.add("c", || FxHashSet::from_iter([b]));
        assert_eq!((c, names.text(c).map(|text| &**text), names.get("a")), (a, Some("c"), None));
        assert_eq!(names.text(b).map(|text| &**text), Some("b"));
        assert_eq!(names.text(NameId::OTHER), None);
        assert_eq!(Names::new(9).add(&"x".repeat(NAME_BYTES + 1), nobody), NameId::OTHER);
    }
}
