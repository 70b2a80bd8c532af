//! Who may call a route, as data.

use crate::domain::scope::Scope;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anybody, without a key.
    Public,
    /// A key with this scope; [`Scope::Admin`] is an operator's key, any other a customer's.
    Scope(Scope),
}
