//! New people, and rows that take the place of damaged ones.

use std::collections::HashMap;

use daybook_event::seal::NONCE_BYTES;
use daybook_event::{Person, Secret, SubjectId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};
use zeroize::Zeroizing;

use super::cache::LookupKey;
use super::error::VaultError;
use super::facts::ConsentRow;
use super::load::{self, Found, Row, Wanted};
use super::ring::fill_random;
use super::writer::Effect;
use super::{Shared, now_us};
use crate::limits;
use crate::tables::{actor_keys, consents, subjects};

/// Random bytes of one person: id, secret, nonce.
const RANDOM_BYTES: usize = 16 + 32 + NONCE_BYTES;

/// People, each of them once, in their order; those who are not known are made.
pub(super) async fn ensure(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    wanted: &[Wanted],
    effects: &mut Vec<Effect>,
) -> Result<Vec<Person>, VaultError> {
    let mut people: HashMap<LookupKey, Person> = HashMap::with_capacity(wanted.len());
    let mut missing = Vec::new();
    for (person, found) in wanted.iter().zip(load::by_name(transaction, &shared.ring, wanted).await?) {
        if !found.damaged.is_empty() {
            people.insert(person.key, replace(shared, transaction, person, &found, effects).await?);
        } else if let Some(found) = found.person() {
            people.insert(person.key, found);
        } else {
            missing.push(person.clone());
        }
    }
    for missing in missing.chunks(limits::CHUNK_ROWS) {
        let (made, count) = make(shared, transaction, missing).await?;
        if count == missing.len() as u64 {
            people.extend(made);
        } else {
            // Another process made some of them at the same moment.
            people.extend(known(shared, transaction, missing).await?);
        }
    }
    // Of people who are there all are found or made.
    let people: Option<Vec<Person>> = wanted.iter().map(|person| people.get(&person.key).cloned()).collect();
    let people = people.ok_or(VaultError::Database(super::error::DatabaseError::lost_row()))?;
    effects.extend(wanted.iter().zip(&people).map(|(wanted, person)| Effect::Person(wanted.key, person.clone())));
    Ok(people)
}

async fn known<C: ConnectionTrait>(
    shared: &Shared,
    database: &C,
    wanted: &[Wanted],
) -> Result<Vec<(LookupKey, Person)>, DbErr> {
    let found = load::by_name(database, &shared.ring, wanted).await?;
    Ok(wanted.iter().zip(found).filter_map(|(wanted, found)| Some((wanted.key, found.person()?))).collect())
}

/// Makes people; says how many rows that were.
async fn make(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    wanted: &[Wanted],
) -> Result<(Vec<(LookupKey, Person)>, u64), VaultError> {
    let mut random = Zeroizing::new(vec![0; RANDOM_BYTES * wanted.len()]);
    fill_random(&mut random).map_err(|_| VaultError::Random)?;
    let (generation, now_us) = (shared.ring.current(), now_us());
    let (mut people, mut rows) = (Vec::with_capacity(wanted.len()), Vec::with_capacity(wanted.len()));
    let (random, _) = random.as_chunks::<RANDOM_BYTES>();
    for (wanted, random) in wanted.iter().zip(random) {
        let (mut id, mut secret, mut nonce) = ([0; 16], Zeroizing::new([0; 32]), [0; NONCE_BYTES]);
        id.copy_from_slice(&random[..16]);
        secret.copy_from_slice(&random[16..48]);
        nonce.copy_from_slice(&random[48..]);
        let (id, secret) = (SubjectId::from_random(id), Secret::from_bytes(*secret));
        rows.push(subjects::ActiveModel {
            id: NotSet,
            app: Set(wanted.app.to_string()),
            lookup: Set(Some(wanted.key.to_vec())),
            anonymous_id: Set(id.as_bytes().to_vec()),
            generation: Set(generation.number),
            wrapped: Set(generation.wrap_person(&wanted.app, id, &wanted.name, &secret, nonce)),
            created_us: Set(now_us),
            objected_us: Set(None),
            damaged_us: Set(None),
            replaced_by: Set(None),
        });
        people.push((wanted.key, Person { id, secret, consents: None, objected: false }));
    }
    let made = subjects::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(subjects::Column::Lookup).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    Ok((people, made))
}

