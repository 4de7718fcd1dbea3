//! A disk that is full, or fails.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use daybook_log::LogOptions;
use daybook_log::disk::{Disk, DiskFile, DiskLock, LockError, OpenMode, RealDisk};
use http::Method;
use serde_json::{Value, json};

use crate::site::{PATIENCE, Site, order};

const WELL: u8 = 0;
const FULL: u8 = 1;
const BROKEN: u8 = 2;
const SLOW: u8 = 3;

/// The real disk, until it is told to have another day.
#[derive(Debug, Clone)]
struct MoodyDisk {
    mood: Arc<AtomicU8>,
}

#[derive(Debug)]
struct MoodyFile {
    file: Arc<dyn DiskFile>,
    mood: Arc<AtomicU8>,
}

impl Disk for MoodyDisk {
    fn create_directory(&self, directory: &Path) -> io::Result<()> {
        RealDisk.create_directory(directory)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(directory)
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(MoodyFile { file: RealDisk.open(path, mode)?, mood: Arc::clone(&self.mood) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        RealDisk.sync_directory(directory)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>, LockError> {
        RealDisk.lock(path)
    }
}

impl MoodyFile {
    /// Takes as long as the disk is slow, and not for ever where a test fails meanwhile.
    fn wait(&self) {
        let begun = Instant::now();
        while self.mood.load(Ordering::SeqCst) == SLOW && begun.elapsed() < 4 * PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn full(&self) -> io::Result<()> {
        if self.mood.load(Ordering::SeqCst) == FULL { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl DiskFile for MoodyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.full()?;
        self.file.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        match self.mood.load(Ordering::SeqCst) {
            BROKEN => return Err(io::Error::other("the platter is scratched")),
            SLOW => self.wait(),
            _ => {}
        }
        self.file.sync()
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.full()?;
        self.file.allocate(length)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_waited_out_and_a_broken_one_is_not_trusted() {
    let mood = Arc::new(AtomicU8::new(WELL));
    let disk = Arc::new(MoodyDisk { mood: Arc::clone(&mood) });
    let site = Site::on(LogOptions { disk, ..LogOptions::default() }).await;
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    assert_eq!(site.send(&order("1", 1)).await["stored"], 1);
    let send = |id: &'static str| site.post("/v1/shop/events").json(&order(id, 1)).send();
    let ready = || site.call(Method::GET, "/readyz").send();

    mood.store(FULL, Ordering::SeqCst);
    send("2").await.is_problem(503, "log.no-space");
    let problem = ready().await.json();
    assert_eq!(problem["reasons"][0]["code"], "log.no-space", "{problem}");
    // What can be read is read; but no name is shown that cannot be written down as shown.
    let read = || site.call(Method::GET, "/v1/shop/events/1");
    assert_eq!(read().key(&reader).send().await.ok()["data"], json!({"total": 1}));
    read().key(&site.admin).send().await.is_problem(503, "log.no-space");
    mood.store(WELL, Ordering::SeqCst);
    assert_eq!(send("2").await.ok()["stored"], 1);
    assert_eq!(ready().await.status, 200);

    mood.store(BROKEN, Ordering::SeqCst);
    send("3").await.is_problem(503, "log.stopped");
    mood.store(WELL, Ordering::SeqCst);
    let answer = send("4").await;
    answer.is_problem(503, "log.stopped");
    assert!(!String::from_utf8_lossy(&answer.body).contains("platter"));
    assert_eq!(ready().await.json()["reasons"][0]["code"], "log.stopped");
    let metrics = site.call(Method::GET, "/metrics").send().await;
    let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
    assert!(metrics.contains("\ndaybook_log_writable 0\n"));
    assert!(metrics.contains("daybook_problems_total{code=\"log.stopped\"} 2"));
    // A new start makes it good. Event 3 was never acknowledged, so it may be there or not.
    let site = site.restart(|_| {}).await;
    let again = site.send(&json!([order("1", 1), order("2", 1), order("3", 1), order("4", 1)])).await;
    assert!(again["duplicate"].as_u64().unwrap() >= 2, "{again}");
    assert_eq!(again["duplicate"].as_u64().unwrap() + again["stored"].as_u64().unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_pressure_the_least_goes_first_and_then_the_answer_is_later() {
    let mood = Arc::new(AtomicU8::new(WELL));
    let disk = Arc::new(MoodyDisk { mood: Arc::clone(&mood) });
    let site = Site::on(LogOptions { disk, queue_bytes_max: 100_000, ..LogOptions::default() }).await;
    let large = |id: &str, count: usize| -> Value {
        let note = "x".repeat(18_000);
        let event = |number| json!({"eventId": format!("{id}-{number}"), "kind": "order.placed", "payload": {"total": 1, "note": note}});
        (0..count).map(event).collect()
    };
    let page = json!({"kind": "page.viewed", "payload": {"page": "home"}});
    // What is made on first use is made before the clock counts.
    assert_eq!(site.send(&large("warm", 5)).await["stored"], 5);
    mood.store(SLOW, Ordering::SeqCst);
    let under_way = tokio::spawn(site.send(&large("a", 5)));
    let fill = || async {
        let metrics = site.call(Method::GET, "/metrics").send().await;
        let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("daybook_log_queue_fill ")).unwrap();
        line.parse::<f64>().unwrap()
    };
    let begun = Instant::now();
    while fill().await <= 0.8 {
        assert!(begun.elapsed() < PATIENCE, "the queue is not filled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = site.send(&page).await;
    assert_eq!(
        (answer["sampled_out"].clone(), answer["receipts"][0]["reason"].clone()),
        (json!(1), json!("pressure")),
        "{answer}"
    );
    site.post("/v1/shop/events").json(&large("b", 2)).send().await.is_problem(503, "log.busy");
    mood.store(WELL, Ordering::SeqCst);
    assert_eq!(under_way.await.unwrap()["stored"], 5);
    assert_eq!(site.send(&page).await["stored"], 1);
    assert_eq!(site.send(&large("b", 2)).await["stored"], 2);
}
