//! Webhooks: customers' other systems are told what happens to people's data and to requests (Article 19).
//!
//! A message and its deliveries are written in the transaction of what they tell, so nothing that happened goes untold
//! and nothing is told that did not happen. They are sent afterwards, at least once, by threads of their own
//! (`jobs/webhooks`), under the same id however often.

mod change;
mod dispatch;
mod endpoints;
mod event;
mod list;
mod outcome;
mod recipients;
mod seal;
mod secrets;
mod tell;

pub mod forget;

pub use change::{Change, change, delete};
pub use dispatch::{Attempt, Parcel};
pub use endpoints::{Draft, Issued, Webhook, create, get, list};
pub use event::{Case, Event, Person};
pub use list::{Delivery, deliveries, redeliver, test};
pub use recipients::{Acknowledgement, Recipient, acknowledgements, recipients};
pub(crate) use seal::body;
pub use seal::reseal;
pub use secrets::{MAX_OVERLAP_HOURS, OVERLAP_HOURS, Rotated, rotate};
pub(crate) use tell::{Topics, listens, tell};
