//! The simulation: people who arrive, come back, do things and leave; jobs that run beside them.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use daybook_catalog::AppCatalog;
use serde_json::{Value, json};

use super::draw::Draw;
use super::facts::TypeFacts;
use super::plan::{Assignments, Flow, HeadlinePlan, Plan, PlanError, When};
use super::scope::{Scope, Supplies, Variables};
use super::spoil::Spoiled;
use super::template::Template;

/// Length of the history in days. Shorter than the shortest retention that is usual (30 days), with a day to spare.
pub const HISTORY_DAYS: i64 = 29;
const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;
/// Fewest people that a history is made of.
const PEOPLE_MIN: usize = 3;
/// Most people that a history is made of.
const PEOPLE_MAX: usize = 1_000_000;

/// One event, as the app writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MadeEvent {
    /// When it is sent, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// Its type.
    pub name: String,
    /// Its JSON.
    pub body: String,
    /// What was done to it.
    pub spoiled: Option<Spoiled>,
}

/// One app's traffic being played.
pub struct Simulation {
    pub(super) plan: Arc<Plan>,
    pub(super) facts: HashMap<String, TypeFacts>,
    pub(super) app_vars: Variables,
    pub(super) people: Vec<Variables>,
    pub(super) draw: Draw,
    pub(super) supplies: Supplies,
    pub(super) made: BinaryHeap<Reverse<MadeEvent>>,
    pub(super) present_us: i64,
    tempo: f64,
    live: Live,
}

/// What live traffic needs to know of the history.
#[derive(Default)]
struct Live {
    next_start_us: i64,
    starts: usize,
    background_starts: usize,
    events_per_start: f64,
    background_share: f64,
}

impl Simulation {
    /// Makes ready to play `text`, an app's `demo.yaml`.
    ///
    /// # Errors
    /// [`PlanError`] when the plan is broken or names event types that the catalog has not.
    pub fn new(app: &AppCatalog, text: &str, seed: u64) -> Result<Self, PlanError> {
        let open = matches!(app.unknown_types, daybook_catalog::UnknownTypes::Keep { .. });
        let facts = TypeFacts::of(app);
        let plan = Plan::read(text, &facts, open)?;
        Ok(Self::of(&app.app, plan, facts, seed))
    }

    /// Plays `plan` for the app named `app`.
    pub fn of(app: &str, plan: Plan, facts: HashMap<String, TypeFacts>, seed: u64) -> Self {
        let mut simulation = Self {
            supplies: Supplies { lists: plan.lists.clone(), ..Supplies::default() },
            plan: Arc::new(plan),
            facts,
            app_vars: Variables::new(),
            people: Vec::new(),
            draw: Draw::new(seed, app),
            made: BinaryHeap::new(),
            present_us: 0,
            tempo: 1.0,
            live: Live::default(),
        };
        let plan = Arc::clone(&simulation.plan);
        simulation.app_vars = simulation.assign(&plan.vars, Variables::new(), &[], 0);
        simulation
    }

    /// The app's share of the events, relative to the other apps.
    pub fn share(&self) -> f64 {
        self.plan.share
    }

    /// What is asked of the server when the history is in.
    pub fn headlines(&self) -> &[HeadlinePlan] {
        &self.plan.headlines
    }

    /// How many people there are.
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// The last `count` events of the month before `present_us`, in order.
    pub fn history(&mut self, present_us: i64, count: usize) -> Vec<MadeEvent> {
        self.present_us = present_us;
        let from_us = present_us - HISTORY_DAYS * DAY_US;
        while self.people.len() < PEOPLE_MIN
            || (self.expected() < count as f64 * 1.02 && self.people.len() < PEOPLE_MAX)
        {
            self.month_of_a_person(from_us);
        }
        self.month_of_background(from_us);
        self.live.events_per_start = self.made.len() as f64 / self.live.starts.max(1) as f64;
        self.live.background_share = self.live.background_starts as f64 / self.live.starts.max(1) as f64;
        let mut events: Vec<MadeEvent> = std::iter::from_fn(|| self.next_until(present_us)).collect();
        events.split_off(events.len().saturating_sub(count))
    }

