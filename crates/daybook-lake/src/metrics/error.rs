//! Why a question has no answer.

use datafusion::error::DataFusionError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What is wrong with one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("`{parameter}`: {message}")]
pub struct Finding {
    /// The parameter, with a path into it where it is a structure: `steps[1].where.plan`.
    pub parameter: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// A question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum MetricError {
    /// It cannot be asked like this: everything that is wrong with it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Finding>),
    /// It could not be computed: files that cannot be read, or more memory than a query may use.
    #[error(transparent)]
    Query(#[from] DataFusionError),
}

impl MetricError {
    pub(super) fn refused(parameter: &str, message: impl Into<String>) -> Self {
        Self::Refused(vec![Finding { parameter: parameter.to_owned(), message: message.into() }])
    }
}

/// Gathers what is wrong with a question.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Notes what is wrong with a parameter.
    pub(super) fn add(&mut self, parameter: impl Into<String>, message: impl Into<String>) {
        self.0.push(Finding { parameter: parameter.into(), message: message.into() });
    }

    /// What was found, unless it is nothing.
    pub(super) fn check(self) -> Result<(), MetricError> {
        if self.0.is_empty() { Ok(()) } else { Err(MetricError::Refused(self.0)) }
    }
}

/// Reads a question of a known kind from JSON.
///
/// # Errors
/// [`MetricError::Refused`] with the parameter that is unknown, missing, or of another type.
pub(super) fn read<Q: DeserializeOwned>(parameters: Value) -> Result<Q, MetricError> {
    if !parameters.is_object() {
        return Err(MetricError::refused("", "parameters are an object"));
    }
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        // Of what is unknown or missing at the top only the message tells the name.
        let parameter = match path.as_str() {
            "." => message.split('`').nth(1).unwrap_or_default().to_owned(),
            _ => path,
        };
        let message = ["unknown", "missing", "duplicate"]
            .into_iter()
            .fold(message, |message, wrong| message.replace(&format!("{wrong} field"), &format!("{wrong} parameter")));
        MetricError::refused(&parameter, message)
    })
}
