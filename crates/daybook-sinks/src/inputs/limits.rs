//! The limits inputs keep to.

use std::time::Duration;

/// Messages taken at once, unless an input's settings say otherwise.
pub const BATCH_DEFAULT: usize = 500;
/// Most messages taken at once.
pub const BATCH_MAX: usize = 5_000;
/// Batches that may wait for admission; then no more are taken.
pub const HELD_BATCHES: usize = 4;
/// Longest wait for a message before the connection shows that it is alive.
pub const POLL: Duration = Duration::from_secs(1);
/// How long connecting, and any single command, may take.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// First and longest pause before a source is connected to again.
pub const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// First and longest pause before what admission could not take is tried again.
pub const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(30));
/// How long a source must be gone before that is said.
pub const LOST_AFTER: Duration = Duration::from_secs(10);
/// How often a source is asked how far behind the input is.
pub const LAG_EVERY: Duration = Duration::from_secs(5);
/// How long NATS waits before it hands a message out again that was not acknowledged, unless an input's settings say otherwise.
pub const ACK_WAIT_DEFAULT: Duration = Duration::from_secs(60);
/// How long a message may lie with another process before it is taken over, unless an input's settings say otherwise.
pub const CLAIM_AFTER_DEFAULT: Duration = Duration::from_secs(60);
