//! The other side of an HTTP call: a server in the test that answers as the test says and remembers what it was sent.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::port::Port;

/// A receiver of HTTP calls on a port of 127.0.0.1. It runs on threads of its own, so tests without a runtime have one too.
pub struct Receiver {
    port: Port,
    shared: Arc<Shared>,
    running: Mutex<Option<Runtime>>,
}

/// A call that came in whole.
#[derive(Debug, Clone)]
pub struct Call {
    /// `POST`.
    pub method: Method,
    /// The path, and the query if there is one.
    pub path: String,
    /// As they came.
    pub headers: HeaderMap,
    /// As it came.
    pub body: Bytes,
    /// What it was answered with; 0 where the connection was closed instead.
    pub status: u16,
}

/// What a call is answered with.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

type Decide = Box<dyn FnMut(&Call) -> Answer + Send>;

struct Shared {
    decide: Mutex<Decide>,
    calls: Mutex<Vec<Call>>,
    paused: watch::Sender<bool>,
}

impl Answer {
    /// This status, with nothing in it.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// None: the connection is closed.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With this header as well.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

impl Receiver {
    /// Starts one that answers 200 to everything.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let shared = Arc::new(Shared {
            decide: Mutex::new(Box::new(|_| Answer::status(200))),
            calls: Mutex::default(),
            paused: watch::Sender::new(false),
        });
        let mut port = Port::reserve();
        let listener = loop {
            match listen(port.number()) {
                Ok(listener) => break listener,
                // Somebody who does not reserve any was faster.
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => port = Port::reserve(),
                Err(error) => panic!("{error}"),
            }
        };
        let runtime = serve(listener, &shared);
        Self { port, shared, running: Mutex::new(Some(runtime)) }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The port of 127.0.0.1 that it listens on, in every one of its lives.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Answers the next calls with these, in turn, and those after them with 200.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer, IntoIter: Send + 'static>) {
        let mut answers = answers.into_iter();
        self.decides(move |_| answers.next().unwrap_or_else(|| Answer::status(200)));
    }

    /// Answers every call from now on as this says.
    pub fn decides(&self, decide: impl FnMut(&Call) -> Answer + Send + 'static) {
        *lock(&self.shared.decide) = Box::new(decide);
    }

    /// Every call so far, in the order in which they were answered.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// Forgets the calls so far, which are returned.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut lock(&self.shared.calls))
    }

    /// Takes calls, but answers none of them until [`Receiver::resume`].
    pub fn pause(&self) {
        self.shared.paused.send_replace(true);
    }

    /// Answers again, first the calls that wait.
    pub fn resume(&self) {
        self.shared.paused.send_replace(false);
    }

    /// Ends it as a crash does: every connection breaks, and nobody listens any more. Calls that wait are not remembered.
    pub fn kill(&self) {
        if let Some(runtime) = lock(&self.running).take() {
            runtime.shutdown_background();
        }
        // The port is free once the listener is dropped, which the runtime's threads do.
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port())).is_ok() {
            // No faster: its queue of connections is not endless.
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Starts it where it was, with what it remembers; one that runs is killed first.
    ///
    /// # Panics
    /// When somebody took its port.
    pub fn restart(&self) {
        self.kill();
        self.resume();
        let listener = listen(self.port()).expect("a port to receive on");
        *lock(&self.running) = Some(serve(listener, &self.shared));
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(runtime) = lock(&self.running).take() {
            runtime.shutdown_background();
        }
    }
}

/// Not by the runtime: whoever starts this may be inside another one, and must not wait for this one there.
fn listen(port: u16) -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn serve(listener: std::net::TcpListener, shared: &Arc<Shared>) -> Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let shared = Arc::clone(shared);
    runtime.spawn(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        while let Ok((connection, _)) = listener.accept().await {
            let shared = Arc::clone(&shared);
            let service = service_fn(move |request| receive(Arc::clone(&shared), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
        }
    });
    runtime
}

/// An error closes the connection.
async fn receive(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, String> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let mut paused = shared.paused.subscribe();
    paused.wait_for(|paused| !paused).await.map_err(|error| error.to_string())?;
    let mut call = Call { method: head.method, path: head.uri.to_string(), headers: head.headers, body, status: 0 };
    let answer = lock(&shared.decide)(&call);
    call.status = answer.status;
    lock(&shared.calls).push(call);
    if answer.status == 0 {
        return Err("no answer".to_owned());
    }
    let response = Response::builder().status(answer.status);
    let response = answer.headers.into_iter().fold(response, |response, (name, value)| response.header(name, value));
    Ok(response.body(Full::from(answer.body)).unwrap())
}

/// What a test that panicked left is still of use.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    /// What is answered to a POST; nothing where the connection is closed without an answer.
    fn post(port: u16, path: &str, body: &str, patience: Duration) -> std::io::Result<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", port))?;
        connection.set_read_timeout(Some(patience))?;
        let length = body.len();
        write!(
            connection,
            "POST {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn it_answers_as_it_is_told_and_remembers() {
        const PATIENCE: Duration = Duration::from_secs(60);
        let receiver = Receiver::start();
        let port = receiver.port();
        receiver.answers([
            Answer::status(503).header("retry-after", "7").body("later"),
            Answer::none(),
            Answer::status(204),
        ]);
        let answer = post(port, "/a?b=c", "one", PATIENCE).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 7"), "{answer}");
        assert!(answer.ends_with("later"), "{answer}");
        assert_eq!(post(port, "/", "two", PATIENCE).unwrap_or_default(), "");
        assert!(post(port, "/", "three", PATIENCE).unwrap().starts_with("HTTP/1.1 204"));
        assert!(post(port, "/", "four", PATIENCE).unwrap().starts_with("HTTP/1.1 200"));

        receiver.kill();
        assert_eq!(post(port, "/", "lost", PATIENCE).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
        receiver.restart();
        receiver.pause();
        post(port, "/", "five", Duration::from_millis(300)).unwrap_err();
        receiver.resume();
        receiver.decides(|call| Answer::status(if call.body == "six" { 410 } else { 200 }));
        assert!(post(port, "/", "six", PATIENCE).unwrap().starts_with("HTTP/1.1 410"));

        let calls = receiver.take_calls();
        let seen: Vec<(&str, u16)> =
            calls.iter().map(|call| (std::str::from_utf8(&call.body).unwrap(), call.status)).collect();
        assert_eq!(seen[..4], [("one", 503), ("two", 0), ("three", 204), ("four", 200)]);
        // Whether the fifth was answered, and when, depends on when its connection was seen to be gone.
        let others: Vec<_> = seen[4..].iter().filter(|(body, _)| *body != "five").collect();
        assert_eq!(others, [&("six", 410)]);
        assert_eq!((calls[0].method.as_str(), calls[0].path.as_str()), ("POST", "/a?b=c"));
        assert_eq!(calls[0].headers["host"], "here");
        assert!(receiver.calls().iter().all(|call| call.body == "five"));
    }
}
