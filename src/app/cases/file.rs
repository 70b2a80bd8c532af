//! The file of an answer: prepared by the worker, kept in sealed pieces, given out once.

use super::sealed::Sealer;
use super::show::{right_of, state_of};
use super::{FILE_S, Row, act, carry_out, transfer, wrong_state};
use crate::app::export::{Ask, CaseInfo};
use crate::app::jobs::{self, Kind, Lease};
use crate::app::{App, Core, View, Work, people};
use crate::domain::export;
use crate::domain::locale::Locale;
use crate::domain::rights::{Right, State};
use crate::domain::text::Ref;
use crate::domain::transfer::State as TransferState;
use crate::domain::{CustomerId, PersonId, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use std::io::{self, Write};

/// Bytes of a piece.
const PIECE_BYTES: usize = 256 * 1024;

/// Takes a file in and stores it, piece by piece, each in a transaction of its own.
struct Keeper<'a> {
    core: &'a Core,
    lease: &'a mut Lease,
    sealer: Sealer,
    customer: CustomerId,
    case: i64,
    piece: Vec<u8>,
    position: i32,
}

impl Keeper<'_> {
    fn store(&mut self) -> Result<(), Error> {
        self.lease.renew()?;
        let sealed = self.sealer.seal_piece(self.position, &self.piece)?;
        let (customer, case, position) = (self.customer, self.case, self.position);
        self.core.write(|work| Ok(store::case_files::insert(work.tx, customer, case, position, &sealed)?))?;
        self.position += 1;
        self.piece.clear();
        Ok(())
    }
}

impl Write for Keeper<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE_BYTES - self.piece.len();
        let taken = bytes.len().min(room);
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE_BYTES {
            self.store().map_err(io::Error::other)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prepares the file of a decided case; one that was cut short is begun anew.
pub(super) fn prepare(app: &App, lease: &mut Lease, row: &Row, person: PersonId) -> Result<(), Error> {
    let core = &app.0.core;
    let (customer, case) = (row.customer_id, row.id);
    let people = core.read(|view| people::dossiers(view, customer, vec![person]))?;
    let Some(dossier) = people.get(&person) else { return answer_without(core, row) };
    let reference = Ref::new(dossier.reference()?).map_err(Error::internal)?;
    core.write(|work| Ok(store::case_files::remove(work.tx, customer, case)?))?;
    let right = match right_of(row)? {
        Right::Portability => export::Right::Portability,
        _ => export::Right::Access,
    };
    let info = CaseInfo { number: row.public_id.to_string(), received_at: row.received_at };
    let ask = Ask { right, case: Some(info), locale: Locale::parse_or_default(&row.locale) };
    let mut keeper = Keeper {
        core,
        lease,
        sealer: Sealer::of_case(core, customer, case)?,
        customer,
        case,
        piece: Vec::with_capacity(PIECE_BYTES),
        position: 0,
    };
    app.export_blocking(customer, &reference, &ask, &mut keeper)?;
    if !keeper.piece.is_empty() {
        keeper.store()?;
    }
    // An empty piece marks the end, so that one that is missing is not taken for it.
    keeper.store()?;
    core.write(|work| {
        let Some(mut row) = store::cases::lock(work.tx, customer, case)? else { return Ok(()) };
        if state_of(&row)? != State::Decided {
            return Ok(());
        }
        row.prepared_at = Some(work.now);
        if row.decided_by.as_deref() == Some(act::SERVICE) {
            act::let_go(work, &mut row, act::SERVICE)?;
        }
        store::cases::update(work.tx, &row)?;
        // An erasure that waits for this file need not wait any longer.
        for other in store::cases::about_person(work.tx, customer, person)? {
            if other.id != case && state_of(&other)? == State::Decided {
                jobs::queue(work, customer, Kind::Case, other.id, work.now)?;
            }
        }
        Ok(())
    })
}

/// The person of a decided case was deleted before the file was ready: nothing is held any more.
pub(super) fn answer_without(core: &Core, row: &Row) -> Result<(), Error> {
    core.write(|work| {
        let Some(mut row) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(()) };
        if state_of(&row)? == State::Decided {
            row.is_held = Some(false);
            carry_out::done(work, &mut row)?;
            store::cases::update(work.tx, &row)?;
            // Of one that was cut short.
            remove(work, &row)?;
        }
        Ok(())
    })
}

/// Removes a file, and has its bytes overwritten.
pub(super) fn remove(work: &mut Work<'_, '_>, row: &Row) -> Result<(), Error> {
    store::case_files::remove(work.tx, row.customer_id, row.id)?;
    let now = work.now;
    jobs::queue(work, jobs::SERVICE, Kind::Scrub, 0, now)
}

