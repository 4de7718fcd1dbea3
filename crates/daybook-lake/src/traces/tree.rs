//! What caused what: the events of a trace as a forest, with what it says of each.
//!
//! Nothing here is recursive, and everything is linear in the number of events but for looking up ids: a chain of a hundred
//! thousand events is as good as a bush of them. The same events give the same forest, whatever comes later in the log.

use std::collections::HashMap;

/// An event, as far as the forest depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happening {
    /// Its place in the log.
    pub position: u64,
    /// Its id.
    pub id: u128,
    /// The ids that its cause may have: how an id is written does not always say which it is.
    pub causes: Option<[u128; 2]>,
    /// Its type, as a place in the list of kinds.
    pub kind: usize,
    /// When it happened, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// How long it took in microseconds, where its data says so.
    pub duration_us: Option<i64>,
    /// Which attempt it is, from 1, where its data says so.
    pub attempt: Option<u32>,
}

/// What there is to know of a type of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kind {
    /// It says that something failed.
    pub fails: bool,
    /// It says that something is tried again.
    pub retries: bool,
    /// Something begins with it that others end.
    pub begins: bool,
    /// The types whose beginnings it ends.
    pub ends: Vec<usize>,
}

/// How an event hangs in the forest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It names no cause.
    Origin,
    /// Its cause is in the trace.
    Caused,
    /// Its cause is not in the trace.
    Elsewhere,
    /// It names itself as its cause.
    Itself,
    /// It is the first event of a circle of causes, and hangs nowhere so that the others can hang on it.
    Circle,
}

/// What the forest says of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// How it hangs.
    pub link: Link,
    /// Its cause, as a place in the list of events.
    pub parent: Option<u32>,
    /// How many causes it has, one behind the other.
    pub depth: u32,
    /// How many events it caused.
    pub children: u32,
    /// How many events it caused directly or through others.
    pub descendants: u32,
    /// From its cause to it, in microseconds; below zero where clocks disagree.
    pub since_cause_us: Option<i64>,
    /// From it to the last event that it caused directly or through others; 0 where there is none.
    pub span_us: i64,
    /// How long it took: what its data says, or else from the event that it ends to it.
    pub duration_us: Option<i64>,
    /// The event whose beginning it ends, as a place in the list of events.
    pub ends: Option<u32>,
    /// Whether it is a beginning that nothing ended.
    pub open: bool,
    /// Whether it says that something failed.
    pub failed: bool,
    /// How often the same was tried before it.
    pub retry: u32,
    /// Whether an earlier event has its id.
    pub duplicate: bool,
}

/// What there is to say of a trace as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Its events.
    pub events: usize,
    /// Those that hang on no other.
    pub roots: usize,
    /// Those of them that name a cause that is not in the trace.
    pub orphans: usize,
    /// Those of them that are in a circle, or their own cause.
    pub circles: usize,
    /// When the first happened, in microseconds since the Unix epoch.
    pub started_us: i64,
    /// When the last happened.
    pub ended_us: i64,
    /// Events that say that something failed.
    pub failures: usize,
    /// Events that are another attempt, but for those that end one.
    pub retries: usize,
    /// Beginnings that nothing ended.
    pub open: usize,
    /// Most causes that stand one behind the other.
    pub depth: u32,
}

/// The events of a trace as a forest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// What it says of each event, in their order.
    pub nodes: Vec<Node>,
    /// Places in the list of events: causes before what they caused, and of what has the same cause the earlier one, with all
    /// that it caused, before the later one.
    pub order: Vec<u32>,
    /// What there is to say of all.
    pub summary: Summary,
}

const NOWHERE: u32 = u32::MAX;

impl Tree {
    /// The forest of events that stand in the order of the log, fewer than `u32::MAX` of them.
    #[must_use]
    pub fn of(events: &[Happening], kinds: &[Kind]) -> Self {
        let (mut nodes, mut parents) = hang(events);
        cut_circles(&mut nodes, &mut parents);
        let children = Children::of(&parents);
        let order = walk(events, kinds, &mut nodes, &parents, &children);
        let first_failures = gather(events, kinds, &mut nodes, &parents, &order);
        tried_again(events, kinds, &mut nodes, &parents, &order, &first_failures);
        for (node, parent) in nodes.iter_mut().zip(&parents) {
            node.parent = (*parent != NOWHERE).then_some(*parent);
        }
        let summary = summary(events, &nodes);
        Self { nodes, order, summary }
    }
}

