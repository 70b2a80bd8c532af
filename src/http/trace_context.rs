//! The header `traceparent` (W3C Trace Context, Recommendation of 2021).

use actix_web::http::header::HeaderMap;
use uuid::Uuid;

/// Name of the header.
pub(super) const TRACEPARENT: &str = "traceparent";

/// The trace that a request belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TraceContext {
    trace_id: String,
    sampled: bool,
}

impl TraceContext {
    /// Reads the header; none when it is missing, double or malformed, for then the trace starts anew.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT);
        let (Some(only), None) = (values.next(), values.next()) else { return None };
        Self::parse(only.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let parent_id = hex(parts.next()?, 16)?;
        let flags = u8::from_str_radix(hex(parts.next()?, 2)?, 16).ok()?;
        // A later version may append fields; this one may not.
        let ok = version != "ff" && (version != "00" || parts.next().is_none()) && !zero(trace_id) && !zero(parent_id);
        ok.then(|| Self { trace_id: trace_id.to_owned(), sampled: flags & 1 == 1 })
    }

    /// The trace's id, 32 hexadecimal digits.
    pub(super) fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// The header of the answer: the same trace, with this request as the parent.
    pub(super) fn answer(&self, request_id: Uuid) -> String {
        // Half of a random UUID; the digit of its version keeps it from being all zeros.
        let parent_id = &request_id.simple().to_string()[..16];
        format!("00-{}-{parent_id}-{:02x}", self.trace_id, u8::from(self.sampled))
    }
}

fn hex(text: &str, digits: usize) -> Option<&str> {
    let ok = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    ok.then_some(text)
}

fn zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_recommendation_allows() {
        let read = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        assert_eq!(read.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        let answer = read.answer(Uuid::new_v4());
        assert!(answer.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && answer.ends_with("-01"), "{answer}");
        let again = TraceContext::parse(&answer).unwrap();
        assert_eq!(again, read);
        assert!(TraceContext::parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-later").is_some());
    }

    #[test]
    fn refuses_the_rest() {
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad}");
        }
    }
}
