//! Signatures that anybody can verify: Ed25519 (RFC 8032), its keys as JSON Web Keys (RFC 8037).

use crate::domain::Timestamp;
use crate::domain::jwk::Jwk;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;

const KEY_TYPE: &str = "OKP";
const CURVE: &str = "Ed25519";
const ALGORITHM: &str = "EdDSA";
const USAGE: &str = "sig";

/// A private key that signs; overwritten in memory when it is dropped.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a seed of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The thumbprint of its public key, by which others find it.
    #[must_use]
    pub fn key_id(&self) -> String {
        self.public().key_id()
    }

    /// Signs the bytes; 64 bytes in base64url without padding.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.0.sign(bytes).to_bytes())
    }
}

/// Redacted.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

/// A public key that verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// From its 32 bytes; none when they are no key, or one of the few for which a signature proves nothing.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    /// From base64url without padding.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(&URL_SAFE_NO_PAD.decode(text).ok()?)
    }

    /// From a JSON Web Key; none when it is of another kind, for another use, or names itself by another thumbprint.
    #[must_use]
    pub fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let ours = (&*jwk.kty, &*jwk.crv, &*jwk.alg, &*jwk.usage) == (KEY_TYPE, CURVE, ALGORITHM, USAGE);
        Self::parse(&jwk.x).filter(|key| ours && key.key_id() == jwk.kid)
    }

    /// As a JSON Web Key.
    #[must_use]
    pub fn to_jwk(self, retired_at: Option<Timestamp>) -> Jwk {
        Jwk {
            kty: KEY_TYPE.into(),
            crv: CURVE.into(),
            x: self.x(),
            kid: self.key_id(),
            alg: ALGORITHM.into(),
            usage: USAGE.into(),
            retired_at,
        }
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Its thumbprint: SHA-256 over its necessary members in their one form (RFC 7638, RFC 8037 appendix A.3), in
    /// base64url.
    #[must_use]
    pub fn key_id(self) -> String {
        let members = format!(r#"{{"crv":"{CURVE}","kty":"{KEY_TYPE}","x":"{}"}}"#, self.x());
        URL_SAFE_NO_PAD.encode(Sha256::digest(members))
    }

    /// Whether the signature, in base64url, is this key's over these bytes.
    ///
    /// Strict: one signature has one form, and keys or nonces of small order are refused, with which a signature
    /// would hold for several messages.
    #[must_use]
    pub fn verify(self, bytes: &[u8], signature: &str) -> bool {
        let decoded = URL_SAFE_NO_PAD.decode(signature).ok().and_then(|raw| Signature::from_slice(&raw).ok());
        decoded.is_some_and(|signature| self.0.verify_strict(bytes, &signature).is_ok())
    }

    fn x(self) -> String {
        URL_SAFE_NO_PAD.encode(self.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn key(seed: &str) -> SigningKey {
        SigningKey::from_seed(&hex(seed).try_into().unwrap())
    }

    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

    /// RFC 8032, 7.1: seed, public key, message, signature.
    const VECTORS: [[&str; 4]; 3] = [
        [
            SEED,
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    #[test]
    fn the_vectors_of_the_standard() {
        for [seed, public, message, signature] in VECTORS {
            let (key, message) = (key(seed), hex(message));
            assert_eq!(key.public().to_bytes().to_vec(), hex(public));
            let signed = key.sign(&message);
            assert_eq!(URL_SAFE_NO_PAD.decode(&signed).unwrap(), hex(signature));
            assert!(PublicKey::from_bytes(&hex(public)).unwrap().verify(&message, &signed));
        }
    }

    /// RFC 8037, appendix A.
    #[test]
    fn the_web_key_of_the_standard() {
        let key = key(SEED);
        assert_eq!(key.key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let jwk = key.public().to_jwk(None);
        assert_eq!(jwk.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let signed = key.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
        let expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(signed, expected);
        assert_eq!(PublicKey::from_jwk(&jwk), Some(key.public()));
        for other in [
            Jwk { kty: "RSA".into(), ..jwk.clone() },
            Jwk { crv: "X25519".into(), ..jwk.clone() },
            Jwk { alg: "none".into(), ..jwk.clone() },
            Jwk { usage: "enc".into(), ..jwk.clone() },
            Jwk { kid: "another".into(), ..jwk.clone() },
            Jwk { x: format!("{}=", jwk.x), ..jwk.clone() },
        ] {
            assert_eq!(PublicKey::from_jwk(&other), None, "{other:?}");
        }
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let (key, message) = (key(SEED), b"the receipt".to_vec());
        let raw = URL_SAFE_NO_PAD.decode(key.sign(&message)).unwrap();
        let flipped = |bytes: &[u8], bit: usize| {
            let mut bytes = bytes.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        for bit in 0..raw.len() * 8 {
            assert!(!key.public().verify(&message, &URL_SAFE_NO_PAD.encode(flipped(&raw, bit))), "bit {bit}");
        }
        for bit in 0..message.len() * 8 {
            assert!(!key.public().verify(&flipped(&message, bit), &key.sign(&message)), "bit {bit}");
        }
    }

    #[test]
    fn one_signature_has_one_form() {
        let key = key(SEED);
        let signed = key.sign(b"x");
        let raw = URL_SAFE_NO_PAD.decode(&signed).unwrap();
        // S + L verifies by the equation alone (RFC 8032, 8.4).
        let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut other = raw.clone();
        let mut carry = 0;
        for (byte, add) in other[32..].iter_mut().zip(&order) {
            let sum = u16::from(*byte) + u16::from(*add) + carry;
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert!(!key.public().verify(b"x", &URL_SAFE_NO_PAD.encode(other)));
        // Spare bits of the last letter, padding, the other alphabet, too short.
        let last = signed.chars().last().unwrap();
        let spare = char::from(u8::try_from(last).unwrap() + 1);
        for text in [
            format!("{}{spare}", &signed[..85]),
            format!("{signed}=="),
            signed.replace(['-', '_'], "+"),
            signed[..84].to_owned(),
        ] {
            assert!(text == signed || !key.public().verify(b"x", &text));
        }
    }

    #[test]
    fn keys_that_prove_nothing_are_none() {
        // The neutral point, and one of order 2.
        assert_eq!(PublicKey::from_bytes(&hex(&format!("01{}", "00".repeat(31)))), None);
        assert_eq!(PublicKey::from_bytes(&hex(&format!("ec{}7f", "ff".repeat(30)))), None);
        assert_eq!(PublicKey::from_bytes(&[0; 31]), None);
        assert_eq!(PublicKey::parse("æ"), None);
        assert_eq!(format!("{:?}", key(SEED)), "SigningKey(redacted)");
    }
}
