//! What is known of the request in hand, wherever in the frame one stands.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use tracing::Span;
use uuid::Uuid;

/// The label of a request that no row of the table took.
pub(super) const UNMATCHED: &str = "unmatched";

tokio::task_local! {
    static CURRENT: Rc<Context>;
}

/// One request.
#[derive(Debug)]
pub(super) struct Context {
    /// Made here, at random: one that a client chose could carry personal data into the log.
    pub(super) request_id: Uuid,
    /// Where all that is logged of it belongs.
    pub(super) span: Span,
    route: Cell<&'static str>,
    reading: Cell<bool>,
}

impl Context {
    pub(super) fn new(request_id: Uuid, span: Span) -> Rc<Self> {
        Rc::new(Self { request_id, span, route: Cell::new(UNMATCHED), reading: Cell::new(false) })
    }

    /// The address as the table writes it, or [`UNMATCHED`].
    pub(super) fn route(&self) -> &'static str {
        self.route.get()
    }

    /// Runs `work` as part of this request.
    pub(super) fn run<F: Future>(self: &Rc<Self>, work: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(Rc::clone(self), work)
    }
}

/// The id of the request in hand; none outside of one, as in the body of a streamed answer.
#[must_use]
pub(super) fn request_id() -> Option<Uuid> {
    CURRENT.try_with(|context| context.request_id).ok()
}

/// Notes which row of the table took the request.
pub(super) fn entered(path: &'static str) {
    // Fails outside of a request only, where there is nothing to note.
    let _ = CURRENT.try_with(|context| {
        context.route.set(path);
        context.span.record("route", path);
    });
}

/// The address as the table writes it; none outside of its routes.
pub(super) fn route() -> Option<&'static str> {
    CURRENT.try_with(|context| context.route()).ok().filter(|route| *route != UNMATCHED)
}

/// Notes whether the body is being waited for, which decides whose fault a timeout is.
pub(super) fn reading(now: bool) {
    let _ = CURRENT.try_with(|context| context.reading.set(now));
}

/// Whether the body is being waited for.
pub(super) fn is_reading() -> bool {
    CURRENT.try_with(|context| context.reading.get()).unwrap_or(false)
}
