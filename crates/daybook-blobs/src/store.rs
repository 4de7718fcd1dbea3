//! The store: writing before the log, reading behind it.

use std::future::Future;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use daybook_event::{Blob, BlobKeys, BlobPath};
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use url::Url;

use crate::error::{OpenBlobsError, ReadBlobError, WriteBlobsError};
use crate::local::LocalPlace;
use crate::metrics::BlobMetrics;
use crate::{limits, paths};

/// The blobs of a server. Copies are cheap, and the same store.
#[derive(Debug, Clone)]
pub struct Blobs {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// Where the store is a directory of this machine, how it is written.
    local: Option<(Arc<LocalPlace>, LocalFileSystem)>,
    /// Held by whoever writes blobs until what refers to them is in the log, and taken alone by whoever removes some.
    gate: Arc<RwLock<()>>,
    pub(crate) metrics: BlobMetrics,
}

impl Blobs {
    /// Those in a directory of this machine, which is made where it is missing.
    ///
    /// # Errors
    /// [`OpenBlobsError::Directory`].
    pub fn open_directory(directory: &FilePath) -> Result<Self, OpenBlobsError> {
        let place = LocalPlace::open(directory).map_err(OpenBlobsError::Directory)?;
        let store = LocalFileSystem::new_with_prefix(place.root())?.with_automatic_cleanup(true);
        Ok(Self { local: Some((Arc::new(place), store.clone())), ..Self::over(Arc::new(store))? })
    }

    /// Those at a URL: `s3://BUCKET/PATH`, `gs://…`, `az://…` or `file:///PATH`, with the options of that kind of store. What
    /// is not among them is taken from the variables of the environment that begin with `AWS_`, `AZURE_` or `GOOGLE_`.
    ///
    /// # Errors
    /// [`OpenBlobsError`].
    pub fn open_url<'o>(
        url: &str,
        options: impl IntoIterator<Item = (&'o str, &'o str)>,
    ) -> Result<Self, OpenBlobsError> {
        let url = Url::parse(url).map_err(OpenBlobsError::Url)?;
        if url.scheme() == "file" {
            let directory = url.to_file_path().map_err(|()| {
                OpenBlobsError::Directory(io::Error::new(io::ErrorKind::InvalidInput, "not the path of a directory"))
            })?;
            return Self::open_directory(&directory);
        }
        let options: Vec<(&str, &str)> = options.into_iter().collect();
        if let Some((unknown, _)) = options.iter().find(|(name, _)| !is_option(name)) {
            return Err(OpenBlobsError::Option((*unknown).to_owned()));
        }
        // Credentials may be in the environment, where the tools of these clouds look for them too.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?.to_ascii_lowercase();
            let is_theirs = ["aws_", "azure_", "google_"].iter().any(|cloud| name.starts_with(cloud));
            is_theirs.then_some((name, value.into_string().ok()?))
        });
        let named = options.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (store, prefix) = object_store::parse_url_opts(&url, variables.chain(named))?;
        Self::over(Arc::new(PrefixStore::new(store, prefix)))
    }

    /// Those in a store that is durable when it says that it has written.
    ///
    /// # Errors
    /// [`OpenBlobsError::Metrics`], which would be a mistake in this crate.
    pub fn over(store: Arc<dyn ObjectStore>) -> Result<Self, OpenBlobsError> {
        Ok(Self { store, local: None, gate: Arc::default(), metrics: BlobMetrics::new()? })
    }

    /// Counts into this registry.
    ///
    /// # Errors
    /// When something else counts under one of the names.
    pub fn register_metrics(&self, registry: &prometheus::Registry) -> Result<(), prometheus::Error> {
        self.metrics.register(registry)
    }

    /// Makes blobs durable, and then appends what refers to them: `append` is begun after that, and is finished also when nobody waits
    /// for it any more. Until then nothing of it is collected.
    ///
    /// # Errors
    /// [`WriteBlobsError`]; nothing is appended then.
    pub async fn write_then<T: Send + 'static>(
        &self,
        blobs: Vec<Blob>,
        append: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, WriteBlobsError> {
        let this = self.clone();
        let task = tokio::spawn(async move {
            let gate = Arc::clone(&this.gate).read_owned().await;
            let gate = this.write(blobs, gate).await?;
            let done = append.await;
            drop(gate);
            Ok(done)
        });
        task.await.map_err(|error| WriteBlobsError::Unavailable(Box::new(error)))?
    }

    /// What is in a blob that one of these keys opens; `size` is how much, as the record says that refers to it.
    ///
    /// # Errors
    /// [`ReadBlobError`].
    pub async fn read(&self, path: &BlobPath<'_>, keys: &[BlobKeys], size: u64) -> Result<String, ReadBlobError> {
        let read = self.get(path, keys, size).await;
        match &read {
            Ok(_) => self.metrics.read.inc(),
            Err(ReadBlobError::Missing) => self.metrics.failure("missing"),
            Err(ReadBlobError::Damaged) => self.metrics.failure("damaged"),
            Err(ReadBlobError::Unavailable(_)) => self.metrics.failure("read"),
        }
        read
    }

    async fn get(&self, path: &BlobPath<'_>, keys: &[BlobKeys], size: u64) -> Result<String, ReadBlobError> {
        let location = paths::path(path);
        let get = async {
            let found = self.store.get(&location).await?;
            if found.meta.size > size.saturating_add(limits::BLOB_OVERHEAD_BYTES_MAX) {
                return Ok(None);
            }
            found.bytes().await.map(Some)
        };
        let bytes = match tokio::time::timeout(limits::READ_TIMEOUT, get).await {
            Ok(Ok(Some(bytes))) => bytes,
            // Larger than it can be.
            Ok(Ok(None)) => return Err(ReadBlobError::Damaged),
            Ok(Err(error @ object_store::Error::NotFound { .. })) => return Err(ReadBlobError::not_found(error)),
            Ok(Err(error)) => return Err(ReadBlobError::Unavailable(Box::new(error))),
            Err(elapsed) => return Err(ReadBlobError::Unavailable(Box::new(elapsed))),
        };
        let opened = keys.iter().find_map(|keys| keys.open(&path.address, size, &bytes).ok());
        opened.ok_or(ReadBlobError::Damaged)
    }

    /// Keeps everybody from writing blobs that are not referred to yet.
    pub(crate) async fn alone(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.gate).write_owned().await
    }

    async fn write(
        &self,
        blobs: Vec<Blob>,
        gate: OwnedRwLockReadGuard<()>,
    ) -> Result<OwnedRwLockReadGuard<()>, WriteBlobsError> {
        let (count, bytes) = (blobs.len() as u64, blobs.iter().map(|blob| blob.bytes.len() as u64).sum());
        let written = match &self.local {
            Some((place, files)) => write_files(Arc::clone(place), files, blobs, gate).await,
            None => self.put_all(blobs).await.map(|()| gate),
        };
        match &written {
            Ok(_) => {
                self.metrics.written.inc_by(count);
                self.metrics.bytes_written.inc_by(bytes);
            }
            Err(WriteBlobsError::NoSpace) => self.metrics.failure("no-space"),
            Err(WriteBlobsError::Unavailable(_)) => self.metrics.failure("write"),
        }
        written
    }

    async fn put_all(&self, blobs: Vec<Blob>) -> Result<(), WriteBlobsError> {
        let puts = futures_util::stream::iter(blobs).map(Ok::<_, object_store::Error>);
        let puts = puts.try_for_each_concurrent(limits::WRITES_AT_ONCE, |blob| async move {
            let location = paths::path(&blob.path());
            self.store.put(&location, PutPayload::from(blob.bytes)).await.map(drop)
        });
        let put = tokio::time::timeout(limits::WRITE_TIMEOUT, puts).await;
        put.map_err(|elapsed| WriteBlobsError::Unavailable(Box::new(elapsed)))?.map_err(WriteBlobsError::of)
    }
}

