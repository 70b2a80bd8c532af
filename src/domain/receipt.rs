//! The receipt of a deletion: what was erased, when and how, without saying of whom (REQUIREMENTS L-36).
//!
//! It holds counts, times, words of ours and random identifiers, so there is no room in it for a ref, a name or a
//! digest of either. A customer matches it to its own deletion by `deletion_id`, by the place in its list, or by the
//! nonce that it gave.

use super::canonical::canonical;
use super::coded::coded;
use super::{FieldError, PublicId, Timestamp, schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use utoipa::ToSchema;

pub use super::nonce::Nonce;

coded! {
    /// What asked for a deletion.
    Origin schema "DeletionOrigin" {
        /// The customer, for one person.
        Single = 1 as "single",
        /// The customer, for a list of people.
        List = 2 as "list",
        /// A comparison with the people whom the customer still holds.
        Reconciliation = 3 as "reconciliation",
        /// The journal of erasures, after a backup was restored.
        Journal = 4 as "journal",
        /// A written retention agreement.
        Agreement = 5 as "agreement",
        /// The end of a hold: what was kept for it is erased.
        HoldEnded = 6 as "hold_ended",
        /// A case in which the person asked for it (Article 17).
        Case = 7 as "case",
    }

    /// What became of one of those who were to be deleted.
    Status schema "DeletionStatus" {
        /// Held, and erased.
        Erased = 1 as "erased",
        /// Not held; a tombstone was left all the same.
        NotHeld = 2 as "not_held",
        /// Kept, for the person's data are restricted (Article 18).
        Restricted = 3 as "restricted",
        /// Kept, for the person changed after the customer's list was made.
        Changed = 4 as "changed",
        /// Erased but for what must be kept under a hold (Article 17(3)).
        PartlyErased = 5 as "partly_erased",
    }

    /// What was done, so that the data are gone.
    Method schema "ErasureMethod" {
        /// The rows were deleted.
        RowsDeleted = 1 as "rows_deleted",
        /// The key under which the person's fields were sealed was deleted with them.
        PersonKeyDestroyed = 2 as "person_key_destroyed",
        /// The space that became free was overwritten.
        FreedSpaceOverwritten = 3 as "freed_space_overwritten",
        /// A keyed digest was left that keeps late events out.
        TombstoneLeft = 4 as "tombstone_left",
        /// The erasure was written to the journal outside the database, for restored backups.
        Journalled = 5 as "journalled",
    }
}

/// A word of ours in a receipt: lower-case letters, digits, `_` and `.`, made of nothing that came from outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Word(Cow<'static, str>);

impl Word {
    const MAX: usize = 100;

    /// A word of the program's text.
    #[must_use]
    pub const fn new(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// The word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Word {
    fn from(word: &'static str) -> Self {
        Self::new(word)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_.".contains(&c);
        if (1..=Self::MAX).contains(&word.len()) && word.bytes().all(plain) {
            return Ok(Self(Cow::Owned(word)));
        }
        let detail = format!("must have 1 to {} characters of a to z, 0 to 9, '_' and '.'", Self::MAX);
        Err(serde::de::Error::custom(FieldError::new("invalid_word", detail)))
    }
}

schema::documented!(Word, "Word", schema::text(1, Word::MAX, "^[a-z0-9_.]+$"));

/// How many rows of each kind were erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ErasedRows)]
pub struct Erased {
    /// People, each with the key that sealed what is held of them.
    pub people: u64,
    /// Events of these people as guests.
    pub events: u64,
    /// Visits.
    pub visits: u64,
    /// Parts as host in the events of other people.
    pub hosts: u64,
    /// Parts as recipient of a notification in the events of other people.
    pub recipients: u64,
    /// Restrictions under Article 18 that ended with the data.
    pub restrictions: u64,
    /// Objections and withdrawals of consent that ended with the data.
    #[serde(default, skip_serializing_if = "is_none")]
    pub objections: u64,
    /// Statements of the person's.
    #[serde(default, skip_serializing_if = "is_none")]
    pub statements: u64,
    /// Holds under Article 17(3) that were over.
    #[serde(default, skip_serializing_if = "is_none")]
    pub holds: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How many rows of each kind are kept under a hold; nobody sees them without a logged exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = HeldRows)]
pub struct Kept {
    /// People of whom something is kept.
    pub people: u64,
    /// Events, without the fields that are not held.
    pub events: u64,
    /// Visits.
    pub visits: u64,
    /// Parts as host in the events of other people.
    pub hosts: u64,
    /// Parts as recipient of a notification in the events of other people.
    pub recipients: u64,
}

/// What became of one of those who were to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeletionResult)]
pub struct Outcome {
    /// The place in the list that was sent, from 0.
    pub index: u64,
    /// What became of it.
    pub status: Status,
    /// Which life of the ref was erased, from 1; none when nothing was.
    #[schema(required)]
    pub epoch: Option<i32>,
    /// Until when something of the person is kept under a hold; then that is erased too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
}

/// A place that was searched for the erased people after the deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CheckedPlace)]
pub struct Checked {
    /// Which table or index.
    pub place: Word,
    /// How many rows of theirs were found.
    pub found: u64,
}

/// A signature over the canonical form of the rest of the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReceiptSignature)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// `EdDSA`, over Ed25519 (RFC 8037).
    pub algorithm: Cow<'static, str>,
    /// The thumbprint of the key that signed (RFC 7638), by which it is found at
    /// `/.well-known/guestlog-receipt-keys.json`.
    pub key_id: String,
    /// The 64 bytes in base64url without padding.
    pub value: String,
}

