//! Files on a disk that fails, and after a crash at every byte.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// What goes wrong with the next writes.
#[derive(Default)]
pub(super) struct Faults(pub(super) VecDeque<Option<Fault>>);

/// How a write goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// After so many bytes.
    Write(usize, io::ErrorKind),
    /// When all of it is to be made durable.
    Sync,
}

impl Faults {
    /// Does what a disk that fails would do, where it is to.
    pub(super) fn strike(&mut self, file: &File, at: u64, bytes: &[u8]) -> Option<io::Error> {
        let fault = self.0.pop_front()??;
        let (written, kind) = match fault {
            Fault::Write(length, kind) => (length.min(bytes.len()), kind),
            Fault::Sync => (bytes.len(), io::ErrorKind::Other),
        };
        file.write_all_at(&bytes[..written], at).unwrap();
        Some(kind.into())
    }
}

use std::path::Path;
use std::time::Duration;

use super::frame::{Builder, Note};
use super::store::Store;

fn store(directory: &Path) -> Store {
    Store::new(directory.to_owned(), 3, 1 << 20, Duration::from_secs(3600))
}

fn append(store: &mut Store, position: u64) -> io::Result<()> {
    let mut delivery = Builder::new(position - 1, position, 0);
    let note = Note { position, category: "product".into(), month: 677, person: None, forgotten: None };
    delivery.push(&note, |out| out.extend_from_slice(format!("{{\"position\":{position}}}").as_bytes())).unwrap();
    store.append(delivery, position - 1, position, 0)
}

fn lines(store: &Store) -> Vec<String> {
    let files = store.files().unwrap();
    let text = files.iter().map(|path| zstd::decode_all(File::open(path).unwrap()).unwrap());
    text.flat_map(|text| String::from_utf8(text).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Whatever a disk does to a write, or to making it durable: nothing is delivered then, and the next time it is, once.
#[test]
fn a_disk_that_fails_is_not_trusted() {
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::Other];
    let torn = (0..400).step_by(13).flat_map(|length| kinds.map(|kind| Fault::Write(length, kind)));
    for fault in torn.chain([Fault::Sync]) {
        for first in [false, true] {
            let directory = tempfile::tempdir().unwrap();
            let mut store = store(directory.path());
            if !first {
                append(&mut store, 1).unwrap();
            }
            let next = if first { 1 } else { 2 };
            store.faults.0.push_back(Some(fault));
            append(&mut store, next).unwrap_err();
            assert_eq!(store.committed().unwrap(), next - 1, "{fault:?}");
            append(&mut store, next).unwrap();
            append(&mut store, next + 1).unwrap();
            let expected: Vec<_> = (1..=next + 1).map(|position| format!("{{\"position\":{position}}}")).collect();
            assert_eq!(lines(&store), expected, "{fault:?}");
        }
    }
}

/// What is gone while it is written to is told once, so that it is written again; and not passed over.
#[test]
fn what_is_gone_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    append(&mut store, 1).unwrap();
    let path = store.files().unwrap().remove(0);
    let length = std::fs::metadata(&path).unwrap().len();
    append(&mut store, 2).unwrap();
    store.close();
    File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
    assert_eq!(store.committed().unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert_eq!(store.committed().unwrap(), 1);
    append(&mut store, 2).unwrap();
    assert_eq!(lines(&store).len(), 2);
}

#[test]
fn a_full_disk_is_said_to_be_full() {
    let full = super::failure(&io::ErrorKind::StorageFull.into());
    assert_eq!((full.kind, full.code), (daybook_consumers::FailureKind::Destination, "file.full"));
}