/// Whether some kind of store has this option. A word that none knows would be passed over in silence.
fn is_option(name: &str) -> bool {
    #[cfg(feature = "cloud")]
    {
        use object_store::aws::AmazonS3ConfigKey;
        use object_store::azure::AzureConfigKey;
        use object_store::gcp::GoogleConfigKey;
        name.parse::<AmazonS3ConfigKey>().is_ok()
            || name.parse::<AzureConfigKey>().is_ok()
            || name.parse::<GoogleConfigKey>().is_ok()
    }
    #[cfg(not(feature = "cloud"))]
    {
        let _ = name;
        false
    }
}

/// Writes them to the disk. The gate goes with it: who waits for it may go away.
async fn write_files(
    place: Arc<LocalPlace>,
    files: &LocalFileSystem,
    blobs: Vec<Blob>,
    gate: OwnedRwLockReadGuard<()>,
) -> Result<OwnedRwLockReadGuard<()>, WriteBlobsError> {
    let file = |blob: Blob| -> Result<(PathBuf, Vec<u8>), object_store::Error> {
        let path: Path = paths::path(&blob.path());
        Ok((files.path_to_filesystem(&path)?, blob.bytes))
    };
    let list = blobs.into_iter().map(file).collect::<Result<Vec<_>, _>>().map_err(WriteBlobsError::of)?;
    let write = tokio::task::spawn_blocking(move || place.write(&list).map(|()| gate));
    write.await.map_err(|error| WriteBlobsError::Unavailable(Box::new(error)))?.map_err(WriteBlobsError::of)
}
