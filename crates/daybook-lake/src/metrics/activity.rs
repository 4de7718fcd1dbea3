//! In which periods each person was active: what most questions about people come down to.
//!
//! Each person's periods are the bits of a few numbers, which the engine gathers in one pass over time and person. What is left
//! is one row a person, and is counted while it streams by: memory is the engine's table of people, which its limits know.

use datafusion::functions_aggregate::expr_fn::bit_or;
use datafusion::logical_expr::{Expr, ident, lit, when};
use datafusion::prelude::SessionContext;
use futures_util::TryStreamExt;

use super::columns::{GroupBy, Groups};
use super::error::MetricError;
use super::period_of::{Edges, period_bit_of_time, words_of};
use super::run::{self, Rows, Texts};

/// What is asked of each person.
pub(super) struct Activity<'q> {
    /// Which events count. They have a person.
    pub(super) filter: Expr,
    /// Whether people are told apart by this column too.
    pub(super) by: Option<&'q GroupBy>,
    /// The sets of periods that are gathered.
    pub(super) sets: Vec<Gathered>,
}

/// A set of periods that is gathered.
pub(super) struct Gathered {
    pub(super) edges: Edges,
    /// Which of the events count for it; all, if none.
    pub(super) only: Option<Expr>,
}

impl Gathered {
    pub(super) const fn all(edges: Edges) -> Self {
        Self { edges, only: None }
    }
}

/// The periods that a person was active in: those between the edges, and what lies before them.
#[derive(Clone, Copy)]
pub(super) struct Periods<'w>(&'w [u64]);

impl<'w> Periods<'w> {
    /// Whether the person was active before the first period.
    pub(super) fn before(self) -> bool {
        self.0.first().is_some_and(|word| word & 1 == 1)
    }

    /// Whether the person was active in a period, counted from 0.
    pub(super) fn has(self, period: usize) -> bool {
        let bit = period + 1;
        self.0.get(bit / 64).is_some_and(|word| (word >> (bit % 64)) & 1 == 1)
    }

    /// The periods that the person was active in, counted from 0. The last may be the time after all of them.
    pub(super) fn iter(self) -> impl Iterator<Item = usize> + use<'w> {
        let bits = self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(at * 64 + bit)
            })
        });
        bits.filter_map(|bit| bit.checked_sub(1))
    }
}

/// What was gathered of a person, or of a person in a group.
pub(super) struct Gatherings {
    /// The group's number; 0 without groups.
    pub(super) group: usize,
    words: Vec<u64>,
    /// Where the words of each set end.
    ends: Vec<usize>,
}

impl Gatherings {
    /// One of the sets, in the order in which they were asked for.
    pub(super) fn set(&self, index: usize) -> Periods<'_> {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(start);
        Periods(self.words.get(start..end).unwrap_or_default())
    }
}

impl Activity<'_> {
    /// Calls `visit` once for each person (and group), in no order.
    pub(super) async fn each(
        &self,
        session: &SessionContext,
        groups: Option<&mut Groups>,
        mut visit: impl FnMut(&Gatherings) + Send,
    ) -> Result<(), MetricError> {
        self.run(session, groups, false, |gatherings| {
            for gathered in gatherings {
                visit(gathered);
            }
        })
        .await
    }

    /// Calls `visit` once for each person, with what was gathered in each of the groups.
    pub(super) async fn each_person(
        &self,
        session: &SessionContext,
        groups: Option<&mut Groups>,
        visit: impl FnMut(&[Gatherings]) + Send,
    ) -> Result<(), MetricError> {
        self.run(session, groups, self.by.is_some(), visit).await
    }

    async fn run(
        &self,
        session: &SessionContext,
        mut groups: Option<&mut Groups>,
        by_person: bool,
        mut visit: impl FnMut(&[Gatherings]) + Send,
    ) -> Result<(), MetricError> {
        let (words, ends) = self.words()?;
        let width = words.len();
        let mut keys = vec![ident("person")];
        keys.extend(self.by.map(GroupBy::expr));
        let first_word = keys.len();
        let events = run::events(session).await?.filter(self.filter.clone())?;
        let mut people = events.aggregate(keys, words)?;
        if by_person {
            people = people.sort(vec![ident("person").sort(true, false)])?;
        }
        let mut stream = people.execute_stream().await?;
        let mut person = None;
        // Reused from row to row: what is of the person at hand.
        let mut of_person: Vec<Gatherings> = Vec::new();
        let mut used = 0;
        while let Some(batch) = stream.try_next().await? {
            let rows = Rows(&batch);
            let people = rows.integers(0)?;
            let texts: Option<Texts> = self.by.map(|_| rows.texts(1)).transpose()?;
            let columns = (first_word..first_word + width).map(|at| rows.words(at)).collect::<Result<Vec<_>, _>>()?;
            for row in 0..rows.len() {
                let next = people.value(row);
                if !by_person || person != Some(next) {
                    if used > 0 {
                        visit(of_person.get(..used).unwrap_or_default());
                    }
                    used = 0;
                    person = Some(next);
                }
                let group = match (&texts, groups.as_deref_mut()) {
                    (Some(texts), Some(groups)) => groups.number(texts.get(row))?,
                    _ => 0,
                };
                if used == of_person.len() {
                    of_person.push(Gatherings { group, words: Vec::with_capacity(width), ends: ends.clone() });
                }
                if let Some(gatherings) = of_person.get_mut(used) {
                    gatherings.group = group;
                    gatherings.words.clear();
                    gatherings.words.extend(columns.iter().map(|column| column.value(row)));
                }
                used += 1;
            }
        }
        if used > 0 {
            visit(of_person.get(..used).unwrap_or_default());
        }
        Ok(())
    }

    /// The words of all sets as aggregates, and where those of each set end.
    fn words(&self) -> Result<(Vec<Expr>, Vec<usize>), MetricError> {
        let mut words = Vec::new();
        let mut ends = Vec::new();
        for (at, set) in self.sets.iter().enumerate() {
            for word in 0..words_of(&set.edges) {
                let bit = period_bit_of_time(&set.edges, word);
                let bit = match &set.only {
                    Some(only) => when(only.clone(), bit).otherwise(lit(0u64))?,
                    None => bit,
                };
                words.push(bit_or(bit).alias(format!("set_{at}_{word}")));
            }
            ends.push(words.len());
        }
        Ok((words, ends))
    }
}
