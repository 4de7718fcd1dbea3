//! The proof: that an event is in the log, that the log only ever grew, and that no stored byte changed.
//!
//! Every record is a leaf of a Merkle tree (RFC 6962), which is kept as tiles (C2SP tlog-tiles) and whose root is signed
//! from time to time (C2SP tlog-checkpoint, signed-note). What of this needs no disk is in [`tree`], [`tile`], [`note`],
//! [`checkpoint`] and [`inclusion`]; what keeps it on a disk in [`store`], [`key_file`] and [`publisher`]; and what finds out
//! whether a data directory is as it was written, without a server and without believing it anything, in [`verify`].
//!
//! A leaf's index is the position of its record less one. The tree knows hashes only, nothing of events, and nothing of
//! people. The formats, and what they prove and what not, are in `docs/proof.md`.

pub mod checkpoint;
pub mod disk;
pub mod edge;
pub mod hash;
pub mod inclusion;
pub mod key;
pub mod key_file;
pub mod limits;
pub mod note;
pub mod publisher;
pub mod store;
pub mod tile;
pub mod tree;
pub mod verify;

mod files;
