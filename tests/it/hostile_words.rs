//! The words of which hostile requests are made; `LONG`, `HUGE` and `DEEP` are grown when they are used.

/// Method, address and media type of good requests.
#[rustfmt::skip]
pub const ROUTES: &[(&str, &str, &str)] = &[
    ("POST", "/v1/events", "application/json"),
    ("POST", "/v1/events", "application/json"),
    ("POST", "/v1/events", "application/x-ndjson"),
    ("POST", "/v1/events", "application/cloudevents+json"),
    ("POST", "/v1/events", "application/cloudevents-batch+json"),
    ("GET", "/v1/events", ""),
    ("GET", "/v1/events/00000000-0000-0000-0000-000000000001", ""),
    ("GET", "/v1/visits", ""),
    ("GET", "/v1/visits/on-site", ""),
    ("GET", "/v1/visits/00000000-0000-0000-0000-000000000001", ""),
    ("GET", "/v1/statistics/visits", ""),
    ("POST", "/v1/devices/reception-1/heartbeat", "application/json"),
    ("GET", "/v1/devices", ""),
    ("GET", "/v1/people", ""),
    ("GET", "/v1/people/guest-42", ""),
    ("PUT", "/v1/people/guest-42", "application/json"),
    ("PATCH", "/v1/people/guest-42", "application/merge-patch+json"),
    ("POST", "/v1/admin/customers", "application/json"),
    ("GET", "/v1/admin/customers", ""),
    ("GET", "/v1/admin/customers/CUSTOMER", ""),
    ("PATCH", "/v1/admin/customers/CUSTOMER", "application/json"),
    ("POST", "/v1/admin/customers/CUSTOMER/licenses", "application/json"),
    ("GET", "/v1/admin/customers/CUSTOMER/licenses", ""),
    ("PATCH", "/v1/admin/customers/CUSTOMER/licenses/00000000-0000-0000-0000-000000000001", "application/json"),
    ("POST", "/v1/admin/customers/CUSTOMER/keys", "application/json"),
    ("GET", "/v1/admin/customers/CUSTOMER/keys", ""),
    ("PATCH", "/v1/admin/customers/CUSTOMER/keys/0000000000000000", "application/json"),
    ("POST", "/v1/webhooks", "application/json"),
    ("GET", "/v1/webhooks", ""),
    ("PATCH", "/v1/webhooks/00000000-0000-0000-0000-000000000001", "application/json"),
    ("POST", "/v1/webhooks/00000000-0000-0000-0000-000000000001/secret", "application/json"),
    ("GET", "/v1/webhooks/00000000-0000-0000-0000-000000000001/deliveries", ""),
    ("GET", "/healthz", ""),
    ("GET", "/openapi.json", ""),
    ("GET", "/problems/not_found", ""),
    ("GET", "/docs/icon.svg", ""),
    ("GET", "/nowhere", ""),
];

/// Methods, good and bad.
#[rustfmt::skip]
pub const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "VICTORIA", "get",
];

/// The last segment of an address.
#[rustfmt::skip]
pub const SEGMENTS: &[&str] = &[
    "Victoria", "%56ictoria%20Jensen", "%00", "%ff%fe", "%c0%af", "%zz", "%", "..", "%2e%2e",
    "%2e%2e%2f%2e%2e%2fetc", "", ".", "a%2Fb", "a;b=c", "010190-1234", "%E2%80%AE", "%0d%0aSet-Cookie:%20Victoria",
    "null", "-1", "{id}", "*", "'--", "00000000-0000-0000-0000-00000000000g", "00000000000000000000000000000001",
    "%F0%9F%98%80", "on-site", "LONG",
];

/// Names in a query.
#[rustfmt::skip]
pub const PARAMETERS: &[&str] = &[
    "limit", "cursor", "person", "license", "type", "from", "to", "after", "host", "state", "at", "by", "kind",
    "email", "phone", "surprise", "Victoria%20Jensen", "", "limit%00", "%ff", "limit[]",
];