/// What hangs on each event.
struct Children {
    /// Where the children of each begin in `list`; one more at the end.
    starts: Vec<u32>,
    list: Vec<u32>,
    roots: Vec<u32>,
}

impl Children {
    fn of(parents: &[u32]) -> Self {
        let mut starts = vec![0_u32; parents.len() + 1];
        for parent in parents.iter().filter(|parent| **parent != NOWHERE) {
            starts[*parent as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut free = starts.clone();
        let mut list = vec![0; starts.last().copied().unwrap_or_default() as usize];
        let mut roots = Vec::new();
        for (at, parent) in (0..).zip(parents) {
            if *parent == NOWHERE {
                roots.push(at);
                continue;
            }
            let place = &mut free[*parent as usize];
            list[*place as usize] = at;
            *place += 1;
        }
        Self { starts, list, roots }
    }

    fn of_event(&self, at: u32) -> &[u32] {
        let at = at as usize;
        &self.list[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// Finds the cause of each event.
fn hang(events: &[Happening]) -> (Vec<Node>, Vec<u32>) {
    let mut by_id: HashMap<u128, u32> = HashMap::with_capacity(events.len());
    let mut nodes = Vec::with_capacity(events.len());
    for (at, event) in (0_u32..).zip(events) {
        let duplicate = *by_id.entry(event.id).or_insert(at) != at;
        nodes.push(Node {
            link: Link::Origin,
            parent: None,
            depth: 0,
            children: 0,
            descendants: 0,
            since_cause_us: None,
            span_us: 0,
            duration_us: event.duration_us,
            ends: None,
            open: false,
            failed: false,
            retry: 0,
            duplicate,
        });
    }
    let mut parents = vec![NOWHERE; events.len()];
    for ((event, node), parent) in events.iter().zip(&mut nodes).zip(&mut parents) {
        let Some(causes) = event.causes else { continue };
        if causes.contains(&event.id) {
            node.link = Link::Itself;
        } else if let Some(at) = causes.iter().find_map(|cause| by_id.get(cause)) {
            node.link = Link::Caused;
            *parent = *at;
        } else {
            node.link = Link::Elsewhere;
        }
    }
    (nodes, parents)
}

/// Has the first event of each circle of causes hang nowhere.
fn cut_circles(nodes: &mut [Node], parents: &mut [u32]) {
    // From which walk an event was seen.
    let mut seen = vec![NOWHERE; parents.len()];
    for start in 0..parents.len() as u32 {
        let mut at = start;
        while at != NOWHERE && seen[at as usize] == NOWHERE {
            seen[at as usize] = start;
            at = parents[at as usize];
        }
        if at == NOWHERE || seen[at as usize] != start {
            continue;
        }
        // The walk came back to where it had been.
        let (mut first, mut next) = (at, parents[at as usize]);
        while next != at {
            first = first.min(next);
            next = parents[next as usize];
        }
        parents[first as usize] = NOWHERE;
        nodes[first as usize].link = Link::Circle;
    }
}

/// Goes through the forest from the roots on: the order, how deep each event is, and which beginning it ends.
fn walk(events: &[Happening], kinds: &[Kind], nodes: &mut [Node], parents: &[u32], children: &Children) -> Vec<u32> {
    let mut order = Vec::with_capacity(events.len());
    // The beginnings around the event at hand, by their kind.
    let mut around: HashMap<usize, Vec<u32>> = HashMap::new();
    let mut ended = vec![false; events.len()];
    let mut stack: Vec<(u32, usize)> = Vec::new();
    for root in &children.roots {
        stack.push((*root, 0));
        while let Some((at, next)) = stack.last_mut() {
            let (at, place) = (*at, *next);
            *next += 1;
            let kind = kinds.get(events[at as usize].kind);
            let below = children.of_event(at);
            if place == 0 {
                enter(events, nodes, parents, at, below.len());
                order.push(at);
                if let Some(start) = kind.and_then(|kind| nearest(kind, &around, nodes)) {
                    let event = &events[at as usize];
                    let node = &mut nodes[at as usize];
                    node.ends = Some(start);
                    node.duration_us = node.duration_us.or(Some(event.time_us - events[start as usize].time_us));
                    ended[start as usize] = true;
                }
                if kind.is_some_and(|kind| kind.begins) {
                    around.entry(events[at as usize].kind).or_default().push(at);
                }
            }
            if let Some(child) = below.get(place) {
                stack.push((*child, 0));
                continue;
            }
            stack.pop();
            if kind.is_some_and(|kind| kind.begins) {
                nodes[at as usize].open = !ended[at as usize];
                if let Some(open) = around.get_mut(&events[at as usize].kind) {
                    open.pop();
                }
            }
        }
    }
    order
}

fn enter(events: &[Happening], nodes: &mut [Node], parents: &[u32], at: u32, children: usize) {
    let parent = parents[at as usize];
    let depth = nodes.get(parent as usize).map_or(0, |parent| parent.depth + 1);
    let since = events.get(parent as usize).map(|cause| events[at as usize].time_us - cause.time_us);
    let node = &mut nodes[at as usize];
    (node.depth, node.since_cause_us, node.children) = (depth, since, children as u32);
}

/// The nearest beginning around an event that its kind ends.
fn nearest(kind: &Kind, around: &HashMap<usize, Vec<u32>>, nodes: &[Node]) -> Option<u32> {
    let open = kind.ends.iter().filter_map(|ended| around.get(ended)?.last().copied());
    open.max_by_key(|at| nodes[*at as usize].depth)
}

/// Goes through the forest from the leaves on: how many events hang on each, when the last of them was, and which was the first
/// of them to fail.
fn gather(events: &[Happening], kinds: &[Kind], nodes: &mut [Node], parents: &[u32], order: &[u32]) -> Vec<u32> {
    let mut first_failures = vec![NOWHERE; events.len()];
    let mut last_us: Vec<i64> = events.iter().map(|event| event.time_us).collect();
    for at in order.iter().rev() {
        let place = *at as usize;
        let node = &mut nodes[place];
        node.failed = kinds.get(events[place].kind).is_some_and(|kind| kind.fails);
        node.span_us = last_us[place] - events[place].time_us;
        if node.failed {
            first_failures[place] = first_failures[place].min(*at);
        }
        let descendants = node.descendants + 1;
        let parent = parents[place];
        if parent != NOWHERE {
            let parent = parent as usize;
            nodes[parent].descendants += descendants;
            last_us[parent] = last_us[parent].max(last_us[place]);
            first_failures[parent] = first_failures[parent].min(first_failures[place]);
        }
    }
    first_failures
}

/// Finds what was tried before. An event is another attempt where its data counts so, where its type says so, where an earlier
/// event of its type has the same cause and had failed by then, or where a failure of an event of its type caused it.
fn tried_again(
    events: &[Happening],
    kinds: &[Kind],
    nodes: &mut [Node],
    parents: &[u32],
    order: &[u32],
    first_failures: &[u32],
) {
    let mut latest: HashMap<(u32, usize), u32> = HashMap::new();
    for at in order {
        let event = &events[*at as usize];
        let parent = parents[*at as usize];
        let before = if parent == NOWHERE {
            None
        } else {
            let sibling = latest.insert((parent, event.kind), *at);
            sibling.filter(|sibling| first_failures[*sibling as usize] < *at).or_else(|| {
                let tried = parents[parent as usize];
                let failed = nodes[parent as usize].failed && tried != NOWHERE;
                (failed && events[tried as usize].kind == event.kind).then_some(tried)
            })
        };
        let says_so = kinds.get(event.kind).is_some_and(|kind| kind.retries);
        let counted = before.map(|before| nodes[before as usize].retry + 1).or(says_so.then_some(1));
        let retry = event.attempt.map(|attempt| attempt.saturating_sub(1)).or(counted);
        nodes[*at as usize].retry = retry.unwrap_or(0);
    }
}

fn summary(events: &[Happening], nodes: &[Node]) -> Summary {
    let count = |wanted: &dyn Fn(&Node) -> bool| nodes.iter().filter(|node| wanted(node)).count();
    Summary {
        events: events.len(),
        roots: count(&|node| node.parent.is_none()),
        orphans: count(&|node| node.link == Link::Elsewhere),
        circles: count(&|node| matches!(node.link, Link::Itself | Link::Circle)),
        started_us: events.iter().map(|event| event.time_us).min().unwrap_or_default(),
        ended_us: events.iter().map(|event| event.time_us).max().unwrap_or_default(),
        failures: count(&|node| node.failed),
        // What ends something is part of the attempt that it ends.
        retries: count(&|node| node.retry > 0 && node.ends.is_none()),
        open: count(&|node| node.open),
        depth: nodes.iter().map(|node| node.depth).max().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
