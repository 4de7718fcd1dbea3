//! `demo.yaml`: how one app's people and jobs behave.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::TypeFacts;
use super::template::Template;
use super::yaml;

/// One app's traffic. See `docs/demo-traffic.md` for the meaning of every key.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plan {
    /// How many of the demo's events are this app's, relative to the others.
    #[serde(default = "one")]
    pub share: f64,
    /// `$id`: how the app names an event.
    pub id: Template,
    /// The event as the app writes it.
    pub envelope: Template,
    /// Variables of the whole app.
    #[serde(default)]
    pub vars: Assignments,
    /// Named lists for `$from` and `$text`.
    #[serde(default)]
    pub lists: HashMap<String, Vec<Value>>,
    /// The people.
    pub people: People,
    /// Their sessions.
    pub sessions: Sessions,
    /// What happens, in the sessions and beside them.
    pub flows: Vec<Flow>,
    /// What goes wrong on purpose.
    #[serde(default)]
    pub spoil: Spoil,
    /// What is asked of the server when the history is in.
    #[serde(default)]
    pub headlines: Vec<HeadlinePlan>,
}

/// A number that sums up the app, or a few: a metric, and what is shown of its answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HeadlinePlan {
    /// What it is, for people.
    pub title: String,
    /// The metric.
    pub metric: String,
    /// Its parameters, but for `from` and `to`.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// It is about so many days, today with them; 30 unless said.
    #[serde(default)]
    pub days: Option<u32>,
    /// Instead, about so many weeks from Monday, the one that is under way with them.
    #[serde(default)]
    pub weeks: Option<u32>,
    /// The column of the answer that is shown, row by row.
    pub show: String,
    /// Only of rows that have these values.
    #[serde(default)]
    pub only: Map<String, Value>,
    /// Whether the sum is shown instead.
    #[serde(default)]
    pub sum: bool,
}

/// The people of an app.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct People {
    /// How many there are when the rates of background flows are as written.
    pub count: u32,
    /// `$identity`: how the app names a person.
    pub identity: Template,
    /// `$platform`, drawn anew for each session.
    #[serde(default)]
    pub platforms: BTreeMap<String, f64>,
    /// The share that was there before the month began; the rest arrive in the course of it.
    pub already_there: f64,
    /// The share of those present that leave within a month.
    pub churn: f64,
    /// Variables drawn once for each person.
    #[serde(default)]
    pub vars: Assignments,
}

/// The sessions of a person.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sessions {
    /// Mean sessions of one person in a day.
    pub per_day: f64,
    /// How much people differ in it: the spread of a log-normal factor.
    #[serde(default)]
    pub per_day_spread: f64,
    /// Weight of each hour of the day (UTC), 24 numbers.
    pub hours: [f64; 24],
    /// Weight of each day of the week from Monday, 7 numbers.
    pub weekdays: [f64; 7],
    /// Mean number of flows in a session.
    pub flows: f64,
    /// Seconds between two flows.
    pub pause: Template,
    /// `$session`: the session's id.
    pub id: Template,
    /// Variables drawn once for each session.
    #[serde(default)]
    pub vars: Assignments,
}

/// A sequence of events that belong together.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Flow {
    /// What it is called, for people who read the plan.
    pub flow: String,
    /// When it happens.
    pub when: When,
    /// For `when: session`: how likely it is beside the others.
    #[serde(default = "one")]
    pub weight: f64,
    /// For the other `when`s: the probability that it happens at all. A template, so that it can depend on the person.
    #[serde(default)]
    pub chance: Option<Template>,
    /// For `when: background`: how often in a day, at the plan's number of people.
    #[serde(default)]
    pub per_day: f64,
    /// For `when: background`: whether it concerns a person, drawn at random.
    #[serde(default)]
    pub of_person: bool,
    /// What happens.
    pub steps: Vec<Step>,
}

/// When a flow happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// In the first session of a person who arrives within the month.
    Arrival,
    /// At the start of every session (after the arrival).
    SessionStart,
    /// In a session.
    Session,
    /// At the end of every session.
    SessionEnd,
    /// When a person leaves for good.
    Departure,
    /// Beside the sessions: jobs, webhooks, services.
    Background,
}

/// A step of a flow: an event, a group of steps, or a choice between groups.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// Seconds after the step before.
    #[serde(default)]
    pub after: Option<Template>,
    /// The probability of the step; else the flow goes on behind it.
    #[serde(default)]
    pub chance: Option<Template>,
    /// How often the step is repeated.
    #[serde(default)]
    pub repeat: Option<Template>,
    /// Variables of the flow, set in this order before anything else is made.
    #[serde(default)]
    pub set: Assignments,
    /// Variables of the person, kept from flow to flow; set after those of the flow.
    #[serde(default)]
    pub keep: Assignments,
    /// The event type.
    #[serde(default)]
    pub event: Option<String>,
    /// The event's `$data`.
    #[serde(default)]
    pub data: Option<Template>,
    /// Members of the envelope that differ for this event.
    #[serde(default)]
    pub envelope: Assignments,
    /// Steps within this one.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// One of these happens.
    #[serde(default)]
    pub either: Vec<Branch>,
    /// Ends the flow here.
    #[serde(default)]
    pub end: bool,
}

