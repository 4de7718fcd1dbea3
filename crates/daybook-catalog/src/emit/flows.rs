//! Workflows: how events commonly follow each other, as an app's `demo.yaml` plays them, drawn with Mermaid.

use std::fmt::Write as _;

use crate::source::SourceFile;
use crate::yaml::{Node, Yaml};

/// Steps of one diagram; what is longer would not be read.
const STEPS_MAX: usize = 60;

/// One workflow.
pub(super) struct Flow {
    pub(super) name: String,
    /// On what occasion it begins.
    pub(super) when: Option<String>,
    /// The lines of a Mermaid flowchart.
    pub(super) chart: String,
}

/// The workflows of a `demo.yaml`; none where it cannot be read.
pub(super) fn read(demo: &str) -> Vec<Flow> {
    let file = SourceFile::parse("demo.yaml".to_owned(), "demo.yaml".to_owned(), demo.as_bytes());
    let Some(flows) = file.root.as_ref().and_then(|root| root.get("flows")) else { return Vec::new() };
    let flow = |node: &Node| {
        let mut chart = Chart::default();
        chart.steps(node.get("steps")?.items(), Vec::new());
        // One event follows nothing.
        (chart.count > 1).then(|| Flow {
            name: text(node.get("flow")).unwrap_or_default(),
            when: text(node.get("when")),
            chart: format!("flowchart TD\n{}", chart.out),
        })
    };
    flows.items().iter().filter_map(flow).collect()
}

/// Where the flow comes from, and what is said of the arrow.
#[derive(Clone)]
struct Tail {
    from: usize,
    label: Option<String>,
}

#[derive(Default)]
struct Chart {
    out: String,
    count: usize,
}

impl Chart {
    /// Draws steps that follow `tails`, and gives back where they end.
    fn steps(&mut self, steps: &[Node], mut tails: Vec<Tail>) -> Vec<Tail> {
        for step in steps {
            tails = self.step(step, tails);
        }
        tails
    }

    fn step(&mut self, step: &Node, before: Vec<Tail>) -> Vec<Tail> {
        let chance = step.get("chance").and_then(number);
        let mut tails = before.clone();
        if let Some(chance) = chance {
            let label = format!("{:.0} %", chance * 100.0);
            tails.iter_mut().for_each(|tail| tail.label = Some(label.clone()));
        }
        let first = self.count;
        if let Some(name) = text(step.get("event")) {
            tails = self.event(&name, &tails);
        }
        if let Some(branches) = step.get("either").map(Node::items) {
            let weight = |branch: &Node| branch.get("weight").and_then(number).unwrap_or(1.0);
            let sum: f64 = branches.iter().map(weight).sum();
            let mut ends = Vec::new();
            for branch in branches {
                let mut begin = tails.clone();
                let label = format!("{:.0} %", 100.0 * weight(branch) / sum.max(f64::MIN_POSITIVE));
                begin.iter_mut().for_each(|tail| tail.label = Some(label.clone()));
                ends.extend(self.steps(branch.get("steps").map(Node::items).unwrap_or_default(), begin));
            }
            tails = ends;
        }
        if let Some(inner) = step.get("steps").map(Node::items) {
            tails = self.steps(inner, tails);
        }
        if step.get("repeat").is_some() && self.count > first {
            let ends: Vec<usize> = tails.iter().map(|tail| tail.from).filter(|from| *from >= first).collect();
            for from in ends {
                let _ = writeln!(self.out, "    e{from} -. again .-> e{first}");
            }
        }
        if matches!(step.get("end").map(|node| &node.value), Some(Yaml::Bool(true))) {
            tails.clear();
        }
        if chance.is_some() {
            // What was left out goes on from where it was; its own label tells of the other case.
            tails.extend(before);
        }
        tails.dedup_by(|one, other| one.from == other.from && one.label == other.label);
        tails
    }

    fn event(&mut self, name: &str, tails: &[Tail]) -> Vec<Tail> {
        if self.count >= STEPS_MAX {
            return tails.to_vec();
        }
        let node = self.count;
        self.count += 1;
        let safe: String =
            name.chars().map(|char| if matches!(char, '"' | '[' | ']' | '\n') { ' ' } else { char }).collect();
        let _ = writeln!(self.out, "    e{node}[\"{safe}\"]");
        for Tail { from, label } in tails {
            let arrow = label.as_ref().map_or_else(|| "-->".to_owned(), |label| format!("-->|{label}|"));
            let _ = writeln!(self.out, "    e{from} {arrow} e{node}");
        }
        vec![Tail { from: node, label: None }]
    }
}

fn text(node: Option<&Node>) -> Option<String> {
    match &node?.value {
        Yaml::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn number(node: &Node) -> Option<f64> {
    match &node.value {
        Yaml::Number(number) => number.as_f64(),
        _ => None,
    }
}
