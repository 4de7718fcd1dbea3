//! What a step from one version to another says.

use semver::Version;

use super::Class;

/// The lowest version after `from` that says a change of this class, unless `to` says it.
pub(super) fn wanted(from: &Version, to: &Version, needs: Class) -> Option<Version> {
    (to <= from || step(from, to) < needs).then(|| next(from, needs))
}

/// What the step between two different versions says. Before 1.0.0 the second number takes the place of the first, as
/// Cargo reads it; a pre-release of a later version says whatever that version does.
fn step(from: &Version, to: &Version) -> Class {
    if from.major != to.major {
        Class::Major
    } else if from.minor != to.minor {
        if from.major == 0 { Class::Major } else { Class::Minor }
    } else if from.major == 0 && from.patch != to.patch {
        if from.minor == 0 { Class::Major } else { Class::Minor }
    } else if from.patch == to.patch && !from.pre.is_empty() {
        // A pre-release promises nothing.
        Class::Major
    } else {
        Class::Patch
    }
}

const fn next(from: &Version, needs: Class) -> Version {
    match (from.major, from.minor, needs) {
        (0, 0, Class::Major) => Version::new(0, 0, from.patch + 1),
        (0, minor, Class::Major) => Version::new(0, minor + 1, 0),
        (0, minor, _) => Version::new(0, minor, from.patch + 1),
        (major, _, Class::Major) => Version::new(major + 1, 0, 0),
        (major, minor, Class::Minor) => Version::new(major, minor + 1, 0),
        (major, minor, Class::Patch) => Version::new(major, minor, from.patch + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_say_what_changed() {
        let check = |from: &str, to: &str, needs: Class, expected: Option<&str>| {
            let found = wanted(&from.parse().unwrap(), &to.parse().unwrap(), needs);
            assert_eq!(found, expected.map(|text| text.parse().unwrap()), "{from} {to} {needs}");
        };
        check("1.2.3", "1.2.4", Class::Patch, None);
        check("1.2.3", "1.2.4", Class::Minor, Some("1.3.0"));
        check("1.2.3", "1.3.0", Class::Minor, None);
        check("1.2.3", "1.3.0", Class::Major, Some("2.0.0"));
        check("1.2.3", "2.0.0", Class::Major, None);
        check("1.2.3", "2.0.0", Class::Patch, None);
        check("1.2.3", "1.2.3", Class::Patch, Some("1.2.4"));
        check("1.2.3", "1.2.2", Class::Patch, Some("1.2.4"));
        check("0.2.3", "0.3.0", Class::Major, None);
        check("0.2.3", "0.2.4", Class::Minor, None);
        check("0.2.3", "0.2.4", Class::Major, Some("0.3.0"));
        check("0.0.3", "0.0.4", Class::Major, None);
        check("0.0.3", "0.0.3", Class::Major, Some("0.0.4"));
        check("2.0.0-beta.1", "2.0.0", Class::Major, None);
        check("1.0.0", "2.0.0-beta.1", Class::Major, None);
    }
}
