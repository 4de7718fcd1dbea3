//! Which positions of a piece of the index a query describes: lists of positions leap over each other until all of an
//! item stand at the same one.

use daybook_event::Position;

use super::Incomplete;
use super::query::{Term, TermItem, TermQuery};
use super::run::RunPostings;
use super::table::TablePostings;

/// A table or a run.
pub(super) trait Piece<'p> {
    /// The positions of a term; nothing where it has none here.
    fn postings(&'p self, term: &Term) -> Result<Option<Postings<'p>>, Incomplete>;
}

/// The positions of a term in a piece.
#[derive(Debug)]
pub(super) enum Postings<'p> {
    Table(TablePostings<'p>),
    Run(Box<RunPostings<'p>>),
}

impl Postings<'_> {
    /// The first position that is not before `at`. Must not go back.
    fn seek(&mut self, at: Position) -> Result<Option<Position>, Incomplete> {
        match self {
            Self::Table(postings) => Ok(postings.seek(at)),
            Self::Run(postings) => postings.seek(at),
        }
    }
}

/// A query on its way through a piece.
pub(super) struct Matching<'p> {
    /// Those that can match anything in the piece, with the match that each is at.
    items: Vec<(ItemMatching<'p>, Position)>,
}

impl<'p> Matching<'p> {
    pub(super) fn new(query: &TermQuery, piece: &'p impl Piece<'p>) -> Result<Self, Incomplete> {
        let mut items = Vec::with_capacity(query.items.len());
        for item in &query.items {
            if let Some(item) = ItemMatching::new(item, piece)? {
                items.push((item, 0));
            }
        }
        Ok(Self { items })
    }

    /// The first match that is not before `at`. Must not go back.
    pub(super) fn next(&mut self, at: Position) -> Result<Option<Position>, Incomplete> {
        let mut next: Option<Position> = None;
        for (item, standing) in &mut self.items {
            if *standing < at {
                *standing = item.next(at)?.unwrap_or(Position::MAX);
            }
            next = Some(next.map_or(*standing, |next| next.min(*standing)));
        }
        Ok(next.filter(|next| *next != Position::MAX))
    }
}

struct ItemMatching<'p> {
    all: Vec<Postings<'p>>,
    /// One of these; nothing where the item does not ask for it.
    any: Option<Vec<Postings<'p>>>,
}

impl<'p> ItemMatching<'p> {
    /// Nothing where the piece has no match.
    fn new(item: &TermItem, piece: &'p impl Piece<'p>) -> Result<Option<Self>, Incomplete> {
        let mut all = Vec::with_capacity(item.all.len());
        for term in &item.all {
            let Some(postings) = piece.postings(term)? else { return Ok(None) };
            all.push(postings);
        }
        if item.any.is_empty() {
            return Ok(Some(Self { all, any: None }));
        }
        let mut any = Vec::with_capacity(item.any.len());
        for term in &item.any {
            any.extend(piece.postings(term)?);
        }
        Ok((!any.is_empty()).then_some(Self { all, any: Some(any) }))
    }

    fn next(&mut self, mut at: Position) -> Result<Option<Position>, Incomplete> {
        'leap: loop {
            for postings in &mut self.all {
                match postings.seek(at)? {
                    None => return Ok(None),
                    Some(position) if position > at => {
                        at = position;
                        continue 'leap;
                    }
                    Some(_) => {}
                }
            }
            let Some(any) = &mut self.any else { return Ok(Some(at)) };
            let mut nearest = None;
            for postings in any {
                nearest = match (nearest, postings.seek(at)?) {
                    (Some(one), Some(other)) => Some(std::cmp::min::<Position>(one, other)),
                    (one, other) => one.or(other),
                };
                if nearest == Some(at) {
                    return Ok(nearest);
                }
            }
            match nearest {
                None => return Ok(None),
                Some(position) => at = position,
            }
        }
    }
}
