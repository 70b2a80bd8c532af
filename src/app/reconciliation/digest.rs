//! The exchange of digests: where two sides differ, without sending everybody.

use super::people;
use crate::app::App;
use crate::domain::CustomerId;
use crate::domain::reconciliation::{Bits, Buckets, Salt};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The people held, bucket by bucket.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PeopleDigest {
    /// The key of the hashes, 32 hexadecimal digits.
    pub salt: String,
    /// People are divided into two to the power of this many buckets.
    pub bits: u8,
    /// How many people are held.
    pub held: u64,
    /// The buckets that are not empty, ascending.
    pub buckets: Vec<Bucket>,
}

/// The people of one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bucket {
    /// The first bits of the hash, in hexadecimal.
    #[schema(example = "0a3")]
    pub bucket: String,
    /// How many people there are.
    pub count: u64,
    /// The exclusive or of the first 16 bytes of their hashes, in hexadecimal.
    #[schema(example = "c2d03ee5b4e54a0dbd2fae2d1a9e4d6f")]
    pub digest: String,
}

impl From<&Buckets> for Vec<Bucket> {
    fn from(buckets: &Buckets) -> Self {
        buckets.filled().map(|(bucket, count, digest)| Bucket { bucket, count, digest }).collect()
    }
}

impl App {
    /// The people of a customer, bucket by bucket; a new salt unless one is given.
    ///
    /// # Errors
    /// When the database or a seal fails.
    pub async fn people_digest(
        &self,
        customer: CustomerId,
        bits: Bits,
        salt: Option<Salt>,
    ) -> Result<PeopleDigest, Error> {
        let app = self.clone();
        let work = move || {
            let salt = salt.map_or_else(Salt::generate, Ok).map_err(Error::internal)?;
            let mut buckets = Buckets::new(bits);
            people::each(&app.0.core, customer, |_, reference| {
                buckets.add(&salt.hash(reference));
                Ok(())
            })?;
            let filled = Vec::from(&buckets);
            Ok(PeopleDigest { salt: salt.to_string(), bits: bits.get(), held: buckets.held(), buckets: filled })
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}
