//! `daybook subject export`.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::person::Naming;
use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{grouped, say, watched};

/// Bytes that are written at once.
const CHUNK_BYTES: usize = 128 * 1024;

/// Write everything about a person to a zip file
///
/// The zip holds a summary for people (README.txt) and everything else as NDJSON: events, consents, what is in quarantine, and
/// what every view keeps. The file is for its owner's eyes only (mode 0600), and whole or not there.
#[derive(Debug, Args)]
#[command(override_usage = "daybook subject export [OPTIONS] --out <FILE> <APP> <PERSON>")]
#[command(after_help = "Examples:
  daybook subject export my-app 12345 --out 12345.zip --data ./data
  daybook subject export my-app 12345 --out - | ssh archive 'cat > 12345.zip'")]
pub struct Export {
    /// The app and the person
    #[arg(value_names = ["APP", "PERSON"], num_args = 1..=2, required = true, allow_negative_numbers = true)]
    who: Vec<String>,
    #[command(flatten)]
    naming: Naming,
    /// The file to write; - for standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Why; it is written down with the look at the person
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    server: ServerOptions,
}

impl Export {
    /// Asks for it, and writes it as it comes.
    pub fn run(self) -> Result<Answer, Failure> {
        let mut path = self.naming.person(&self.who)?.path("/export");
        if let Some(purpose) = &self.purpose {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&format!("purpose={}", escaped(purpose)));
        }
        if self.out.as_os_str() == "-" {
            if io::stdout().is_terminal() {
                return Err(Failure::usage(
                    "a zip is nothing to read on a terminal",
                    "`--out FILE` writes it to a file",
                ));
            }
            let mut from = self.server.client()?.download(&path)?;
            copy(&mut from, &mut io::stdout().lock(), Failure::Output)?;
            return Ok(Answer::Yes);
        }
        // Asked twice: here, so that nothing is exported for nothing, and when the file gets its name.
        if !self.force && self.out.symlink_metadata().is_ok() {
            return Err(exists(&self.out));
        }
        let mut from = self.server.client()?.download(&path)?;
        let bytes = write_whole(&self.out, self.force, |file| {
            copy(&mut from, file, |source| Failure::write(&self.out, source))
        })?;
        say(&format!("{} bytes are in {}", grouped(bytes), self.out.display()));
        Ok(Answer::Yes)
    }
}

/// Writes a file that only its owner may read, under a name of its own until it is whole; over another one only by force.
fn write_whole<T>(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let failed = |source| Failure::write(path, source);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut prefix = OsString::from(path.file_name().unwrap_or_default());
    prefix.push(".");
    let part = tempfile::Builder::new().prefix(&prefix).suffix(".part").tempfile_in(directory);
    // Mode 0600, and deleted unless it gets its name.
    let mut part = part.map_err(failed)?;
    let written = write(part.as_file_mut())?;
    part.as_file().sync_all().map_err(failed)?;
    let named = if force { part.persist(path) } else { part.persist_noclobber(path) };
    match named {
        Ok(_) => Ok(written),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(failed(error.error)),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::usage(format!("{} is there already", path.display()), "`--force` writes over it")
}

/// Copies to the end, showing how much it was.
fn copy(from: &mut dyn Read, to: &mut dyn Write, not_written: impl Fn(io::Error) -> Failure) -> Result<u64, Failure> {
    let progress = progress();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::BrokenOff { bytes, reason: error.to_string() }),
        };
        to.write_all(chunk.get(..read).unwrap_or_default()).map_err(&not_written)?;
        bytes += read as u64;
        progress.set_position(bytes);
    }
    to.flush().map_err(&not_written)?;
    progress.finish_and_clear();
    Ok(bytes)
}

fn progress() -> ProgressBar {
    let bar = if watched() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} exporting: {bytes} {bytes_per_sec} ({elapsed})") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_whole_private_and_not_written_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("ada.zip");
        let write = |force: bool, text: &'static str| {
            write_whole(&path, force, |file| file.write_all(text.as_bytes()).map_err(Failure::Output))
        };
        let names = || fs::read_dir(directory.path()).expect("a directory").count();
        let broken = write_whole(&path, false, |_| Err::<(), _>(Failure::Output(io::Error::other("it broke off"))));
        assert!(broken.is_err() && names() == 0);
        write(false, "one").expect("it is written");
        assert!(matches!(write(false, "two"), Err(Failure::Usage { .. })));
        assert_eq!((fs::read_to_string(&path).expect("a file").as_str(), names()), ("one", 1));
        write(true, "three").expect("it is written over");
        assert_eq!((fs::read_to_string(&path).expect("a file").as_str(), names()), ("three", 1));
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    }

    /// Gives some bytes, and then no more.
    struct Breaks(usize);

    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            let read = buffer.len().min(self.0);
            self.0 -= read;
            Ok(read)
        }
    }

    #[test]
    fn what_breaks_off_is_no_export() {
        let mut out = Vec::new();
        let broken = copy(&mut Breaks(300_000), &mut out, Failure::Output);
        assert!(matches!(broken, Err(Failure::BrokenOff { bytes: 300_000, .. })));
    }
}
