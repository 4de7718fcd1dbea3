//! A destination that is paused, killed and restarted, and a server that is killed, under a steady load.

use daybook_harness::{MariaDb, Postgres, Receiver, Redis};

use crate::destinations::Destination;
use crate::load::Load;
use crate::place::{Consumer, Place, Server, offset};

/// The consumer whose destination comes and goes, and the one that must not notice.
const VICTIM: &str = "victim";
const WITNESS: &str = "witness";

#[test]
fn mariadb_comes_and_goes() {
    survive(&MariaDb::start());
}

#[test]
fn postgres_comes_and_goes() {
    survive(&Postgres::start());
}

#[test]
fn redis_comes_and_goes() {
    survive(&Redis::start());
}

#[test]
fn a_receiver_comes_and_goes() {
    survive(&Receiver::start());
}

fn survive(destination: &dyn Destination) {
    let beside = Receiver::start();
    let consumers = [
        Consumer::of_all(VICTIM, destination.handler(), destination.settings()),
        Consumer::of_all(WITNESS, beside.handler(), beside.settings()),
    ];
    let place = Place::new(&consumers, "");
    let mut server = place.start();
    let load = Load::start(&server);
    server.consumer_when(VICTIM, |victim| victim["delivered"].as_u64() > Some(0));

    destination.pause();
    let behind = the_others_go_on(&server);
    destination.resume();
    server.passes(VICTIM, behind);

    destination.kill();
    let behind = the_others_go_on(&server);
    destination.restart();
    // It has a backlog when it is killed itself, and has delivered things whose offsets are not written.
    server.kill();
    server = place.start();
    server.passes(VICTIM, behind);

    destination.kill();
    server.kill();
    server = place.start();
    let behind = the_others_go_on(&server);
    destination.restart();
    server.passes(VICTIM, behind);
    destination.restart();

    let ids = load.finish();
    let head = server.head(VICTIM);
    let (victim, witness) = (server.passes(VICTIM, head), server.passes(WITNESS, head));
    for consumer in [&victim, &witness] {
        // Nobody gave up an event because a destination was gone.
        assert_eq!((&consumer["dead_letters"], &consumer["given_up"]), (&0.into(), &0.into()), "{consumer:#}");
    }
    destination.assert_holds(&ids);
    beside.assert_holds(&ids);
    server.stop();
    assert!(!place.said().contains("panicked"), "{}", place.said());
}

/// Waits until the one consumer has noticed that its destination is gone, and the other has delivered what came since. How far that is.
fn the_others_go_on(server: &Server) -> u64 {
    let waits = server.consumer_when(VICTIM, |victim| victim["state"] == "waiting");
    assert!(waits["code"].is_string() && waits["message"].is_string(), "{waits:#}");
    // New events have come by then, which only the other can deliver.
    let head = server.consumer_when(WITNESS, |witness| witness["head"].as_u64() > waits["head"].as_u64());
    let head = head["head"].as_u64().unwrap();
    server.passes(WITNESS, head);
    assert!(offset(&server.consumer(VICTIM)) < head, "it delivered to nobody");
    head
}
