//! Public keys as others read them: JSON Web Keys (RFC 7517, RFC 8037).

use super::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;

/// A public key by which signatures of this service are verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwk {
    /// `OKP`.
    pub kty: Cow<'static, str>,
    /// `Ed25519`.
    pub crv: Cow<'static, str>,
    /// The 32 bytes of the key in base64url without padding.
    pub x: String,
    /// The key's thumbprint (RFC 7638).
    pub kid: String,
    /// `EdDSA`.
    pub alg: Cow<'static, str>,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: Cow<'static, str>,
    /// Since when it signs no more; what it has signed before stays valid.
    #[schema(required)]
    #[serde(default)]
    pub retired_at: Option<Timestamp>,
}

/// A set of public keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwks {
    /// The keys, the one in use first.
    pub keys: Vec<Jwk>,
}
