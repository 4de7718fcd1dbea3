//! Ports for servers that come and go: each belongs to one test of all that run, until that test lets go of it.
//!
//! A port that the system gives out is anybody's as soon as nobody listens on it, so a server that was killed might
//! find another test's on its port when it is started again. These lie where the system gives out none.

use std::fs::{File, OpenOptions, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::PathBuf;

use rand::Rng;

/// Where the system says which ports it gives out by itself.
const GIVEN_OUT: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// The first of those it gives out, where it does not say.
const GIVEN_OUT_FROM: u16 = 32_768;
/// How many ports below these are used.
const PORTS: u16 = 12_000;
/// How often another one is tried.
const TRIES: usize = 1_000;

/// A port of 127.0.0.1 that is this value's alone while it lives, whether somebody listens on it or not.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked: another process, or another test of this one, passes over it.
    _lock: File,
}

impl Port {
    /// One that nobody has, and that nobody listens on.
    ///
    /// # Panics
    /// Where there is none.
    pub fn reserve() -> Self {
        let (range, locks) = (range(), directory());
        for _ in 0..TRIES {
            let number = rand::rng().random_range(range.clone());
            let Some(lock) = lock(&locks.join(number.to_string())) else { continue };
            // Somebody who knows nothing of these locks may have it.
            if TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Self { number, _lock: lock };
            }
        }
        panic!("no free port in {TRIES} tries among {range:?}");
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// The ports below those that the system gives out, or above them where there is no room below.
fn range() -> Range<u16> {
    let text = std::fs::read_to_string(GIVEN_OUT).unwrap_or_default();
    let mut bounds = text.split_whitespace().map_while(|bound| bound.parse::<u16>().ok());
    let (first, last) = (bounds.next().unwrap_or(GIVEN_OUT_FROM), bounds.next().unwrap_or(u16::MAX));
    match first.checked_sub(PORTS) {
        // Below these are the ports that services have by custom.
        Some(begin) if begin >= 10_000 => begin..first,
        _ if last < u16::MAX - PORTS => last + 1..last + 1 + PORTS,
        // The system gives out nearly all of them: then these are as good as others.
        _ => 20_000..20_000 + PORTS,
    }
}

/// Where the locks lie. Users of one machine have one each: they share no files.
fn directory() -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    let directory = std::env::temp_dir().join(format!("daybook-harness-ports-{user}"));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn lock(path: &std::path::Path) -> Option<File> {
    let file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    match file.try_lock() {
        Ok(()) => Some(file),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(error)) => panic!("{}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_the_same() {
        let ports: Vec<Port> = (0..50).map(|_| Port::reserve()).collect();
        let mut numbers: Vec<u16> = ports.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 50);
        assert!(lock(&directory().join(numbers[0].to_string())).is_none(), "it is held");
    }
}
