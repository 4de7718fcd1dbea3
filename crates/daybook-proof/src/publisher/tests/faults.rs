//! A disk that fails under the proof: what is signed is durable before, whatever fails and when, and it goes on by itself.

use super::disk::{Fault, FaultyDisk, Names};
use super::*;
use crate::tree;

const FAULTS: [Fault; 3] = [Fault::NoSpace { half: false }, Fault::NoSpace { half: true }, Fault::Broken];

impl Place {
    /// A disk under the proof, whose directory is there.
    fn faulty(&self) -> FaultyDisk {
        std::fs::create_dir_all(self.path("data")).unwrap();
        FaultyDisk::new(&self.path("data"))
    }

    fn work_on(&self, disk: &FaultyDisk) -> Work {
        Work::new(self.log.clone(), Store::on(Arc::new(disk.clone()), self.path("data/proof")), self.keys())
    }

    /// Whatever a power failure leaves now: a checkpoint is whole, and everything that it and those of the history speak of is
    /// there. Gives the size of the newest.
    fn check_survivors(&self, disk: &FaultyDisk, what: &str) -> u64 {
        let sizes = [Names::Lost, Names::Kept].map(|names| {
            let left = TempDir::new().unwrap();
            disk.survivors(names, left.path());
            let store = Store::new(left.path().join("proof"));
            let (kept, _) = store.kept().unwrap();
            assert!(kept.windows(2).all(|two| two[1].before == two[0].size), "{what}, names {names:?}: {kept:?}");
            let kept = kept.iter().map(|kept| store.kept_checkpoint(*kept).unwrap().unwrap());
            let newest = store.checkpoint().unwrap();
            let mut size = 0;
            for bytes in kept.chain(newest) {
                let signed = SignedCheckpoint::parse(&bytes, &self.keys().public());
                let checkpoint = signed.unwrap_or_else(|error| panic!("{what}, names {names:?}: {error}")).checkpoint;
                let root = tree::root(&mut &store, checkpoint.size);
                let root = root.unwrap_or_else(|error| panic!("{what}, names {names:?}: {error}"));
                assert_eq!(root, checkpoint.root, "{what}, names {names:?}");
                size = checkpoint.size;
            }
            size
        });
        sizes[0]
    }
}

/// Each call in turn fails, once, in each way; then it is tried again, and again by another process.
#[tokio::test]
async fn whatever_fails_nothing_is_signed_that_is_not_durable() {
    for fault in FAULTS {
        let mut next = 0;
        loop {
            let place = Place::new();
            let disk = place.faulty();
            let mut work = place.work_on(&disk);
            let mut failures = 0;
            disk.fail_once_after(next, fault);
            // Over the borders of tiles and of periods of the history.
            for (more, size) in [(200, 200), (57, 257), (300, 557)] {
                place.append(more).await;
                // The first step of a publisher looks where it was left.
                for _ in 0..4 {
                    let outcome = work.step();
                    let what = format!("{fault:?} at call {next}: {outcome:?}");
                    assert!(!matches!(outcome, Err(PublishError::Refused(_))), "{what}");
                    failures += usize::from(outcome.is_err());
                    place.check_survivors(&disk, &what);
                }
                assert_eq!(place.check_survivors(&disk, &format!("{fault:?} at call {next}")), size);
            }
            let failed = disk.heal();
            assert_eq!(failures, usize::from(failed));
            let mut again = place.work_on(&disk);
            again.step().unwrap();
            assert!(!again.is_behind());
            if !failed {
                break;
            }
            next += 1;
        }
        assert!(next > 30, "{next} calls failed in turn");
    }
}

/// More tiles than are synced one by one, none of them durable: they are written once more, and not only synced again.
#[tokio::test]
async fn what_a_failed_sync_lost_is_written_again() {
    let place = Place::new();
    let disk = place.faulty();
    place.append(70_000).await;
    let mut work = place.work_on(&disk);
    work.step().unwrap();
    disk.fail_file_system_once();
    let failed = work.step();
    assert!(matches!(failed, Err(PublishError::Failed(_))), "{failed:?}");
    assert_eq!(place.check_survivors(&disk, "the sync failed"), 0);
    while work.is_behind() {
        work.step().unwrap();
    }
    assert_eq!(place.check_survivors(&disk, "it was written again"), 70_000);
}

/// It says what is wrong, the log goes on without it, and it goes on by itself.
#[tokio::test]
async fn a_publisher_waits_for_its_disk() {
    let place = Place::new();
    let disk = place.faulty();
    let options = PublisherOptions {
        every: Duration::from_millis(5),
        retry_after: Duration::from_millis(5),
        disk: Arc::new(disk.clone()),
        ..PublisherOptions::new(place.path("data/proof"), place.keys())
    };
    let (publisher, handle) = Publisher::new(place.log.clone(), options);
    let running = tokio::spawn(publisher.run(CancellationToken::new()));
    let mut size = 0;
    for fault in FAULTS {
        place.append(100).await;
        size += 100;
        assert_eq!(handle.covering(size).await.unwrap().checkpoint.size, size);
        disk.fail(fault);
        place.append(100).await;
        let state = handle.until(|state| state.trouble.is_some()).await;
        assert_eq!(state.checkpoint.unwrap().checkpoint.size, size, "{fault:?}");
        // Nobody who stores events notices.
        place.append(100).await;
        assert_eq!(place.log.head(), size + 200);
        assert_eq!(place.check_survivors(&disk, &format!("{fault:?}")), size);
        size += 200;
        disk.heal();
        let state = handle.until(|state| state.trouble.is_none()).await;
        assert!(!state.ended && state.refusal.is_none());
        assert_eq!(handle.covering(size).await.unwrap().checkpoint.size, size);
    }
    // A log that is closed while the disk refuses does not wait for it.
    disk.fail(FAULTS[0]);
    place.append(1).await;
    place.log.close().await;
    running.await.unwrap();
    let state = handle.state();
    assert!(state.ended && state.trouble.is_some());
    disk.heal();
    assert_eq!(place.check_survivors(&disk, "closed"), size);
}
