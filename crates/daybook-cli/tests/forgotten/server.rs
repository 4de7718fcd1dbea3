//! A server as a process that says everything it can, all of which is kept.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use daybook_harness::privacy::copy_directory;
use daybook_harness::search::{Haystack, Needles};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The app, of which nobody is asked for consent.
pub const SHOP: &str = "shop";
pub const PATIENCE: Duration = Duration::from_secs(120);
pub const PAUSE: Duration = Duration::from_millis(5);

/// A directory with data, and elsewhere in it the master key and the user's configuration.
pub struct Place {
    directory: TempDir,
    /// Everything that any server here ever said.
    said: Arc<Mutex<Vec<u8>>>,
}

/// A server that runs; killed when dropped.
pub struct Server {
    child: Child,
    agent: ureq::Agent,
    pub url: String,
    key: String,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), said: Arc::default() }
    }

    /// Another place with the same in it.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        copy_directory(self.directory.path(), copy.directory.path());
        copy
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub fn key_file(&self) -> PathBuf {
        self.directory.path().join("keys/master.key")
    }

    /// Where the user's configuration is, and so the keys that stand in.
    pub fn configuration(&self) -> PathBuf {
        self.directory.path().join("config")
    }

    /// Waits until some server here has said this. What it says is read by a thread of its own.
    pub fn has_said(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.said().contains(text) {
            assert!(Instant::now() < deadline, "{text}: {}", self.said());
            std::thread::sleep(PAUSE);
        }
    }

    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().expect("a lock")).into_owned()
    }

    /// Starts a server that says everything it can, and so do the libraries beneath it.
    pub fn start(&self) -> Server {
        self.start_at("trace,daybook=trace")
    }

    /// Starts a server that logs at this level.
    pub fn start_at(&self, level: &str) -> Server {
        std::fs::create_dir_all(self.directory.path().join("home")).expect("a home");
        let key_file = self.key_file();
        if !self.data().exists() {
            std::fs::create_dir_all(key_file.parent().expect("a directory")).expect("a directory of keys");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
        for variable in ["DAYBOOK_CONFIG", "DAYBOOK_MASTER_KEY", "DAYBOOK_STATE"] {
            command.env_remove(variable);
        }
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures/shop");
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", level])
            .args(["--data".as_ref(), self.data().as_os_str(), "--catalogs".as_ref(), shop.as_os_str()])
            .env("DAYBOOK_MASTER_KEY_FILE", &key_file)
            .env("HOME", self.directory.path().join("home"))
            .env("XDG_CONFIG_HOME", self.configuration())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a server");
        let stderr = BufReader::new(child.stderr.take().expect("its standard error"));
        let (sender, listening) = std::sync::mpsc::channel();
        let said = Arc::clone(&self.said);
        std::thread::spawn(move || {
            for line in stderr.split(b'\n').map_while(Result::ok) {
                if let Some(url) = line.strip_prefix(b"listening on ") {
                    let _gone = sender.send(String::from_utf8_lossy(url).into_owned());
                }
                let mut said = said.lock().expect("a lock");
                said.extend_from_slice(&line);
                said.push(b'\n');
            }
        });
        let url = listening.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it did not start: {}", self.said()));
        let key = std::fs::read_to_string(self.data().join("admin.key")).expect("an admin key").trim().to_owned();
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Server { child, agent: config.build().into(), url, key }
    }

    /// None of these is anywhere: in no file, in nothing that was said.
    pub fn is_clean_of(&self, needles: &Needles) {
        let said = self.said.lock().expect("a lock").clone();
        assert!(!said.is_empty());
        let haystack = Haystack::new().directory(self.data()).bytes("what the server said", &said);
        haystack.search(needles).assert_clean();
    }
}

impl Server {
    /// The status and the body of an answer; nothing where the server is gone.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default())
            .expect("a request");
        let mut answer = self.agent.run(request).ok()?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec().ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    fn good(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, body) = self.ask(method, path, body).expect("an answer");
        assert!((200..300).contains(&status), "{status} {body}");
        body
    }

    pub fn get(&self, path: &str) -> Value {
        self.good("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.good("POST", path, Some(body))
    }

    pub fn send(&self, events: &[Value]) -> Value {
        self.post(&format!("/v1/{SHOP}/events"), &json!(events))
    }

    /// Erases somebody, and answers with the report.
    pub fn erase(&self, name: &str) -> Value {
        let answer = self.good("DELETE", &format!("/v1/{SHOP}/subjects/{name}"), None);
        match answer["request"].as_str() {
            // It took longer than a caller waits.
            Some(request) => self.finished(request),
            None => answer,
        }
    }

    /// Waits until an erasure is complete; its state with the report.
    pub fn finished(&self, request: &str) -> Value {
        self.reaches(request, "complete")
    }

    /// Waits until an erasure is in this state, with a report.
    pub fn reaches(&self, request: &str, wanted: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let state = self.get(&format!("/v1/{SHOP}/erasures/{request}"));
            if state["state"] == wanted {
                return state;
            }
            assert!(Instant::now() < deadline, "it does not come to its end: {state:#}");
            std::thread::sleep(PAUSE);
        }
    }

    /// The report in an answer, verified with the key that the server gives.
    pub fn verified(&self, answer: &Value) -> Value {
        let key = self.get("/v1/privacy")["report_key"].as_str().expect("a key").to_owned();
        let jws = answer["jws"].as_str().unwrap_or_else(|| panic!("no report: {answer:#}"));
        let report = daybook_privacy::report::verify(jws, &key).expect("a report that verifies");
        assert_eq!(serde_json::to_value(&report).expect("JSON"), answer["report"]);
        answer["report"].clone()
    }

    /// Every event of an app, as those see it who may see people.
    pub fn events(&self, app: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let page = self.get(&format!("/v1/{app}/events?limit=1000&after={after}"));
            all.extend(page["events"].as_array().expect("events").iter().cloned());
            let next = page["next"].as_u64().expect("a position");
            if next <= after {
                return all;
            }
            after = next;
        }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
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

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An order of somebody, in the canonical form.
pub fn order(identity: &str) -> Value {
    json!({"id": uuid::Uuid::now_v7(), "name": "order.placed", "identity": identity, "session": format!("visit-of-{identity}"),
           "data": {"total": "1.00", "email": format!("mail-to-{identity}")}})
}

/// One that nobody admits.
pub fn bad_order(identity: &str) -> Value {
    json!({"id": uuid::Uuid::now_v7(), "name": "order.placed", "identity": identity, "session": format!("visit-of-{identity}"),
           "data": {"note": format!("for {identity}")}})
}

/// What to look for of these people.
pub fn needles<'n>(names: impl IntoIterator<Item = &'n str>) -> Needles {
    names.into_iter().fold(Needles::new(), |needles, name| needles.identity(name, name))
}

/// A name that nobody has: a prefix to tell people apart, and letters to find them by.
pub fn name(prefix: &str) -> String {
    format!("{prefix}-{}", uuid::Uuid::new_v4().simple())
}
