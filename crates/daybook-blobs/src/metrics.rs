//! What is counted, as Prometheus asks for it.

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// The counters of a store.
#[derive(Debug, Clone)]
pub(crate) struct BlobMetrics {
    pub(crate) written: IntCounter,
    pub(crate) bytes_written: IntCounter,
    pub(crate) read: IntCounter,
    pub(crate) failed: IntCounterVec,
    pub(crate) collected: IntCounter,
    pub(crate) bytes_collected: IntCounter,
    pub(crate) forgotten: IntCounter,
}

/// Why something failed.
pub(crate) const FAILURES: [&str; 5] = ["no-space", "write", "missing", "damaged", "read"];

impl BlobMetrics {
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let failed = Opts::new("daybook_blob_failures_total", "Blobs that could not be written or read, by reason.");
        let failed = IntCounterVec::new(failed, &["reason"])?;
        // So that each series is there from the start.
        for reason in FAILURES {
            failed.with_label_values(&[reason]).inc_by(0);
        }
        Ok(Self {
            written: IntCounter::new("daybook_blobs_written_total", "Blobs written, those written before included.")?,
            bytes_written: IntCounter::new("daybook_blob_bytes_written_total", "Bytes of blobs written, as stored.")?,
            read: IntCounter::new("daybook_blobs_read_total", "Blobs read.")?,
            failed,
            collected: IntCounter::new("daybook_blobs_collected_total", "Blobs removed that nothing referred to.")?,
            bytes_collected: IntCounter::new(
                "daybook_blob_bytes_collected_total",
                "Bytes of blobs that were collected.",
            )?,
            forgotten: IntCounter::new("daybook_blobs_forgotten_total", "Blobs removed with their person or month.")?,
        })
    }

    pub(crate) fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let Self { written, bytes_written, read, failed, collected, bytes_collected, forgotten } = self;
        for counter in [written, bytes_written, read, collected, bytes_collected, forgotten] {
            registry.register(Box::new(counter.clone()))?;
        }
        registry.register(Box::new(failed.clone()))
    }

    pub(crate) fn failure(&self, reason: &str) {
        self.failed.with_label_values(&[reason]).inc();
    }
}
