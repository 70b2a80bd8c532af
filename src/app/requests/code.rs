//! One-time codes, and the tokens that they give.

use super::{KEPT_S, Row, secret};
use crate::app::cases::{Asked, Sealer, letters};
use crate::app::jobs::{self, Kind};
use crate::app::{Core, Work};
use crate::crypto::IndexKey;
use crate::domain::contact::Email;
use crate::domain::locale::Locale;
use crate::domain::rights::Right;
use crate::domain::{PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

/// Digits of a code.
const DIGITS: usize = 8;
/// How long a code is good for, in minutes.
const CODE_MINUTES: i64 = 15;
/// How often a code may be tried.
const TRIES: i16 = 5;
/// Codes of one request in a day: with the tries of each, one chance in two million to guess one.
const CODES: i16 = 10;
const DAY_S: i64 = 86_400;
/// How long a token is good for, in seconds.
const TOKEN_S: i64 = 3_600;

/// What a right code gives.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = CaseToken)]
pub struct Token {
    /// Shows that the address is the person's; sent as `Authorization: Bearer …`.
    pub token: String,
    /// Until when it is taken.
    pub expires_at: Timestamp,
}

/// Redacted.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A code of eight digits, each as likely as the others.
fn draw() -> Result<String, Error> {
    let mut code = String::with_capacity(DIGITS);
    let mut byte = [0_u8; 1];
    while code.len() < DIGITS {
        crate::crypto::fill(&mut byte).map_err(Error::internal)?;
        // 250 is the last multiple of ten that a byte reaches.
        if byte[0] < 250 {
            code.push(char::from(b'0' + byte[0] % 10));
        }
    }
    Ok(code)
}

fn digest(key: &IndexKey, label: &'static str, id: i64, text: &str) -> Vec<u8> {
    key.digest(label, &[&id.to_be_bytes(), text.as_bytes()]).to_vec()
}

/// Compares digests of both, so that the time tells nothing of where they differ.
fn is_same(key: &IndexKey, one: &[u8], other: Option<&[u8]>) -> bool {
    let (one, other) = (key.digest("compare", &[one]), key.digest("compare", &[other.unwrap_or_default()]));
    one == other
}

/// Draws a code and sends it, unless the request has no e-mail address or has had its number of codes for the day.
pub(super) fn send(work: &mut Work<'_, '_>, row: &mut Row, asked: &Asked) -> Result<(), Error> {
    let Some(email) = asked.email.as_deref().and_then(|text| Email::new(text).ok()) else { return Ok(()) };
    // The person comes back for months; after a day without a code they are counted anew.
    if row.code_expires_at.is_some_and(|until| work.now >= until.plus_seconds(DAY_S)) {
        row.codes_sent = 0;
    }
    if row.codes_sent >= CODES {
        return Ok(());
    }
    let code = draw()?;
    let until = work.now.plus_seconds(CODE_MINUTES * 60);
    row.code_digest = Some(digest(&secret(work.core)?, "code", row.id, &code));
    row.code_expires_at = Some(until);
    row.code_tries = 0;
    row.codes_sent += 1;
    let right = Right::from_number(row.asked).ok_or_else(|| Error::internal("a right out of range"))?;
    let request = (row.public_id, right, Locale::parse_or_default(&row.locale));
    letters::send_code(work, &email, request, &code, (CODE_MINUTES, until))
}

/// Sends another code to the address of a request; nothing tells whether there is such a request.
///
/// # Errors
/// When the database fails.
pub fn renew(work: &mut Work<'_, '_>, id: PublicId) -> Result<(), Error> {
    let Some(mut row) = locked(work, id)? else { return Ok(()) };
    let asked = Sealer::of_request(work.core, row.id)?.open("asked_sealed", row.asked_sealed.as_deref())?;
    send(work, &mut row, &asked)?;
    store::privacy_requests::update(work.tx, &row)?;
    Ok(())
}

fn locked(work: &mut Work<'_, '_>, id: PublicId) -> Result<Option<Row>, Error> {
    let Some(found) = store::privacy_requests::find(work.tx, id)? else { return Ok(None) };
    Ok(store::privacy_requests::lock(work.tx, found.id)?)
}

fn refused() -> Error {
    let detail = "The code is not right, or its time is over. Ask for a new one.";
    Error::refused(Code::CodeRefused, detail)
}

/// Takes a code: a right one gives a token, and lets the cases go on.
///
/// A wrong one is counted, so the transaction must be kept: the refusal comes inside.
///
/// # Errors
/// When the database fails.
pub fn verify(work: &mut Work<'_, '_>, id: PublicId, code: &str) -> Result<Result<Token, Error>, Error> {
    let key = secret(work.core)?;
    let found = locked(work, id)?;
    let given = digest(&key, "code", found.as_ref().map_or(0, |row| row.id), code);
    // Compared for an unknown request as well, so that it takes as long.
    let is_right = is_same(&key, &given, found.as_ref().and_then(|row| row.code_digest.as_deref()));
    let Some(mut row) = found else { return Ok(Err(refused())) };
    let is_open = row.code_tries < TRIES && row.code_expires_at.is_some_and(|until| work.now < until);
    if !is_open || row.code_digest.is_none() || !is_right {
        row.code_tries = row.code_tries.saturating_add(1);
        store::privacy_requests::update(work.tx, &row)?;
        return Ok(Err(refused()));
    }
    let mut bytes = [0_u8; 32];
    crate::crypto::fill(&mut bytes).map_err(Error::internal)?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let expires_at = work.now.plus_seconds(TOKEN_S);
    row.code_digest = None;
    row.token_digest = Some(digest(&key, "token", row.id, &token));
    row.token_expires_at = Some(expires_at);
    if row.verified_at.is_none() {
        row.verified_at = Some(work.now);
        row.expires_at = work.now.plus_seconds(KEPT_S);
        jobs::queue(work, jobs::SERVICE, Kind::Request, row.id, work.now)?;
    }
    store::privacy_requests::update(work.tx, &row)?;
    Ok(Ok(Token { token, expires_at }))
}

/// The request that a token leads to.
pub(super) fn admitted(core: &Core, row: Option<Row>, token: &str) -> Result<Row, Error> {
    let key = secret(core)?;
    let given = digest(&key, "token", row.as_ref().map_or(0, |row| row.id), token);
    let is_right = is_same(&key, &given, row.as_ref().and_then(|row| row.token_digest.as_deref()));
    let now = core.clock.now();
    let row = row.filter(|row| row.token_digest.is_some() && row.token_expires_at.is_some_and(|until| now < until));
    row.filter(|_| is_right).ok_or_else(|| {
        Error::refused(Code::Unauthenticated, "The token is not right, or its time is over. Enter a new code.")
    })
}
