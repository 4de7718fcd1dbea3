//! Accepting connections and serving HTTP/1.1 on them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::collector::Collector;
use crate::limits;
use crate::timeout_io::WriteTimeout;

/// How long accepting pauses after the operating system refused to.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// What a connection is told when there are too many.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
    retry-after: 1\r\nconnection: close\r\ncontent-length: 171\r\n\r\n\
    {\"type\":\"urn:daybook:problem:server.connections\",\"title\":\"Service Unavailable\",\"status\":503,\
    \"code\":\"server.connections\",\"detail\":\"As many connections are open as may be.\"}";

/// Accepts connections until the server is asked to stop.
pub async fn accept(
    listener: TcpListener,
    collector: Arc<Collector>,
    router: Router,
    open: &TaskTracker,
    cutting: &CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(collector.config.limits.connections));
    loop {
        let accepted = tokio::select! {
            () = collector.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, mostly. Trying again at once would only burn time.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match Arc::clone(&slots).try_acquire_owned() {
            Ok(slot) => {
                let serving = serve(stream, Arc::clone(&collector), router.clone(), slot);
                let cutting = cutting.clone();
                open.spawn(async move { cutting.run_until_cancelled_owned(serving).await });
            }
            Err(_) => {
                collector.metrics.connections_refused.inc();
                // A best effort: a connection that was just opened has room for so little.
                let _ = stream.try_write(TOO_MANY);
            }
        }
    }
}

/// Serves one connection until either side ends it; once the server is stopping, until the request under way is answered.
async fn serve(stream: TcpStream, collector: Arc<Collector>, router: Router, slot: OwnedSemaphorePermit) {
    let _open = Open::new(&collector);
    // Receipts are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(|request: hyper::Request<Incoming>| request.map(Body::new));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(collector.config.limits.header_timeout)
        .serve_connection(
            TokioIo::new(WriteTimeout::new(stream, limits::IDLE_TIMEOUT)),
            TowerToHyperService::new(service),
        );
    let mut connection = std::pin::pin!(connection);
    let stopping: &CancellationToken = &collector.stopping;
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
    drop(slot);
}

/// Counts a connection while it is open, however it ends.
struct Open<'c>(&'c Collector);

impl<'c> Open<'c> {
    fn new(collector: &'c Collector) -> Self {
        collector.metrics.connections.inc();
        Self(collector)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(TOO_MANY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        serde_json::from_str::<serde_json::Value>(body).unwrap();
    }
}
