//! Whether people can be forgotten: one trial that every view goes through.
//!
//! A view's test says how the view is run and where it writes ([`Subject`]) and calls [`try_to_forget`]. That makes a
//! [`Scenario`], people of several apps whose names and values are random and long enough that no find is chance, and goes
//! through their life:
//!
//! 1. They send events, and sign some of them. What may be shown to who may see people shows every value, which proves
//!    that the searches that follow are able to find; what is shown to others shows none.
//! 2. At rest, nothing is in clear even now: no file, no record of the log, no log line, nothing the view holds.
//! 3. A backup is made of the data directory. The master key lies elsewhere.
//! 4. Some are erased. Nothing anywhere tells of them any more; what is told of the others is what it was, byte for byte, and
//!    the log has every record it had. Their keys are gone, and so is the signature of every event that names one of
//!    them; that it was signed is told as before.
//! 5. The backup's log is put back under the vault of now: it opens for the others and not for them. The view is computed
//!    again from the log, and is the same.
//! 6. Months pass. What was sealed in them opens for nobody, in the log of now and in the backup's.
//!
//! Who did not consent is in none of it from the beginning.
//!
//! What it cannot see: what somebody else's free text says of a person. It is sealed for who wrote it and goes with them.

mod life;
mod log;
mod person;
mod scenario;
mod shown;
mod signatures;
mod subject;

pub use life::{Proof, try_to_forget};
pub use log::{LogCopy, copy_directory};
pub use person::{Fate, Kind, Person, Personal};
pub use scenario::{Batch, Scenario};
pub use signatures::{Sign, Signatures, Signed, SignedEvent};
pub use subject::{Answer, Piece, Request, Subject};
