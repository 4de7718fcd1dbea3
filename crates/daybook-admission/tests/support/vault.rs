//! A vault in memory: who people are and the secrets of months, made as they are needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use daybook_event::{Keys, Month, Months, Needs, Person, PersonName, Secret, SubjectId};

#[derive(Default)]
pub struct Vault {
    people: BTreeMap<PersonName<'static>, Person>,
    pub months: Months,
    made: u32,
}

impl Vault {
    pub fn find(&self, names: &[Option<PersonName<'_>>]) -> Vec<Option<Person>> {
        names.iter().map(|name| self.people.get(&name.as_ref()?.clone().into_owned()).cloned()).collect()
    }

    pub fn ensure(&mut self, needs: &Needs<'_>) -> Keys {
        let people = needs.people.iter().map(|name| self.person(name)).collect();
        let months = needs.months.iter().map(|(class, month)| self.month(class, *month)).collect();
        Keys { people, months }
    }

    pub fn person(&mut self, name: &PersonName<'_>) -> Person {
        let made = self.next();
        let new = || {
            let id = SubjectId::from_random(*made.first_chunk().unwrap());
            Person { id, secret: Secret::from_bytes(made), consents: None, objected: false }
        };
        self.people.entry(name.clone().into_owned()).or_insert_with(new).clone()
    }

    pub fn by_id(&self, id: SubjectId) -> Option<Person> {
        self.people.values().find(|person| person.id == id).cloned()
    }

    pub fn decide(&mut self, name: &PersonName<'_>, purpose: &str, granted: bool) {
        let person = self.person(name);
        let said = person.consents.iter().flat_map(|said| said.iter());
        let mut consents: Vec<_> = said.filter(|(other, _)| **other != *purpose).cloned().collect();
        consents.push((purpose.into(), granted));
        self.put(name, Person { consents: Some(Arc::new(consents)), ..person });
    }

    pub fn object(&mut self, name: &PersonName<'_>, objected: bool) {
        let person = self.person(name);
        self.put(name, Person { objected, ..person });
    }

    pub fn erase(&mut self, name: &PersonName<'_>) {
        self.people.remove(&name.clone().into_owned());
    }

    pub fn names(&self) -> Vec<&str> {
        self.people.keys().map(|name| &*name.name).collect()
    }

    fn month(&mut self, class: &str, month: Month) -> Arc<Secret> {
        let made = self.next();
        if let Some(secret) = self.months.get(class, month) {
            return Arc::clone(secret);
        }
        let secret = Arc::new(Secret::from_bytes(made));
        self.months.insert(class, month, Arc::clone(&secret));
        secret
    }

    fn put(&mut self, name: &PersonName<'_>, person: Person) {
        self.people.insert(name.clone().into_owned(), person);
    }

    fn next(&mut self) -> [u8; 32] {
        self.made += 1;
        std::array::from_fn(|index| self.made.to_le_bytes()[index % 4] ^ index as u8)
    }
}
