//! Inputs: buffers that others write events into, drained into admission.
//!
//! An [`Input`] takes messages from its source in batches, hands them to an [`Admit`], and acknowledges each once its receipt says
//! that what was in it is durable. What admission cannot take now is kept and tried again; nothing is acknowledged meanwhile, so a
//! crash at any point leads to the message coming again. Events then are duplicates by their ids; those without get one made of
//! the message's own.
//!
//! A message that is not events goes to the app's quarantine like an event that is not valid. One that not even the quarantine can
//! hold is set aside at the source. Neither holds up those behind it.

mod admit;
mod drain;
pub mod limits;
mod nats_core;
mod nats_jetstream;
mod redis_list;
mod redis_stream;
mod redis_wire;
mod settings;
mod source;
mod status;

pub use admit::{Admit, Admitted, Message, Note, Outcome};
pub use drain::Input;
pub use settings::{Settings, SettingsError};
pub use status::{State, Status};
