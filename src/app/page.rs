//! Pages of a list: an opaque cursor, sealed so that a client can neither read nor make one.

use crate::crypto::Keyring;
use crate::domain::{CustomerId, FieldError};
use crate::error::Error;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// Items of a page when the client names no number.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most items of a page.
pub const MAX_LIMIT: u32 = 200;

/// One page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Gets the next page; none on the last.
    pub next_cursor: Option<String>,
}

/// Which page a client asks for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// How many items.
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

impl Ask {
    /// The number of items to read: one more than the page, to know whether another follows.
    ///
    /// # Errors
    /// `out_of_range` outside 1 to 200.
    pub fn limit(&self) -> Result<usize, Error> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAX_LIMIT).contains(&limit) {
            return Ok(limit as usize);
        }
        let error = FieldError::new("out_of_range", format!("must be from 1 to {MAX_LIMIT}"));
        Err(Error::invalid(vec![error.at("?limit")]))
    }

    /// What the cursor says, if there is one.
    ///
    /// # Errors
    /// `invalid_cursor` when it was not made here, for this customer and list.
    pub fn position(
        &self,
        keyring: &Keyring,
        customer: Option<CustomerId>,
        list: &str,
    ) -> Result<Option<String>, Error> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bad = || {
            let error =
                FieldError::new("invalid_cursor", "must be a next_cursor that this list gave, at most 200 characters");
            Error::invalid(vec![error.at("?cursor")])
        };
        if cursor.len() > 200 {
            return Err(bad());
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
        let (tag, position) = bytes.split_at_checked(16).ok_or_else(bad)?;
        let position = std::str::from_utf8(position).map_err(|_| bad())?;
        if tag == seal(keyring, customer, list, position)? { Ok(Some(position.to_owned())) } else { Err(bad()) }
    }
}

/// Cuts `rows` to a page; `position` tells where its last item stands.
pub(crate) fn cut<R, T>(
    keyring: &Keyring,
    customer: Option<CustomerId>,
    list: &str,
    limit: usize,
    mut rows: Vec<R>,
    position: impl Fn(&R) -> String,
    show: impl FnOnce(Vec<R>) -> Result<Vec<T>, Error>,
) -> Result<Page<T>, Error> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| {
        let position = position(last);
        let mut bytes = seal(keyring, customer, list, &position)?;
        bytes.extend_from_slice(position.as_bytes());
        Ok::<_, Error>(URL_SAFE_NO_PAD.encode(bytes))
    });
    let next_cursor = next_cursor.transpose()?;
    Ok(Page { data: show(rows)?, next_cursor })
}

fn seal(keyring: &Keyring, customer: Option<CustomerId>, list: &str, position: &str) -> Result<Vec<u8>, Error> {
    let key = crate::crypto::IndexKey::from_bytes(&*keyring.secret("cursor").map_err(Error::internal)?);
    let customer = customer.map_or(0, |id| id.0).to_be_bytes();
    Ok(key.digest("cursor", &[&customer, list.as_bytes(), position.as_bytes()])[..16].to_vec())
}

/// A page of a short list that is read whole; the cursor counts the items before it, and items are only ever added.
pub(crate) fn of_whole<T>(
    keyring: &Keyring,
    customer: Option<CustomerId>,
    list: &str,
    ask: &Ask,
    rows: Vec<T>,
) -> Result<Page<T>, Error> {
    let limit = ask.limit()?;
    let before: usize = ask.position(keyring, customer, list)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let rows: Vec<T> = rows.into_iter().skip(before).take(limit + 1).collect();
    cut(keyring, customer, list, limit, rows, |_| (before + limit).to_string(), Ok)
}
