//! Who is meant: an app, and somebody in it.

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::client::escaped;
use crate::failure::Failure;

/// How a person is named.
#[derive(Debug, Clone, Args)]
pub struct Naming {
    /// The app; the people then stand alone
    #[arg(long = "app", value_name = "APP")]
    app: Option<String>,
    /// What kind of name it is
    #[arg(long, value_enum, default_value_t = Kind::Identity)]
    kind: Kind,
}

/// What kind of name a person is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The app's own
    Identity,
    /// The client's anonymous id
    Anonymous,
}

/// Somebody, by app and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    app: String,
    name: String,
    query: &'static str,
}

impl Naming {
    /// The app, and the words behind it.
    ///
    /// # Errors
    /// [`Failure::Usage`] where no app is named.
    pub fn app_of<'w>(&self, words: &'w [String]) -> Result<(String, &'w [String]), Failure> {
        match (&self.app, words) {
            (Some(app), _) => Ok((app.clone(), words)),
            (None, [app, rest @ ..]) => Ok((app.clone(), rest)),
            (None, []) => Err(Failure::usage("no app is named", "name it first, or with `--app APP`")),
        }
    }

    /// The person that these words name: the app, unless `--app` names it, and the person.
    ///
    /// # Errors
    /// [`Failure::Usage`] where they do not.
    pub fn person(&self, words: &[String]) -> Result<Person, Failure> {
        self.person_and(words).map(|(person, [])| person)
    }

    /// The same, followed by `N` words more.
    ///
    /// # Errors
    /// [`Failure::Usage`] where there are more words, or fewer.
    pub fn person_and<const N: usize>(&self, words: &[String]) -> Result<(Person, [String; N]), Failure> {
        let (app, words) = self.app_of(words)?;
        let (name, rest) = words.split_first().ok_or_else(nobody)?;
        let rest = <[String; N]>::try_from(rest.to_vec())
            .map_err(|rest| if rest.len() > N { too_many() } else { nobody() })?;
        Ok((Person { app, name: name.clone(), query: self.query() }, rest))
    }

    /// What a request's body says of the kind of names, where that has to be said.
    pub fn kind_member(&self) -> Option<(String, Value)> {
        (self.kind == Kind::Anonymous).then(|| ("kind".to_owned(), "anonymous".into()))
    }

    const fn query(&self) -> &'static str {
        match self.kind {
            Kind::Identity => "",
            Kind::Anonymous => "?kind=anonymous",
        }
    }
}

impl Person {
    /// The address of the person, or of something about them that `under` names, each of its segments escaped already.
    pub fn path(&self, under: &str) -> String {
        format!("/v1/{}/subjects/{}{under}{}", escaped(&self.app), escaped(&self.name), self.query)
    }
}

fn nobody() -> Failure {
    Failure::usage("it is not said who is meant", "name the app and then the person; or the app with `--app APP`")
}

fn too_many() -> Failure {
    Failure::usage(
        "more is named than one person",
        "put a name with spaces in quotes; with `--app` the app is left out",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(app: Option<&str>, kind: Kind) -> Naming {
        Naming { app: app.map(str::to_owned), kind }
    }

    #[test]
    fn the_app_stands_in_front_or_is_an_option() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let path = |naming: Naming, given: &[&str]| naming.person(&words(given)).map(|person| person.path("/export"));
        let expected = "/v1/shop/subjects/ada/export";
        assert_eq!(path(naming(None, Kind::Identity), &["shop", "ada"]).ok().as_deref(), Some(expected));
        assert_eq!(path(naming(Some("shop"), Kind::Identity), &["ada"]).ok().as_deref(), Some(expected));
        for wrong in [&["shop"][..], &[], &["shop", "ada", "bob"]] {
            assert!(path(naming(None, Kind::Identity), wrong).is_err(), "{wrong:?}");
        }
        assert!(path(naming(Some("shop"), Kind::Identity), &["shop", "ada"]).is_err());
        let (person, [purpose]) =
            naming(None, Kind::Anonymous).person_and(&words(&["shop", "a/../b %?é", "mail"])).expect("a person");
        assert_eq!(purpose, "mail");
        assert_eq!(person.path(""), "/v1/shop/subjects/a%2F..%2Fb%20%25%3F%C3%A9?kind=anonymous");
    }
}
