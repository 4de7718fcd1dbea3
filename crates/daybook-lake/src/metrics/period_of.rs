//! Which period a time lies in, as a function of queries.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt64Array};
use datafusion::arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, ident,
};

/// When periods begin, and when the last ends, in microseconds. The period before the first has the number 0, the first 1.
pub(super) type Edges = Arc<[i64]>;

/// The number of the period that the time of an event lies in (Int64).
pub(super) fn period_of_time(edges: &Edges) -> Expr {
    ScalarUDF::from(PeriodOf::new(edges, None)).call(vec![ident("time")])
}

/// One word of a set of periods, with the bit of the period that the time of an event lies in (UInt64).
pub(super) fn period_bit_of_time(edges: &Edges, word: usize) -> Expr {
    ScalarUDF::from(PeriodOf::new(edges, Some(word))).call(vec![ident("time")])
}

/// How many words a set of these periods has, with what is before the first and after the last.
pub(super) fn words_of(edges: &Edges) -> usize {
    edges.len() / 64 + 1
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PeriodOf {
    name: String,
    edges: Edges,
    /// Which word of the set; none for the number.
    word: Option<usize>,
    signature: Signature,
}

impl PeriodOf {
    fn new(edges: &Edges, word: Option<usize>) -> Self {
        // Plans tell expressions apart by name too.
        let span = format!("{}_{}", edges.first().unwrap_or(&0), edges.len());
        let name = word.map_or_else(|| format!("period_{span}"), |word| format!("period_bit_{span}_{word}"));
        Self { name, edges: Arc::clone(edges), word, signature: Signature::any(1, Volatility::Immutable) }
    }

    /// Of each time what `found` makes of the number of its period.
    fn map<T>(&self, times: &[i64], found: impl Fn(usize) -> T) -> Vec<T> {
        // Times that follow one another mostly lie in the same period.
        let (mut number, mut start, mut end) = (0, i64::MAX, i64::MIN);
        let periods = times.iter().map(|time| {
            if !(start..end).contains(time) {
                number = self.edges.partition_point(|edge| edge <= time);
                start = number.checked_sub(1).and_then(|at| self.edges.get(at)).copied().unwrap_or(i64::MIN);
                end = self.edges.get(number).copied().unwrap_or(i64::MAX);
            }
            found(number)
        });
        periods.collect()
    }
}

impl ScalarUDFImpl for PeriodOf {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(if self.word.is_some() { DataType::UInt64 } else { DataType::Int64 })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some(times) = arrays.first().and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>()) else {
            return exec_err!("periods are of timestamps in microseconds");
        };
        // The column has no nulls; what stands in their place would be ignored with them.
        let nulls = times.nulls().cloned();
        let periods: ArrayRef = match self.word {
            None => Arc::new(Int64Array::new(self.map(times.values(), |number| number as i64).into(), nulls)),
            Some(word) => {
                let bit = |number: usize| if number / 64 == word { 1u64 << (number % 64) } else { 0 };
                Arc::new(UInt64Array::new(self.map(times.values(), bit).into(), nulls))
            }
        };
        Ok(ColumnarValue::Array(periods))
    }
}
