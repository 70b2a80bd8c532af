//! Pure values and rules: no input or output, nothing of the other floors.

pub mod calendar;
pub mod canonical;
mod coded;
pub mod contact;
pub mod country;
pub mod cpr;
pub mod deadlines;
pub mod cvr;
pub mod event;
pub mod field;
pub mod ids;
pub mod jwk;
pub mod license;
pub mod locale;
pub mod net;
pub mod nonce;
pub mod number;
pub mod person;
pub mod projection;
pub mod public_url;
pub mod receipt;
pub mod reconciliation;
pub mod restriction;
pub mod retention;
pub mod roll_call;
pub mod schema;
pub mod scope;
pub mod statistics;
pub mod text;
pub mod time;
pub mod visit;
pub mod zone;

pub use field::{Fault, FieldError};
pub use ids::{CustomerId, DeviceId, EventId, EventKey, LicenseId, PersonId, PublicId, VisitId};
pub use time::Timestamp;
