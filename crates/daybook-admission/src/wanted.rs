//! The people and months that the records of a call are sealed for.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_event::{Keys, Month, Months, Needs, Person, PersonName, Secret};
use rustc_hash::FxHashMap;

/// Gathers them while events are judged: what is at hand already, and what has to be asked for.
#[derive(Default)]
pub(crate) struct Wanted<'b> {
    needs: Needs<'b>,
    people: Vec<Held<Person>>,
    months: Vec<Held<Secret>>,
    /// Where people are who had to be asked for.
    people_by_name: FxHashMap<PersonName<'b>, usize>,
    months_by_name: FxHashMap<(&'b str, Month), usize>,
}

/// Something at hand, or its place among the needs.
enum Held<T> {
    There(Arc<T>),
    Needed(usize),
}

/// All of them at hand.
pub(crate) struct Given {
    pub(crate) people: Vec<Arc<Person>>,
    pub(crate) months: Vec<Arc<Secret>>,
}

impl<'b> Wanted<'b> {
    /// The place of a person.
    pub(crate) fn person(&mut self, name: PersonName<'b>, known: Option<&Arc<Person>>) -> usize {
        let place = self.people.len();
        if let Some(person) = known {
            self.people.push(Held::There(Arc::clone(person)));
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
        self.months_by_name.insert((class, month), place);
        place
    }

    /// What has to be asked for.
    pub(crate) const fn needs(&self) -> &Needs<'b> {
        &self.needs
    }

    /// Everything at hand, with what was asked for.
    pub(crate) fn given(self, keys: &Keys) -> Given {
        assert_eq!(keys.people.len(), self.needs.people.len(), "as many people as were needed");
        assert_eq!(keys.months.len(), self.needs.months.len(), "as many months as were needed");
        Given { people: all(self.people, &keys.people), months: all(self.months, &keys.months) }
    }
}

fn all<T>(held: Vec<Held<T>>, asked: &[Arc<T>]) -> Vec<Arc<T>> {
    let one = |held| match held {
        Held::There(one) => Some(one),
        Held::Needed(place) => asked.get(place).cloned(),
    };
    held.into_iter().filter_map(one).collect()
}
