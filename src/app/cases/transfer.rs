//! The file of a case, sent directly to another controller where the person asks for it (Article 20(2)).
//!
//! The person names an address and confirms it; a thread of its own sends the file there, at least once and under one id,
//! until it arrives, is refused, or is gone. Where it goes is sealed with the case, and wiped with what the person wrote.

use super::file::{self, Pieces};
use super::sealed::Sealer;
use super::show::right_of;
use super::{Row, hold, letters, wrong_state};
use crate::app::jobs::{self, Kind, Lease, Next};
use crate::app::webhooks::Attempt;
use crate::app::{App, Core, Work, ids};
use crate::config::Transfers;
use crate::domain::rights::Right;
use crate::domain::transfer::{self, MAX_ADDRESSES, State};
use crate::domain::webhook::{self, Fault};
use crate::domain::webhook_url::WebhookUrl;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store::{self, Conn};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use utoipa::ToSchema;

const COLUMN: &str = "sealed";

/// Where the file of a case goes, and how far that is; sealed with the case.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// Under which it is sent, however often.
    id: PublicId,
    url: String,
    state: State,
    asked_at: Timestamp,
    /// Addresses that were named so far, this one included.
    addresses: u32,
    tries: u32,
    tried_at: Option<Timestamp>,
    fault: Option<Fault>,
    status: Option<u16>,
    /// Since when it is being sent; what has left cannot be called back.
    sending_since: Option<Timestamp>,
    /// Whether the person was written what came of it.
    is_told: bool,
}

/// A file on its way to another controller, as people and customers see it.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = FileTransfer)]
pub struct Shown {
    /// The host that it goes to.
    pub host: String,
    /// How far it has come.
    pub state: State,
    /// When the person asked for it.
    pub asked_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// When it was tried last.
    #[schema(required)]
    pub tried_at: Option<Timestamp>,
    /// Why the last attempt failed.
    #[schema(required)]
    pub fault: Option<Fault>,
    /// What the other answered last.
    #[schema(required)]
    pub status: Option<u16>,
}

impl Transfer {
    /// Whether it is, or can still be, sent to an address.
    pub fn may_be_sent(&self) -> bool {
        match self.state {
            State::Waiting => true,
            State::Arrived => false,
            State::Failed | State::Stopped => self.addresses < MAX_ADDRESSES,
        }
    }

    /// Whether it is being sent at this moment, as far as that is known: who died over it has not said so.
    fn is_leaving(&self, now: Timestamp) -> bool {
        self.sending_since.is_some_and(|since| now < since.plus_seconds(jobs::LEASE_OF_TRANSFER_S))
    }

    /// Whether the person is to be written what came of it.
    fn is_to_be_told(&self) -> bool {
        !self.is_told && matches!(self.state, State::Arrived | State::Failed)
    }

    /// As people and customers see it.
    pub fn shown(&self) -> Shown {
        let host = WebhookUrl::new(self.url.as_str()).map(|url| url.host().to_owned()).unwrap_or_default();
        Shown {
            host,
            state: self.state,
            asked_at: self.asked_at,
            tries: self.tries,
            tried_at: self.tried_at,
            fault: self.fault,
            status: self.status,
        }
    }
}

/// Where the file of a case goes; none when nobody has asked for that, or it was wiped.
pub(crate) fn of(core: &Core, conn: &mut Conn, row: &Row) -> Result<Option<Transfer>, Error> {
    let Some(found) = store::case_transfers::get(conn, row.customer_id, row.id)? else { return Ok(None) };
    Sealer::of_transfer(core, row.customer_id, row.id)?.open(COLUMN, found.sealed.as_deref())
}

fn keep(work: &mut Work<'_, '_>, row: &Row, transfer: &Transfer) -> Result<(), Error> {
    let sealed = Sealer::of_transfer(work.core, row.customer_id, row.id)?.seal(COLUMN, transfer)?;
    let arrived_at = transfer.tried_at.filter(|_| transfer.state == State::Arrived);
    let stored = store::case_transfers::Transfer { sealed: Some(sealed), arrived_at };
    store::case_transfers::put(work.tx, row.customer_id, row.id, &stored)?;
    Ok(())
}

/// Whether a file can be sent to another controller at all: one of portability, where the operator lets files go out.
pub(crate) fn is_offered(core: &Core, right: Right) -> bool {
    right == Right::Portability && core.settings.rights.transfers != Transfers::Off
}

/// The address, when a file may be sent there as far as that shows: by TLS, and to the internet.
///
/// # Errors
/// Invalid input.
pub(crate) fn allowed(core: &Core, url: &WebhookUrl) -> Result<(), Error> {
    if core.settings.rights.transfers.is_private() {
        return Ok(());
    }
    url.must_be_public().map_err(|error| Error::invalid(vec![error.at("/url")]))
}