/// The only algorithm of signatures.
pub const ALGORITHM: &str = "EdDSA";

/// What was deleted and how, as proof for the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The deletion's identifier.
    #[schema(value_type = uuid::Uuid)]
    pub deletion_id: PublicId,
    /// Whose people were deleted: the customer's public identifier.
    #[schema(value_type = uuid::Uuid)]
    pub customer_id: PublicId,
    /// What asked for it.
    pub origin: Origin,
    /// The reconciliation that asked for it.
    #[schema(value_type = Option<uuid::Uuid>, required)]
    pub reconciliation_id: Option<PublicId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was done and found to be complete.
    pub completed_at: Timestamp,
    /// How many people were to be deleted.
    pub refs: u64,
    /// How many rows of each kind were erased.
    pub erased: Erased,
    /// What is kept under holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Kept>,
    /// What became of each, in the order of the list.
    pub results: Vec<Outcome>,
    /// What was done.
    pub method: Vec<Method>,
    /// What was searched afterwards, and found without a row of theirs.
    pub checked: Vec<Checked>,
    /// What was not, and may hold remains for a time.
    pub not_checked: Vec<Word>,
    /// What is done afterwards, as soon as nobody reads any more; `docs/erasure.md` says how soon.
    pub follow_ups: Vec<Word>,
    /// Until when late events of these people are refused.
    pub tombstone_expires_at: Timestamp,
    /// When the last backup that may hold these people has expired.
    pub backups_expire_at: Timestamp,
    /// The program that did it, with its version.
    pub software: String,
    /// What the customer gave with the deletion.
    #[schema(required)]
    pub nonce: Option<Nonce>,
    /// Over all of the above; none when the search afterwards found something left.
    #[schema(required)]
    pub signature: Option<Signature>,
}

impl Receipt {
    /// The bytes that are signed: the receipt without its signature, in its one form (RFC 8785).
    ///
    /// # Errors
    /// `not_canonical` for a count beyond 2^53 − 1.
    pub fn signed_form(&self) -> Result<String, FieldError> {
        let value = serde_json::to_value(self);
        signed_form(&value.map_err(|_| FieldError::new("not_canonical", "must be a receipt that can be written"))?)
    }
}

