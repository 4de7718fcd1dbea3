//! The process of a server: started, watched until it is ready, paused, and ended, whatever becomes of the test.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to start or to stop, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(180);
/// Pause between two looks at it.
const PAUSE: Duration = Duration::from_millis(10);

/// What a server says in its log.
pub struct Signs {
    /// It takes connections.
    pub ready: &'static str,
    /// Somebody else has its port.
    pub port_taken: &'static str,
}

/// A running server. A thread of its own starts it and waits for it, so that it lives as long as this process and no thread of
/// the test takes it away by ending.
pub struct Process {
    pid: Pid,
    keeper: Option<JoinHandle<ExitStatus>>,
    paused: Option<Paused>,
}

impl Process {
    /// Starts a server that writes to this log, and returns when it takes connections; none where its port was taken.
    pub fn start(mut server: Command, name: &str, log: &Path, signs: &Signs) -> Option<Self> {
        let said_before = read(log).len();
        let output = File::options().append(true).create(true).open(log).unwrap();
        server.stdout(output.try_clone().unwrap()).stderr(output);
        let (started, start) = mpsc::channel();
        let keeper = std::thread::spawn(move || {
            let mut child: Child = server.spawn().expect("the server starts");
            started.send(child.id()).expect("the test waits for it");
            child.wait().unwrap()
        });
        let pid = pid(start.recv().expect("the server starts"));
        let mut process = Self { pid, keeper: Some(keeper), paused: None };
        let begun = Instant::now();
        loop {
            // Looked at before the log is read: what ended has said everything.
            let has_ended = process.keeper.as_ref().is_none_or(JoinHandle::is_finished);
            let said = read(log).split_off(said_before);
            if has_ended {
                assert!(said.contains(signs.port_taken), "{name} does not start: {said}");
                return None;
            }
            if said.contains(signs.ready) {
                return Some(process);
            }
            if begun.elapsed() > PATIENCE {
                process.kill(Signal::KILL);
                panic!("{name} is not ready after {PATIENCE:?}: {said}");
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Asks it to end with this signal, and waits until it has.
    pub fn stop(&mut self, signal: Signal) {
        self.resume();
        if !self.has_ended() {
            let _ = kill_process(self.pid, signal);
        }
        self.wait();
    }

    /// Ends it and the processes it started at once: these with SIGKILL, itself with a signal that does as much.
    pub fn kill(&mut self, signal: Signal) {
        let children = self.stopped_with_children();
        for child in &children {
            let _ = kill_process(*child, Signal::KILL);
        }
        if !self.has_ended() {
            let _ = kill_process(self.pid, signal);
            let _ = kill_process(self.pid, Signal::CONT);
        }
        self.wait();
        // They are still at its files otherwise, when it is started again.
        let begun = Instant::now();
        while children.iter().any(|child| is_alive(*child)) && begun.elapsed() < PATIENCE {
            std::thread::sleep(PAUSE);
        }
        if let Some(paused) = self.paused.take() {
            paused.forget();
        }
    }

    /// Stops it where it is: it keeps its connections and answers nothing until [`Process::resume`].
    pub fn pause(&mut self) {
        if self.paused.is_some() {
            return;
        }
        let mut processes = vec![self.pid];
        processes.extend(self.stopped_with_children());
        self.paused = Some(Paused::watch(processes));
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        if let Some(paused) = self.paused.take() {
            paused.go_on();
        }
    }

    /// The numbers of its processes.
    #[cfg(test)]
    pub fn family(&self) -> Vec<String> {
        let processes = children(self.pid).into_iter().chain([self.pid]);
        processes.map(|process| process.as_raw_nonzero().to_string()).collect()
    }

    /// Stops it and the processes it started, which are returned. It comes first, for it starts no more of them once it
    /// has stopped. All of them have when this returns.
    fn stopped_with_children(&self) -> Vec<Pid> {
        if self.has_ended() {
            return Vec::new();
        }
        let _ = kill_process(self.pid, Signal::STOP);
        wait_until_stopped(self.pid);
        let children = children(self.pid);
        for child in &children {
            let _ = kill_process(*child, Signal::STOP);
        }
        children.iter().copied().for_each(wait_until_stopped);
        children
    }

    /// The keeper has not reaped it while it runs, so its number is its own until then.
    fn has_ended(&self) -> bool {
        self.keeper.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn wait(&mut self) {
        let Some(keeper) = self.keeper.take() else { return };
        let begun = Instant::now();
        while !keeper.is_finished() {
            if begun.elapsed() > PATIENCE {
                let _ = kill_process(self.pid, Signal::KILL);
            }
            std::thread::sleep(PAUSE);
        }
        let _ = keeper.join();
    }
}

/// Processes that do not run. Nothing ends a stopped process but SIGKILL, so a shell waits to send it when the test is killed
/// meanwhile.
struct Paused {
    processes: Vec<Pid>,
    watch: Child,
}

impl Paused {
    fn watch(processes: Vec<Pid>) -> Self {
        // The pipe's end is read when this process is gone; its own group outlives one that is killed as a whole.
        let watch = Command::new("sh")
            .args(["-c", r#"read -r _ || kill -KILL "$@""#, "daybook-harness"])
            .args(processes.iter().map(|process| OsString::from(process.as_raw_nonzero().to_string())))
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh starts");
        Self { processes, watch }
    }

    fn go_on(self) {
        for process in self.processes.iter().rev() {
            let _ = kill_process(*process, Signal::CONT);
        }
        self.forget();
    }

    fn forget(mut self) {
        if let Some(mut pipe) = self.watch.stdin.take() {
            let _ = pipe.write_all(b"done\n");
        }
        let _ = self.watch.wait();
    }
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap()).unwrap()
}

/// The processes that this one has started and that are still there; none where the system does not show them in `/proc`.
fn children(parent: Pid) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let number: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let process = Pid::from_raw(number)?;
            let (_, its_parent) = state_and_parent(process)?;
            (its_parent == parent.as_raw_nonzero().get()).then_some(process)
        })
        .collect()
}

/// Waits until no thread of a process runs that was told to stop: one that is in the middle of a call of the system, or
/// on another processor, stops a little later.
fn wait_until_stopped(process: Pid) {
    let begun = Instant::now();
    while threads(process).iter().any(|state| !matches!(state, 'T' | 't' | 'Z' | 'X')) && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What each of its threads does; none where the system does not show them.
fn threads(process: Pid) -> Vec<char> {
    let Ok(entries) = std::fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero())) else { return Vec::new() };
    let stat =
        |entry: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok();
    entries.filter_map(stat).filter_map(|stat| Some(parse(&stat)?.0)).collect()
}

/// Whether it is there and no zombie.
fn is_alive(process: Pid) -> bool {
    state_and_parent(process).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}

fn state_and_parent(process: Pid) -> Option<(char, i32)> {
    parse(&std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?)
}

fn parse(stat: &str) -> Option<(char, i32)> {
    // `pid (name) state parent …`, where the name may hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn read(log: &Path) -> String {
    // Cut at whole characters: a server may be in the middle of one.
    String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned()
}