    /// The live events that are due by `now_us`, when `rate` events a second are wanted.
    pub fn due(&mut self, now_us: i64, rate: f64) -> Vec<MadeEvent> {
        // Live people are in more of a hurry, so that a demo of five minutes sees whole sessions.
        self.tempo = 0.2;
        self.present_us = now_us;
        if self.live.next_start_us == 0 {
            self.live.next_start_us = now_us;
            // Live traffic is new each time: the same ids again would be conflicts where a demo goes on on its old data.
            self.draw.stir(now_us.unsigned_abs());
        }
        while self.live.next_start_us <= now_us {
            let at_us = self.live.next_start_us;
            self.start_something(at_us);
            let wait = self.draw.exponential(self.live.events_per_start.max(1.0) / rate.max(0.001));
            self.live.next_start_us = at_us + (wait * SECOND_US as f64) as i64 + 1;
        }
        std::iter::from_fn(|| self.next_until(now_us)).collect()
    }

    fn next_until(&mut self, time_us: i64) -> Option<MadeEvent> {
        let top = self.made.peek_mut().filter(|top| top.0.at_us <= time_us)?;
        Some(PeekMut::pop(top).0)
    }

    fn start_something(&mut self, at_us: i64) {
        if self.draw.chance(self.live.background_share) {
            let plan = Arc::clone(&self.plan);
            let flows = plan.flows(When::Background);
            let index = self.draw.weighted(flows.iter().map(|flow| flow.per_day));
            if let Some(flow) = flows.get(index) {
                self.background(flow, at_us);
            }
        } else if self.people.is_empty() || self.draw.chance(0.02) {
            let person = self.arrive(at_us);
            self.session(person, at_us, true);
        } else {
            let person = self.draw.index(self.people.len());
            self.session(person, at_us, false);
        }
    }

    /// How many events there will be with the people there are.
    fn expected(&self) -> f64 {
        let scale = self.people.len() as f64 / f64::from(self.plan.people.count.max(1));
        let background = self.plan.flows.iter().filter(|flow| flow.when == When::Background);
        // A background flow is counted as if every step happened once; close enough to stop growing.
        let per_day: f64 = background.map(|flow| flow.per_day * flow.steps.len() as f64).sum();
        let late = self.made.len() as f64 * 0.02;
        self.made.len() as f64 - late + per_day * scale * HISTORY_DAYS as f64
    }

    fn arrive(&mut self, at_us: i64) -> usize {
        let people = &Arc::clone(&self.plan).people;
        let mut vars = Variables::new();
        let app_vars = self.app_vars.clone();
        if let Some(identity) = self.fill(&people.identity, &[&app_vars], at_us) {
            vars.insert("identity".into(), identity);
        }
        let vars = self.assign(&people.vars, vars, &[&app_vars], at_us);
        self.people.push(vars);
        self.people.len() - 1
    }

    fn month_of_a_person(&mut self, from_us: i64) {
        let month_us = self.present_us - from_us;
        let early = self.draw.chance(self.plan.people.already_there);
        let arrival_us = if early { from_us } else { from_us + (self.draw.unit() * month_us as f64) as i64 };
        // A constant rate of leaving, so that `churn` of those who are there for the whole month leave within it.
        let stay_us =
            -(1.0 - self.draw.unit()).ln() / -(1.0 - self.plan.people.churn.min(0.999)).ln() * month_us as f64;
        let departure_us = arrival_us.saturating_add(stay_us.min(4e18) as i64);
        let per_day = self.draw.log_normal(self.plan.sessions.per_day, self.plan.sessions.per_day_spread);

        let person = self.arrive(arrival_us);
        let mut free_us = if early { arrival_us } else { self.session(person, arrival_us, true) };
        let mut day = arrival_us.div_euclid(DAY_US);
        while day * DAY_US < departure_us.min(self.present_us) {
            for at_us in self.session_starts(day, per_day) {
                if at_us > free_us && at_us < departure_us.min(self.present_us) {
                    free_us = self.session(person, at_us, false);
                }
            }
            day += 1;
        }
        if departure_us < self.present_us {
            let plan = Arc::clone(&self.plan);
            for flow in plan.flows(When::Departure) {
                self.flow_of_person(flow, person, departure_us.max(free_us));
            }
        }
    }

    fn session_starts(&mut self, day: i64, per_day: f64) -> Vec<i64> {
        let weekdays = &self.plan.sessions.weekdays;
        // 1970-01-01 was a Thursday.
        let weight = weekdays[(day + 3).rem_euclid(7) as usize] * 7.0 / weekdays.iter().sum::<f64>();
        let count = self.draw.poisson(per_day * weight);
        let mut starts: Vec<i64> = (0..count).map(|_| self.time_of_day(day)).collect();
        starts.sort_unstable();
        starts
    }

