//! The headers that every answer carries (REQUIREMENTS S-29).

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// An answer that is no page: nothing of it is run, shown or framed.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

const EVERYWHERE: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
];

/// A page may set its own; what it leaves out is the strictest.
const UNLESS_SET: [(HeaderName, &str); 2] =
    [(header::CONTENT_SECURITY_POLICY, API_POLICY), (header::CACHE_CONTROL, "no-store")];

/// One year, with subdomains (RFC 6797); said by the listener that speaks TLS, never in clear text.
const TRANSPORT_SECURITY: &str = "max-age=31536000; includeSubDomains";

/// Completes the headers of an answer.
pub(super) fn secure(headers: &mut HeaderMap, tls: bool) {
    for (name, value) in EVERYWHERE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in UNLESS_SET {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT_SECURITY));
    }
}
