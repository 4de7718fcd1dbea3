//! Handlers whose destination is the process, or a directory: `counters` and `file`, and one that does nothing.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use daybook_consumers::counters::{Counters, Limits};
use daybook_consumers::{Batch, Handler, Sight, Undelivered};
use daybook_event::SubjectId;
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::json;

use crate::world::{BATCH, World};

struct Nothing(Sight);

#[async_trait]
impl Handler for Nothing {
    fn sight(&self) -> Sight {
        self.0
    }

    async fn deliver(&self, _batch: &Batch) -> Result<(), Undelivered> {
        Ok(())
    }

    async fn forget_people(&self, _people: &[Forgotten]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn forget_months(&self, _months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

mod nothing {
    use super::{Arc, Bencher, Nothing, Sight, World};

    /// Of events as they lie in the log.
    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn closed(bencher: Bencher<'_, '_>) {
        World::get().measure(bencher, || Arc::new(Nothing(Sight::Closed)));
    }

    /// Of events that were opened: for `mysql`, and for whatever else names people.
    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn open(bencher: Bencher<'_, '_>) {
        World::get().measure(bencher, || Arc::new(Nothing(Sight::Open)));
    }
}

mod counters {
    use super::{Arc, Bencher, Counters, Limits, World};

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn handler(bencher: Bencher<'_, '_>) {
        let world = World::get();
        world.measure(bencher, || Arc::new(Counters::new(&world.app, Limits::default(), 0)));
    }
}

mod file {
    use super::*;

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn handler(bencher: Bencher<'_, '_>) {
        let world = World::get();
        let directory = world.subdirectory();
        let mut turn = 0;
        world.measure(bencher, || {
            turn += 1;
            world.handler("file", json!({}), &json!({}), &directory.path().join(turn.to_string()))
        });
    }

    /// The same lines, uncompressed, synced as often.
    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn plain(bencher: Bencher<'_, '_>) {
        let world = World::get();
        let directory = world.subdirectory();
        world.run(world.handler("file", json!({}), &json!({}), directory.path()));
        let lines = lines(directory.path());
        assert_eq!(lines.len(), world.events);
        bencher
            .counter(ItemsCount::new(lines.len()))
            .with_inputs(|| tempfile::tempfile_in(directory.path()).unwrap())
            .bench_local_values(|mut file| {
                for batch in lines.chunks(BATCH) {
                    file.write_all(batch.concat().as_bytes()).unwrap();
                    file.sync_data().unwrap();
                }
            });
    }
}

/// Every line of the files below a directory.
fn lines(directory: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let paths: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in paths {
        if path.is_dir() {
            lines.extend(self::lines(&path));
        } else if path.extension().is_some_and(|extension| extension == "zst") {
            let text = BufReader::new(zstd::Decoder::new(File::open(&path).unwrap()).unwrap());
            lines.extend(text.lines().map(|line| line.unwrap() + "\n"));
        }
    }
    lines
}
