//! A server in this process: what `serve` and `demo` share.

use std::path::{Path, PathBuf};

use daybook_catalog::render;
use daybook_event::Severity;
use daybook_server::{Config, LogFormat, Logging, Server, ServerHandle, StartError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::output::say;

/// A server that runs.
pub struct Running {
    handle: ServerHandle,
    task: JoinHandle<()>,
    new_master_key: Option<PathBuf>,
    new_log_key: Option<PathBuf>,
}

impl Running {
    /// Opens a server, says what whoever started it should know, and lets it run.
    ///
    /// # Errors
    /// [`Failure`] when it cannot start.
    pub async fn start(config: Config) -> Result<Self, Failure> {
        start_logging(&config.logging)?;
        let server = Server::open(config).await.map_err(not_started)?;
        let handle = server.handle();
        let notices = server.notices();
        let diagnostics = render::text(&notices.diagnostics);
        if notices.diagnostics.iter().any(|found| found.severity != Severity::Note) {
            say(diagnostics.trim_end());
        }
        if let Some(file) = &notices.admin_key_file {
            say(&format!("a new admin key is in {}", file.display()));
        }
        notices.proof.iter().for_each(|warning| say(&format!("warning: {warning}")));
        notices.privacy.iter().for_each(|warning| say(&format!("warning: {warning}")));
        say(&format!("serving {}", notices.apps.join(", ")));
        let (new_master_key, new_log_key) = (notices.master_key_file.clone(), notices.log_key_file.clone());
        // It is stopped by its handle.
        let task = tokio::spawn(server.run(std::future::pending()));
        Ok(Self { handle, task, new_master_key, new_log_key })
    }

    /// The file of the master key, where it was made just now.
    pub fn new_master_key(&self) -> Option<&Path> {
        self.new_master_key.as_deref()
    }

    /// The file of the key that signs the log, where it was made just now.
    pub fn new_log_key(&self) -> Option<&Path> {
        self.new_log_key.as_deref()
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.handle.address())
    }

    /// Waits for Ctrl-C or SIGTERM; at SIGHUP the server reads its consumers again.
    ///
    /// # Errors
    /// [`Failure::Runtime`] when signals cannot be listened for.
    pub async fn asked_to_stop(&self) -> Result<(), Failure> {
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Runtime)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Runtime)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(Failure::Runtime)?;
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = hang_up.recv() => self.handle.reload(),
            }
        }
    }

    /// Stops after what is under way; a second Ctrl-C cuts that short.
    ///
    /// # Errors
    /// [`Failure::Server`] when the server ended in disorder.
    pub async fn stop(self) -> Result<(), Failure> {
        self.handle.stop();
        let hurry = self.handle.clone();
        let impatient = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                hurry.stop_now();
            }
        });
        let ended = self.task.await;
        impatient.abort();
        ended.map_err(|error| Failure::server(&error))
    }
}

fn not_started(error: StartError) -> Failure {
    match error {
        StartError::Catalogs(diagnostics) => Failure::Catalogs(render::text(&diagnostics)),
        StartError::Listen { address, source } => Failure::usage(
            format!("cannot listen on {address}: {source}"),
            "`--listen ADDR` takes another address; port 0 takes a free one",
        ),
        error => Failure::server(&error),
    }
}

/// Writes what the server says of itself to standard error, as the configuration asks.
fn start_logging(options: &Logging) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter(&options.level)).map_err(|error| {
        Failure::usage(format!("`{}` is not a level to log at: {error}", options.level), "try info, debug or warn")
    })?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second server in the same process shares the first one's.
    let _ = match options.format {
        LogFormat::Json => subscriber.json().try_init(),
        LogFormat::Text => subscriber.with_ansi(coloured()).try_init(),
    };
    Ok(())
}

/// A plain level is Daybook's; what its libraries say is of interest only to who asks for it.
fn filter(level: &str) -> String {
    match level {
        "error" | "warn" | "off" => level.to_owned(),
        _ if level.chars().all(char::is_alphabetic) => {
            let ours = ["daybook", "daybook_admission", "daybook_log", "daybook_privacy", "daybook_server"];
            ours.iter().fold("warn".to_owned(), |filter, part| format!("{filter},{part}={level}"))
        }
        _ => level.to_owned(),
    }
}

/// Colour is for people, and for those who did not say no to it (no-color.org).
fn coloured() -> bool {
    crate::output::watched() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
