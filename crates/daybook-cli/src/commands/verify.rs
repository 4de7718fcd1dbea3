//! `daybook verify`: whether a data directory is as it was written.

use std::path::{Path, PathBuf};

use clap::Args;
use daybook_proof::key::PublicKey;
use daybook_proof::key_file::LogKeys;
use daybook_proof::limits::NOTE_BYTES_MAX;
use daybook_proof::verify::{Finding, KeptElsewhere, Report, VerifyOptions, verify};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Answer;
use crate::failure::Failure;
use crate::output::{Format, grouped, print, print_json, say, watched};

/// Check that no stored byte of the log changed, offline
///
/// Computes every hash from the bytes of the events again and holds them against the tiles and all checkpoints; nothing that
/// a file says of itself is believed. The first event, tile or checkpoint that is wrong is named, and the answer is no. The
/// server may run meanwhile; nothing is changed or repaired.
///
/// Whoever can change everything in the directory and can sign can write another history. A checkpoint that was kept elsewhere
/// (`curl http://localhost:4747/log/checkpoint`) or a key that is known from elsewhere tells.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook verify --data ./data
  daybook verify --data ./data --checkpoint 2026-11.checkpoint --checkpoint 2026-12.checkpoint
  daybook verify --data /backup/data --log-key-file /media/safe/log-signing.key --format json")]
pub struct Verify {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "DAYBOOK_DATA", default_value = "daybook-data")]
    data: PathBuf,
    /// A checkpoint that was kept elsewhere; may be given several times
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    #[command(flatten)]
    keys: KnownKeys,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The keys that are believed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub struct KnownKeys {
    /// A public key of the log or of a witness, as NAME+ID+KEY; may be given several times
    #[arg(long, value_name = "KEY", value_parser = PublicKey::parse)]
    key: Vec<PublicKey>,
    /// The file of the log's signing key, from which the public ones are taken
    #[arg(long, value_name = "FILE", env = "DAYBOOK_LOG_KEY_FILE")]
    log_key_file: Option<PathBuf>,
}

impl KnownKeys {
    /// All of them.
    ///
    /// # Errors
    /// [`Failure`] when the file cannot be read.
    pub fn all(&self) -> Result<Vec<PublicKey>, Failure> {
        let mut keys = self.key.clone();
        if let Some(file) = &self.log_key_file {
            keys.extend(LogKeys::load(file).map_err(|error| Failure::server(&error))?.public());
        }
        Ok(keys)
    }
}

impl Verify {
    /// Verifies, and says what is wrong.
    pub fn run(self) -> Result<Answer, Failure> {
        let mut options = VerifyOptions::new(self.data.clone());
        options.keys = self.keys.all()?;
        for file in &self.checkpoint {
            options.kept_elsewhere.push(KeptElsewhere { name: file.display().to_string(), bytes: read_note(file)? });
        }
        let bar = progress();
        let report = verify(&options, &mut |progress| {
            bar.set_length(progress.bytes_total);
            bar.set_position(progress.bytes_done);
        });
        bar.finish_and_clear();
        let report = report.map_err(|error| Failure::server(&error))?;
        match self.format {
            Format::Json => print_json(&report)?,
            Format::Text => {
                print(&text(&report))?;
                report.notes.iter().for_each(|note| say(&format!("note: {note}")));
            }
        }
        Ok(if report.ok { Answer::Yes } else { Answer::No })
    }
}

/// Reads a file that should hold a signed note.
///
/// # Errors
/// [`Failure::Read`]; also for one that is far too long to be one.
pub fn read_note(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = std::fs::read(file).map_err(|source| Failure::read(file, source))?;
    if bytes.len() > NOTE_BYTES_MAX {
        let message = format!("{} is too long to be a checkpoint", file.display());
        return Err(Failure::usage(message, "a checkpoint is a few lines of text, as GET /log/checkpoint gives it"));
    }
    Ok(bytes)
}

fn progress() -> ProgressBar {
    let bar = if watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let template = "verifying {bar:40} {bytes}/{total_bytes} {bytes_per_sec} ({eta})";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn text(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        out.push_str(&line(finding));
    }
    if report.findings_left_out > 0 {
        out.push_str(&format!("and {} more\n", grouped(report.findings_left_out)));
    }
    let checkpoint = report.checkpoint_size.map_or_else(
        || "no checkpoint".to_owned(),
        |size| format!("{} checkpoints hold, the newest is of {} records", grouped(report.checkpoints), grouped(size)),
    );
    out.push_str(&format!(
        "{}: {} records, {} tiles, {checkpoint}\nroot {}\n",
        if report.ok { "right" } else { "wrong" },
        grouped(report.records),
        grouped(report.tiles),
        report.root
    ));
    out
}

/// One finding: where, what, and the code.
fn line(finding: &Finding) -> String {
    let place = match (&finding.file, finding.offset) {
        (Some(file), Some(offset)) => format!("{}, byte {offset}: ", file.display()),
        (Some(file), None) => format!("{}: ", file.display()),
        (None, _) => String::new(),
    };
    format!("{place}{} ({})\n", finding.message, finding.code)
}