/// Has the file of a case sent to an address; one that is under way to another address is not tried there any more.
///
/// # Errors
/// `case_state` for a file that is not one of portability, one that has arrived somewhere, and where files are not sent;
/// `limit_reached`; an address that is not allowed.
pub(crate) fn name(work: &mut Work<'_, '_>, found: &Row, url: &WebhookUrl) -> Result<Shown, Error> {
    let row = there(work, found)?;
    if right_of(&row)? != Right::Portability {
        return Err(wrong_state("Only a file of portability is sent to others; ask for one, or fetch this."));
    }
    if !is_offered(work.core, Right::Portability) {
        return Err(wrong_state("This service sends files to nobody else; fetch it, and pass it on."));
    }
    allowed(work.core, url)?;
    let before = of(work.core, work.tx, &row)?;
    if let Some(before) = &before {
        if before.state == State::Arrived {
            return Err(wrong_state("The file has arrived at another already; fetch it, or ask for a new one."));
        }
        // Said twice, it is one.
        if before.state == State::Waiting && before.url == url.as_str() {
            return Ok(before.shown());
        }
        if before.is_leaving(work.now) {
            return Err(wrong_state("The file is being sent at this moment; see in a minute whether it has arrived."));
        }
    }
    let addresses = before.as_ref().map_or(0, |before| before.addresses);
    if addresses >= MAX_ADDRESSES {
        let detail = format!("A file is sent to {MAX_ADDRESSES} addresses at most; fetch it, or ask for a new one.");
        return Err(Error::refused(Code::LimitReached, detail));
    }
    let same = before.filter(|before| before.url == url.as_str()).map(|before| before.id);
    let transfer = Transfer {
        id: match same {
            Some(id) => id,
            None => PublicId(ids::new_uuid(work.now)?),
        },
        url: url.as_str().to_owned(),
        state: State::Waiting,
        asked_at: work.now,
        addresses: addresses + 1,
        tries: 0,
        tried_at: None,
        fault: None,
        status: None,
        sending_since: None,
        is_told: false,
    };
    keep(work, &row, &transfer)?;
    jobs::queue(work, row.customer_id, Kind::Transfer, row.id, work.now)?;
    Ok(transfer.shown())
}

/// Tries no more to send a file; one that has arrived has arrived.
///
/// # Errors
/// `file_gone`.
pub(crate) fn stop(work: &mut Work<'_, '_>, found: &Row) -> Result<(), Error> {
    let row = there(work, found)?;
    end(work, &row, State::Stopped)
}

/// The case, locked, while its file is there.
fn there(work: &mut Work<'_, '_>, found: &Row) -> Result<Row, Error> {
    hold(work, found.customer_id)?;
    let row = store::cases::lock(work.tx, found.customer_id, found.id)?.ok_or_else(Error::not_found)?;
    if file::is_there(&row, work.now)? { Ok(row) } else { Err(file::gone()) }
}

/// Ends what is under way, when the person has it stopped or the file goes. Who waits for it to arrive is told by the
/// sender when it has not: what a letter waits for must not keep a file.
pub(super) fn end(work: &mut Work<'_, '_>, row: &Row, state: State) -> Result<(), Error> {
    let found = of(work.core, work.tx, row)?;
    let Some(mut transfer) = found.filter(|transfer| transfer.state == State::Waiting) else { return Ok(()) };
    transfer.state = state;
    keep(work, row, &transfer)?;
    if transfer.is_to_be_told() {
        jobs::queue(work, row.customer_id, Kind::Transfer, row.id, work.now)?;
    }
    Ok(())
}

/// Stops whatever is under way, of everybody: a database that was put back does not know what people have said since.
///
/// # Errors
/// When the database fails.
pub fn stop_all(work: &mut Work<'_, '_>) -> Result<usize, Error> {
    let mut stopped = 0;
    for (customer, case) in store::case_transfers::known(work.tx)? {
        let Some(row) = store::cases::lock(work.tx, customer, case)? else { continue };
        let found = of(work.core, work.tx, &row)?;
        if found.is_some_and(|transfer| transfer.state == State::Waiting) {
            end(work, &row, State::Stopped)?;
            stopped += 1;
        }
    }
    Ok(stopped)
}

/// Writes to the person what came of it, once.
fn tell(work: &mut Work<'_, '_>, customer: CustomerId, case: i64) -> Result<(), Error> {
    hold(work, customer)?;
    let Some(row) = store::cases::lock(work.tx, customer, case)? else { return Ok(()) };
    let Some(mut transfer) = of(work.core, work.tx, &row)?.filter(Transfer::is_to_be_told) else { return Ok(()) };
    transfer.is_told = true;
    keep(work, &row, &transfer)?;
    letters::to_person(work, &row, letters::Letter::Transferred)
}

/// Notes that a file is being sent, if it still is to be; where to.
fn begin(work: &mut Work<'_, '_>, customer: CustomerId, case: i64) -> Result<Option<(Row, Transfer)>, Error> {
    hold(work, customer)?;
    let Some(row) = store::cases::lock(work.tx, customer, case)? else { return Ok(None) };
    let found = of(work.core, work.tx, &row)?;
    let Some(mut transfer) = found.filter(|transfer| transfer.state == State::Waiting) else { return Ok(None) };
    if !is_offered(work.core, Right::Portability) {
        transfer.state = State::Failed;
        keep(work, &row, &transfer)?;
        return Ok(None);
    }
    if !file::is_there(&row, work.now)? {
        return Ok(None);
    }
    transfer.sending_since = Some(work.now);
    keep(work, &row, &transfer)?;
    Ok(Some((row, transfer)))
}

