//! The zip archive, written as a stream.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daybook_event::Timestamp;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::ExportError;

/// Level of deflate: most of what the default gains, in half of its time.
const LEVEL: i64 = 4;

pub(super) struct Archive<W: Write> {
    /// None once it is finished.
    zip: Option<ZipWriter<StreamWriter<Gate<W>>>>,
    options: SimpleFileOptions,
    closed: Arc<AtomicBool>,
}

impl<W: Write> Archive<W> {
    pub(super) fn new(out: W, made: Timestamp) -> Self {
        let closed = Arc::new(AtomicBool::new(false));
        let zip = ZipWriter::new_stream(Gate { out, closed: Arc::clone(&closed) });
        // Sizes are not known when an entry begins, so room is left for any (Zip64).
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(date(made).unwrap_or_default())
            .large_file(true);
        Self { zip: Some(zip), options, closed }
    }

    pub(super) fn start(&mut self, name: &str) -> Result<(), ExportError> {
        let options = self.options;
        self.zip()?.start_file(name, options).map_err(|error| ExportError::Write(error.into()))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.zip()?.write_all(bytes).map_err(ExportError::Write)
    }

    pub(super) fn finish(mut self) -> Result<W, ExportError> {
        self.zip()?;
        let zip = self.zip.take().ok_or_else(broken)?;
        Ok(zip.finish().map_err(|error| ExportError::Write(error.into()))?.into_inner().out)
    }

    fn zip(&mut self) -> Result<&mut ZipWriter<StreamWriter<Gate<W>>>, ExportError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(broken());
        }
        self.zip.as_mut().ok_or_else(broken)
    }
}

impl<W: Write> Drop for Archive<W> {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

fn broken() -> ExportError {
    ExportError::Write(io::ErrorKind::BrokenPipe.into())
}

/// The zip writer ends its archive when it is dropped, which would make half an export look like a whole one. Once the
/// gate is closed, by that or by a failure, what it writes goes nowhere.
struct Gate<W> {
    out: W,
    closed: Arc<AtomicBool>,
}

impl<W> Gate<W> {
    fn pass<T>(&mut self, write: impl FnOnce(&mut W) -> io::Result<T>, nowhere: T) -> io::Result<T> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(nowhere);
        }
        let result = write(&mut self.out);
        if result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            self.closed.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pass(|out| out.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass(W::flush, ())
    }
}

/// The time as zip writes it, in UTC.
fn date(time: Timestamp) -> Option<DateTime> {
    let text = time.to_string();
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let small = |from, to| number(from, to).and_then(|number| u8::try_from(number).ok());
    DateTime::from_date_and_time(
        number(0, 4)?,
        small(5, 7)?,
        small(8, 10)?,
        small(11, 13)?,
        small(14, 16)?,
        small(17, 19)?,
    )
    .ok()
}
