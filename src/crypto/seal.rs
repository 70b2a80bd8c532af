//! Sealed fields: AES-256-GCM, bound to the one place in the database where they belong.

use super::framed::{absorb, frame, keyed_digest};
use super::{CryptoError, fill};
use crate::domain::{CustomerId, PersonId};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hmac::Mac;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

/// First byte of sealed bytes: format 1 is `1 | nonce (12) | ciphertext | tag (16)`.
const FORMAT: u8 = 1;
/// Bytes of the nonce (NIST SP 800-38D, 8.2.2).
const NONCE_BYTES: usize = 12;
/// Bytes before the ciphertext.
const HEAD_BYTES: usize = 1 + NONCE_BYTES;
/// Bytes of the authentication tag.
const TAG_BYTES: usize = 16;
/// Domain of sealed fields.
const SEALED: &[u8] = b"guestlog/seal/1";
/// Domain of wrapped keys: a sealed field never opens as a key, nor a key as a field.
const WRAPPED: &[u8] = b"guestlog/wrap/1";

/// Which row of a table a sealed field stands in, by its key within the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A row with an integer key.
    Key(i64),
    /// A row with a UUID for its key.
    Uuid(Uuid),
    /// A row that is a numbered part of another.
    Part(i64, i32),
}

/// The one place where a sealed field belongs; it opens nowhere else (ASVS V11.3.4).
///
/// Goes into the associated data and is not stored: whoever opens must know where the bytes were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose data it is.
    pub customer: CustomerId,
    /// The table.
    pub table: &'static str,
    /// The column, or the purpose where a column holds several.
    pub column: &'static str,
    /// The row.
    pub row: Row,
    /// The person whom the data are about, when there is one.
    pub subject: Option<PersonId>,
    /// Version of the key that seals.
    pub version: u32,
}

impl Place {
    fn associated_data(&self, domain: &[u8]) -> Vec<u8> {
        let customer = self.customer.0.to_be_bytes();
        let version = self.version.to_be_bytes();
        let subject = self.subject.map(|person| person.0.to_be_bytes());
        let (kind, row, part) = match self.row {
            Row::Key(key) => (b"key".as_slice(), i128::from(key).to_be_bytes(), None),
            Row::Uuid(uuid) => (b"uuid".as_slice(), uuid.into_bytes(), None),
            Row::Part(key, part) => (b"part".as_slice(), i128::from(key).to_be_bytes(), Some(part.to_be_bytes())),
        };
        let mut bytes = Vec::with_capacity(192);
        frame(
            &[
                domain,
                &customer,
                self.table.as_bytes(),
                self.column.as_bytes(),
                kind,
                &row,
                part.as_ref().map_or(&[], <[u8; 4]>::as_slice),
                subject.as_ref().map_or(&[], <[u8; 8]>::as_slice),
                &version,
            ],
            |more| bytes.extend_from_slice(more),
        );
        bytes
    }
}

/// A 256-bit key that seals and opens fields, and wraps other keys.
///
/// Clones share one place in memory, which is overwritten when the last is dropped. Nonces are random, so one key may
/// seal at most 2^32 times (NIST SP 800-38D, 8.3); a person's or a customer's key stays far below.
#[derive(Clone)]
pub struct DataKey(Arc<Expanded>);

struct Expanded {
    bytes: Zeroizing<[u8; 32]>,
    cipher: Aes256Gcm,
}