/// Values in a query.
#[rustfmt::skip]
pub const VALUES: &[&str] = &[
    "Victoria", "0", "1", "-1", "201", "1e3", "99999999999999999999", "", "%00", "%ff", "%zz", "a&b", "2026-11-21",
    "2026-11-21T09:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-21T09:00:00%2B99:99", "open",
    "day", "hour", "guest", "Victoria%40example.com", "%2B4512345678", "010190-1234", "L-1",
    "00000000-0000-0000-0000-000000000001", "visit.checked_in", "[1]", "%E2%80%AEVictoria", "LONG",
];

/// Media types.
#[rustfmt::skip]
pub const MEDIA: &[&str] = &[
    "application/json", "application/x-ndjson", "application/cloudevents+json",
    "application/cloudevents-batch+json", "application/merge-patch+json", "text/plain",
    "application/json; charset=Victoria", "application/json; charset=utf-16",
    "multipart/form-data; boundary=Victoria", "application/x-www-form-urlencoded", "Victoria", "", "*/*",
    "a/b, c/d", "application/json\r\nContent-Type: application/json", "\u{7f}/\u{7f}",
];

/// Headers that do not belong there.
#[rustfmt::skip]
pub const HEADERS: &[&str] = &[
    "Idempotency-Key: Victoria", "Idempotency-Key: Vict oria", "Idempotency-Key:", "Idempotency-Key: æ",
    "X-Forwarded-For: Victoria", "Forwarded: for=Victoria", "traceparent: 00-Victoria-b7ad6b7169203331-01",
    "traceparent: 00-00000000000000000000000000000000-0000000000000000-ff", "X-Request-Id: Victoria",
    "Cookie: Victoria", "Accept: Victoria/*", "Accept-Encoding: Victoria", "Range: bytes=5-2", "Expect: Victoria",
    "Content-Encoding: gzip", "Content-Encoding: Victoria", "Origin: https://Victoria.example",
    "If-None-Match: Victoria", "Upgrade: h2c", "Upgrade: websocket", "Authorization: Bearer Victoria",
    "Authorization: Basic VmljdG9yaWE=", "Host: Victoria", "ce-specversion: 1.0", "ce-specversion: Victoria",
    "ce-id: %ffVictoria", "X-HTTP-Method-Override: DELETE", "Connection: keep-alive", "X-Long: LONG",
    "Content-Language: Victoria", "Access-Control-Request-Method: VICTORIA", "Victoria: Victoria",
];

/// JSON, or nearly, that stands where something else should.
#[rustfmt::skip]
pub const FRAGMENTS: &[&str] = &[
    "null", "true", "0", "-1", "1.5", "1e999", "-0", "18446744073709551616", "123456789012345678901234567890",
    "\"\"", "\" \"", "\"Victoria\"", "\"Vic\\u0000Victoria\"", "\"\\ud800\"", "\"\\u202eVictoria\"",
    "\"010190-1234\"", "\"0101901234\"", "[]", "{}", "DEEP", "{\"Victoria Jensen\":{}}", "[\"Victoria\"]",
    "[[],[]]", "\"LONG\"", "\"HUGE\"", "\"2026-13-45T99:99:99Z\"", "\"9999-12-31T23:59:59Z\"",
    "\"2026-11-21T09:30:00\"", "\"visit.Victoria\"", "NaN", "Infinity", "'Victoria'", "Victoria", "\"\\u2028\"",
    "\"Vic\ntoria Victoria\"", "\"\\x41\"", "\"Victoria@example.com\"", "\"@\"", "\"::ffff:999.1.1.1\"",
    "\"00000000-0000-0000-0000-000000000002\"", "{\"$numberLong\":\"Victoria\"}", "01", "1.", ".5", "+1", "0x10",
    "\"\u{feff}\"", "[null]", "/*Victoria*/0", "\"L-9\"",
];

/// Names of fields.
#[rustfmt::skip]
pub const NAMES: &[&str] = &[
    "surprise", "Victoria Jensen", "victoria@example.com", "a/b~c", "", "__proto__", "010190-1234", "LONG",
    "\\u0000", "æ",
];