    fn time_of_day(&mut self, day: i64) -> i64 {
        let hour = self.draw.weighted(self.plan.sessions.hours.into_iter());
        let within = self.draw.unit();
        day * DAY_US + ((hour as f64 + within) * 3_600.0) as i64 * SECOND_US + self.draw.integer(0, 999) * 1_000
    }

    /// Plays a session and returns when it ended.
    fn session(&mut self, person: usize, began_us: i64, first: bool) -> i64 {
        self.live.starts += 1;
        let plan = Arc::clone(&self.plan);
        let sessions = &plan.sessions;
        let mut session = Variables::new();
        let platforms = &plan.people.platforms;
        let platform = self.draw.weighted(platforms.values().copied());
        if let Some(platform) = platforms.keys().nth(platform) {
            session.insert("platform".into(), json!(platform));
        }
        let (app_vars, person_vars) = (self.app_vars.clone(), self.people[person].clone());
        if let Some(id) = self.fill(&sessions.id, &[&app_vars, &person_vars, &session], began_us) {
            session.insert("session".into(), id);
        }
        let session = self.assign(&sessions.vars, session, &[&app_vars, &person_vars], began_us);

        let mut flows = if first { plan.flows(When::Arrival) } else { Vec::new() };
        flows.extend(plan.flows(When::SessionStart));
        let within = plan.flows(When::Session);
        for _ in 0..self.draw.poisson(sessions.flows) {
            let index = self.draw.weighted(within.iter().map(|flow| flow.weight));
            flows.extend(within.get(index).copied());
        }
        flows.extend(plan.flows(When::SessionEnd));

        let mut clock_us = began_us;
        for flow in flows {
            clock_us = self.flow(flow, Some((person, &session)), clock_us, began_us);
            if flow.when == When::Session {
                let pause = self.number(&sessions.pause, &[&app_vars, &session], clock_us);
                clock_us += self.delay_us(pause);
            }
        }
        clock_us
    }

    fn month_of_background(&mut self, from_us: i64) {
        let scale = self.people.len() as f64 / f64::from(self.plan.people.count.max(1));
        let days = (self.present_us - from_us) as f64 / DAY_US as f64;
        let plan = Arc::clone(&self.plan);
        for flow in plan.flows(When::Background) {
            for _ in 0..self.draw.poisson(flow.per_day * scale * days) {
                let at_us = from_us + (self.draw.unit() * (self.present_us - from_us) as f64) as i64;
                self.background(flow, at_us);
            }
        }
    }

    fn background(&mut self, flow: &Flow, at_us: i64) {
        self.live.starts += 1;
        self.live.background_starts += 1;
        if flow.of_person && !self.people.is_empty() {
            let person = self.draw.index(self.people.len());
            self.flow_of_person(flow, person, at_us);
        } else {
            self.flow(flow, None, at_us, at_us);
        }
    }

    fn flow_of_person(&mut self, flow: &Flow, person: usize, at_us: i64) {
        self.flow(flow, Some((person, &Variables::new())), at_us, at_us);
    }

    pub(super) fn fill(&mut self, template: &Template, layers: &[&Variables], now_us: i64) -> Option<Value> {
        template.make(&mut Scope { layers, draw: &mut self.draw, supplies: &mut self.supplies, now_us })
    }

    pub(super) fn number(&mut self, template: &Template, layers: &[&Variables], now_us: i64) -> f64 {
        template.number(&mut Scope { layers, draw: &mut self.draw, supplies: &mut self.supplies, now_us })
    }

    /// Sets variables in order, each seeing those before it.
    pub(super) fn assign(
        &mut self,
        assignments: &Assignments,
        mut vars: Variables,
        outer: &[&Variables],
        now_us: i64,
    ) -> Variables {
        for (name, template) in &assignments.0 {
            let layers: Vec<&Variables> = outer.iter().copied().chain([&vars]).collect();
            let value = self.fill(template, &layers, now_us);
            match value {
                Some(value) => vars.insert(name.clone(), value),
                None => vars.remove(name),
            };
        }
        vars
    }

    pub(super) fn delay_us(&self, seconds: f64) -> i64 {
        (seconds.clamp(0.0, 86_400.0) * self.tempo * SECOND_US as f64) as i64 / 1_000 * 1_000
    }
}

#[cfg(test)]
mod tests;