/// A file that is to be sent, and where.
pub struct Consignment {
    /// Where to.
    pub url: String,
    /// What says what it is.
    pub headers: [(&'static str, String); 5],
    id: PublicId,
}

/// The bytes of a file, read from the database piece by piece.
pub struct Content<'a> {
    pieces: Pieces,
    lease: &'a mut Lease,
    piece: Vec<u8>,
    at: usize,
    /// Why it has no end, when it broke off.
    pub broken: Option<Error>,
}

impl<'a> Content<'a> {
    /// The file, as long as the lease is ours.
    pub fn new(pieces: Pieces, lease: &'a mut Lease) -> Self {
        Self { pieces, lease, piece: Vec::new(), at: 0, broken: None }
    }

    fn advance(&mut self) -> Result<bool, Error> {
        self.lease.renew()?;
        let piece = self.pieces.read()?;
        (self.piece, self.at) = (piece.unwrap_or_default(), 0);
        Ok(!self.piece.is_empty())
    }
}

impl Read for Content<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.broken = Some(error);
                    return Err(io::Error::other("the file broke off"));
                }
            }
        }
        let taken = to.len().min(self.piece.len() - self.at);
        to[..taken].copy_from_slice(&self.piece[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

impl App {
    /// The file of the lease's case, ready to be sent; none when it is not to be sent any more.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the service stops or another node has taken over; when the database fails.
    pub fn next_transfer(&self, lease: &mut Lease) -> Result<Option<(Consignment, Pieces)>, Error> {
        let core = &self.0.core;
        let (customer, case) = (lease.customer(), lease.subject());
        let Some((row, transfer)) = self.write_blocking(|work| begin(work, customer, case))? else {
            self.write_blocking(|work| tell(work, customer, case))?;
            return Ok(None);
        };
        let mut pieces = file::pieces(core, &row)?;
        let (mut digest, mut length) = (Sha256::new(), 0);
        while let Some(piece) = pieces.read()? {
            lease.renew()?;
            digest.update(&piece);
            length += piece.len();
        }
        let headers = [
            ("content-type", "application/zip".to_owned()),
            ("content-length", length.to_string()),
            // RFC 9530; what is in the file is signed within it.
            ("content-digest", format!("sha-256=:{}:", STANDARD.encode(digest.finalize()))),
            ("content-disposition", "attachment; filename=\"guestlog.zip\"".to_owned()),
            ("idempotency-key", transfer.id.to_string()),
        ];
        pieces.rewind();
        Ok(Some((Consignment { url: transfer.url, headers, id: transfer.id }, pieces)))
    }

    /// Notes what became of an attempt: it has arrived, it is tried again later, or not any more.
    ///
    /// # Errors
    /// When the database fails: then it is sent again.
    pub fn transfer_tried(&self, lease: &Lease, sent: &Consignment, attempt: Attempt) -> Result<Next, Error> {
        let (customer, case) = (lease.customer(), lease.subject());
        let next = self.write_blocking(|work| note(work, (customer, case), sent, attempt))?;
        // Apart: a letter that cannot be queued must not have the file sent once more.
        self.write_blocking(|work| tell(work, customer, case))?;
        Ok(next)
    }
}

fn note(
    work: &mut Work<'_, '_>,
    (customer, case): (CustomerId, i64),
    sent: &Consignment,
    attempt: Attempt,
) -> Result<Next, Error> {
    hold(work, customer)?;
    let Some(row) = store::cases::lock(work.tx, customer, case)? else { return Ok(Next::Done) };
    let Some(mut transfer) = of(work.core, work.tx, &row)? else { return Ok(Next::Done) };
    if transfer.id != sent.id {
        // The lease was over, and another address was named since.
        return Ok(Next::At(work.now));
    }
    if transfer.state == State::Arrived {
        return Ok(Next::Done);
    }
    transfer.sending_since = None;
    transfer.tries += 1;
    transfer.tried_at = Some(work.now);
    transfer.status = attempt.status();
    transfer.fault = attempt.fault();
    let next = match transfer.fault {
        // Even where it was to be stopped: it is there.
        None => {
            (transfer.state, transfer.is_told) = (State::Arrived, false);
            Next::Done
        }
        Some(_) if transfer.state != State::Waiting => Next::Done,
        Some(fault) => match webhook::pause_s(transfer.tries, crate::crypto::chance()) {
            Some(pause_s) if !transfer::is_final(fault, transfer.status) => Next::At(work.now.plus_seconds(pause_s)),
            _ => {
                transfer.state = State::Failed;
                Next::Done
            }
        },
    };
    keep(work, &row, &transfer)?;
    Ok(next)
}
