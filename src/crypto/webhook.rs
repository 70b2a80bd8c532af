//! What signs webhooks (Standard Webhooks 1.0, "Signature scheme", symmetric).

use super::framed::keyed_digest;
use super::{CryptoError, fill};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use zeroize::Zeroizing;

/// An endpoint's secret: 256 random bits, known to us and to the customer.
pub struct WebhookSecret(Zeroizing<[u8; 32]>);

impl WebhookSecret {
    /// A new one.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// One that was kept.
    ///
    /// # Errors
    /// [`CryptoError::Sealed`] for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
        bytes.try_into().map(|bytes| Self(Zeroizing::new(bytes))).map_err(|_| CryptoError::Sealed)
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    /// As the customer is shown it, once: `whsec_` and the bytes in base64.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(*self.0))
    }

    /// The signature of a message: `v1,` and HMAC-SHA-256 over `id.timestamp.body` in base64.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let mut digest = keyed_digest(&self.0);
        digest.update(format!("{id}.{timestamp_s}.").as_bytes());
        digest.update(body);
        format!("v1,{}", STANDARD.encode(digest.finalize().into_bytes()))
    }
}

/// Redacted.
impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_others_do() {
        let secret = WebhookSecret::from_bytes(&[7; 32]).unwrap();
        assert_eq!(secret.reveal(), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        // By: printf 'msg_1.1700000000.{}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07 -binary | base64
        assert_eq!(secret.sign("msg_1", 1_700_000_000, b"{}"), "v1,nuLLyheCKcS2N8JNOFt5stk98R+umYWr26/ZTfdtGM8=");
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        assert!(WebhookSecret::from_bytes(&[7; 31]).is_err());
    }
}
