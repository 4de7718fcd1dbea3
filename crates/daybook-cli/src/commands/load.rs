//! `daybook load`: how much a server takes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use daybook_catalog::Catalogs;
use daybook_event::limits::BATCH_EVENTS_MAX;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Answer;
use crate::client::ServerOptions;
use crate::failure::Failure;
use crate::load::connection::Target;
use crate::load::corpus::Selection;
use crate::load::run::{Shared, body};
use crate::load::stamp::Stamp;
use crate::load::{Corpus, Pace, Plan, run};
use crate::output::{Format, print, print_json, say, watched};

/// Measure how many events a server takes
///
/// Sends the examples of the catalogs, each app's in its own form, with fresh ids and times and 100,000 people, as fast as
/// the server acknowledges them, or at a given rate. The events are stored like any others: do not point it at a log that
/// you want to keep. Several of these can run side by side, also on several machines.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook load --data ./data --duration 30 --batch 100 --connections 4
  daybook load --server http://10.0.0.7:4747 --key $KEY --app my-app --catalogs ./catalogs --events 1000000
  daybook load --data ./data --rate 5000 --batch 1 --connections 32    # latency at a given rate
  daybook load --dry-run                                               # how fast events are made")]
pub struct Load {
    #[command(flatten)]
    server: ServerOptions,
    /// An app to send events of; may be given several times. Default: all that the catalogs have
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<String>,
    /// Directories of catalogs, beside those that ship
    #[arg(long, value_name = "DIR")]
    catalogs: Vec<PathBuf>,
    /// Only event types of this name or pattern (`world.*`); may be given several times
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Also event types that are sampled, only counted, or refused without consent
    #[arg(long)]
    every_type: bool,
    /// Events in a request
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=BATCH_EVENTS_MAX as i64))]
    batch: u32,
    /// Connections, each with one request under way
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// Stop after so many seconds. Default, without --events: 10
    #[arg(long, value_name = "SECONDS")]
    duration: Option<f64>,
    /// Stop after so many events
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    /// Events a second instead of as many as possible; latency then includes waiting for a slow server
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// People that the events speak of
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    people: u64,
    /// How a body is written
    #[arg(long, value_enum, default_value_t = Body::Json)]
    body: Body,
    /// Make the events, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Body {
    /// One event alone, several as an array
    Json,
    /// One event a line
    Ndjson,
}

impl Load {
    /// Sends, and reports.
    pub fn run(self) -> Result<Answer, Failure> {
        let corpus = self.corpus()?;
        if self.dry_run {
            return self.make_only(&corpus);
        }
        let plan = Plan {
            target: Target {
                authority: authority(&self.server.server)?,
                authorization: format!("Bearer {}", self.server.key()?),
            },
            corpus: Arc::new(corpus),
            batch: self.batch as usize,
            ndjson: self.body == Body::Ndjson,
            connections: self.connections as usize,
            people: self.people,
            pace: self.pace(),
        };
        // One thread: what is left of the machine is the server's.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
        let report = runtime.block_on(async {
            let shared = Arc::new(Shared::default());
            let progress = tokio::spawn(show_progress(Arc::clone(&shared)));
            let stop = Arc::clone(&shared);
            let interrupted = tokio::spawn(async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    stop.stop.store(true, Ordering::Relaxed);
                }
            });
            let report = run(&plan, shared).await;
            progress.abort();
            interrupted.abort();
            report
        })?;
        match self.format {
            Format::Text => print(&report.text())?,
            Format::Json => print_json(&report.summary())?,
        }
        Ok(Answer::Yes)
    }

    fn corpus(&self) -> Result<Corpus, Failure> {
        let loaded = Catalogs::load(&self.catalogs, true);
        let selection = Selection { apps: self.apps.clone(), names: self.names.clone(), every_type: self.every_type };
        let corpus = Corpus::new(&loaded.catalogs, &selection);
        for app in &self.apps {
            if !corpus.apps.iter().any(|found| found.app == *app) {
                let known: Vec<&str> = loaded.catalogs.apps().map(|app| app.app.as_str()).collect();
                return Err(Failure::usage(
                    format!("no examples of events to send for the app `{app}`"),
                    format!("the catalogs have {}; `--catalogs DIR` adds others", known.join(", ")),
                ));
            }
        }
        if corpus.apps.is_empty() {
            return Err(Failure::usage("no event type is selected", "`--every-type` sends all of them"));
        }
        Ok(corpus)
    }

    fn pace(&self) -> Pace {
        let seconds = self.duration.or_else(|| self.events.is_none().then_some(10.0));
        Pace {
            duration: seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 1e9))),
            events: self.events,
            rate: self.rate,
        }
    }

    fn make_only(&self, corpus: &Corpus) -> Result<Answer, Failure> {
        let mut stamp = Stamp::new(rand::random(), self.people);
        let events = self.events.unwrap_or(2_000_000);
        let started = Instant::now();
        let (mut made, mut bytes, mut turn) = (0_u64, 0_usize, 0);
        while made < events {
            let Some(app) = corpus.apps.get(turn % corpus.apps.len()) else { break };
            bytes += body(&mut stamp, app, self.batch as usize, self.body == Body::Ndjson).len();
            made += u64::from(self.batch);
            turn += 1;
        }
        let nanoseconds = started.elapsed().as_nanos() as f64 / made.max(1) as f64;
        let mean_bytes = bytes as f64 / made.max(1) as f64;
        match self.format {
            Format::Text => say(&format!(
                "{} templates of {} apps; {mean_bytes:.0} bytes and {nanoseconds:.0} ns an event",
                corpus.len(),
                corpus.apps.len()
            )),
            Format::Json => print_json(&serde_json::json!({
                "templates": corpus.len(), "apps": corpus.apps.len(),
                "bytes_per_event": mean_bytes, "nanoseconds_per_event": nanoseconds,
            }))?,
        }
        Ok(Answer::Yes)
    }
}

/// `host:port` of a server's URL.
fn authority(url: &str) -> Result<String, Failure> {
    let not_plain = || {
        Failure::usage(
            format!("`{url}` is not the URL of a server that load can be put on"),
            "give one such as http://127.0.0.1:4747; encryption would be measured with it, so only http is spoken",
        )
    };
    let uri: hyper::Uri = url.parse().map_err(|_| not_plain())?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(host)) => Ok(format!("{host}:{}", uri.port_u16().unwrap_or(80))),
        _ => Err(not_plain()),
    }
}

async fn show_progress(shared: Arc<Shared>) {
    if !watched() {
        return;
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} events, {per_sec} ({elapsed})") {
        bar.set_style(style);
    }
    loop {
        bar.set_position(shared.acknowledged.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::authority;

    #[test]
    fn servers_are_spoken_to_in_the_clear() {
        assert_eq!(authority("http://127.0.0.1:4747").ok().as_deref(), Some("127.0.0.1:4747"));
        assert_eq!(authority("http://example.org/").ok().as_deref(), Some("example.org:80"));
        assert!(authority("https://example.org").is_err());
        assert!(authority("example.org").is_err());
    }
}
