use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000;
/// Asked, answered, refused, and asked again in so many words.
const ASKED: usize = 0;
const ANSWERED: usize = 1;
const REFUSED: usize = 2;
const AGAIN: usize = 3;
const OTHER: usize = 4;

fn kinds() -> Vec<Kind> {
    vec![
        Kind { begins: true, ..Kind::default() },
        Kind { ends: vec![ASKED], ..Kind::default() },
        Kind { fails: true, ends: vec![ASKED], ..Kind::default() },
        Kind { retries: true, ..Kind::default() },
        Kind::default(),
    ]
}

/// Event `id`, a second after the one before, of a kind, caused by another.
fn event(id: u128, kind: usize, cause: Option<u128>) -> Happening {
    Happening {
        position: id as u64,
        id,
        causes: cause.map(|cause| [cause, cause]),
        kind,
        time_us: id as i64 * SECOND,
        duration_us: None,
        attempt: None,
    }
}

fn forest(events: &[(u128, usize, Option<u128>)]) -> Tree {
    let events: Vec<Happening> = events.iter().map(|(id, kind, cause)| event(*id, *kind, *cause)).collect();
    Tree::of(&events, &kinds())
}

#[test]
fn what_was_caused_stands_behind_its_cause() {
    let tree = forest(&[
        (1, OTHER, None),
        (2, OTHER, Some(1)),
        (3, OTHER, Some(1)),
        (4, OTHER, Some(2)),
        (5, OTHER, None),
        (6, OTHER, Some(3)),
    ]);
    assert_eq!(tree.order, [0, 1, 3, 2, 5, 4]);
    let depths: Vec<u32> = tree.nodes.iter().map(|node| node.depth).collect();
    assert_eq!(depths, [0, 1, 1, 2, 0, 2]);
    assert_eq!((tree.nodes[0].children, tree.nodes[0].descendants), (2, 4));
    assert_eq!((tree.nodes[0].span_us, tree.nodes[2].since_cause_us), (5 * SECOND, Some(2 * SECOND)));
    let expected =
        Summary { events: 6, roots: 2, depth: 2, started_us: SECOND, ended_us: 6 * SECOND, ..Summary::default() };
    assert_eq!(tree.summary, expected);
    assert_eq!(Tree::of(&[], &[]), Tree::default());
}

#[test]
fn causes_that_cannot_be_hung_on_are_told_apart() {
    let tree = forest(&[
        (1, OTHER, Some(99)),
        (2, OTHER, Some(2)),
        (3, OTHER, Some(5)),
        (4, OTHER, Some(3)),
        (5, OTHER, Some(4)),
        (6, OTHER, Some(5)),
        (1, OTHER, Some(6)),
        (8, OTHER, Some(1)),
    ]);
    let links: Vec<Link> = tree.nodes.iter().map(|node| node.link).collect();
    use Link::{Caused, Circle, Elsewhere, Itself};
    assert_eq!(links, [Elsewhere, Itself, Circle, Caused, Caused, Caused, Caused, Caused]);
    // The circle begins with its first event; what has the id of another is no cause.
    assert_eq!(tree.order, [0, 7, 1, 2, 3, 4, 5, 6]);
    let duplicates: Vec<bool> = tree.nodes.iter().map(|node| node.duplicate).collect();
    assert_eq!(duplicates, [false, false, false, false, false, false, true, false]);
    assert_eq!((tree.summary.orphans, tree.summary.circles, tree.summary.roots), (1, 2, 3));
}

#[test]
fn a_cause_may_be_written_in_two_ways() {
    let mut caused = event(2, OTHER, None);
    caused.causes = Some([77, 1]);
    let tree = Tree::of(&[event(1, OTHER, None), caused], &kinds());
    assert_eq!((tree.nodes[1].link, tree.nodes[1].parent), (Link::Caused, Some(0)));
}

#[test]
fn what_begins_ends_and_takes_its_time() {
    let tree = forest(&[
        (1, ASKED, None),
        (2, OTHER, Some(1)),
        (4, ANSWERED, Some(2)),
        (5, ASKED, Some(4)),
        (7, ASKED, Some(5)),
        (9, REFUSED, Some(7)),
        (10, ANSWERED, None),
    ]);
    let durations: Vec<Option<i64>> = tree.nodes.iter().map(|node| Some(node.duration_us? / SECOND)).collect();
    // Each ends the nearest beginning around it, and nothing where there is none.
    assert_eq!(durations, [None, None, Some(3), None, None, Some(2), None]);
    assert_eq!(tree.nodes[5].ends, Some(4));
    let open: Vec<bool> = tree.nodes.iter().map(|node| node.open).collect();
    assert_eq!(open, [false, false, false, true, false, false, false]);
    assert_eq!((tree.summary.open, tree.summary.failures), (1, 1));

    let mut answered = event(9, ANSWERED, Some(1));
    answered.duration_us = Some(5);
    let tree = Tree::of(&[event(1, ASKED, None), answered], &kinds());
    assert_eq!(tree.nodes[1].duration_us, Some(5), "what the data says goes before");
}

