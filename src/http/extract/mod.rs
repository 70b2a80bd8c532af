//! Extractors: what stands in a request, as values of the domain, or a refusal that names field and bound.

mod body;
mod client_ip;
mod faults;
mod idempotency;
mod json;
mod lines;
mod message;
mod objects;
mod path;
mod percent;
mod query;
mod upload;

pub use body::{Body, Incoming, Json, Media, MergePatch};
pub use client_ip::ClientIp;
pub use idempotency::Idempotency;
pub use json::{parse_json, parse_value};
pub use lines::Lines;
pub use path::{Path, Segment};
pub use query::Query;
pub use upload::Upload;

pub(super) use body::media_type;
pub(super) use percent::decode as percent_decode;
pub(super) use query::no_query;
