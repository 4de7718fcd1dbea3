//! The people and months that the records of a call are sealed for.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use daybook_event::{Keys, Month, Months, Needs, Person, PersonName, SealKeys, Secret};
use rustc_hash::FxHashMap;

/// Gathers them while events are judged: what is at hand already, and what has to be asked for.
#[derive(Default)]
pub(crate) struct Wanted<'b> {
    needs: Needs<'b>,
    people: Vec<Held<Person>>,
    months: Vec<Held<Arc<Secret>>>,
    /// Of each month, the keys of records about nobody, once there is one.
    nobody: Vec<OnceLock<SealKeys>>,
    /// Of each month, the class it is of.
    classes: Vec<&'b str>,
    /// Where people are who had to be asked for.
    people_by_name: FxHashMap<PersonName<'b>, usize>,
    months_by_name: FxHashMap<(&'b str, Month), usize>,
}

/// Something at hand, or its place among the needs.
enum Held<T> {
    There(T),
    Needed(usize),
}

impl<T: Clone> Held<T> {
    const fn get(&self) -> Option<&T> {
        match self {
            Self::There(one) => Some(one),
            Self::Needed(_) => None,
        }
    }

    fn give(&mut self, asked: &[T]) {
        if let Self::Needed(place) = self
            && let Some(one) = asked.get(*place)
        {
            *self = Self::There(one.clone());
        }
    }
}

impl<'b> Wanted<'b> {
    /// The place of a person.
    pub(crate) fn person(&mut self, name: PersonName<'b>, known: Option<&Person>) -> usize {
        let place = self.people.len();
        if let Some(person) = known {
            self.people.push(Held::There(person.clone()));
            return place;
        }
        if let Some(place) = self.people_by_name.get(&name) {
            return *place;
        }
        self.people.push(Held::Needed(self.needs.people.len()));
        self.needs.people.push(name.clone());
        self.people_by_name.insert(name, place);
        place
    }

    /// The place of a month.
    pub(crate) fn month(&mut self, class: &'b str, month: Month, months: &Months) -> usize {
        if let Some(place) = self.months_by_name.get(&(class, month)) {
            return *place;
        }
        let place = self.months.len();
        self.months.push(match months.get(class, month) {
            Some(secret) => Held::There(Arc::clone(secret)),
            None => {
                self.needs.months.push((Cow::Borrowed(class), month));
                Held::Needed(self.needs.months.len() - 1)
            }
        });
        self.nobody.push(OnceLock::new());
        self.classes.push(class);
        self.months_by_name.insert((class, month), place);
        place
    }

    /// What has to be asked for.
    pub(crate) const fn needs(&self) -> &Needs<'b> {
        &self.needs
    }

    /// Takes what was asked for.
    pub(crate) fn give(&mut self, keys: &Keys) {
        assert_eq!(keys.people.len(), self.needs.people.len(), "as many people as were needed");
        assert_eq!(keys.months.len(), self.needs.months.len(), "as many months as were needed");
        self.people.iter_mut().for_each(|held| held.give(&keys.people));
        self.months.iter_mut().for_each(|held| held.give(&keys.months));
    }

    /// The person at a place, if at hand.
    pub(crate) fn person_at(&self, place: usize) -> Option<&Person> {
        self.people.get(place)?.get()
    }

    /// The secret of the month at a place, if at hand.
    pub(crate) fn month_at(&self, place: usize) -> Option<&Secret> {
        self.months.get(place)?.get().map(Arc::as_ref)
    }

    /// The keys of what is about nobody in the month at a place, if that is at hand.
    pub(crate) fn nobody_at(&self, place: usize) -> Option<&SealKeys> {
        let month = self.month_at(place)?;
        self.nobody.get(place).map(|keys| keys.get_or_init(|| SealKeys::derive(None, month)))
    }

    /// The class of the month at a place.
    pub(crate) fn class_at(&self, place: usize) -> Option<&'b str> {
        self.classes.get(place).copied()
    }

    /// Lets go of the people, whose places nothing names any more, unless some have still to be asked for.
    pub(crate) fn forget_people(&mut self) {
        if self.needs.people.is_empty() {
            self.people.clear();
        }
    }
}
