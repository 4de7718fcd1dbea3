//! `daybook validate`: the receipts events would get, without a server.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use daybook_admission::{Admission, Body, BodyError, BodyForm, Facts, Receipt, Receipts, Status};
use daybook_event::limits::{BATCH_EVENTS_MAX, EVENT_JSON_BYTES_MAX};
use daybook_event::record::{Appended, Digest, Known, RecordKey};
use daybook_event::{EventId, Finding, Keys, Months, Needs, Person, Secret, Signals, Timestamp};

use crate::Answer;
use crate::catalogs::catalog_of;
use crate::failure::Failure;
use crate::output::{print, print_json, say};

/// Lines that are judged together.
const CHUNK_LINES: usize = 1_000;
const _: () = assert!(CHUNK_LINES <= BATCH_EVENTS_MAX);
/// Bytes after which a chunk is full, whatever its lines.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

/// Say what would become of events, without a server
///
/// Reads one event a line, in the app's own form, in Daybook's, or as CloudEvents, and writes the receipt of each. Nothing is
/// stored; events of the same id within the input are noticed. Sampling is left out: an event that a server may sample
/// away counts as stored here. So is consent: everybody is taken to agree to everything. The answer is no when any event
/// would not be stored.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook validate --app my-app events.ndjson
  jq -c '.[]' export.json | daybook validate --app my-app --catalogs ./catalogs --format text
  daybook validate --app my-app --at 2026-01-14T15:00:00Z recorded.ndjson")]
pub struct Validate {
    /// The app that the events belong to
    #[arg(long)]
    app: String,
    /// The file with the events; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Directories of catalogs, beside those that ship
    #[arg(long, value_name = "DIR")]
    catalogs: Vec<PathBuf>,
    /// Leave out the catalogs that ship
    #[arg(long)]
    no_default_catalogs: bool,
    /// Judge as if it were this time, for events that were recorded earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// How receipts are written
    #[arg(long, value_enum, default_value_t = ReceiptFormat::Ndjson)]
    format: ReceiptFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReceiptFormat {
    /// One receipt a line
    Ndjson,
    /// One JSON object with the sums and all receipts, as a server answers
    Json,
    /// For people: only what is worth a word
    Text,
}

/// What has been seen of the input so far; stands in for the log.
#[derive(Default)]
struct Seen {
    known: HashMap<RecordKey, Known>,
    next_id: u64,
}

impl Validate {
    /// Judges, and writes the receipts.
    pub fn run(self) -> Result<Answer, Failure> {
        let admission = self.admission()?;
        let now = self.at.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_microseconds(now.as_micros() as i64)
        });
        let mut input = self.open()?;
        let mut seen = Seen::default();
        let mut total = Receipts::default();
        let mut first = 0;
        while let Some(chunk) = self.chunk(&mut *input)? {
            let receipts = seen.judge(&admission, &chunk, now)?;
            let count = receipts.len();
            let receipts: Vec<Receipt> =
                receipts.into_iter().map(|receipt| Receipt { index: receipt.index + first, ..receipt }).collect();
            first += count;
            self.write(&receipts)?;
            add(&mut total, receipts, self.format == ReceiptFormat::Json);
        }
        if self.format == ReceiptFormat::Json {
            print_json(&total)?;
        }
        say(&summary(&total));
        let good = total.quarantined + total.refused == 0;
        Ok(if good { Answer::Yes } else { Answer::No })
    }

    fn admission(&self) -> Result<Admission, Failure> {
        let app = catalog_of(&self.app, &self.catalogs, !self.no_default_catalogs)?;
        Admission::new(app).map_err(|error| Failure::server(&error))
    }

    fn open(&self) -> Result<Box<dyn BufRead>, Failure> {
        if self.file.as_os_str() == "-" {
            return Ok(Box::new(BufReader::new(io::stdin())));
        }
        let file = File::open(&self.file).map_err(|source| Failure::read(&self.file, source))?;
        Ok(Box::new(BufReader::with_capacity(EVENT_JSON_BYTES_MAX, file)))
    }

    /// The next lines; `None` at the end.
    fn chunk(&self, input: &mut dyn BufRead) -> Result<Option<Vec<u8>>, Failure> {
        let mut chunk = Vec::new();
        for _ in 0..CHUNK_LINES {
            let read = input.read_until(b'\n', &mut chunk).map_err(|source| Failure::read(&self.file, source))?;
            if read == 0 || chunk.len() >= CHUNK_BYTES {
                break;
            }
        }
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    fn write(&self, receipts: &[Receipt]) -> Result<(), Failure> {
        let mut out = String::new();
        for receipt in receipts {
            match self.format {
                ReceiptFormat::Ndjson => {
                    out.push_str(&serde_json::to_string(receipt).map_err(|error| Failure::Output(error.into()))?);
                    out.push('\n');
                }
                ReceiptFormat::Text => out.push_str(&in_words(receipt)),
                ReceiptFormat::Json => {}
            }
        }
        print(&out)
    }
}

