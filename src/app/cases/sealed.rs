//! What a case holds of a person: sealed under a key of the case, and wiped when it is of no more use.

use crate::app::Core;
use crate::crypto::{DataKey, IndexKey, Place, Row};
use crate::domain::CustomerId;
use crate::error::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Who asks, and in what words.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// Where the answer goes.
    pub email: Option<String>,
    /// Where the person can be called.
    pub phone: Option<String>,
    /// What the person wrote.
    pub details: Option<String>,
    /// Who acts for the person, by what mandate.
    pub mandate: Option<String>,
    /// Whether somebody acts for the person.
    #[serde(default)]
    pub by_representative: bool,
}

/// What was said of the decision.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reasons {
    /// Why the case takes longer.
    pub extension: Option<String>,
    /// Why it is not decided as asked.
    pub decision: Option<String>,
    /// What shows that the request is manifestly unfounded or excessive.
    pub evidence: Option<String>,
}

/// Seals and opens what belongs to one case, or one request by the public form.
pub(crate) struct Sealer {
    key: DataKey,
    customer: CustomerId,
    table: &'static str,
    id: i64,
}

impl Sealer {
    /// Of a case.
    pub fn of_case(core: &Core, customer: CustomerId, id: i64) -> Result<Self, Error> {
        Self::of(core, customer, "cases", id)
    }

    /// Of where the file of a case goes.
    pub fn of_transfer(core: &Core, customer: CustomerId, case: i64) -> Result<Self, Error> {
        Self::of(core, customer, "case_transfers", case)
    }

    /// Of a request by the public form.
    pub fn of_request(core: &Core, id: i64) -> Result<Self, Error> {
        Self::of(core, CustomerId(0), "privacy_requests", id)
    }

    fn of(core: &Core, customer: CustomerId, table: &'static str, id: i64) -> Result<Self, Error> {
        let root = IndexKey::from_bytes(&*core.keyring.secret("cases").map_err(Error::internal)?);
        let owner = customer.0.to_be_bytes();
        let key = DataKey::from_bytes(&root.digest("seal", &[table.as_bytes(), &owner, &id.to_be_bytes()]));
        Ok(Self { key, customer, table, id })
    }

    fn place(&self, table: &'static str, column: &'static str, row: Row) -> Place {
        Place { customer: self.customer, table, column, row, subject: None, version: 1 }
    }

    /// Seals the value of a column.
    pub fn seal<T: Serialize>(&self, column: &'static str, value: &T) -> Result<Vec<u8>, Error> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(value).map_err(Error::internal)?);
        self.key.seal(&self.place(self.table, column, Row::Key(self.id)), &plain).map_err(Error::internal)
    }

    /// Opens it again; what was wiped is empty.
    pub fn open<T: DeserializeOwned + Default>(&self, column: &'static str, sealed: Option<&[u8]>) -> Result<T, Error> {
        let Some(sealed) = sealed else { return Ok(T::default()) };
        let place = self.place(self.table, column, Row::Key(self.id));
        let plain = self.key.open(&place, sealed).map_err(Error::internal)?;
        serde_json::from_slice(&plain).map_err(Error::internal)
    }

    /// Seals a piece of the case's file.
    pub fn seal_piece(&self, position: i32, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let place = self.place("case_files", "sealed", Row::Part(self.id, position));
        self.key.seal(&place, plain).map_err(Error::internal)
    }

    /// Opens it again.
    pub fn open_piece(&self, position: i32, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let place = self.place("case_files", "sealed", Row::Part(self.id, position));
        Ok(self.key.open(&place, sealed).map_err(Error::internal)?.to_vec())
    }
}