/// Until when a prepared file waits to be let go: it is made anew when it is seven days old. When the person has been
/// erased meanwhile, it is the only copy; then it waits for seven days beyond the day by which it must be answered.
pub(super) fn waits_until(core: &Core, row: &Row) -> Result<Timestamp, Error> {
    let is_there = core.read(|view| Ok(!store::cases::people_of(view.conn, row.customer_id, row.id)?.is_empty()))?;
    let prepared_at = row.prepared_at.unwrap_or(row.received_at);
    let from = if is_there { prepared_at } else { prepared_at.max(row.safe_end_at) };
    Ok(from.plus_seconds(FILE_S))
}

/// Removes a file that nobody has let go; the next is made of what is held then.
pub(super) fn drop_unreleased(core: &Core, row: &Row) -> Result<(), Error> {
    core.write(|work| {
        let Some(mut row) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(()) };
        if state_of(&row)? != State::Decided {
            return Ok(());
        }
        row.prepared_at = None;
        store::cases::update(work.tx, &row)?;
        remove(work, &row)
    })
}

/// The file of a case that was let go, for the customer to hand over.
///
/// # Errors
/// `not_found`; `case_state` before it is let go, and where the person has an address and fetches it; `file_gone`.
pub fn file(view: &mut View<'_>, customer: CustomerId, id: PublicId) -> Result<Pieces, Error> {
    let row = store::cases::find(view.conn, customer, id)?.ok_or_else(Error::not_found)?;
    if row.request_id.is_some() {
        return Err(wrong_state("The person fetches this file; the letter says how."));
    }
    match state_of(&row)? {
        State::Released if is_there(&row, view.now)? => {}
        State::Released | State::Closed if right_of(&row)?.has_file() && row.is_held == Some(true) => {
            return Err(gone());
        }
        _ => return Err(wrong_state("There is no file that was let go.")),
    }
    view.shown.add(store::cases::people_of(view.conn, customer, row.id)?);
    pieces(view.core, &row)
}

/// Whether the file of a case can be fetched, or sent to another controller.
pub(crate) fn is_there(row: &Row, now: Timestamp) -> Result<bool, Error> {
    let until = row.released_at.map(|at| at.plus_seconds(FILE_S));
    Ok(state_of(row)? == State::Released && until.is_some_and(|until| now < until))
}

/// The file was there.
pub(crate) fn gone() -> Error {
    Error::refused(Code::FileGone, "The file was fetched, or its seven days are over. Ask once more.")
}

/// The pieces of a released file, one after the other.
pub struct Pieces {
    core: Core,
    sealer: Sealer,
    customer: CustomerId,
    case: i64,
    position: i32,
}

/// The file of a case whose answer was let go.
pub(crate) fn pieces(core: &Core, row: &Row) -> Result<Pieces, Error> {
    let (customer, case) = (row.customer_id, row.id);
    Ok(Pieces { core: core.clone(), sealer: Sealer::of_case(core, customer, case)?, customer, case, position: 0 })
}

impl Pieces {
    /// From the start once more.
    pub(super) fn rewind(&mut self) {
        self.position = 0;
    }

    /// The next piece; none at the end, when the file is given out and gone.
    ///
    /// # Errors
    /// When the database fails, or the file's time was over meanwhile.
    pub fn take(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let piece = self.read()?;
        if piece.is_none() {
            self.given_out()?;
        }
        Ok(piece)
    }

    /// The next piece; none at the end. The file stays.
    ///
    /// # Errors
    /// As [`Pieces::take`].
    pub(super) fn read(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let (customer, case, position) = (self.customer, self.case, self.position);
        let sealed = self.core.read(|view| Ok(store::case_files::get(view.conn, customer, case, position)?))?;
        // It was given out to somebody else, or its time ended.
        let sealed = sealed.ok_or_else(|| Error::unavailable("the file has gone meanwhile"))?;
        let piece = self.sealer.open_piece(position, &sealed)?;
        if piece.is_empty() {
            return Ok(None);
        }
        self.position += 1;
        Ok(Some(piece))
    }

    fn given_out(&self) -> Result<(), Error> {
        self.core.write(|work| {
            let Some(mut row) = store::cases::lock(work.tx, self.customer, self.case)? else { return Ok(()) };
            if state_of(&row)? == State::Released {
                row.downloaded_at = Some(work.now);
                row.closed_at = Some(work.now);
                row.state = State::Closed.number();
                // Who has it in hand passes it on as they like.
                transfer::end(work, &row, TransferState::Stopped)?;
                store::cases::update(work.tx, &row)?;
            }
            remove(work, &row)
        })
    }
}