#[test]
fn another_attempt_comes_after_a_failure() {
    let retries = |events: &[(u128, usize, Option<u128>)]| -> Vec<u32> {
        forest(events).nodes.iter().map(|node| node.retry).collect()
    };
    // Side by side: the second is tried because the first had failed; the third was under way before the second failed.
    let beside = [
        (1, OTHER, None),
        (2, ASKED, Some(1)),
        (3, REFUSED, Some(2)),
        (4, ASKED, Some(1)),
        (5, ASKED, Some(1)),
        (6, REFUSED, Some(4)),
    ];
    assert_eq!(retries(&beside), [0, 0, 0, 1, 0, 0]);
    // Events of one type with one cause are no attempts as long as nothing fails.
    assert_eq!(retries(&[(1, OTHER, None), (2, ASKED, Some(1)), (3, ASKED, Some(1))]), [0, 0, 0]);
    // One behind the other.
    let behind =
        [(1, ASKED, None), (2, REFUSED, Some(1)), (3, ASKED, Some(2)), (4, REFUSED, Some(3)), (5, ASKED, Some(4))];
    assert_eq!(retries(&behind), [0, 0, 1, 0, 2]);
    assert_eq!(retries(&[(1, AGAIN, None), (2, AGAIN, Some(1))]), [1, 1]);

    let mut third = event(2, ASKED, Some(1));
    third.attempt = Some(3);
    let mut first = event(3, AGAIN, Some(1));
    first.attempt = Some(1);
    let tree = Tree::of(&[event(1, OTHER, None), third, first], &kinds());
    assert_eq!((tree.nodes[1].retry, tree.nodes[2].retry, tree.summary.retries), (2, 0, 1));
}

/// As [`Tree::of`], but by the words of its documentation.
fn reference(events: &[Happening], kinds: &[Kind]) -> (Vec<Node>, Vec<u32>) {
    let first_with = |id: u128| events.iter().position(|event| event.id == id);
    let named: Vec<Option<usize>> = events
        .iter()
        .map(|event| {
            let causes = event.causes.filter(|causes| !causes.contains(&event.id))?;
            causes.into_iter().find_map(first_with)
        })
        .collect();
    // Those from which the way of causes comes back to them; the first of each circle is cut off.
    let circle = |start: usize| {
        let mut way = vec![start];
        let mut at = start;
        while let Some(next) = named[at] {
            if next == start {
                return Some(way);
            }
            if way.contains(&next) {
                return None;
            }
            way.push(next);
            at = next;
        }
        None
    };
    let cut = |at: usize| circle(at).is_some_and(|way| way.into_iter().min() == Some(at));
    let parent: Vec<Option<usize>> = (0..events.len()).map(|at| named[at].filter(|_| !cut(at))).collect();
    let ancestors = |at: usize| std::iter::successors(parent[at], |at| parent[*at]);
    let below =
        |top: usize| -> Vec<usize> { (0..events.len()).filter(|at| ancestors(*at).any(|a| a == top)).collect() };
    let kind = |at: usize| &kinds[events[at].kind];

    fn put(at: usize, parent: &[Option<usize>], order: &mut Vec<u32>) {
        order.push(at as u32);
        for child in (0..parent.len()).filter(|child| parent[*child] == Some(at)) {
            put(child, parent, order);
        }
    }
    let mut order = Vec::new();
    for root in (0..events.len()).filter(|at| parent[*at].is_none()) {
        put(root, &parent, &mut order);
    }

    let ends: Vec<Option<usize>> =
        (0..events.len()).map(|at| ancestors(at).find(|a| kind(at).ends.contains(&events[*a].kind))).collect();
    let mut retries = vec![0; events.len()];
    for at in order.iter().map(|at| *at as usize) {
        let same = |other: usize| events[other].kind == events[at].kind;
        let sibling = (0..at).rev().find(|other| parent[at].is_some() && parent[*other] == parent[at] && same(*other));
        let had_failed =
            |other: usize| below(other).into_iter().chain([other]).any(|under| under < at && kind(under).fails);
        let failure = parent[at].filter(|cause| kind(*cause).fails);
        let grandparent = failure.and_then(|cause| parent[cause]).filter(|tried| same(*tried));
        let before = sibling.filter(|sibling| had_failed(*sibling)).or(grandparent);
        retries[at] = match (events[at].attempt, before) {
            (Some(attempt), _) => attempt.saturating_sub(1),
            (None, Some(before)) => retries[before] + 1,
            (None, None) => u32::from(kind(at).retries),
        };
    }
    let node = |at: usize| Node {
        link: match (events[at].causes, parent[at]) {
            (None, _) => Link::Origin,
            (Some(_), Some(_)) => Link::Caused,
            (Some(causes), None) if causes.contains(&events[at].id) => Link::Itself,
            (Some(_), None) if named[at].is_some() => Link::Circle,
            (Some(_), None) => Link::Elsewhere,
        },
        parent: parent[at].map(|at| at as u32),
        depth: ancestors(at).count() as u32,
        children: parent.iter().filter(|parent| **parent == Some(at)).count() as u32,
        descendants: below(at).len() as u32,
        since_cause_us: parent[at].map(|cause| events[at].time_us - events[cause].time_us),
        span_us: below(at)
            .into_iter()
            .map(|under| events[under].time_us - events[at].time_us)
            .max()
            .unwrap_or(0)
            .max(0),
        duration_us: events[at].duration_us.or(ends[at].map(|start| events[at].time_us - events[start].time_us)),
        ends: ends[at].map(|start| start as u32),
        open: kind(at).begins && !ends.contains(&Some(at)),
        failed: kind(at).fails,
        retry: retries[at],
        duplicate: first_with(events[at].id) != Some(at),
    };
    ((0..events.len()).map(node).collect(), order)
}

