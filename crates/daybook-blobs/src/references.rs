//! Which blobs the log refers to, as far as it takes no more records.
//!
//! For each stretch of the log a file with the addresses that its records refer to, in the order in which they do. Whoever
//! collects reads these instead of the log. A file belongs to a stretch as it is now; where the log was compacted since, or
//! the file is missing or damaged, it is made anew from the log. So all of them can be deleted at any time, and none is
//! believed that could lack something. The bytes are described in `docs/blobs.md`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crc_fast::{CrcAlgorithm, Digest};
use daybook_event::{BlobAddress, Position, stored};
use daybook_log::{Filter, Log, ReadLimit, Stretch};
use rustc_hash::FxHashSet;

use crate::error::{CollectError, OpenBlobsError};
use crate::limits;

const MAGIC: [u8; 8] = *b"DAYBKREF";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 40;
const ADDRESS_BYTES: usize = 32;
const CHECKSUM_BYTES: u64 = 8;
/// The extension of a file that is not whole yet.
const WRITING: &str = "writing";

/// The directory of these files.
#[derive(Debug, Clone)]
pub struct References {
    directory: PathBuf,
}

impl References {
    /// Those in a directory of this machine, which is made where it is missing.
    ///
    /// # Errors
    /// [`OpenBlobsError::Directory`].
    pub fn open(directory: &Path) -> Result<Self, OpenBlobsError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(OpenBlobsError::Directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// Calls `each` with every address that a stretch refers to, some of them more than once; says how many records had to be
    /// read for that. Blocks.
    ///
    /// # Errors
    /// [`CollectError`]; `each` was not called with all of them then.
    pub(crate) fn of(
        &self,
        log: &Log,
        stretch: &Stretch,
        each: &mut dyn FnMut(BlobAddress),
        stopped: &dyn Fn() -> bool,
    ) -> Result<u64, CollectError> {
        let path = self.path(stretch);
        match read(&path, stretch, each) {
            Ok(true) => return Ok(0),
            Ok(false) => tracing::warn!(file = %path.display(), "references to blobs are damaged, and made anew"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(file = %path.display(), %error, "references to blobs cannot be read"),
        }
        self.make(log, stretch, each, stopped)
    }

    /// Removes every file that belongs to none of these.
    pub(crate) fn keep_only(&self, stretches: &[Stretch]) -> io::Result<()> {
        let kept: FxHashSet<PathBuf> = stretches.iter().map(|stretch| self.path(stretch)).collect();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if !kept.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Reads a stretch from the log, and keeps what it refers to for the next time.
    fn make(
        &self,
        log: &Log,
        stretch: &Stretch,
        each: &mut dyn FnMut(BlobAddress),
        stopped: &dyn Fn() -> bool,
    ) -> Result<u64, CollectError> {
        let path = self.path(stretch);
        let beside = path.with_extension(WRITING);
        let mut file = Writer::create(&beside, stretch);
        let mut recent = FxHashSet::default();
        let records = read_log(log, (stretch.after, stretch.last), stopped, &mut |address| {
            each(address);
            // Equal values follow each other closely, where they do at all.
            if recent.len() >= limits::RECENT_ADDRESSES {
                recent.clear();
            }
            if recent.insert(address)
                && let Ok(writer) = &mut file
                && let Err(error) = writer.push(&address)
            {
                file = Err(error);
            }
        })?;
        // What was compacted while it was read has fewer references than its name would say.
        let is_as_it_was = log.stretches().contains(stretch);
        match file.and_then(|writer| if is_as_it_was { writer.finish(&path) } else { fs::remove_file(&beside) }) {
            Ok(()) => {}
            // The log has been read, which is what counts; the next time it is read again.
            Err(error) => tracing::warn!(file = %path.display(), %error, "references to blobs cannot be written"),
        }
        Ok(records)
    }

    fn path(&self, stretch: &Stretch) -> PathBuf {
        let Stretch { after, last, mark } = stretch;
        self.directory.join(format!("{after:020}-{last:020}-{mark:016x}"))
    }
}

/// Calls `each` with every address that the records between two positions refer to, the first of which is not among them; says
/// how many records there were. Blocks.
///
/// # Errors
/// [`CollectError`]; `each` was not called with all of them then.
pub(crate) fn read_log(
    log: &Log,
    (mut after, last): (Position, Position),
    stopped: &dyn Fn() -> bool,
    each: &mut dyn FnMut(BlobAddress),
) -> Result<u64, CollectError> {
    let filter = Filter { hidden: true, ..Filter::default() };
    let limit = ReadLimit { records: limits::SCAN_RECORDS, ..ReadLimit::default() };
    let mut records = 0;
    while after < last {
        if stopped() {
            return Err(CollectError::Stopped);
        }
        let page = log.read(after, limit, &filter)?;
        for record in page.records.iter().take_while(|record| record.position <= last) {
            let known = stored::blob_addresses(&record.bytes, &mut *each);
            known.ok_or(CollectError::Record(record.position))?;
            records += 1;
        }
        if page.next <= after {
            // What cannot be gone through may refer to anything.
            return Err(CollectError::Record(after + 1));
        }
        after = page.next;
    }
    Ok(records)
}

/// Reads a file; whether it is whole. Where it is not, `each` was called with what may be anything.
fn read(path: &Path, stretch: &Stretch, each: &mut dyn FnMut(BlobAddress)) -> io::Result<bool> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let Some(addresses) = length.checked_sub(HEADER_BYTES as u64 + CHECKSUM_BYTES) else { return Ok(false) };
    if addresses % ADDRESS_BYTES as u64 != 0 {
        return Ok(false);
    }
    let mut file = BufReader::with_capacity(limits::REFERENCES_BUFFER_BYTES, file);
    let mut header = [0; HEADER_BYTES];
    file.read_exact(&mut header)?;
    if header != self::header(stretch) {
        return Ok(false);
    }
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    digest.update(&header);
    let mut address = [0; ADDRESS_BYTES];
    for _ in 0..addresses / ADDRESS_BYTES as u64 {
        file.read_exact(&mut address)?;
        digest.update(&address);
        each(BlobAddress::from_bytes(address));
    }
    let mut checksum = [0; CHECKSUM_BYTES as usize];
    file.read_exact(&mut checksum)?;
    Ok(u64::from_le_bytes(checksum) == digest.finalize())
}

fn header(stretch: &Stretch) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8] = VERSION;
    header[16..24].copy_from_slice(&stretch.after.to_le_bytes());
    header[24..32].copy_from_slice(&stretch.last.to_le_bytes());
    header[32..].copy_from_slice(&stretch.mark.to_le_bytes());
    header
}

/// A file that is being written, beside its place.
struct Writer {
    file: BufWriter<File>,
    path: PathBuf,
    digest: Digest,
}

impl Writer {
    fn create(path: &Path, stretch: &Stretch) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let file = BufWriter::with_capacity(limits::REFERENCES_BUFFER_BYTES, file);
        let mut writer = Self { file, path: path.to_owned(), digest: Digest::new(CrcAlgorithm::Crc64Nvme) };
        writer.put(&header(stretch))?;
        Ok(writer)
    }

    fn push(&mut self, address: &BlobAddress) -> io::Result<()> {
        self.put(address.as_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.file.write_all(bytes)
    }

    /// Makes it durable, and then gives it its name.
    fn finish(mut self, place: &Path) -> io::Result<()> {
        let checksum = self.digest.finalize();
        self.file.write_all(&checksum.to_le_bytes())?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&self.path, place)
    }
}
