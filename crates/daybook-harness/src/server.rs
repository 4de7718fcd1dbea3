//! What the private servers have in common: a directory, a port, a process, and the ways it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::command::Account;
use crate::port::Port;
use crate::process::{Process, Signs};

/// How often another port is tried: somebody who does not reserve any may take one before the server gets it.
const PORT_TRIES: usize = 8;

/// What is particular to a program.
pub trait Program {
    /// What people call it.
    const NAME: &'static str;
    /// The users it is run as instead of root, the first that there is.
    const USERS: &'static [&'static str];
    /// What asks it to end as an operator does.
    const STOP: Signal;
    /// What ends it at once without leaving anything behind in the system.
    const KILL: Signal = Signal::KILL;
    /// How its log is read.
    const SIGNS: Signs;

    /// How it is started on this directory and port. It should write nowhere else.
    fn command(&self, account: Option<Account>, directory: &Path, port: u16) -> Command;

    /// The URL that a client of its main database is given.
    fn url(&self, port: u16) -> String;

    /// The password in every URL. It should be found nowhere else.
    fn password(&self) -> &str;
}

/// A server of one test. It listens on a port of 127.0.0.1 that no other server uses, wants a password, and is gone with
/// everything in it when this is dropped.
///
/// What it acknowledged has reached the operating system, but not always the disk: it survives [`Server::kill`], not a power cut.
pub struct Server<P: Program> {
    pub(crate) program: P,
    account: Option<Account>,
    directory: TempDir,
    port: Port,
    process: Mutex<Option<Process>>,
}

impl<P: Program> Server<P> {
    /// Starts a server in a new directory, which `prepare` fills first.
    pub(crate) fn launch(prepare: impl FnOnce(&Path, Option<Account>) -> P) -> Self {
        let account = Account::instead_of_root(P::USERS);
        let prefix = format!("daybook-{}-", P::NAME.to_lowercase());
        let directory = tempfile::Builder::new().prefix(&prefix).tempdir().unwrap();
        let program = prepare(directory.path(), account);
        if let Some(account) = account {
            account.own(directory.path());
        }
        let mut server = Self { program, account, directory, port: Port::reserve(), process: Mutex::new(None) };
        for _ in 0..PORT_TRIES {
            if let Some(process) = server.run() {
                *server.process() = Some(process);
                return server;
            }
            server.port = Port::reserve();
        }
        panic!("{} found no free port in {PORT_TRIES} tries", P::NAME);
    }

    /// The URL for a client of its main database, password included.
    #[must_use]
    pub fn url(&self) -> String {
        self.program.url(self.port())
    }

    /// The port of 127.0.0.1 that it listens on, in every one of its lives.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The password that every URL holds. It should be found nowhere else.
    #[must_use]
    pub fn password(&self) -> &str {
        self.program.password()
    }

