//! Events a second of each handler, run by the real runtime out of a log of sealed events, with its destination on the same machine.
//!
//! Beside each handler there is a baseline, `plain`: the same rows, bodies or lines, ready made, through the same client to the same
//! server, as many at a time, and nothing else. What a handler takes longer than that is Daybook's: reading and decoding the log, opening
//! what is sealed, writing it in the destination's form, and the offset. `nothing` is a handler that does nothing, which is that without
//! the destination's form.
//!
//! `DAYBOOK_BENCH_EVENTS` is the size of the log (100,000), `DAYBOOK_BENCH_DIR` where it and the files lie. MariaDB syncs every commit;
//! the harness' PostgreSQL does not, its Redis syncs every write.
//!
//! `cargo bench -p daybook-sinks --bench handlers`

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench is no library")]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod http;
mod local;
mod redis_counters;
mod tables;
mod world;

fn main() {
    divan::main();
    world::World::end();
}