/// Sets damaged rows of a person aside: they are kept, but found by no name. What the person said is in clear and known to be
/// theirs, so it goes over to the row that takes their place.
async fn replace(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    wanted: &Wanted,
    found: &Found,
    effects: &mut Vec<Effect>,
) -> Result<Person, VaultError> {
    for row in &found.damaged {
        tracing::warn!(row = row.id, "a row of the vault's people is damaged; another takes its place");
        set_aside(transaction, row).await?;
        effects.push(Effect::Gone { name: Some(wanted.key), id: row.subject });
    }
    if found.rows.is_empty() {
        make(shared, transaction, std::slice::from_ref(wanted)).await?;
    }
    let again = load::by_name(transaction, &shared.ring, std::slice::from_ref(wanted)).await?;
    let target =
        again.first().and_then(|found| found.rows.first()).ok_or_else(super::error::DatabaseError::lost_row)?;
    for row in &found.damaged {
        move_over(transaction, row, target).await?;
    }
    let people = known(shared, transaction, std::slice::from_ref(wanted)).await?;
    let person = people.into_iter().next().map(|(_, person)| person);
    Ok(person.ok_or_else(super::error::DatabaseError::lost_row)?)
}

async fn set_aside(transaction: &DatabaseTransaction, row: &Row) -> Result<(), DbErr> {
    subjects::Entity::update_many()
        .col_expr(subjects::Column::Lookup, Expr::value(None::<Vec<u8>>))
        .col_expr(subjects::Column::DamagedUs, Expr::value(row.damaged_us.unwrap_or_else(now_us)))
        .filter(subjects::Column::Id.eq(row.id))
        .exec(transaction)
        .await
        .map(drop)
}

/// Gives what was said by the person of a damaged row, and the rows it replaced itself, to another.
async fn move_over(transaction: &DatabaseTransaction, from: &Row, to: &Row) -> Result<(), DbErr> {
    let new_id = to.subject.as_bytes().to_vec();
    subjects::Entity::update_many()
        .col_expr(subjects::Column::ReplacedBy, Expr::value(Some(new_id.clone())))
        .filter(subjects::Column::Id.eq(from.id))
        .exec(transaction)
        .await?;
    subjects::Entity::update_many()
        .col_expr(subjects::Column::ReplacedBy, Expr::value(Some(new_id)))
        .filter(subjects::Column::ReplacedBy.eq(from.subject.as_bytes().to_vec()))
        .exec(transaction)
        .await?;
    if let Some(objected_us) = from.objected_us.filter(|_| to.objected_us.is_none()) {
        subjects::Entity::update_many()
            .col_expr(subjects::Column::ObjectedUs, Expr::value(Some(objected_us)))
            .filter(subjects::Column::Id.eq(to.id))
            .exec(transaction)
            .await?;
    }
    actor_keys::Entity::update_many()
        .col_expr(actor_keys::Column::Subject, Expr::value(Some(to.id)))
        .filter(actor_keys::Column::Subject.eq(from.id))
        .exec(transaction)
        .await?;
    consents::Entity::delete_many().filter(consents::Column::Subject.eq(from.id)).exec(transaction).await?;
    for consent in &from.consents {
        let newer = to.consents.iter().any(|known| known.purpose == consent.purpose && known.time >= consent.time);
        if !newer {
            put_consent(transaction, to.id, consent).await?;
        }
    }
    Ok(())
}

/// Writes down what a person said, in place of what they said before.
pub(super) async fn put_consent(
    transaction: &DatabaseTransaction,
    subject: i64,
    consent: &ConsentRow,
) -> Result<(), DbErr> {
    use consents::Column;

    let row = consents::ActiveModel {
        subject: Set(subject),
        purpose: Set(consent.purpose.clone()),
        granted: Set(consent.granted),
        time_us: Set(consent.time.microseconds()),
        source: Set(consent.source.clone()),
        version: Set(consent.version.clone()),
    };
    consents::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::Subject, Column::Purpose])
                .update_columns([Column::Granted, Column::TimeUs, Column::Source, Column::Version])
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await
        .map(drop)
}
