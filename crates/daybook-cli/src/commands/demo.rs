//! `daybook demo`: everything at once, on made-up traffic.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use daybook_catalog::Catalogs;
use daybook_server::Config;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::block_on;
use crate::Answer;
use crate::client::{Client, admin_key, escaped};
use crate::demo::{DemoApp, Feed, Played, Summary, find};
use crate::failure::Failure;
use crate::output::{Format, print, print_json, say, watched};
use crate::server::Running;
use crate::traffic::MadeEvent;

/// The master key of a demonstration, in its data directory.
const MASTER_KEY_FILE: &str = "demo-master.key";
/// And the key that signs its log.
const LOG_KEY_FILE: &str = "demo-log-signing.key";

/// How often live events are looked for.
const LIVE_TICK: Duration = Duration::from_millis(200);

/// Serve, with a month of made-up history and live traffic
///
/// Starts a server, sends it a month of believable events of every app that describes its traffic (`demo.yaml` beside its
/// catalog), each in its own form and some of them invalid on purpose, shows what became of them, and goes on with live
/// traffic until stopped. Everything goes through the same door as in earnest, but for the master key: it lies in the data
/// directory (demo-master.key), so that a demonstration leaves nothing behind.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook demo
  daybook demo --events 200000 --data ./demo-data
  daybook demo --no-live --events 2000 --format json    # for scripts")]
pub struct Demo {
    /// The data directory. Default: a temporary one, deleted at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4747")]
    listen: SocketAddr,
    /// Events of history
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    events: usize,
    /// Stop when the history is in
    #[arg(long)]
    no_live: bool,
    /// Live events a second, all apps together
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    live_rate: f64,
    /// Another seed makes other people do other things; the same one the same again
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Directories of catalogs, beside those that ship
    #[arg(long, value_name = "DIR")]
    catalogs: Vec<PathBuf>,
    /// How the summary is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Demo {
    /// Plays.
    pub fn run(self) -> Result<Answer, Failure> {
        block_on(self.play())
    }

    async fn play(self) -> Result<Answer, Failure> {
        let loaded = Catalogs::load(&self.catalogs, true);
        let apps = find(&loaded.catalogs, &self.catalogs, self.seed)?;
        if apps.is_empty() {
            return Err(Failure::usage(
                "no app describes its traffic",
                "put a demo.yaml beside a catalog.yaml and name the directory with `--catalogs`",
            ));
        }
        let (data, temporary) = self.data_directory()?;
        say(&format!(
            "data directory: {}{}",
            data.display(),
            if temporary.is_some() { " (temporary; `--data DIR` keeps it)" } else { "" }
        ));
        let mut config =
            Config { data: data.clone(), listen: self.listen, catalogs: self.catalogs.clone(), ..Config::default() };
        config.logging.level = "warn".into();
        config.privacy.master_key_file = Some(data.join(MASTER_KEY_FILE));
        config.proof.key_file = Some(data.join(LOG_KEY_FILE));
        let server = Running::start(config).await?;
        say(&format!("listening on {}", server.url()));
        let (url, directory) = (server.url(), data.clone());
        let asked = tokio::task::spawn_blocking(move || demo_key(&url, &directory)).await;
        let key = asked.map_err(|error| Failure::server(&error))??;
        let client = Client::new(&server.url(), &key);

        let format = self.format;
        let live_rate = if self.no_live { None } else { Some(self.live_rate) };
        let (kept, live) = (temporary.is_none(), live_rate.is_some());
        let mut show = Show { client, apps, events: self.events, format, key, data, kept, live };
        let stop = Arc::new(AtomicBool::new(false));
        let watch = Arc::clone(&stop);
        let mut played = tokio::task::spawn_blocking(move || {
            show.history(&watch)?;
            live_rate.map_or(Ok(()), |rate| show.live(rate, &watch))
        });
        let ended = tokio::select! {
            ended = &mut played => ended,
            asked = server.asked_to_stop() => {
                asked?;
                stop.store(true, Ordering::Relaxed);
                played.await
            }
        };
        ended.map_err(|error| Failure::server(&error))??;
        server.stop().await?;
        drop(temporary);
        Ok(Answer::Yes)
    }

    fn data_directory(&self) -> Result<(PathBuf, Option<TempDir>), Failure> {
        if let Some(data) = &self.data {
            return Ok((data.clone(), None));
        }
        let temporary = tempfile::Builder::new()
            .prefix("daybook-demo-")
            .tempdir()
            .map_err(|source| Failure::MakeDirectory { path: std::env::temp_dir(), source })?;
        Ok((temporary.path().join("data"), Some(temporary)))
    }
}

