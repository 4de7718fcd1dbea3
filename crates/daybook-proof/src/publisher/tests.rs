//! Where a publisher goes on after it was interrupted, and where it refuses to.

mod disk;
mod faults;

use std::path::Path;

use daybook_event::EventId;
use daybook_event::record::{Batch, RecordMeta, record_key};
use daybook_log::LogOptions;
use tempfile::TempDir;

use super::*;
use crate::checkpoint::SignedCheckpoint;
use crate::edge::Edge;
use crate::hash::leaf_hash;
use crate::tile::TileName;

/// A log whose records are numbers, what is published of it, and the key.
struct Place {
    directory: TempDir,
    log: Log,
}

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let log = Log::open(directory.path().join("log"), LogOptions::default()).unwrap();
        Self { directory, log }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    async fn append(&self, count: u64) {
        let first = self.log.head();
        for begin in (0..count).step_by(5_000) {
            self.log.append(numbers(first + begin..first + count.min(begin + 5_000))).await.unwrap();
        }
    }

    fn keys(&self) -> LogKeys {
        LogKeys::load_or_make(&self.path("config/log.key"), "example.com/log").unwrap()
    }

    fn work(&self) -> Work {
        Work::new(self.log.clone(), Store::new(self.path("proof")), self.keys())
    }

    /// Publishes until everything is signed.
    fn publish(&self) -> Result<u64, PublishError> {
        let mut work = self.work();
        let mut size = 0;
        while work.is_behind() {
            if let Outcome::Published(signed) = work.step()? {
                size = signed.checkpoint.size;
            }
        }
        // Once more, for what another key signed.
        if let Outcome::Published(signed) = work.step()? {
            size = signed.checkpoint.size;
        }
        assert_eq!(work.finish(), None);
        Ok(size)
    }

    fn checkpoint(&self) -> SignedCheckpoint {
        let bytes = Store::new(self.path("proof")).checkpoint().unwrap().unwrap();
        SignedCheckpoint::parse(&bytes, &self.keys().public()).unwrap()
    }

    /// Everything that is published is what the records say, and nothing else is there.
    fn check(&self, size: u64) {
        let mut edge = Edge::new();
        let store = Store::new(self.path("proof"));
        for number in 0..size {
            let full = |name: TileName, tile: &crate::tile::Tile| {
                assert_eq!(store.tile(name).unwrap(), *tile, "{name}");
                let partial = store.tile_path(TileName { width: 1, ..name });
                assert!(!partial.parent().unwrap().exists(), "{name}.p");
                Ok::<_, std::convert::Infallible>(())
            };
            edge.push(leaf_hash(&number.to_be_bytes()), full).unwrap();
        }
        for (name, hashes) in edge.tiles() {
            assert_eq!(store.tile(name).unwrap().hashes(), hashes, "{name}");
        }
        let checkpoint = self.checkpoint().checkpoint;
        assert_eq!((checkpoint.size, checkpoint.root), (size, edge.root()));
    }
}

fn numbers(range: std::ops::Range<u64>) -> Batch {
    let mut batch = Batch::default();
    for number in range {
        batch.bytes.extend_from_slice(&number.to_be_bytes());
        let key = record_key(1, &EventId::from_bytes(u128::from(number).to_be_bytes()));
        let end = u32::try_from(batch.bytes.len()).unwrap();
        batch.records.push(RecordMeta { end, key, digest: [1; 16], app: 1, time_us: 1, hidden: false });
    }
    batch
}

#[tokio::test]
async fn trees_of_every_size_at_the_borders_are_published_and_gone_on_with() {
    let place = Place::new();
    assert_eq!(place.publish().unwrap(), 0);
    let mut size = 0;
    // Each time by another process.
    for more in [1, 1, 253, 1, 1, 255, 1, 64_000, 1_023, 1, 4_463] {
        place.append(more).await;
        size += more;
        assert_eq!(place.publish().unwrap(), size);
        place.check(size);
    }
    assert_eq!(size, 70_000);
    assert!(place.path("proof/tile/1/001.p/17").exists() && place.path("proof/tile/2/000.p/1").exists());
    // One of each period, none of them twice.
    let (kept, others) = Store::new(place.path("proof")).kept().unwrap();
    assert!(others.is_empty() && kept.is_sorted() && kept.len() == 7, "{kept:?}");
    assert!(kept.windows(2).all(|two| two[1].before == two[0].size) && kept[0].before == 0);
    // Nothing new is nothing to sign.
    let before = std::fs::metadata(place.path("proof/checkpoint")).unwrap().modified().unwrap();
    place.publish().unwrap();
    assert_eq!(std::fs::metadata(place.path("proof/checkpoint")).unwrap().modified().unwrap(), before);
}