/// Events with few ids, so that causes are often there, earlier, later, twice, or in a circle.
fn events() -> impl Strategy<Value = Vec<Happening>> {
    let event = (0..24_u128, proptest::option::weighted(0.8, (0..28_u128, 0..28_u128)), 0..5_usize, 0..50_i64)
        .prop_flat_map(|(id, causes, kind, time)| {
            let duration = proptest::option::weighted(0.2, 0..9_i64);
            let attempt = proptest::option::weighted(0.1, 0..4_u32);
            (duration, attempt).prop_map(move |(duration_us, attempt)| Happening {
                position: 0,
                id,
                causes: causes.map(|(one, other)| [one, other]),
                kind,
                time_us: time,
                duration_us,
                attempt,
            })
        });
    vec(event, 0..32)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_events_make_the_forest_that_is_described(events in events()) {
        let tree = Tree::of(&events, &kinds());
        let (nodes, order) = reference(&events, &kinds());
        prop_assert_eq!(&tree.nodes, &nodes);
        prop_assert_eq!(&tree.order, &order);
        prop_assert_eq!(tree.summary.events, events.len());
        prop_assert_eq!(tree.summary.roots, nodes.iter().filter(|node| node.parent.is_none()).count());
    }
}

#[test]
fn a_hundred_thousand_events_in_any_shape() {
    const COUNT: u128 = 100_000;
    let chain: Vec<_> = (0..COUNT).map(|id| event(id, id as usize % 5, id.checked_sub(1))).collect();
    let backwards: Vec<_> = (0..COUNT).map(|id| event(id, OTHER, Some(id + 1))).collect();
    let bush: Vec<_> = (0..COUNT).map(|id| event(id, ASKED, (id > 0).then_some(0))).collect();
    let ring: Vec<_> = (0..COUNT).map(|id| event(id, OTHER, Some((id + 1) % COUNT))).collect();
    let orphans: Vec<_> = (0..COUNT).map(|id| event(id, OTHER, Some(COUNT + id))).collect();
    let begun = Instant::now();
    let tree = Tree::of(&chain, &kinds());
    assert_eq!((tree.summary.depth, tree.order.len()), (99_999, 100_000));
    let tree = Tree::of(&backwards, &kinds());
    assert_eq!((tree.summary.depth, tree.summary.orphans, tree.order[0]), (99_999, 1, 99_999));
    let tree = Tree::of(&bush, &kinds());
    assert_eq!((tree.summary.depth, tree.nodes[0].descendants), (1, 99_999));
    let tree = Tree::of(&ring, &kinds());
    assert_eq!((tree.summary.circles, tree.summary.depth, tree.nodes[0].link), (1, 99_999, Link::Circle));
    let tree = Tree::of(&orphans, &kinds());
    assert_eq!((tree.summary.roots, tree.summary.orphans), (100_000, 100_000));
    // By the square it would take hours.
    assert!(begun.elapsed().as_secs() < 600, "it is linear: {:?}", begun.elapsed());
}
