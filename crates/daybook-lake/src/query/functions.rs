//! Functions that make much of little are held to a size before they are called: memory that one call takes is seen by no pool.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type, TimeUnit};
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::functions_nested::planner::NestedFunctionPlanner;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sqlparser::ast::BinaryOperator;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Documentation, Expr, ExprSchemable, Operator, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::error::{Fault, QueryError};
use super::limits::GROWTH_BYTES_MAX;

/// The functions that are held to a size, and how what they make grows with what they are given.
const GROWING: [(&str, Growth); 20] = [
    ("repeat", Growth::Repeated),
    ("lpad", Growth::Padded),
    ("rpad", Growth::Padded),
    ("array_repeat", Growth::Repeated),
    ("array_resize", Growth::Padded),
    ("generate_series", Growth::Series),
    ("range", Growth::Series),
    ("concat", Growth::Sum),
    ("concat_ws", Growth::Sum),
    ("replace", Growth::Replaced),
    ("regexp_replace", Growth::Replaced),
    ("overlay", Growth::Sum),
    ("translate", Growth::Sum),
    ("encode", Growth::Sum),
    ("make_array", Growth::Sum),
    ("array_concat", Growth::Sum),
    ("array_append", Growth::Sum),
    ("array_prepend", Growth::Sum),
    ("array_to_string", Growth::Sum),
    ("json_from_scalar", Growth::Sum),
];

/// How what a function makes grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// With what all arguments hold together.
    Sum,
    /// With the first argument, as often as the second says.
    Repeated,
    /// To the length that the second argument says.
    Padded,
    /// With the distance of its numbers.
    Series,
    /// With the first argument, times the last text.
    Replaced,
}

/// Functions of a session, those that grow held to a size.
pub fn bounded(functions: impl IntoIterator<Item = Arc<ScalarUDF>>) -> Vec<Arc<ScalarUDF>> {
    let bound = |function: Arc<ScalarUDF>| match GROWING.iter().find(|(name, _)| *name == function.name()) {
        Some((_, growth)) => {
            Arc::new(ScalarUDF::new_from_impl(Bounded { inner: (*function).clone(), growth: *growth }))
        }
        None => function,
    };
    functions.into_iter().map(bound).collect()
}

/// A function that is not called where it would make too much.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: ScalarUDF,
    growth: Growth,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.inner().aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.inner().schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.inner().signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.inner().return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.inner().return_field_from_args(args)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(arg_types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.inner().documentation()
    }

    fn simplify(&self, args: Vec<Expr>, _info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        // What the function would simplify itself to is not held to a size.
        Ok(ExprSimplifyResult::Original(args))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows.max(1);
        let estimate = match self.growth {
            Growth::Sum => args.args.iter().map(|arg| size_of(arg, rows)).fold(0, usize::saturating_add),
            Growth::Repeated => pairs(&args.args, rows, |size, count| size.max(1).saturating_mul(count)),
            Growth::Padded => pairs(&args.args, rows, |size, length| size.max(length.saturating_mul(4))),
            Growth::Series => series(&args.args, rows),
            // An estimate that is nearly never reached.
            Growth::Replaced => {
                let text = args.args.first().map_or(0, |arg| size_of(arg, rows)) / rows;
                let by = args.args.get(2).map_or(0, |arg| size_of(arg, rows)) / rows;
                text.saturating_add(1).saturating_mul(by.saturating_add(1)).saturating_mul(rows) / 16
            }
        };
        if estimate > GROWTH_BYTES_MAX { Err(too_much(self.name())) } else { self.inner.inner().invoke_with_args(args) }
    }
}

fn too_much(name: &str) -> DataFusionError {
    let message = format!("{name} would make more than {} MiB of a batch of rows.", GROWTH_BYTES_MAX >> 20);
    DataFusionError::External(Box::new(QueryError::new(Fault::Memory, message)))
}

/// Bytes of a value in all rows together.
fn size_of(value: &ColumnarValue, rows: usize) -> usize {
    match value {
        ColumnarValue::Array(array) => array_size(array),
        ColumnarValue::Scalar(value) => scalar_size(value).saturating_mul(rows),
    }
}

fn scalar_size(value: &ScalarValue) -> usize {
    match value {
        ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text) => {
            text.as_ref().map_or(0, String::len)
        }
        value => value.size(),
    }
}

fn array_size(array: &ArrayRef) -> usize {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().iter().flatten().map(str::len).sum(),
        _ => array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()),
    }
}

/// The sum over all rows of what the first argument's size and the second argument's number make.
fn pairs(args: &[ColumnarValue], rows: usize, of: impl Fn(usize, usize) -> usize) -> usize {
    let [first, second, ..] = args else { return 0 };
    let average = size_of(first, rows).div_ceil(rows);
    let number = |value: i64| usize::try_from(value).unwrap_or(0);
    match numbers(second) {
        Numbers::One(value) => match first {
            // The sum over texts of their length times one number.
            ColumnarValue::Array(array) => {
                of(array_size(array), number(value)).max(of(average, number(value)).saturating_mul(rows))
            }
            ColumnarValue::Scalar(_) => of(average, number(value)).saturating_mul(rows),
        },
        Numbers::Many(values) => {
            let longest = match first {
                ColumnarValue::Array(array) => longest(array),
                ColumnarValue::Scalar(value) => scalar_size(value),
            };
            values.iter().map(|value| of(longest, number(*value))).fold(0, usize::saturating_add)
        }
    }
}

