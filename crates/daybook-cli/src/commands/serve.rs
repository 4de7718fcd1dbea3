//! `daybook serve`: the collector.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use daybook_server::{Config, LogFormat, StateUrl};

use super::{block_on, place};
use crate::Answer;
use crate::failure::Failure;
use crate::output::say;
use crate::server::Running;

/// Collect events
///
/// Listens for events, admits what the catalogs allow, and stores it durably. On an empty data directory an admin key is
/// made and written to DIR/admin.key. The master key, without which nobody's name can be read, is made elsewhere: back it up
/// (`daybook master-key show` says where it is). Stops on Ctrl-C or SIGTERM, after what it has begun; nothing acknowledged is lost,
/// however it stops.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook serve --data ./data
  daybook serve --data /var/lib/daybook --catalogs ./catalogs --listen 0.0.0.0:4747
  daybook serve --config daybook.toml --log-format json")]
pub struct Serve {
    /// The data directory; made when there is none. Default: daybook-data
    #[arg(long, value_name = "DIR", env = "DAYBOOK_DATA")]
    data: Option<PathBuf>,
    /// The PostgreSQL database that keeps the state (postgres://user@host/database). Default: a file in the data directory
    #[arg(long, value_name = "URL", env = "DAYBOOK_STATE", hide_env_values = true)]
    state: Option<StateUrl>,
    /// Directories of catalogs, each an app's directory or a directory of such, beside those that ship
    #[arg(long, value_name = "DIR")]
    catalogs: Vec<PathBuf>,
    /// Leave out the catalogs that ship
    #[arg(long)]
    no_default_catalogs: bool,
    /// A file with settings (TOML); options given here win
    #[arg(long, value_name = "FILE", env = "DAYBOOK_CONFIG")]
    config: Option<PathBuf>,
    /// The file with the master key; made on the first start. Default: a file in the user's configuration directory
    #[arg(long, value_name = "FILE", env = "DAYBOOK_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// The file with the key that signs the log; made on the first start. Default: a file in the user's configuration directory
    #[arg(long, value_name = "FILE", env = "DAYBOOK_LOG_KEY_FILE")]
    log_key_file: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one. Default: 127.0.0.1:4747
    #[arg(long, value_name = "ADDR", env = "DAYBOOK_LISTEN")]
    listen: Option<SocketAddr>,
    /// The environment of events that name none. Default: production
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Least level that is logged (error, warn, info, debug, trace), or a filter. Default: info
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// How log lines are written. Default: text
    #[arg(long, value_name = "FORMAT", value_parser = log_format)]
    log_format: Option<LogFormat>,
}

impl Serve {
    /// Serves until asked to stop.
    pub fn run(self) -> Result<Answer, Failure> {
        let config = self.config()?;
        if config.privacy.master_key_file.as_ref().is_some_and(|file| file.starts_with(&config.data)) {
            say("warning: the master key lies in the data directory; whoever gets a copy of that can read every name");
        }
        if config.proof.key_file.as_ref().is_some_and(|file| file.starts_with(&config.data)) {
            say(
                "warning: the log's signing key lies in the data directory; whoever can write there can sign another history",
            );
        }
        block_on(async {
            let server = Running::start(config).await?;
            if let Some(file) = server.new_master_key() {
                say(&format!("a new master key is in {}", file.display()));
                say("  keep a copy, and not beside the copies of the data: without it nobody's name can be read again");
            }
            if let Some(file) = server.new_log_key() {
                say(&format!("a new key to sign the log with is in {}", file.display()));
            }
            say(&format!("listening on {}", server.url()));
            server.asked_to_stop().await?;
            say("stopping");
            server.stop().await?;
            Ok(Answer::Yes)
        })
    }

    fn config(self) -> Result<Config, Failure> {
        let mut config = match &self.config {
            Some(file) => Config::read(file).map_err(|error| Failure::server(&error))?,
            None => Config::default(),
        };
        if let Some(data) = self.data {
            config.data = data;
        }
        if let Some(state) = self.state {
            place::check(&state)?;
            config.state = Some(state);
        }
        if let Some(file) = self.master_key_file {
            config.privacy.master_key_file = Some(file);
            config.privacy.master_key_command = None;
        }
        if let Some(file) = self.log_key_file {
            config.proof.key_file = Some(file);
        }
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let Some(environment) = self.environment {
            config.environment = environment;
        }
        if let Some(level) = self.log_level {
            config.logging.level = level;
        }
        if let Some(format) = self.log_format {
            config.logging.format = format;
        }
        config.catalogs.extend(self.catalogs);
        config.default_catalogs &= !self.no_default_catalogs;
        Ok(config)
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("text or json".into()),
    }
}