impl DataKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(&mut *bytes)?;
        Ok(Self::from_bytes(&bytes))
    }

    /// The key of these bytes: one that is derived, not made at random.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Arc::new(Expanded { bytes: Zeroizing::new(*bytes), cipher: Aes256Gcm::new(bytes.into()) }))
    }

    /// The bytes, for a secret that is no key of this algorithm but is kept wrapped like one.
    pub(super) fn reveal(&self) -> Zeroizing<[u8; 32]> {
        self.0.bytes.clone()
    }

    /// A further secret of this key, for another algorithm.
    pub(super) fn derive(&self, domain: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(absorb(keyed_digest(&self.0.bytes), &[domain]).finalize().into_bytes().into())
    }

    /// Seals a field for its place, under a fresh random nonce; 29 bytes longer than the plain field.
    ///
    /// # Errors
    /// [`CryptoError::Random`]; [`CryptoError::TooLong`] from 64 GiB on.
    pub fn seal(&self, place: &Place, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.encrypt(&place.associated_data(SEALED), plain)
    }

    /// Opens a field that was sealed for this place.
    ///
    /// # Errors
    /// [`CryptoError::Sealed`] for another key, another place, or anything but what [`Self::seal`] gave.
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.decrypt(&place.associated_data(SEALED), sealed)
    }

    /// Wraps another key for the place where it is kept.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn wrap(&self, place: &Place, inner: &Self) -> Result<Vec<u8>, CryptoError> {
        self.encrypt(&place.associated_data(WRAPPED), inner.0.bytes.as_slice())
    }

    /// Unwraps a key that was wrapped for this place.
    ///
    /// # Errors
    /// [`CryptoError::Sealed`], as for [`Self::open`].
    pub fn unwrap(&self, place: &Place, wrapped: &[u8]) -> Result<Self, CryptoError> {
        let plain = self.decrypt(&place.associated_data(WRAPPED), wrapped)?;
        plain.as_slice().try_into().map(Self::from_bytes).map_err(|_| CryptoError::Sealed)
    }

    fn encrypt(&self, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut nonce = [0; NONCE_BYTES];
        fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(HEAD_BYTES + plain.len() + TAG_BYTES);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let body = (&mut sealed[HEAD_BYTES..]).into();
        let tag = self
            .0
            .cipher
            .encrypt_inout_detached((&nonce).into(), associated, body)
            .map_err(|_| CryptoError::TooLong)?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    fn decrypt(&self, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let (format, rest) = sealed.split_first().ok_or(CryptoError::Sealed)?;
        if *format != FORMAT {
            return Err(CryptoError::Sealed);
        }
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(CryptoError::Sealed)?;
        let (body, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(CryptoError::Sealed)?;
        let mut plain = Zeroizing::new(body.to_vec());
        self.0
            .cipher
            .decrypt_inout_detached(nonce.into(), associated, plain.as_mut_slice().into(), tag.into())
            .map_err(|_| CryptoError::Sealed)?;
        Ok(plain)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: Place = Place {
        customer: CustomerId(1),
        table: "people",
        column: "name",
        row: Row::Key(7),
        subject: Some(PersonId(7)),
        version: 1,
    };

    fn rows() -> impl Strategy<Value = Row> {
        prop_oneof![
            any::<i64>().prop_map(Row::Key),
            any::<[u8; 16]>().prop_map(|bytes| Row::Uuid(Uuid::from_bytes(bytes))),
            any::<(i64, i32)>().prop_map(|(key, part)| Row::Part(key, part)),
        ]
    }

    #[test]
    fn secrets_are_overwritten_on_drop() {
        fn overwritten<T: zeroize::ZeroizeOnDrop>() {}
        overwritten::<Aes256Gcm>();
        overwritten::<Zeroizing<[u8; 32]>>();
    }

    #[test]
    fn any_other_place_fails() {
        let key = DataKey::generate().unwrap();
        let sealed = key.seal(&PLACE, b"Anna").unwrap();
        assert_eq!(key.open(&PLACE, &sealed).unwrap().as_slice(), b"Anna");
        let uuid = Uuid::from_u128(7);
        for elsewhere in [
            Place { customer: CustomerId(2), ..PLACE },
            Place { table: "events", ..PLACE },
            Place { column: "email", ..PLACE },
            Place { table: "peoplen", column: "ame", ..PLACE },
            Place { row: Row::Key(8), ..PLACE },
            Place { row: Row::Uuid(uuid), ..PLACE },
            Place { row: Row::Part(7, 0), ..PLACE },
            Place { subject: Some(PersonId(8)), ..PLACE },
            Place { subject: None, ..PLACE },
            Place { version: 2, ..PLACE },
        ] {
            assert!(matches!(key.open(&elsewhere, &sealed), Err(CryptoError::Sealed)), "{elsewhere:?}");
        }
        let other = DataKey::generate().unwrap();
        assert!(matches!(other.open(&PLACE, &sealed), Err(CryptoError::Sealed)));
    }

    #[test]
    fn any_flipped_bit_fails() {
        let key = DataKey::generate().unwrap();
        let sealed = key.seal(&PLACE, "Bjørn Ågård".as_bytes()).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(key.open(&PLACE, &damaged), Err(CryptoError::Sealed)), "bit {bit}");
        }
    }

    #[test]
    fn the_same_field_twice_is_sealed_differently() {
        let key = DataKey::generate().unwrap();
        assert_ne!(key.seal(&PLACE, b"x").unwrap(), key.seal(&PLACE, b"x").unwrap());
        assert_eq!(key.seal(&PLACE, b"x").unwrap().len(), 1 + HEAD_BYTES + TAG_BYTES);
    }

    #[test]
    fn a_wrapped_key_opens_what_it_sealed_and_is_no_field() {
        let (outer, inner) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
        let sealed = inner.seal(&PLACE, b"x").unwrap();
        let wrapped = outer.wrap(&PLACE, &inner).unwrap();
        assert_eq!(outer.unwrap(&PLACE, &wrapped).unwrap().open(&PLACE, &sealed).unwrap().as_slice(), b"x");
        assert!(outer.open(&PLACE, &wrapped).is_err());
        let field = outer.seal(&PLACE, &[0; 32]).unwrap();
        assert!(outer.unwrap(&PLACE, &field).is_err());
        assert!(outer.unwrap(&Place { version: 2, ..PLACE }, &wrapped).is_err());
    }

    #[test]
    fn sealed_bytes_stay_readable() {
        // Sealed apart with Python's cryptography: a change here would make every stored field unreadable.
        let sealed = [
            1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 89, 239, 135, 17, 234, 110, 163, 142, 238, 4, 23, 233, 114, 129,
            213, 103, 136, 110, 206, 194,
        ];
        let opened = DataKey::from_bytes(&[7; 32]).open(&PLACE, &sealed).unwrap();
        assert_eq!(opened.as_slice(), b"Anna");
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", DataKey::from_bytes(&[7; 32])), "DataKey(redacted)");
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(plain: Vec<u8>, row in rows(), customer: i64, subject: Option<i64>, version: u32) {
            let subject = subject.map(PersonId);
            let place = Place { customer: CustomerId(customer), row, subject, version, ..PLACE };
            let key = DataKey::from_bytes(&[3; 32]);
            let sealed = key.seal(&place, &plain).unwrap();
            prop_assert_eq!(&*key.open(&place, &sealed).unwrap(), &plain);
        }

        #[test]
        fn two_places_never_look_alike(one in rows(), two in rows(), a: Option<i64>, b: Option<i64>) {
            let one = Place { row: one, subject: a.map(PersonId), ..PLACE };
            let two = Place { row: two, subject: b.map(PersonId), ..PLACE };
            prop_assert_eq!(one == two, one.associated_data(SEALED) == two.associated_data(SEALED));
        }

        #[test]
        fn truncated_or_foreign_bytes_fail(bytes: Vec<u8>, length: usize) {
            let key = DataKey::from_bytes(&[3; 32]);
            prop_assert!(key.open(&PLACE, &bytes).is_err());
            prop_assert!(key.unwrap(&PLACE, &bytes).is_err());
            let sealed = key.seal(&PLACE, &bytes).unwrap();
            prop_assert!(key.open(&PLACE, &sealed[..length % sealed.len()]).is_err());
            let longer = [sealed.as_slice(), &[0]].concat();
            prop_assert!(key.open(&PLACE, &longer).is_err());
        }
    }
}
