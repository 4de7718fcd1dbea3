//! Running the command.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for something that happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The command with these arguments, away from the settings of whoever runs the tests.
pub fn daybook(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
    command.args(arguments);
    for variable in [
        "COLUMNS",
        "DAYBOOK_CONFIG",
        "DAYBOOK_DATA",
        "DAYBOOK_KEY",
        "DAYBOOK_LISTEN",
        "DAYBOOK_LOG_KEY_FILE",
        "DAYBOOK_MASTER_KEY",
        "DAYBOOK_MASTER_KEY_FILE",
        "DAYBOOK_SERVER",
        "DAYBOOK_STATE",
    ] {
        command.env_remove(variable);
    }
    // Master keys that no option names go here, and not to whoever runs the tests.
    command.env("HOME", home()).env("XDG_CONFIG_HOME", home().join("config"));
    command.env("NO_COLOR", "1").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The home of the commands under test.
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("home")
}

/// The master key of the server on this data directory, which it makes itself. Outside of tests it lies elsewhere.
pub fn master_key(data: &Path) -> PathBuf {
    data.join("test-master.key")
}

/// What a run left behind, in the form that is snapshotted.
pub fn transcript(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    format!(
        "exit status: {}\n--- stdout\n{}\n--- stderr\n{}",
        output.status.code().map_or_else(|| "none".to_owned(), |code| code.to_string()),
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// Runs to the end.
pub fn run(arguments: &[&str]) -> Output {
    daybook(arguments).output().expect("the command runs")
}

/// Runs to the end with this input.
pub fn run_with_input(arguments: &[&str], input: &str) -> Output {
    feed(&mut daybook(arguments), input)
}

fn feed(command: &mut Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the command runs");
    let mut stdin = child.stdin.take().expect("an input");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

/// Standard output of a run that succeeded.
pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", transcript(output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Standard output of a run that succeeded, as JSON.
pub fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}: {}", transcript(output)))
}

/// Lets midnight pass where it is close: a test that speaks of days would end on another than it began on.
pub fn away_from_midnight() {
    const DAY_SECONDS: u64 = 24 * 60 * 60;
    const CLOSE_SECONDS: u64 = 3 * 60;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    let left = DAY_SECONDS - now.as_secs() % DAY_SECONDS;
    if left <= CLOSE_SECONDS {
        std::thread::sleep(Duration::from_secs(left));
    }
}

/// An address of this process alone, in the form of `--listen`: what starts again there finds its port free, since
/// nobody else listens on this address or connects from it.
pub fn own_address() -> String {
    let [_, first, second, third] = std::process::id().to_be_bytes();
    format!("127.{}.{second}.{third}:0", 64 + first % 64)
}

/// A fifth app, unknown to the program.
pub fn shop_catalog() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures/shop")
}

/// A server as a process; killed when dropped.
pub struct ServerProcess {
    child: Child,
    /// Where it listens.
    pub url: String,
    /// Its admin key.
    pub key: String,
}

impl ServerProcess {
    /// Starts one on this data directory, with the shop's catalog.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &["--listen", "127.0.0.1:0"])
    }

    /// The same with these options, of which one is `--listen`.
    pub fn start_with(data: &Path, options: &[&str]) -> Self {
        Self::start_on(data, &shop_catalog(), options)
    }

    /// The same with these catalogs.
    pub fn start_on(data: &Path, catalogs: &Path, options: &[&str]) -> Self {
        let mut child = daybook(&["serve", "--log-level", "warn"])
            .args(options)
            .args(["--data".as_ref(), data.as_os_str(), "--catalogs".as_ref(), catalogs.as_os_str()])
            .env("DAYBOOK_MASTER_KEY_FILE", master_key(data))
            .spawn()
            .expect("a server");
        let stderr = BufReader::new(child.stderr.take().expect("its standard error"));
        let (sender, receiver) = std::sync::mpsc::channel();
        // Keeps reading, so that a server that says much never waits for its listener.
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut said = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        let url = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left) {
                Ok(line) => {
                    if let Some(url) = line.strip_prefix("listening on ") {
                        break url.to_owned();
                    }
                    said.push(line);
                }
                Err(_) => panic!("the server did not start: {}", said.join("\n")),
            }
        };
        let key = std::fs::read_to_string(data.join("admin.key")).expect("an admin key").trim().to_owned();
        Self { child, url, key }
    }

    /// A POST of events to an app, answered with receipts.
    pub fn send(&self, app: &str, events: &Value) -> Value {
        let request = ureq::post(format!("{}/v1/{app}/events", self.url));
        let request = request.header("authorization", format!("Bearer {}", self.key));
        request.send_json(events).expect("an answer").body_mut().read_json().expect("JSON")
    }

    /// The command with these arguments, to this server, as its administrator.
    pub fn run(&self, arguments: &[&str]) -> Output {
        daybook(arguments)
            .env("DAYBOOK_SERVER", &self.url)
            .env("DAYBOOK_KEY", &self.key)
            .output()
            .expect("the command runs")
    }

    /// The same with this input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = daybook(arguments);
        feed(command.env("DAYBOOK_SERVER", &self.url).env("DAYBOOK_KEY", &self.key), input)
    }

    /// A GET, answered with JSON.
    pub fn get(&self, path: &str) -> Value {
        let request = ureq::get(format!("{}{path}", self.url)).header("authorization", format!("Bearer {}", self.key));
        request.call().expect("an answer").body_mut().read_json().expect("JSON")
    }

    /// Waits until it has heard that a key is good, or that it is not any more.
    pub fn hears_of_key(&self, key: &str, is_good: bool) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let request = agent.get(format!("{}/v1/shop/events?limit=1", self.url));
            let answer = request.header("authorization", format!("Bearer {key}")).call().expect("an answer");
            // Whatever the key may do: who it is was asked first.
            if (answer.status() != 401) == is_good {
                return;
            }
            assert!(Instant::now() < deadline, "{}", answer.status());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until an app's tables have everything that is in the log.
    pub fn fills_lake(&self, app: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lake = self.get(&format!("/v1/consumers/{app}/lake"));
            if lake["offset"].as_u64() >= lake["head"].as_u64() {
                return;
            }
            assert!(Instant::now() < deadline, "{lake}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends it a signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// Ends it as a power cut would, as far as the process is concerned.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        assert!(asked.success());
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
