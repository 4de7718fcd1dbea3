//! A shop with consumers of its own, and the server that runs them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use daybook_harness::privacy::copy_directory;
use serde_json::Value;
use tempfile::TempDir;

/// The app.
pub const SHOP: &str = "shop";
/// How long anything may take that happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(20);

/// A directory with a catalog, a configuration, data and a master key. A server on it has the same address in every one of its lives.
pub struct Place {
    directory: TempDir,
    address: std::net::SocketAddr,
    /// Everything that any server here ever said.
    said: Arc<Mutex<String>>,
}

/// A server that runs; killed when dropped.
pub struct Server {
    child: Child,
    api: Api,
}

/// How a server is asked, by whoever.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    url: String,
    key: String,
}

/// A consumer: its name, what the catalog says of it, and what the configuration says of it.
pub struct Consumer {
    pub name: &'static str,
    pub spec: String,
    pub settings: String,
}

impl Consumer {
    /// One that takes every event.
    pub fn of_all(name: &'static str, handler: &str, settings: String) -> Self {
        Self { name, spec: format!("{{events: ['*'], handler: {handler}}}"), settings }
    }
}

impl Place {
    /// One with these consumers, and this besides in its configuration.
    pub fn new(consumers: &[Consumer], configuration: &str) -> Self {
        // An address of this process alone: while the server is away nobody listens on its port, or connects from it.
        let [_, first, second, third] = std::process::id().to_be_bytes();
        let listener = TcpListener::bind((std::net::Ipv4Addr::new(127, 64 + first % 64, second, third), 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let place = Self { directory: tempfile::tempdir().unwrap(), address, said: Arc::default() };
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures/shop");
        copy_directory(&shop, &place.path("shop"));
        std::fs::create_dir_all(place.path("home")).unwrap();
        place.configure(consumers, configuration);
        place
    }

    /// Writes catalog and configuration anew.
    pub fn configure(&self, consumers: &[Consumer], configuration: &str) {
        let mut catalog = "consumers:\n".to_owned();
        if consumers.is_empty() {
            catalog = "consumers: {}\n".to_owned();
        }
        let mut settings = format!(
            "listen = \"{}\"\ndata = {:?}\ncatalogs = [{:?}]\ndefault-catalogs = false\n{configuration}\n",
            self.address,
            self.data(),
            self.path("shop")
        );
        for consumer in consumers {
            writeln!(catalog, "  {}: {}", consumer.name, consumer.spec).unwrap();
            writeln!(settings, "[consumers.\"{SHOP}/{}\"]\n{}", consumer.name, consumer.settings).unwrap();
        }
        std::fs::write(self.path("shop/consumers.yaml"), catalog).unwrap();
        std::fs::write(self.path("daybook.toml"), settings).unwrap();
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Starts the server.
    pub fn start(&self) -> Server {
        let mut child = self.command(&["serve", "--config"]).arg(self.path("daybook.toml")).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, listening) = std::sync::mpsc::channel();
        let said = Arc::clone(&self.said);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if line.starts_with("listening on ") {
                    let _gone = sender.send(());
                }
                let mut said = said.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
            }
        });
        listening.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it did not start: {}", self.said()));
        let key = std::fs::read_to_string(self.data().join("admin.key")).unwrap().trim().to_owned();
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        let api = Api { agent: config.build().into(), url: format!("http://{}", self.address), key };
        Server { child, api }
    }

    /// What a server says that does not start.
    pub fn refusal(&self) -> String {
        let mut server = self.command(&["serve", "--config"]).arg(self.path("daybook.toml")).spawn().unwrap();
        let (mut said, mut line) = (String::new(), String::new());
        let mut stderr = BufReader::new(server.stderr.take().unwrap());
        while stderr.read_line(&mut line).unwrap() > 0 {
            if line.starts_with("listening on ") {
                server.kill().unwrap();
                server.wait().unwrap();
                panic!("it started: {said}");
            }
            said.push_str(&std::mem::take(&mut line));
        }
        let status = server.wait().unwrap();
        assert!(!status.success(), "{status}: {said}");
        said
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
        for variable in ["DAYBOOK_CONFIG", "DAYBOOK_DATA", "DAYBOOK_LISTEN", "DAYBOOK_MASTER_KEY", "DAYBOOK_STATE"] {
            command.env_remove(variable);
        }
        command
            .args(arguments)
            .env("DAYBOOK_MASTER_KEY_FILE", self.path("master.key"))
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("home/config"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl std::ops::Deref for Server {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Server {
    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would, as far as the process is concerned.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Api {
    /// The status and the body of an answer; nothing where the server is gone.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default())
            .unwrap();
        let mut answer = self.agent.run(request).ok()?;
        let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec().ok()?;
        Some((answer.status().as_u16(), serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    fn good(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, body) = self.ask(method, path, body).expect("an answer");
        assert!((200..300).contains(&status), "{method} {path}: {status} {body:#}");
        body
    }

    pub fn get(&self, path: &str) -> Value {
        self.good("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.good("POST", path, Some(body))
    }

    pub fn send(&self, events: &[Value]) -> Value {
        self.post(&format!("/v1/{SHOP}/events"), &Value::from(events))
    }

    /// How one of the shop's consumers is.
    pub fn consumer(&self, name: &str) -> Value {
        self.get(&format!("/v1/consumers/{SHOP}/{name}"))
    }

    /// Has something done with one of the shop's consumers.
    pub fn tell(&self, name: &str, what: &str) -> Value {
        self.good("POST", &format!("/v1/consumers/{SHOP}/{name}/{what}"), None)
    }

    /// Waits until a consumer is as wanted.
    pub fn consumer_when(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let consumer = self.consumer(name);
            if wanted(&consumer) {
                return consumer;
            }
            assert!(Instant::now() < deadline, "{consumer:#}");
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until a consumer has got this far.
    pub fn passes(&self, name: &str, position: u64) -> Value {
        self.consumer_when(name, |consumer| offset(consumer) >= position)
    }

    /// The position of the log's last event.
    pub fn head(&self, name: &str) -> u64 {
        self.consumer(name)["head"].as_u64().unwrap()
    }
}

/// How far a consumer is.
pub fn offset(consumer: &Value) -> u64 {
    consumer["offset"].as_u64().unwrap()
}

/// Waits until something is so.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(PAUSE);
    }
}
