//! Where values lie that are too large for the log.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// Where values lie that are too large for the log.
///
/// ```toml
/// [blobs]
/// url = "s3://my-bucket/daybook"
/// options = { region = "eu-central-1" }
/// ```
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BlobOptions {
    /// The store: `s3://BUCKET/PATH`, `gs://BUCKET/PATH`, `az://CONTAINER/PATH`, `file:///PATH`. Default: `blobs` in the data
    /// directory.
    pub url: Option<BlobStoreUrl>,
    /// What a store of that kind wants to know, in the words of the crate `object_store`: `region`, `endpoint`,
    /// `access_key_id`, `secret_access_key`, `google_service_account`, `azure_storage_account_key`, …
    pub options: BTreeMap<String, String>,
}

/// The URL of a blob store. It is not printed, as it may hold a password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct BlobStoreUrl(String);

impl BlobStoreUrl {
    /// The URL as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for BlobStoreUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for BlobStoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BlobStoreUrl(…)")
    }
}

impl fmt::Debug for BlobOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<&String> = self.options.keys().collect();
        formatter.debug_struct("BlobOptions").field("url", &self.url).field("options", &options).finish()
    }
}