/// The same of a receipt as it was read, member for member: also of one that a later version has written.
///
/// # Errors
/// `malformed` for what is no object; `not_canonical` for fractions and numbers beyond 2^53 − 1.
pub fn signed_form(receipt: &Value) -> Result<String, FieldError> {
    let Value::Object(members) = receipt else {
        return Err(FieldError::new("malformed", "must be an object"));
    };
    let mut members = members.clone();
    members.remove("signature");
    canonical(&Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn receipt() -> Receipt {
        Receipt {
            deletion_id: PublicId::parse("0199f0c2-6c1e-7b7a-9c53-0f3c3a1b2c4d").unwrap(),
            customer_id: PublicId::parse("0199f0c2-0000-7b7a-9c53-0f3c3a1b2c4d").unwrap(),
            origin: Origin::List,
            reconciliation_id: None,
            started_at: at("2026-11-21T09:00:00+01:00"),
            completed_at: at("2026-11-21T08:00:00.25Z"),
            refs: 2,
            erased: Erased { people: 1, events: 20, visits: 7, recipients: 3, ..Erased::default() },
            held: None,
            results: vec![
                Outcome { index: 0, status: Status::Erased, epoch: Some(1), held_until: None },
                Outcome { index: 1, status: Status::NotHeld, epoch: None, held_until: None },
            ],
            method: vec![Method::RowsDeleted, Method::PersonKeyDestroyed],
            checked: vec![Checked { place: "people".into(), found: 0 }],
            not_checked: vec![Word::new("backups")],
            follow_ups: vec![Word::new("write_ahead_log_truncated")],
            tombstone_expires_at: at("2026-12-31T08:00:00Z"),
            backups_expire_at: at("2026-12-26T08:00:00Z"),
            software: "guestlog 0.1.0".to_owned(),
            nonce: Some(Nonce::new("batch-7").unwrap()),
            signature: None,
        }
    }

    #[test]
    fn the_form_that_is_signed() {
        let form = concat!(
            r#"{"backups_expire_at":"2026-12-26T08:00:00.000000Z","checked":[{"found":0,"place":"people"}],"#,
            r#""completed_at":"2026-11-21T08:00:00.250000Z","customer_id":"0199f0c2-0000-7b7a-9c53-0f3c3a1b2c4d","#,
            r#""deletion_id":"0199f0c2-6c1e-7b7a-9c53-0f3c3a1b2c4d","erased":{"events":20,"hosts":0,"people":1,"#,
            r#""recipients":3,"restrictions":0,"visits":7},"follow_ups":["write_ahead_log_truncated"],"#,
            r#""method":["rows_deleted","person_key_destroyed"],"nonce":"batch-7","not_checked":["backups"],"#,
            r#""origin":"list","reconciliation_id":null,"refs":2,"results":[{"epoch":1,"index":0,"status":"erased"},"#,
            r#"{"epoch":null,"index":1,"status":"not_held"}],"software":"guestlog 0.1.0","#,
            r#""started_at":"2026-11-21T08:00:00.000000Z","tombstone_expires_at":"2026-12-31T08:00:00.000000Z"}"#,
        );
        let mut receipt = receipt();
        assert_eq!(receipt.signed_form().unwrap(), form);
        receipt.signature = Some(Signature { algorithm: ALGORITHM.into(), key_id: "k".into(), value: "v".into() });
        assert_eq!(receipt.signed_form().unwrap(), form);
        receipt.refs = 1 << 53;
        assert_eq!(receipt.signed_form().unwrap_err().code, "not_canonical");
    }

    #[test]
    fn reads_back_as_it_was_written() {
        let receipt = receipt();
        let text = serde_json::to_string_pretty(&receipt).unwrap();
        assert_eq!(serde_json::from_str::<Receipt>(&text).unwrap(), receipt);
        let read = super::super::canonical::parse(text.as_bytes()).unwrap();
        assert_eq!(signed_form(&read).unwrap(), receipt.signed_form().unwrap());
    }

    #[test]
    fn words_have_no_room_for_more() {
        for word in ["\"Anna\"", "\"a b\"", "\"\"", &format!("\"{}\"", "a".repeat(101))] {
            let error = serde_json::from_str::<Word>(word).unwrap_err().to_string();
            assert!(error.starts_with("invalid_word") && !error.contains("Anna"), "{error}");
        }
        assert_eq!(serde_json::from_str::<Word>("\"a.b_1\"").unwrap().as_str(), "a.b_1");
    }
}
