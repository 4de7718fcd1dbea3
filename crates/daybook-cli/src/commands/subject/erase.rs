//! `daybook subject erase`.

use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use daybook_privacy::limits::ERASURE_NAMES_MAX;
use daybook_privacy::report::Report;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};

use super::names::Names;
use super::person::Naming;
use super::reports;
use crate::Answer;
use crate::client::{Client, ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{Format, grouped, print, print_json, say, watched};

/// Pause before a request is looked at again; it doubles.
const POLL_MIN: Duration = Duration::from_millis(20);
/// Longest such pause.
const POLL_MAX: Duration = Duration::from_secs(1);
/// How long a server that was there may be away, or busy, until it is given up.
const AWAY_PATIENCE: Duration = Duration::from_secs(60);
/// How long a request may stand still until it is left to the server.
const STILL_PATIENCE: Duration = Duration::from_secs(120);

/// Destroy the secrets of people, and with them all that is kept of them
///
/// Everything sealed for a person, in the log, in views and in backups, can never be read again; everybody else's events stay
/// as they are. The report of it is signed by the server and names nobody. An erasure that has begun comes to its end,
/// whatever becomes of this command or the server; `--request` follows it again. The answer is no while it is not complete.
#[derive(Debug, Args)]
#[command(override_usage = "daybook subject erase [OPTIONS] <APP> <PERSON>...
       daybook subject erase [OPTIONS] <APP> --file <FILE>
       daybook subject erase [OPTIONS] <APP> --request <ID>")]
#[command(after_help = "Examples:
  daybook subject erase my-app 12345 --reason 'asked by mail' --report report.json --data ./data
  daybook subject erase my-app --file leavers.txt --yes --format json > report.json
  daybook subject erase my-app --kind anonymous a1b2c3 d4e5f6")]
pub struct Erase {
    /// The app, and the people
    #[arg(value_name = "APP PERSON", allow_negative_numbers = true)]
    who: Vec<String>,
    #[command(flatten)]
    naming: Naming,
    /// A file with people, one a line; - for standard input. Empty lines and those that begin with # say nothing
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Why, without naming anybody: it stands in the report
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
    /// Follow an erasure that was begun earlier, and get its report
    #[arg(long, value_name = "ID", conflicts_with_all = ["file", "reason"])]
    request: Option<String>,
    /// Write the signed report to a file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How the report is written to standard output: in words, or as it was signed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// A request, as the server says of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Status {
    request: String,
    state: State,
    step: String,
    people: u64,
    done: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Running,
    Incomplete,
    Complete,
}

impl Erase {
    /// Erases, waits until it is done, and writes the reports.
    pub fn run(self) -> Result<Answer, Failure> {
        let (app, people) = self.naming.app_of(&self.who)?;
        let requests = match &self.request {
            Some(id) if people.is_empty() => Requests::Begun(id.clone()),
            Some(_) => {
                return Err(Failure::usage("an erasure that was begun names its people itself", "leave them out"));
            }
            None => Requests::New(self.names(people)?),
        };
        let client = self.server.client()?;
        if let Requests::New(names) = &requests
            && !self.yes
            && !confirmed(&app, names)?
        {
            say("nothing was erased");
            return Ok(Answer::No);
        }
        let mut out = self.report.as_deref().map(ReportFile::make).transpose()?;
        let erasing = Erasing { client, app, progress: progress(requests.people()) };
        let mut reports = Vec::new();
        let outcome = erasing.all(&self, &requests, &mut reports);
        erasing.progress.finish_and_clear();
        // What was done is reported, also where the rest was not.
        match &mut out {
            Some(file) if !reports.is_empty() => file.write(&reports)?,
            _ => {}
        }
        self.write(&reports)?;
        if reports.is_empty() {
            out.into_iter().for_each(ReportFile::discard);
        }
        outcome
    }

    fn names(&self, people: &[String]) -> Result<Vec<String>, Failure> {
        let mut names = Names::default();
        names.add_all(people);
        if let Some(file) = &self.file {
            names.add_file(file)?;
        }
        names.finish()
    }

    fn write(&self, signed: &[Value]) -> Result<(), Failure> {
        match (self.format, signed) {
            (_, []) => Ok(()),
            (Format::Json, [report]) => print_json(report),
            (Format::Json, several) => print_json(&several),
            (Format::Text, several) => {
                let texts: Vec<String> = several.iter().filter_map(in_words).collect();
                print(&texts.join("\n"))?;
                if let Some(file) = &self.report {
                    say(&format!("the signed report is in {}; `daybook subject verify` checks it", file.display()));
                }
                Ok(())
            }
        }
    }
}

/// What is to be done.
enum Requests {
    /// Follow this one.
    Begun(String),
    /// Erase these people.
    New(Vec<String>),
}

impl Requests {
    fn people(&self) -> u64 {
        match self {
            Self::Begun(_) => 0,
            Self::New(names) => names.len() as u64,
        }
    }
}

/// Erasures under way.
struct Erasing {
    client: Client,
    app: String,
    progress: ProgressBar,
}

impl Erasing {
    /// One request after the other; each leaves its report.
    fn all(&self, options: &Erase, requests: &Requests, reports: &mut Vec<Value>) -> Result<Answer, Failure> {
        let names = match requests {
            Requests::Begun(id) => return self.follow(id, 0, reports),
            Requests::New(names) => names,
        };
        let mut all = Answer::Yes;
        for (index, names) in names.chunks(ERASURE_NAMES_MAX).enumerate() {
            let id = self.begin(options, names)?;
            if self.follow(&id, (index * ERASURE_NAMES_MAX) as u64, reports)? == Answer::No {
                all = Answer::No;
            }
        }
        Ok(all)
    }

    fn begin(&self, options: &Erase, names: &[String]) -> Result<String, Failure> {
        let mut body = json!({"identities": names});
        if let Some(members) = body.as_object_mut() {
            members.extend(options.naming.kind_member());
            members.extend(options.reason.as_ref().map(|reason| ("reason".to_owned(), Value::from(reason.as_str()))));
        }
        let (path, body) = (format!("/v1/{}/erasures", escaped(&self.app)), body.to_string());
        // Not repeated where no answer came: it may have been begun, and the second report would know nobody.
        let answer = patiently(
            |failure| matches!(failure, Failure::Refused { status: 429 | 503, .. }),
            || self.client.post(&path, body.as_bytes()),
        )?;
        Ok(status(&answer)?.request)
    }

    /// Looks at a request until it has its report.
    fn follow(&self, id: &str, before: u64, reports: &mut Vec<Value>) -> Result<Answer, Failure> {
        let path = format!("/v1/{}/erasures/{}", escaped(&self.app), escaped(id));
        let away = |failure: &Failure| {
            matches!(failure, Failure::Unreachable { .. } | Failure::Refused { status: 429 | 503, .. })
        };
        let mut pause = POLL_MIN;
        let mut last: Option<Status> = None;
        let mut moved = Instant::now();
        loop {
            let answer = patiently(away, || self.client.get(&path)).inspect_err(|_| self.say_how_to_go_on(id))?;
            let status = status(&answer)?;
            self.progress.set_length(self.progress.length().unwrap_or(0).max(before + status.people));
            self.progress.set_position(before + status.done);
            self.progress.set_message(status.step.clone());
            if status.state != State::Running {
                reports.push(signed_report(&answer));
                if status.state == State::Complete {
                    return Ok(Answer::Yes);
                }
                say(
                    "the secrets are destroyed, but not everything has confirmed yet that it forgot; it is asked again",
                );
                self.say_how_to_go_on(id);
                return Ok(Answer::No);
            }
            if last.as_ref() != Some(&status) {
                (moved, last) = (Instant::now(), Some(status));
            } else if moved.elapsed() > STILL_PATIENCE {
                say("the erasure stands still");
                self.say_how_to_go_on(id);
                return Ok(Answer::No);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(POLL_MAX);
        }
    }

    fn say_how_to_go_on(&self, id: &str) {
        self.progress.suspend(|| {
            say(&format!(
                "the server goes on with it; `daybook subject erase {} --request {id}` says what became of it",
                self.app
            ));
        });
    }
}

/// Does it again for a while where that is no use at the moment.
fn patiently(
    again: impl Fn(&Failure) -> bool,
    mut attempt: impl FnMut() -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        match attempt() {
            Err(failure) if again(&failure) && begun.elapsed() < AWAY_PATIENCE => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            outcome => return outcome,
        }
    }
}

fn status(answer: &Value) -> Result<Status, Failure> {
    Status::deserialize(answer).map_err(|error| {
        Failure::Server(format!("the server says something else of the erasure than expected: {error}"))
    })
}

/// The members of an answer that make a report.
fn signed_report(answer: &Value) -> Value {
    let member = |name: &str| answer.get(name).cloned().unwrap_or_default();
    json!({"report": member("report"), "jws": member("jws"), "public_key": member("public_key")})
}

fn in_words(signed: &Value) -> Option<String> {
    Report::deserialize(signed.get("report")?).ok().map(|report| reports::text(&report))
}

/// Asks whoever sits there; nobody is asked where nobody does.
fn confirmed(app: &str, names: &[String]) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !watched() {
        return Ok(true);
    }
    let whom = match names {
        [name] => format!("`{name}`"),
        names => format!("{} people", grouped(names.len() as u64)),
    };
    let mut err = io::stderr().lock();
    let asked =
        write!(err, "Erase {whom} of {app} for good? Nothing brings it back. [y/N] ").and_then(|()| err.flush());
    asked.map_err(Failure::Output)?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|source| Failure::read(Path::new("standard input"), source))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The file for the report, made before anything is erased: what cannot be undone should not go unreported.
struct ReportFile {
    path: PathBuf,
    file: std::fs::File,
}

impl ReportFile {
    fn make(path: &Path) -> Result<Self, Failure> {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(file) => Ok(Self { path: path.to_owned(), file }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::usage(
                format!("{} is there already", path.display()),
                "reports are not written over; name another file",
            )),
            Err(source) => Err(Failure::write(path, source)),
        }
    }

    fn write(&mut self, reports: &[Value]) -> Result<(), Failure> {
        let text = match reports {
            [report] => serde_json::to_vec_pretty(report),
            several => serde_json::to_vec_pretty(several),
        };
        let mut text = text.map_err(|error| Failure::Output(error.into()))?;
        text.push(b'\n');
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_all());
        written.map_err(|source| Failure::write(&self.path, source))
    }

    /// Takes the file away again, where there was nothing to write.
    fn discard(self) {
        let _ = std::fs::remove_file(self.path);
    }
}

fn progress(people: u64) -> ProgressBar {
    let bar = if watched() { ProgressBar::new(people) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("erasing {bar:40} {human_pos}/{human_len} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar
}
