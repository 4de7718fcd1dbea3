//! The proof of the log, as this server keeps it.
//!
//! The publisher of [`daybook_proof`] follows the log by itself and not in the runtime of consumers: that delivers events, and
//! the tree is of the bytes that are stored, counts and compacted records included. Why, and what that means for whoever is to
//! be forgotten, is in `docs/decisions/0013-the-proof.md`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use daybook_log::Log;
use daybook_privacy::vault::VaultId;
use daybook_proof::checkpoint::SignedCheckpoint;
use daybook_proof::key::PublicKey;
use daybook_proof::key_file::{KeyFileError, LogKeys};
use daybook_proof::publisher::{Publisher, PublisherHandle, PublisherOptions, PublisherState};
use daybook_proof::store::PROOF_DIRECTORY;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::collector::Collector;
use crate::config::Config;

/// The proof: who signs, and how far that is.
pub struct Proof {
    /// What is published.
    pub handle: PublisherHandle,
}

/// What is to be run, and told.
pub struct OpenedProof {
    pub proof: Option<Proof>,
    pub publisher: Option<Publisher>,
    /// The file a new signing key was written to.
    pub new_key_file: Option<PathBuf>,
    pub warnings: Vec<String>,
}

/// Finds the signing key, or makes it on the first start. Where there is no place for one there is no proof, and that is said.
///
/// # Errors
/// [`KeyFileError`] where a key is there and cannot be used: another in its place would sign another log.
pub fn open(log: &Log, vault: &VaultId, config: &Config) -> Result<OpenedProof, KeyFileError> {
    let Some(path) = config.log_key_file(vault) else {
        let warning = "the user has no configuration directory to keep the log's signing key in, and `proof.key-file` names \
                       no other place: the log is not signed";
        return Ok(OpenedProof {
            proof: None,
            publisher: None,
            new_key_file: None,
            warnings: vec![warning.to_owned()],
        });
    };
    let origin = config.proof.origin.clone().unwrap_or_else(|| format!("daybook/{vault}"));
    let keys = LogKeys::load_or_make(&path, &origin)?;
    let mut warnings: Vec<String> = keys.warning().into_iter().collect();
    let name = keys.signing.public().name();
    if config.proof.origin.as_deref().is_some_and(|origin| origin != name) {
        warnings.push(format!(
            "the log's signing key is named {name} and not {origin}, and so are its checkpoints: `daybook proof-key rotate \
             --origin {origin}` makes one for the new name"
        ));
    }
    let new_key_file = keys.made.then(|| path.clone());
    let options = PublisherOptions::new(config.data.join(PROOF_DIRECTORY), keys);
    let (publisher, handle) = Publisher::new(log.clone(), options);
    let proof = Some(Proof { handle });
    Ok(OpenedProof { proof, publisher: Some(publisher), new_key_file, warnings })
}

/// A publisher that runs. It ends by itself when the log is closed, after its last word.
pub fn run(publisher: Option<Publisher>) -> JoinHandle<()> {
    tokio::spawn(async {
        if let Some(publisher) = publisher {
            publisher.run(CancellationToken::new()).await;
        }
    })
}

/// Writes down as events when the proof stops, when it goes on, and when another key signs.
pub async fn watch(collector: Arc<Collector>) {
    let Some(handle) = collector.proof.as_ref().map(|proof| proof.handle.clone()) else { return };
    let mut before = handle.state();
    let mut unwell: Option<Instant> = None;
    loop {
        let differs =
            |now: &PublisherState| health(now).is_some() != unwell.is_some() || now.keys.first() != before.keys.first();
        let now = handle.until(differs).await;
        match (health(&now), unwell) {
            (Some((check, detail)), None) => {
                unwell = Some(Instant::now());
                let degraded = json!({"component": "proof", "check": check, "detail": detail});
                collector.note("system.health.degraded", None, degraded).await;
            }
            (None, Some(since)) => {
                unwell = None;
                let downtime_seconds = since.elapsed().as_secs();
                let recovered = json!({"component": "proof", "check": PUBLISH, "downtime_seconds": downtime_seconds});
                collector.note("system.health.recovered", None, recovered).await;
            }
            _ => {}
        }
        if let (Some(key), Some(former)) = (now.keys.first(), before.keys.first())
            && key != former
        {
            let rotated = json!({"key": key.to_string(), "former": former.to_string()});
            collector.note("proof.key.rotated", None, rotated).await;
        }
        // A publisher that refuses ends with that: it is said before.
        if now.ended {
            return;
        }
        before = now;
    }
}

/// What shows that checkpoints cannot be written.
const PUBLISH: &str = "publish";

/// What is wrong with the proof, if anything: what shows it, and in words.
fn health(state: &PublisherState) -> Option<(&'static str, &'static str)> {
    if state.refusal.is_some() {
        return Some((
            "history",
            "The log is not what was signed, so nothing more is signed. The server's log says why.",
        ));
    }
    let trouble = "Nothing is signed until the disk takes tiles and checkpoints again. The server's log says why.";
    state.trouble.as_ref().map(|_| (PUBLISH, trouble))
}

impl Proof {
    /// The keys, the one that signs now first.
    pub fn keys(&self) -> Arc<[PublicKey]> {
        self.handle.state().keys
    }

    /// The newest checkpoint.
    pub fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.handle.state().checkpoint
    }

    /// How it is, in a word.
    pub fn health(&self) -> &'static str {
        let state = self.handle.state();
        match (state.refusal, state.trouble) {
            (Some(_), _) => "refused",
            (None, Some(_)) => "failing",
            (None, None) => "signing",
        }
    }
}
