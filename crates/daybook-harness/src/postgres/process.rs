//! The process of a server.

use std::fs::File;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::install::Install;
use super::read_log;
use crate::command::{Account, command};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks at it.
const PAUSE: Duration = Duration::from_millis(10);

/// A running server. A thread of its own starts it and waits for it, so that it lives as long as this process and no thread of
/// the test takes it away by ending.
pub(super) struct Process {
    pid: Pid,
    keeper: Mutex<Option<JoinHandle<ExitStatus>>>,
}

impl Process {
    /// Starts a server on its directory; none where the port was taken.
    pub(super) fn start(install: &Install, account: Option<Account>, directory: &Path, port: u16) -> Option<Self> {
        let data = directory.join("data");
        let log = File::options().append(true).create(true).open(directory.join("server.log")).unwrap();
        let said_before = read_log(directory).len();
        let mut postgres = command(&install.binary("postgres"), account);
        postgres.arg("-D").arg(&data).arg("-p").arg(port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "full_page_writes=off",
            "shared_buffers=16MB",
            "max_connections=200",
            "wal_level=minimal",
            "max_wal_senders=0",
            "jit=off",
            "log_min_error_statement=panic",
            "lc_messages=C",
        ] {
            postgres.arg("-c").arg(setting);
        }
        postgres.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);

        let (started, start) = mpsc::channel();
        let keeper = std::thread::spawn(move || {
            let mut child: Child = postgres.spawn().expect("postgres starts");
            started.send(child.id()).expect("the test waits for it");
            child.wait().unwrap()
        });
        let pid = start.recv().expect("postgres starts");
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        let process = Self { pid, keeper: Mutex::new(Some(keeper)) };
        let begun = Instant::now();
        while !is_ready(&data, pid) {
            let said = read_log(directory).split_off(said_before);
            if process.has_ended() {
                assert!(said.contains("could not bind"), "PostgreSQL does not start: {said}");
                return None;
            }
            if begun.elapsed() > PATIENCE {
                process.kill();
                panic!("PostgreSQL is not ready after {PATIENCE:?}: {said}");
            }
            std::thread::sleep(PAUSE);
        }
        Some(process)
    }

    /// Sends clients away, writes everything, and ends.
    pub(super) fn stop(&self) {
        self.end(Signal::INT);
    }

    /// Ends at once.
    pub(super) fn kill(&self) {
        self.end(Signal::QUIT);
    }

    fn end(&self, signal: Signal) {
        let Some(keeper) = self.keeper.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() else {
            return;
        };
        // The keeper has not reaped it while it runs, so the number is still its own.
        if !keeper.is_finished() {
            let _ = kill_process(self.pid, signal);
        }
        let begun = Instant::now();
        while !keeper.is_finished() {
            if begun.elapsed() > PATIENCE {
                let _ = kill_process(self.pid, Signal::KILL);
            }
            std::thread::sleep(PAUSE);
        }
        let _ = keeper.join();
    }

    fn has_ended(&self) -> bool {
        self.keeper.lock().unwrap().as_ref().is_none_or(JoinHandle::is_finished)
    }
}

/// Whether this server takes connections: its pid file says so, as `pg_ctl` reads it. One that was killed leaves its file behind.
fn is_ready(data: &Path, pid: Pid) -> bool {
    let file = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let mut lines = file.lines();
    let is_its_own = lines.next() == Some(pid.as_raw_nonzero().to_string().as_str());
    is_its_own && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}