/// A key that may send and read, names of people included, but manage nothing; asked for as anybody would.
fn demo_key(server: &str, data: &Path) -> Result<String, Failure> {
    let new = json!({"name": "demo", "scopes": ["write", "read", "privacy"]});
    let created = Client::new(server, &admin_key(data)?).post("/v1/keys", new.to_string().as_bytes())?;
    Ok(created.get("key").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// The part of a demo that waits for answers, on a thread of its own.
struct Show {
    client: Client,
    apps: Vec<DemoApp>,
    events: usize,
    format: Format,
    key: String,
    data: PathBuf,
    /// Whether the data directory outlives the demo.
    kept: bool,
    /// Whether live traffic follows.
    live: bool,
}

impl Show {
    /// Makes, sends and sums up the history.
    fn history(&mut self, stop: &AtomicBool) -> Result<(), Failure> {
        let events = self.make(now_us());
        let mut feed = Feed::new(self.client.clone());
        if self.has_history()? {
            // The same seed makes the same events, at other times: conflicts, all of them.
            say("the data directory has events already, so no history is sent");
        } else {
            let progress = progress(events.len() as u64);
            for (app, event) in events {
                let name = self.apps.get(app).map(|app| app.app.clone()).unwrap_or_default();
                progress.inc(feed.push(&name, event)? as u64);
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
            progress.inc(feed.flush()? as u64);
            progress.finish_and_clear();
        }
        let played = self.apps.iter().map(|app| Played {
            app: app.app.clone(),
            people: app.simulation.people(),
            headlines: app.simulation.headlines().to_vec(),
        });
        let summary = Summary::gather(&self.client, &played.collect::<Vec<_>>(), &feed.sums, now_us())?;
        match self.format {
            Format::Json => print_json(&summary),
            Format::Text => print(&(summary.text() + &self.invitation())),
        }
    }

    /// Whether any of the apps has events in the log.
    fn has_history(&self) -> Result<bool, Failure> {
        for app in &self.apps {
            let page = self.client.get(&format!("/v1/{}/events?limit=1", escaped(&app.app)))?;
            if page.get("events").and_then(|events| events.get(0)).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The events of all apps in the order of their times, each with the index of its app.
    fn make(&mut self, now_us: i64) -> Vec<(usize, MadeEvent)> {
        let shares: f64 = self.apps.iter().map(|app| app.simulation.share()).sum();
        let mut events: Vec<(usize, MadeEvent)> = Vec::with_capacity(self.events);
        let last = self.apps.len() - 1;
        for (index, app) in self.apps.iter_mut().enumerate() {
            let share = (self.events as f64 * app.simulation.share() / shares).round() as usize;
            let rest = self.events.saturating_sub(events.len());
            let count = if index == last { rest } else { share.min(rest) };
            events.extend(app.simulation.history(now_us, count).into_iter().map(|event| (index, event)));
        }
        events.sort_by_key(|(_, event)| event.at_us);
        events
    }

    /// Sends live events as they come due.
    fn live(&mut self, rate: f64, stop: &AtomicBool) -> Result<(), Failure> {
        say("live traffic runs; stop with Ctrl-C");
        let shares: f64 = self.apps.iter().map(|app| app.simulation.share()).sum();
        let mut feed = Feed::new(self.client.clone());
        let spinner = if watched() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} live events ({elapsed})") {
            spinner.set_style(style);
        }
        while !stop.load(Ordering::Relaxed) {
            let now_us = now_us();
            for app in &mut self.apps {
                let rate = rate * app.simulation.share() / shares;
                for event in app.simulation.due(now_us, rate) {
                    feed.push(&app.app, event)?;
                }
            }
            spinner.inc(feed.flush()? as u64);
            std::thread::sleep(LIVE_TICK);
        }
        spinner.finish_and_clear();
        Ok(())
    }

    /// What to try next.
    fn invitation(&self) -> String {
        if !self.live {
            return if self.kept {
                let data = self.data.display();
                format!(
                    "\nThe data stays in {data}; this serves it again:\n\n  daybook serve --data {data} --master-key-file \
                     {data}/{MASTER_KEY_FILE} --log-key-file {data}/{LOG_KEY_FILE}\n"
                )
            } else {
                String::new()
            };
        }
        let server = self.client.url("");
        let app = self.apps.last().map(|app| app.app.as_str()).unwrap_or_default();
        // As it was called: after `make demo` it is on nobody's path.
        let daybook = std::env::args().next().unwrap_or_else(|| "daybook".into());
        let example = [
            format!("export DAYBOOK_SERVER={server} DAYBOOK_KEY={}", self.key),
            format!("curl -s -H \"Authorization: Bearer $DAYBOOK_KEY\" '{server}/v1/{app}/events?limit=3'"),
            format!("curl -s -H \"Authorization: Bearer $DAYBOOK_KEY\" '{server}/v1/{app}/events?limit=3&dialect=app'"),
            format!("curl -s -H \"Authorization: Bearer $DAYBOOK_KEY\" '{server}/v1/{app}/catalog'"),
            format!("curl -s '{server}/healthz'; curl -s '{server}/openapi.json'"),
            format!(
                "{daybook} query \"SELECT name, count(*) AS n FROM events GROUP BY name ORDER BY n DESC\" --app {app}"
            ),
            format!("{daybook} metrics active-users --app {app} --param period=week"),
            format!("{daybook} audit --app {app} --from 2020-01-01T00:00:00Z --limit 10"),
            format!("{daybook} tail {app}"),
            format!("{daybook} quarantine list {app} --limit 10"),
        ];
        format!("\nTry, in another terminal\n\n  {}\n", example.join("\n  "))
    }
}

fn progress(length: u64) -> ProgressBar {
    let bar = if watched() { ProgressBar::new(length) } else { ProgressBar::hidden() };
    let template = "a month of events {bar:40} {human_pos}/{human_len} {per_sec} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as i64
}
