//! The function that gives a whole event, with what is sealed in it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use datafusion::arrow::array::{AsArray, Int64Array};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use daybook_event::Position;

use super::{OPENED, OPENED_AT_ONCE, OPENED_BYTES_MAX, OPENED_MAX, People};
use crate::columns::TEXT;
use crate::query::{Fault, QueryError};
use crate::rows::Texts;

/// The function `opened(position)`, for one query.
pub(crate) fn opened(people: &Arc<dyn People>) -> ScalarUDF {
    let opened = Opened {
        people: Arc::clone(people),
        signature: Signature::exact(vec![DataType::Int64], Volatility::Stable),
        count: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
    };
    AsyncScalarUDF::new(Arc::new(opened)).into_scalar_udf()
}

/// Opens events, so many in all.
#[derive(Debug)]
struct Opened {
    people: Arc<dyn People>,
    signature: Signature,
    /// How many the query had opened so far.
    count: AtomicUsize,
    /// What they took.
    bytes: AtomicUsize,
}

/// Each is that of one query, and equal to itself.
impl PartialEq for Opened {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.people, &other.people)
    }
}

impl Eq for Opened {}

impl Hash for Opened {
    fn hash<H: Hasher>(&self, state: &mut H) {
        OPENED.hash(state);
    }
}

impl ScalarUDFImpl for Opened {
    fn name(&self) -> &'static str {
        OPENED
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(TEXT)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(DataFusionError::NotImplemented(format!(
            "{OPENED} stands among what is selected or in WHERE; put what groups or sorts by it around a subquery"
        )))
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Opened {
    fn ideal_batch_size(&self) -> Option<usize> {
        Some(OPENED_AT_ONCE)
    }

    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let positions: Option<&Int64Array> = arrays.first().and_then(|array| array.as_primitive_opt::<Int64Type>());
        let positions = positions.ok_or_else(|| DataFusionError::Internal("positions are numbers".to_owned()))?;
        let positions: Vec<Option<Position>> =
            positions.iter().map(|at| at.and_then(|at| Position::try_from(at).ok())).collect();
        let mut wanted: Vec<Position> = positions.iter().flatten().copied().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let failed = |error: QueryError| DataFusionError::External(Box::new(error));
        let so_far = self.count.fetch_add(wanted.len(), Ordering::Relaxed);
        if so_far + wanted.len() > OPENED_MAX {
            return Err(failed(too_large(&format!("{OPENED_MAX} events"))));
        }
        let events = self.people.opened(&wanted).await.map_err(failed)?;
        let bytes: usize = events.values().map(String::len).sum();
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > OPENED_BYTES_MAX {
            return Err(failed(too_large(&format!("{} MiB of events", OPENED_BYTES_MAX >> 20))));
        }
        let mut texts = Texts::default();
        for position in positions {
            texts.push(position.and_then(|position| events.get(&position)).map(String::as_str));
        }
        Ok(ColumnarValue::Array(texts.finish()))
    }
}

fn too_large(what: &str) -> QueryError {
    QueryError::new(Fault::TooLarge, format!("The query would open more than {what}.")).hint("Ask for fewer of them.")
}