impl Seen {
    fn judge(&mut self, admission: &Admission, chunk: &[u8], now: Timestamp) -> Result<Vec<Receipt>, Failure> {
        let body = match Body::parse(chunk, &BodyForm::Ndjson) {
            Ok(body) => body,
            // Blank lines are no events.
            Err(BodyError::Empty) => return Ok(Vec::new()),
            Err(error) => return Err(Failure::server(&error)),
        };
        let decoded = admission.decode(&body);
        let known: Vec<Option<Known>> = decoded.keys().iter().map(|key| self.known.get(key).copied()).collect();
        // There is no vault to ask who agreed to what.
        let somebody = admission.consenting_person();
        let people: Vec<_> = decoded.people().iter().map(|name| name.as_ref().map(|_| somebody.clone())).collect();
        let next_id = &mut self.next_id;
        let mut new_id = || {
            *next_id += 1;
            let [.., a, b, c, d, e, f, g, h] = next_id.to_be_bytes();
            EventId::v7(now.microseconds().unsigned_abs() / 1_000, &[0, 0, a, b, c, d, e, f, g, h])
        };
        let judged = admission.judge(
            decoded,
            &mut Facts {
                now,
                known: &known,
                people: &people,
                months: &Months::default(),
                environment: "production",
                actor_keys: None,
                signals: Signals::default(),
                shed: false,
                // Sampling depends on what else a server gets; atomic calls never sample.
                atomic: true,
                new_id: &mut new_id,
            },
        );
        // Sealed all the same, for the digests by which repetitions are noticed.
        let keys = keys(&judged.needs(), &somebody);
        let mut admitted = judged.seal(admission, &keys, &mut |bytes| bytes.fill(0));
        let batch = std::mem::take(&mut admitted.batch);
        let appended: Vec<Appended> =
            batch.records.iter().map(|record| self.append(record.key, record.digest)).collect();
        admitted.settle(&appended);
        let receipts = admitted.into_receipts().receipts.into_iter();
        // A position would say that it is in a log.
        Ok(receipts.map(|receipt| Receipt { position: None, ..receipt }).collect())
    }

    fn append(&mut self, key: RecordKey, digest: Digest) -> Appended {
        let position = self.known.len() as u64 + 1;
        match self.known.get(&key) {
            Some(known) if known.digest == digest => Appended::Duplicate(known.position),
            Some(known) => Appended::Conflict(known.position),
            None => {
                self.known.insert(key, Known { position, digest });
                Appended::Stored(position)
            }
        }
    }
}

/// Keys for what is thrown away: nothing has to be kept secret.
fn keys(needs: &Needs<'_>, somebody: &Person) -> Keys {
    let secret = Arc::new(Secret::from_bytes([0; 32]));
    Keys {
        people: needs.people.iter().map(|_| somebody.clone()).collect(),
        months: needs.months.iter().map(|_| Arc::clone(&secret)).collect(),
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

fn add(total: &mut Receipts, receipts: Vec<Receipt>, keep: bool) {
    let sums = Receipts::of(receipts, None);
    total.stored += sums.stored;
    total.duplicate += sums.duplicate;
    total.quarantined += sums.quarantined;
    total.sampled_out += sums.sampled_out;
    total.counted += sums.counted;
    total.refused += sums.refused;
    if keep {
        total.receipts.extend(sums.receipts);
    }
}

fn in_words(receipt: &Receipt) -> String {
    let usual = matches!(receipt.status, Status::Stored | Status::Counted) && receipt.warnings.is_empty();
    if usual {
        return String::new();
    }
    let mut out = format!("event {}: {}\n", receipt.index + 1, receipt.status.as_str().replace('_', " "));
    if let Some(reason) = receipt.reason {
        out.push_str(&format!("  {reason}\n"));
    }
    let findings = receipt.errors.iter().map(|finding| ("error", finding));
    for (severity, finding) in findings.chain(receipt.warnings.iter().map(|finding| ("warning", finding))) {
        out.push_str(&finding_in_words(severity, finding));
    }
    out
}

fn finding_in_words(severity: &str, finding: &Finding) -> String {
    let place = if finding.path.is_empty() { String::new() } else { format!(" at {}", finding.path) };
    let hint = finding.hint.as_ref().map(|hint| format!("    hint: {hint}\n")).unwrap_or_default();
    format!("  {severity}[{}]{place}: {}\n{hint}", finding.code, finding.message)
}

fn summary(total: &Receipts) -> String {
    let counts = [
        ("stored", total.stored),
        ("duplicate", total.duplicate),
        ("quarantined", total.quarantined),
        ("sampled out", total.sampled_out),
        ("counted", total.counted),
        ("refused", total.refused),
    ];
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let parts: Vec<String> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")).collect();
    let events = if all == 1 { "event" } else { "events" };
    if all == 0 { "no events".into() } else { format!("{all} {events}: {}", parts.join(", ")) }
}