/// One side of an `either`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// How likely it is beside the others.
    #[serde(default = "one")]
    pub weight: f64,
    /// What happens then.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// The share of events that are spoilt, and the weights of the ways.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Spoil {
    /// From 0.0 to 1.0.
    pub share: f64,
    /// A required property is missing.
    #[serde(default)]
    pub missing_property: f64,
    /// A property has the wrong type.
    #[serde(default)]
    pub wrong_type: f64,
    /// There is a property too many: kept, with a warning.
    #[serde(default)]
    pub unknown_property: f64,
    /// The event type does not exist.
    #[serde(default)]
    pub unknown_type: f64,
    /// It claims to happen in two days.
    #[serde(default)]
    pub future: f64,
    /// It claims to have happened years ago.
    #[serde(default)]
    pub too_old: f64,
    /// A text holds a credential.
    #[serde(default)]
    pub secret: f64,
    /// It is sent twice.
    #[serde(default)]
    pub duplicate: f64,
    /// It is sent again with the same id and other content.
    #[serde(default)]
    pub id_conflict: f64,
}

/// Variables and what they are set to, in the order written, so that a later one can use an earlier one.
#[derive(Debug, Clone, Default)]
pub struct Assignments(pub Vec<(String, Template)>);

impl<'de> Deserialize<'de> for Assignments {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Template::deserialize(deserializer)? {
            Template::Object(members) => Ok(Self(members)),
            _ => Err(serde::de::Error::custom("a mapping from names to templates is expected")),
        }
    }
}

/// Why a plan cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file is not the YAML it should be.
    #[error("{0}")]
    Yaml(String),
    /// The file is YAML, but no plan.
    #[error("{0}")]
    Shape(#[from] serde_json::Error),
    /// The plan is at odds with itself or with the catalog.
    #[error("{}", .0.join("; "))]
    Content(Vec<String>),
}

impl Plan {
    /// Reads a plan and checks it against the catalog's event types; `open` says that others are allowed.
    ///
    /// # Errors
    /// [`PlanError`], with every finding of the check at once.
    pub fn read(text: &str, facts: &HashMap<String, TypeFacts>, open: bool) -> Result<Self, PlanError> {
        let plan: Self = serde_json::from_value(yaml::read(text).map_err(PlanError::Yaml)?)?;
        let mut findings = Vec::new();
        for flow in &plan.flows {
            plan.check_flow(flow, &mut findings);
            check_steps(&flow.flow, &flow.steps, facts, open, &mut findings);
        }
        if !plan.flows.iter().any(|flow| flow.when == When::Session) {
            findings.push("a plan needs at least one flow with `when: session`".into());
        }
        if !(0.0..=1.0).contains(&plan.spoil.share) || !(0.0..=1.0).contains(&plan.people.churn) {
            findings.push("`spoil.share` and `people.churn` are shares, from 0 to 1".into());
        }
        for headline in plan.headlines.iter().filter(|headline| headline.days.is_some() && headline.weeks.is_some()) {
            findings.push(format!("headline `{}`: it is about `days` or `weeks`, and not both", headline.title));
        }
        if findings.is_empty() { Ok(plan) } else { Err(PlanError::Content(findings)) }
    }

    /// The flows that happen at one occasion, in the order of the plan.
    pub fn flows(&self, when: When) -> Vec<&Flow> {
        self.flows.iter().filter(|flow| flow.when == when).collect()
    }

    fn check_flow(&self, flow: &Flow, findings: &mut Vec<String>) {
        let background = flow.when == When::Background;
        if background != (flow.per_day > 0.0) {
            findings
                .push(format!("flow `{}`: `per-day` belongs to `when: background`, and to nothing else", flow.flow));
        }
        if flow.of_person && !background {
            findings.push(format!("flow `{}`: `of-person` belongs to `when: background`", flow.flow));
        }
    }
}

fn check_steps(flow: &str, steps: &[Step], facts: &HashMap<String, TypeFacts>, open: bool, findings: &mut Vec<String>) {
    for step in steps {
        if let Some(event) = &step.event {
            if !open && !facts.contains_key(event) {
                findings.push(format!("flow `{flow}`: the catalog has no event type `{event}`"));
            }
        } else if step.data.is_some() || !step.envelope.0.is_empty() {
            findings.push(format!("flow `{flow}`: a step without `event` has `data` or `envelope`"));
        }
        check_steps(flow, &step.steps, facts, open, findings);
        for branch in &step.either {
            check_steps(flow, &branch.steps, facts, open, findings);
        }
    }
}

const fn one() -> f64 {
    1.0
}
