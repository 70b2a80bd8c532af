//! A file that a person has sent directly to another controller (Article 20(2), REQUIREMENTS L-50).

use super::coded::coded;
use super::webhook::Fault;

coded! {
    /// How far a file has come on its way to another controller.
    State schema "TransferState" {
        /// It is sent, or waits to be tried again.
        Waiting = 1 as "waiting",
        /// The other has said that it has it.
        Arrived = 2 as "arrived",
        /// It is not tried any more.
        Failed = 3 as "failed",
        /// The person has stopped it, or fetched the file before it was sent.
        Stopped = 4 as "stopped",
    }
}

/// The most addresses that a person may name for one file.
pub const MAX_ADDRESSES: u32 = 5;

/// Whether another attempt would end as this one did: the address leads elsewhere or into a private network, or the other
/// refuses the file. What is worth another try by RFC 9110 (408, 429), RFC 8470 (425) and by its nature (5xx) is tried.
#[must_use]
pub fn is_final(fault: Fault, status: Option<u16>) -> bool {
    match fault {
        Fault::Redirect | Fault::Address => true,
        Fault::Status => {
            status.is_some_and(|status| (400..500).contains(&status) && ![408, 425, 429].contains(&status))
        }
        Fault::Timeout | Fault::Name | Fault::Certificate | Fault::Connection => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_not_sent_again_and_what_failed_is() {
        for status in [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 499] {
            assert!(is_final(Fault::Status, Some(status)), "{status}");
        }
        for status in [100, 408, 425, 429, 500, 502, 503, 504, 599] {
            assert!(!is_final(Fault::Status, Some(status)), "{status}");
        }
        for fault in Fault::ALL.iter().copied().filter(|fault| *fault != Fault::Status) {
            assert_eq!(is_final(fault, None), matches!(fault, Fault::Redirect | Fault::Address), "{fault:?}");
        }
    }
}