/// Killed after the tiles were written and before the checkpoint was: the tiles are written once more, the same.
#[tokio::test]
async fn a_kill_between_tiles_and_checkpoint_costs_nothing() {
    let place = Place::new();
    place.append(700).await;
    place.publish().unwrap();
    let old = std::fs::read(place.path("proof/checkpoint")).unwrap();
    for more in [1, 67, 68, 300, 70_000] {
        place.append(more).await;
        let size = place.publish().unwrap();
        // As it was before, with the tiles of after; some of them only written in part.
        std::fs::write(place.path("proof/checkpoint"), &old).unwrap();
        std::fs::remove_file(place.keys().witness_path()).unwrap();
        let last = TileName::full(0, size / 256 - 1);
        std::fs::write(Store::new(place.path("proof")).tile_path(last), [7; 100]).unwrap();
        std::fs::write(place.path("proof/tile/0/001.tmp"), "left").unwrap();
        // But what the old checkpoint speaks of was durable before it.
        if last.index * 256 < 700 {
            std::fs::create_dir_all(place.path("proof/tile/0/002.p")).unwrap();
            let leaves: Vec<_> = (512..700_u64).map(|number| leaf_hash(&number.to_be_bytes())).collect();
            std::fs::write(place.path("proof/tile/0/002.p/188"), leaves.as_flattened()).unwrap();
        }
        assert_eq!(place.publish().unwrap(), size);
        place.check(size);
    }
}

/// Tiles that are damaged or gone are made again, when that leads to what was signed.
#[tokio::test]
async fn lost_tiles_are_made_again() {
    let place = Place::new();
    place.append(1_000).await;
    place.publish().unwrap();
    let signed = place.checkpoint();
    for lost in ["tile/0/003.p/232", "tile/1/000.p/3", "tile/0/001"] {
        std::fs::remove_file(place.path("proof").join(lost)).unwrap();
        place.publish().unwrap();
        place.check(1_000);
    }
    std::fs::write(place.path("proof/tile/1/000.p/3"), [3; 96]).unwrap();
    place.publish().unwrap();
    place.check(1_000);
    std::fs::remove_dir_all(place.path("proof/tile")).unwrap();
    place.publish().unwrap();
    place.check(1_000);
    std::fs::remove_dir_all(place.path("proof")).unwrap();
    place.publish().unwrap();
    place.check(1_000);
    assert_eq!(place.checkpoint().checkpoint, signed.checkpoint);
}

fn refusal(outcome: Result<u64, PublishError>) -> Refusal {
    match outcome {
        Err(PublishError::Refused(refusal)) => refusal,
        other => panic!("it did not refuse: {other:?}"),
    }
}

