//! Flows as they run: steps, choices, variables, and the events that come of them.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::{Value, json};

use super::plan::{Flow, Step};
use super::scope::{Scope, Variables};
use super::simulate::{MadeEvent, Simulation};
use super::spoil::{Parts, Spoiled};
use super::template::{TimeForm, UuidKind, uuid};

const SECOND_US: i64 = 1_000_000;
/// Most times a step is repeated, whatever its template says.
const REPEAT_MAX: usize = 200;

/// A flow in progress.
struct Run {
    clock_us: i64,
    began_us: i64,
    session_began_us: i64,
    vars: Variables,
}

impl Simulation {
    /// Plays a flow and returns when it ended.
    pub(super) fn flow(
        &mut self,
        flow: &Flow,
        who: Option<(usize, &Variables)>,
        at_us: i64,
        session_began_us: i64,
    ) -> i64 {
        let mut run = Run { clock_us: at_us, began_us: at_us, session_began_us, vars: Variables::new() };
        // The person's variables are the run's for as long as it lasts, so that `keep` can change them.
        let mut person_vars = who.map(|(person, _)| std::mem::take(&mut self.people[person])).unwrap_or_default();
        let none = Variables::new();
        let session = who.map_or(&none, |(_, session)| session);
        let app_vars = self.app_vars.clone();
        let id = {
            let mut scope = Scope { layers: &[], draw: &mut self.draw, supplies: &mut self.supplies, now_us: at_us };
            uuid(UuidKind::V7, &mut scope)
        };
        run.vars.insert("flow".into(), json!(id));
        let happens = flow.chance.as_ref().is_none_or(|chance| {
            let chance = self.number(chance, &[&app_vars, &person_vars, session], at_us);
            self.draw.chance(chance)
        });
        if happens {
            self.steps(&flow.steps, &mut run, &app_vars, &mut person_vars, session);
        }
        if let Some((person, _)) = who {
            self.people[person] = person_vars;
        }
        run.clock_us
    }

    /// Plays steps; true when one of them ended the flow.
    fn steps(
        &mut self,
        steps: &[Step],
        run: &mut Run,
        app: &Variables,
        person: &mut Variables,
        session: &Variables,
    ) -> bool {
        for step in steps {
            let layers = [app, person, session, &run.vars];
            let chance = step.chance.as_ref().map_or(1.0, |chance| self.number(chance, &layers, run.clock_us));
            if !self.draw.chance(chance) {
                continue;
            }
            let repeat = step.repeat.as_ref().map_or(1.0, |repeat| self.number(repeat, &layers, run.clock_us));
            for _ in 0..(repeat.max(0.0) as usize).min(REPEAT_MAX) {
                if self.step(step, run, app, person, session) {
                    return true;
                }
            }
        }
        false
    }

    fn step(
        &mut self,
        step: &Step,
        run: &mut Run,
        app: &Variables,
        person: &mut Variables,
        session: &Variables,
    ) -> bool {
        if let Some(after) = &step.after {
            let seconds = self.number(after, &[app, person, session, &run.vars], run.clock_us);
            run.clock_us += self.delay_us(seconds);
        }
        run.note_durations();
        let vars = std::mem::take(&mut run.vars);
        run.vars = self.assign(&step.set, vars, &[app, person, session], run.clock_us);
        for (name, template) in &step.keep.0 {
            if let Some(value) = self.fill(template, &[app, person, session, &run.vars], run.clock_us) {
                person.insert(name.clone(), value);
            }
        }
        if let Some(name) = &step.event {
            self.emit(name, step, run, &[app, person, session]);
        }
        if !step.either.is_empty() {
            let branch = self.draw.weighted(step.either.iter().map(|branch| branch.weight));
            if step.either.get(branch).is_some_and(|branch| self.steps(&branch.steps, run, app, person, session)) {
                return true;
            }
        }
        self.steps(&step.steps, run, app, person, session) || step.end
    }

    fn emit(&mut self, name: &str, step: &Step, run: &mut Run, outer: &[&Variables; 3]) {
        let [app, person, session] = *outer;
        let facts = self.facts.get(name).cloned().unwrap_or_default();
        let mut event = Variables::new();
        for (variable, value) in
            [("category", &facts.category), ("priority", &facts.priority), ("version", &facts.version)]
        {
            if !value.is_empty() {
                event.insert(variable.into(), json!(value));
            }
        }
        event.extend(facts.source.map(|source| ("source".to_owned(), json!(source))));
        let plan = Arc::clone(&self.plan);
        let id = self.fill(&plan.id, &[app, person, session, &run.vars], run.clock_us);
        event.insert("id".into(), id.clone().unwrap_or_default());
        let mut name = name.to_owned();
        let mut time_us = run.clock_us;
        let mut data =
            step.data.as_ref().and_then(|data| self.fill(data, &[app, person, session, &run.vars, &event], time_us));
        let spoiled = Spoiled::choose(&self.plan.spoil, &mut self.draw);
        if let Some(spoiled) = spoiled {
            let mut parts = Parts {
                name: &mut name,
                data: &mut data,
                time_us: &mut time_us,
                required: &facts.required,
                present_us: self.present_us,
            };
            spoiled.apply(&mut parts, &mut self.draw);
        }
        event.insert("name".into(), json!(name));
        event.insert("time".into(), TimeForm::Exact.write(time_us));
        event.extend(data.clone().map(|data| ("data".to_owned(), data)));
        let layers = [app, person, session, &run.vars, &event];
        let body = self.envelope(step, &layers, run.clock_us);
        if let Some(Spoiled::Duplicate | Spoiled::IdConflict) = spoiled {
            let mut again = body.clone();
            if spoiled == Some(Spoiled::IdConflict) {
                Spoiled::other_content(&mut data);
                let mut other = event.clone();
                other.extend(data.map(|data| ("data".to_owned(), data)));
                again = self.envelope(step, &[app, person, session, &run.vars, &other], run.clock_us);
            }
            let at_us = run.clock_us + self.draw.integer(1, 30) * SECOND_US;
            self.made.push(Reverse(MadeEvent { at_us, name: name.clone(), body: again, spoiled }));
        }
        self.made.push(Reverse(MadeEvent { at_us: run.clock_us, name, body, spoiled }));
        if let Some(id) = id {
            run.vars.entry("first".into()).or_insert_with(|| id.clone());
            run.vars.insert("previous".into(), id);
        }
    }

    fn envelope(&mut self, step: &Step, layers: &[&Variables], now_us: i64) -> String {
        let plan = Arc::clone(&self.plan);
        let mut event = self.fill(&plan.envelope, layers, now_us).unwrap_or_default();
        for (name, template) in &step.envelope.0 {
            let value = self.fill(template, layers, now_us);
            if let (Value::Object(members), Some(value)) = (&mut event, value) {
                members.insert(name.clone(), value);
            }
        }
        event.to_string()
    }
}

impl Run {
    fn note_durations(&mut self) {
        for (name, since_us) in [("session", self.session_began_us), ("flow", self.began_us)] {
            let milliseconds = (self.clock_us - since_us) / 1_000;
            self.vars.insert(format!("{name}_ms"), json!(milliseconds));
            self.vars.insert(format!("{name}_seconds"), json!(milliseconds / 1_000));
        }
    }
}
