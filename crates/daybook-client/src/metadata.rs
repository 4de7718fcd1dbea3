//! What is known of the program and the machine an event comes from.

use std::collections::HashMap;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::payload::{in_order, without_collisions};

/// Where an event comes from; attached to every event.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct EventMetadata {
    /// Version of the program.
    pub app_version: Option<String>,
    /// Operating system, as Rust names it (`linux`, `macos`, `windows`).
    pub os: Option<String>,
    /// Processor architecture, as Rust names it (`x86_64`, `aarch64`).
    pub arch: Option<String>,
    /// Locale, as the environment has it (`en_GB.UTF-8`).
    pub locale: Option<String>,
    /// Minutes that local time is ahead of UTC; negative in the west.
    pub timezone_offset: Option<i32>,
    /// Whatever else there is to say; written beside the other fields. A name that one of them has already is written
    /// with `custom_` in front.
    #[serde(flatten)]
    pub custom: HashMap<String, Value>,
}

impl EventMetadata {
    /// Names that `custom` may not use.
    const NAMED: &'static [&'static str] = &["app_version", "os", "arch", "locale", "timezone_offset"];

    /// What the process knows of itself.
    ///
    /// The version is that of the program, which a library cannot know: it is taken from the variable
    /// `DAYBOOK_APP_VERSION`, else from `CARGO_PKG_VERSION`, which is there when Cargo runs the program. To have it
    /// always, set [`app_version`](Self::app_version) to `env!("CARGO_PKG_VERSION")`. The locale is the first of
    /// `LC_ALL`, `LC_MESSAGES` and `LANG` that is set, as POSIX has it.
    #[must_use]
    pub fn from_environment() -> Self {
        Self {
            app_version: first_variable(&["DAYBOOK_APP_VERSION", "CARGO_PKG_VERSION"]),
            os: Some(std::env::consts::OS.to_owned()),
            arch: Some(std::env::consts::ARCH.to_owned()),
            locale: first_variable(&["LC_ALL", "LC_MESSAGES", "LANG"]),
            timezone_offset: Some(chrono::Local::now().offset().local_minus_utc() / 60),
            custom: HashMap::new(),
        }
    }

    /// Adds one more thing to say.
    #[must_use]
    pub fn with_custom(mut self, key: impl Into<String>, value: Value) -> Self {
        self.custom.insert(key.into(), value);
        self
    }

    /// The metadata with no name in `custom` that is a field's.
    #[must_use]
    pub(crate) fn normalised(self) -> Self {
        Self { custom: without_collisions(&self.custom, Self::NAMED, "custom_").into_owned(), ..self }
    }
}

impl Serialize for EventMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let custom = without_collisions(&self.custom, Self::NAMED, "custom_");
        let mut map = serializer.serialize_map(Some(Self::NAMED.len() + custom.len()))?;
        map.serialize_entry("app_version", &self.app_version)?;
        map.serialize_entry("os", &self.os)?;
        map.serialize_entry("arch", &self.arch)?;
        map.serialize_entry("locale", &self.locale)?;
        map.serialize_entry("timezone_offset", &self.timezone_offset)?;
        for (name, value) in in_order(&custom) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The first of these variables that is set to something.
fn first_variable(names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_environment_is_read() {
        let metadata = EventMetadata::from_environment();
        assert_eq!(metadata.os.as_deref(), Some(std::env::consts::OS));
        assert_eq!(metadata.arch.as_deref(), Some(std::env::consts::ARCH));
        assert_eq!(metadata.app_version, first_variable(&["DAYBOOK_APP_VERSION", "CARGO_PKG_VERSION"]));
        assert!(metadata.timezone_offset.is_some_and(|minutes| minutes.abs() <= 14 * 60));
        assert!(metadata.custom.is_empty());
    }

    #[test]
    fn custom_members_stand_beside_the_others_and_never_in_their_place() {
        let metadata = EventMetadata { os: Some("plan9".to_owned()), ..EventMetadata::default() }
            .with_custom("os", json!("beos"))
            .with_custom("custom_os", json!("amiga"))
            .with_custom("channel", json!("beta"));
        let written = serde_json::to_value(&metadata).unwrap();
        let expected = json!({
            "app_version": null, "os": "plan9", "arch": null, "locale": null, "timezone_offset": null,
            "channel": "beta", "custom_os": "amiga", "custom_custom_os": "beos"
        });
        assert_eq!(written, expected);
        assert_eq!(serde_json::from_value::<EventMetadata>(written).unwrap(), metadata.normalised());
    }
}
