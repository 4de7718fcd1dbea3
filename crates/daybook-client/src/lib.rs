//! The Rust SDK: typed analytics events, made, checked, cleaned of secrets, and written as the JSON that Daybook takes.
//!
//! ```
//! use daybook_client::{
//!     BusinessMetricType, ErrorSeverity, EventBatch, EventBuilder, EventPriority, EventType, sanitize_event, validate_event,
//! };
//!
//! // The builder fills in id, time, category and what it knows of the machine.
//! let tokens = EventBuilder::new(EventType::TokensConsumed)
//!     .priority(EventPriority::High)
//!     .business_data(BusinessMetricType::TotalTokens, 1500.0, "tokens")
//!     .custom_metadata("channel", "nightly".into())
//!     .build();
//! assert!(validate_event(&tokens).valid);
//!
//! // Secrets are taken out before an event leaves the process.
//! let failure = EventBuilder::new(EventType::ErrorOccurred)
//!     .error_data("AUTH", "401 for key sk-abc123def456ghi789jkl012mno345", ErrorSeverity::Error, "backend")
//!     .build();
//! let failure = sanitize_event(failure);
//!
//! // A plugin's own types are open.
//! let plugin = EventBuilder::new(EventType::Custom("linter.run_completed".to_owned()))
//!     .data(serde_json::json!({"files": 12, "problems": []}).into())
//!     .build();
//!
//! let batch = EventBatch::new(vec![tokens, failure, plugin], 1);
//! let json = serde_json::to_string(&batch)?;
//! assert!(json.contains("401 for key [REDACTED_API_KEY]"));
//!
//! // What is written is read back as it was.
//! assert_eq!(serde_json::from_str::<EventBatch>(&json)?, batch);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # How events are written and read back
//!
//! An event is written as `serde` writes the types of this crate: `event_type` is `"mission_created"` or
//! `{"custom": "…"}`, and `data` is the bare payload with nothing to say which variant of [`EventData`] it was. Reading
//! therefore goes by the event type first and by the payload's members second; [`EventData::from_json`] has the rule. A
//! few values have the same JSON as others; of those one is the **normal form**, which is what reading gives:
//!
//! | given | normal form |
//! | --- | --- |
//! | [`EventData::Custom`] with `null` | [`EventData::Empty`] |
//! | [`EventData::Custom`] with an object, [`EventData::KeyValue`] | what [`EventData::from_json`] makes of the object |
//! | `extra` with the name of a field of [`UsageEventData`] | that member renamed, `extra_` put in front |
//! | `custom` with the name of a field of [`EventMetadata`] | that member renamed, `custom_` put in front |
//! | an infinite `value` | NaN, which is written as `null` (and which [`validate_event`] calls an error) |
//!
//! [`EventBuilder::build`] and [`AnalyticsEvent::new`] give events in normal form, and an event in normal form equals the
//! one read back from its JSON. An event whose fields were set by hand is put into it by [`AnalyticsEvent::normalised`].
//! Values nested deeper than a JSON reader follows are the one exception; [`validate_event`] finds them.

mod batch;
mod builder;
mod data;
mod event;
mod event_type;
mod metadata;
mod payload;
mod sanitise;
#[cfg(feature = "signatures")]
mod signed;
mod validate;

pub use batch::EventBatch;
pub use builder::EventBuilder;
pub use data::EventData;
#[cfg(feature = "signatures")]
pub use daybook_signature::{SignError, SigningKey};
pub use event::{AnalyticsEvent, EventId};
pub use event_type::{EventCategory, EventPriority, EventType, SamplingConfig};
pub use metadata::EventMetadata;
pub use payload::{
    BusinessEventData, BusinessMetricType, ErrorEventData, ErrorSeverity, PerformanceEventData, UsageEventData,
};
pub use sanitise::sanitize_event;
#[cfg(feature = "signatures")]
pub use signed::SignedEvent;
pub use validate::{ValidationResult, validate_event, validate_event_at};