/// Another log of so many records, the first `same` of which are the same.
async fn other_log(place: &Place, same: u64, count: u64) -> Place {
    let other = Place::new();
    other.append(same).await;
    if count > same {
        other.log.append(numbers(1_000_000..1_000_000 + count - same)).await.unwrap();
    }
    std::fs::create_dir_all(other.path("config")).unwrap();
    for name in ["config/log.key", "config/log.checkpoint"] {
        std::fs::copy(place.path(name), other.path(name)).unwrap();
    }
    copy(&place.path("proof"), &other.path("proof"));
    other
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[tokio::test]
async fn another_history_is_not_signed() {
    let place = Place::new();
    place.append(1_000).await;
    place.publish().unwrap();
    let signed = std::fs::read(place.path("proof/checkpoint")).unwrap();

    // Cut.
    let cut = other_log(&place, 999, 999).await;
    assert!(matches!(refusal(cut.publish()), Refusal::RolledBack { head: 999, size: 1_000, .. }));
    assert_eq!(std::fs::read(cut.path("proof/checkpoint")).unwrap(), signed);
    // Cut, and grown again.
    let grown = other_log(&place, 990, 2_000).await;
    assert_eq!(refusal(grown.publish()), Refusal::Record { position: 991 });
    // The proof is gone; the copy beside the key is not.
    for proof in ["proof/checkpoint", "proof"] {
        let without = other_log(&place, 500, 2_000).await;
        let path = without.path(proof);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        let refusal = refusal(without.publish());
        assert!(matches!(refusal, Refusal::Root { size: 1_000, signed: SignedWhere::Key, .. }), "{refusal}");
        assert!(!without.path("proof/checkpoint").exists());
    }
    // So is the copy, but the checkpoint is there, and the tiles are not.
    let without = other_log(&place, 500, 2_000).await;
    std::fs::remove_file(without.keys().witness_path()).unwrap();
    std::fs::remove_dir_all(without.path("proof/tile")).unwrap();
    let refused = refusal(without.publish());
    assert!(matches!(refused, Refusal::Root { size: 1_000, signed: SignedWhere::Data, .. }), "{refused}");
    // A checkpoint that somebody else signed.
    let forged = other_log(&place, 1_000, 1_000).await;
    let other_key = crate::key::SigningKey::random("example.com/log").unwrap();
    let note = place.checkpoint().checkpoint.sign(&other_key).unwrap().note.to_string();
    std::fs::write(forged.path("proof/checkpoint"), note).unwrap();
    assert!(matches!(refusal(forged.publish()), Refusal::Checkpoint { signed: SignedWhere::Data, .. }));
    // The same history is, whatever else is gone.
    let same = other_log(&place, 1_000, 1_000).await;
    std::fs::remove_dir_all(same.path("proof")).unwrap();
    same.publish().unwrap();
    same.check(1_000);
}

#[tokio::test]
async fn a_key_that_is_lost_is_replaced_and_one_that_is_rotated_stays_known() {
    let place = Place::new();
    place.append(300).await;
    place.publish().unwrap();
    let first = place.keys();

    let rotated = first.rotate(None).unwrap();
    assert_eq!(rotated.former, [first.signing.public().clone()]);
    let text = std::fs::read_to_string(place.path("config/log.key")).unwrap();
    assert!(!text.contains(first.signing.text().as_str()) && text.contains(&first.signing.public().to_string()));
    // The new key signs what the old one had.
    assert_eq!(place.publish().unwrap(), 300);
    assert_eq!(place.checkpoint().signed[0].key, *rotated.signing.public());
    let keys = Store::new(place.path("proof")).keys().unwrap();
    assert_eq!(keys, [rotated.signing.public().clone(), first.signing.public().clone()]);
    // Under another name, too.
    let renamed = rotated.rotate(Some("example.com/new")).unwrap();
    place.append(10).await;
    assert_eq!(place.publish().unwrap(), 310);
    assert_eq!(place.checkpoint().checkpoint.origin, "example.com/new");
    assert_eq!(renamed.public().len(), 3);

    // Lost altogether: a new one goes on, if the log is what the old one signed.
    std::fs::remove_dir_all(place.path("config")).unwrap();
    place.append(10).await;
    assert_eq!(place.publish().unwrap(), 320);
    place.check(320);
    let other = other_log(&place, 100, 400).await;
    std::fs::remove_dir_all(other.path("config")).unwrap();
    refusal(other.publish());
}

#[tokio::test]
async fn it_follows_the_log_and_says_the_last_word_when_that_is_closed() {
    let place = Place::new();
    let (publisher, handle) = Publisher::new(
        place.log.clone(),
        PublisherOptions {
            every: Duration::from_millis(5),
            ..PublisherOptions::new(place.path("proof"), place.keys())
        },
    );
    let running = tokio::spawn(publisher.run(CancellationToken::new()));
    for size in [1, 100, 300] {
        place.append(size - place.log.head()).await;
        let signed = handle.covering(size).await.unwrap();
        assert!(signed.checkpoint.size >= size);
        let proof = handle.store().prove(size, &signed).unwrap();
        proof.verify(&(size - 1).to_be_bytes(), &place.keys().public()).unwrap();
    }
    place.append(7).await;
    place.log.close().await;
    running.await.unwrap();
    let state = handle.state();
    assert!(state.ended && state.refusal.is_none() && state.trouble.is_none());
    assert_eq!(state.checkpoint.unwrap().checkpoint.size, 307);
    place.check(307);
    assert!(handle.covering(308).await.is_none());
    assert_eq!(
        std::fs::read(place.keys().witness_path()).unwrap(),
        std::fs::read(place.path("proof/checkpoint")).unwrap()
    );
}