/// The size of the longest value; that of all where it is not known.
fn longest(array: &ArrayRef) -> usize {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().flatten().map(str::len).max().unwrap_or(0),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().flatten().map(str::len).max().unwrap_or(0),
        DataType::Utf8View => array.as_string_view().iter().flatten().map(str::len).max().unwrap_or(0),
        _ => array_size(array),
    }
}

enum Numbers {
    One(i64),
    Many(Vec<i64>),
}

/// A number in every row; nulls and what is no number are zero.
fn numbers(value: &ColumnarValue) -> Numbers {
    let array = match value {
        ColumnarValue::Array(array) => Arc::clone(array),
        ColumnarValue::Scalar(value) => match value.to_array() {
            Ok(array) => array,
            Err(_) => return Numbers::One(0),
        },
    };
    let cast = match cast(&array, &DataType::Int64) {
        Ok(cast) => cast,
        Err(_) => return Numbers::One(0),
    };
    let values: Vec<i64> = cast.as_primitive::<Int64Type>().iter().map(Option::unwrap_or_default).collect();
    match (value, values.as_slice()) {
        (ColumnarValue::Scalar(_), [value]) => Numbers::One(*value),
        _ => Numbers::Many(values),
    }
}

/// The bytes of series from one number to another, by steps.
fn series(args: &[ColumnarValue], rows: usize) -> usize {
    let (start, stop) = match args {
        [stop] => (None, stop),
        [start, stop, ..] => (Some(start), stop),
        [] => return 0,
    };
    let missing = if is_time(stop) { DAY } else { 1 };
    let (start, stop, step) = (start.map(steps), Some(steps(stop)), args.get(2).map(steps));
    let at = |values: &Option<Vec<i128>>, row: usize| {
        let values = values.as_deref()?;
        values.get(if values.len() == 1 { 0 } else { row }).copied()
    };
    let total = (0..rows).map(|row| {
        let distance = at(&stop, row).unwrap_or(0) - at(&start, row).unwrap_or(0);
        let values = distance.unsigned_abs() / at(&step, row).unwrap_or(missing).unsigned_abs().max(1);
        usize::try_from(values).unwrap_or(usize::MAX).saturating_add(1).saturating_mul(8)
    });
    total.fold(0, usize::saturating_add)
}

/// A day in nanoseconds, which is what times are compared in.
const DAY: i128 = 86_400_000_000_000;

fn is_time(value: &ColumnarValue) -> bool {
    matches!(value.data_type(), DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

/// Numbers as they are; times and intervals in nanoseconds.
fn steps(value: &ColumnarValue) -> Vec<i128> {
    if let ColumnarValue::Scalar(ScalarValue::IntervalMonthDayNano(Some(interval))) = value {
        let days = i128::from(interval.months) * 30 + i128::from(interval.days);
        return vec![days * DAY + i128::from(interval.nanoseconds)];
    }
    let unit = match value.data_type() {
        DataType::Date32 => DAY,
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        // An interval in every row: a nanosecond, which is the least it can be.
        _ => 1,
    };
    match numbers(value) {
        Numbers::One(value) => vec![i128::from(value) * unit],
        Numbers::Many(values) => values.into_iter().map(|value| i128::from(value) * unit).collect(),
    }
}

/// Holds what `||` and `[…]` make to a size: they are planned past the functions of a session.
#[derive(Debug)]
pub struct BoundedPlanner {
    guard: Arc<ScalarUDF>,
}

impl Default for BoundedPlanner {
    fn default() -> Self {
        let signature = Signature::any(1, Volatility::Immutable);
        Self { guard: Arc::new(ScalarUDF::new_from_impl(Guard { signature })) }
    }
}

impl BoundedPlanner {
    fn guard(&self, expr: Expr) -> Expr {
        self.guard.call(vec![expr])
    }
}

impl ExprPlanner for BoundedPlanner {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if expr.op != BinaryOperator::StringConcat {
            return Ok(PlannerResult::Original(expr));
        }
        let nested = |expr: &Expr| expr.get_type(schema).is_ok_and(|kind| kind.is_nested());
        if !nested(&expr.left) && !nested(&expr.right) {
            let joined = BinaryExpr::new(Box::new(expr.left), Operator::StringConcat, Box::new(expr.right));
            return Ok(PlannerResult::Planned(self.guard(Expr::BinaryExpr(joined))));
        }
        Ok(match NestedFunctionPlanner.plan_binary_op(expr, schema)? {
            PlannerResult::Planned(expr) => PlannerResult::Planned(self.guard(expr)),
            original => original,
        })
    }

    fn plan_array_literal(&self, exprs: Vec<Expr>, schema: &DFSchema) -> Result<PlannerResult<Vec<Expr>>> {
        Ok(match NestedFunctionPlanner.plan_array_literal(exprs, schema)? {
            PlannerResult::Planned(expr) => PlannerResult::Planned(self.guard(expr)),
            original => original,
        })
    }
}

/// Gives what it is given, unless that is too much.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Guard {
    signature: Signature,
}

impl ScalarUDFImpl for Guard {
    fn name(&self) -> &'static str {
        "bounded"
    }

    fn display_name(&self, args: &[Expr]) -> Result<String> {
        Ok(args.first().map(|arg| arg.human_display().to_string()).unwrap_or_default())
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        Ok(args.first().map(|arg| arg.schema_name().to_string()).unwrap_or_default())
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Null))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let missing = || DataFusionError::Internal("bounded takes an argument".to_owned());
        args.arg_fields.first().cloned().ok_or_else(missing)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let value = args.args.into_iter().next().unwrap_or(ColumnarValue::Scalar(ScalarValue::Null));
        if size_of(&value, 1) > GROWTH_BYTES_MAX { Err(too_much("||")) } else { Ok(value) }
    }
}