    /// The directory with everything the server writes, its own log (`server.log`) included.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// Halts the server where it is (`SIGSTOP`): it takes connections and bytes as far as the kernel does, and answers nothing.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pause(&self) {
        self.process().as_mut().expect("the server runs").pause();
    }

    /// Lets it go on after [`Server::pause`].
    ///
    /// # Panics
    /// When it does not run.
    pub fn resume(&self) {
        self.process().as_mut().expect("the server runs").resume();
    }

    /// Stops the server as an operator does: clients are sent away, everything is written. Its data stay.
    pub fn stop(&self) {
        if let Some(mut process) = self.process().take() {
            process.stop(P::STOP);
        }
    }

    /// Stops the server as a crash does (`SIGKILL` to whatever serves clients), paused or not. Its data stay, with whatever it acknowledged.
    pub fn kill(&self) {
        if let Some(mut process) = self.process().take() {
            process.kill(P::KILL);
        }
    }

    /// Starts it where it was, after [`Server::stop`] or [`Server::kill`]; one that runs is stopped first.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&self) {
        self.stop();
        let process = self.run();
        assert!(process.is_some(), "somebody took the port of {} while it was away", P::NAME);
        *self.process() = process;
    }

    fn run(&self) -> Option<Process> {
        let mut command = self.program.command(self.account, self.directory.path(), self.port());
        // What it says is read, so it is said in one language.
        command.env("LC_ALL", "C");
        Process::start(command, P::NAME, &self.directory.path().join("server.log"), &P::SIGNS)
    }

    /// A test that panicked may hold the lock's poison; the server goes all the same.
    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Program> Drop for Server<P> {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The output of a client that was asked something.
///
/// # Panics
/// When it says that it failed.
pub fn output(client: &mut Command, question: &str) -> String {
    try_output(client).unwrap_or_else(|said| panic!("{question}: {said}"))
}

/// The same; what it says when it fails.
pub fn try_output(client: &mut Command) -> Result<String, String> {
    let output = client.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// That everything a server promises is so, for the tests of each.
#[cfg(test)]
pub mod conformance {
    use std::io::{BufRead, BufReader, ErrorKind};
    use std::net::TcpStream;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use super::{Program, Server};

    /// Says to a test that is to be killed whether it pauses its server before.
    const PAUSED: &str = "DAYBOOK_HARNESS_PAUSED";
    /// Before the numbers of its processes.
    const PROCESSES: &str = "processes: ";

    /// A server keeps what it acknowledged through every end, on its port, and a paused one answers nothing. `write` and `read`
    /// keep one text each; `ask` sends what is answered at once and returns the connection unread.
    pub fn check<P: Program>(
        server: &Server<P>,
        write: impl Fn(&Server<P>, &str),
        read: impl Fn(&Server<P>) -> Vec<String>,
        ask: impl Fn(&mut TcpStream),
    ) {
        let port = server.port();
        assert!(server.url().contains(server.password()) && server.url().contains(&port.to_string()));
        assert!(!matches!(port, 3306 | 4222 | 5432..=5440 | 6379));

        write(server, "first");
        server.kill();
        TcpStream::connect(("127.0.0.1", port)).unwrap_err();
        server.restart();
        write(server, "second");
        server.stop();
        TcpStream::connect(("127.0.0.1", port)).unwrap_err();
        server.restart();

        server.pause();
        server.pause();
        let mut silent = TcpStream::connect(("127.0.0.1", port)).unwrap();
        silent.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        ask(&mut silent);
        let error = std::io::Read::read(&mut silent, &mut [0]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        server.resume();
        silent.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        assert_eq!(std::io::Read::read(&mut silent, &mut [0]).unwrap(), 1);
        server.resume();
        write(server, "third");

        // A paused one is ended as well, both ways, and a running one is started anew.
        server.pause();
        server.kill();
        server.restart();
        server.pause();
        server.restart();
        write(server, "fourth");
        assert_eq!(read(server), ["first", "second", "third", "fourth"]);
        assert_eq!(server.port(), port);
        let log = std::fs::read_to_string(server.directory().join("server.log")).unwrap();
        assert!(!log.contains(server.password()));
    }

    /// Nothing is left of a server when the test that owns it panics.
    pub fn goes_with_a_panic<P: Program + 'static>(start: fn() -> Server<P>) {
        let (send, receive) = std::sync::mpsc::channel();
        let test = std::thread::spawn(move || {
            let server = start();
            let processes = server.process().as_ref().unwrap().family();
            send.send((processes, server.directory())).unwrap();
            panic!("on purpose");
        });
        let (processes, directory) = receive.recv().unwrap();
        test.join().unwrap_err();
        assert!(!directory.exists());
        // Its port may be somebody else's by now.
        assert!(!processes.iter().any(|process| runs(process)), "{processes:?}");
    }

    /// Nothing runs on of a server when the test that owns it is killed, paused though it be. That test calls
    /// [`wait_to_be_killed`].
    #[cfg(target_os = "linux")]
    pub fn goes_with_a_kill(test: &str) {
        for paused in [false, true] {
            let mut killed = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", test, "--ignored", "--nocapture"])
                .env(PAUSED, paused.to_string())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut said = BufReader::new(killed.stdout.take().unwrap()).lines().map_while(Result::ok);
            let said = said.find_map(|line| Some(line.strip_prefix(PROCESSES)?.to_owned())).expect("its processes");
            let processes: Vec<String> = said.split_whitespace().map(str::to_owned).collect();
            assert!(processes.len() > 1, "{said}");
            assert!(processes.iter().all(|process| runs(process)), "{said}");
            killed.kill().unwrap();
            killed.wait().unwrap();
            let deadline = Instant::now() + Duration::from_secs(60);
            while processes.iter().any(|process| runs(process)) {
                assert!(Instant::now() < deadline, "{paused}: it runs on: {said}");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Says which processes the server has, and waits.
    pub fn wait_to_be_killed<P: Program>(server: &Server<P>) {
        let Ok(paused) = std::env::var(PAUSED) else { return };
        if paused == "true" {
            server.pause();
        }
        let processes = server.process().as_ref().unwrap().family();
        println!("\n{PROCESSES}{}", processes.join(" "));
        std::thread::park();
    }

    fn runs(process: &str) -> bool {
        std::fs::read_to_string(format!("/proc/{process}/stat"))
            .is_ok_and(|stat| !stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with(['Z', 'X'])))
    }
}
