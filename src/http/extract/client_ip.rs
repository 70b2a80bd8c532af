//! The address that a request came from.

use crate::domain::net;
use crate::error::Error;
use crate::http::gate::Gate;
use crate::http::part::Part;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use std::net::IpAddr;

/// The address of the client, as far as configured proxies vouch for it.
///
/// Redacted in `Debug`: it is personal data (C-582/14, Breyer).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl std::fmt::Debug for ClientIp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientIp(…)")
    }
}

impl Part for ClientIp {}

impl FromRequest for ClientIp {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(client_ip(req).map(Self))
    }
}

fn client_ip(req: &HttpRequest) -> Result<IpAddr, Error> {
    let peer = req.peer_addr().ok_or_else(|| Error::internal("a request without a peer address"))?.ip();
    // Lossy, not skipped: a client must not hide what its proxy appended by prepending bytes that are no text.
    let forwarded: Vec<_> =
        req.headers().get_all("x-forwarded-for").map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let forwarded: Vec<&str> = forwarded.iter().map(AsRef::as_ref).collect();
    Ok(net::client(peer, &forwarded, &Gate::at(req)?.limits.trusted_proxies))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::auth::Public;
    use crate::http::fixture::{Fixture, text};
    use crate::http::routes::Table;
    use actix_web::http::header;
    use actix_web::test::TestRequest;
    use std::net::SocketAddr;

    async fn address(_: Public, ClientIp(ip): ClientIp) -> String {
        ip.to_string()
    }

    #[actix_web::test]
    async fn the_address_comes_through_trusted_proxies_only() {
        let call = || TestRequest::get().uri("/address").insert_header(("x-forwarded-for", "203.0.113.7"));
        assert_eq!(text(Fixture::new(Table::new().get("/address", address)).send(call()).await).await, "192.0.2.1");
        let peer: SocketAddr = "10.0.0.1:1".parse().unwrap();
        for (first, found) in [(&b"forged, 198.51.100.9"[..], "203.0.113.7"), (b"\xff", "203.0.113.7")] {
            let mut req = TestRequest::get().uri("/address").peer_addr(peer).app_data(crate::http::fixture::gate());
            for value in [first, b"203.0.113.7"] {
                req = req.append_header(("x-forwarded-for", header::HeaderValue::from_bytes(value).unwrap()));
            }
            assert_eq!(client_ip(&req.to_http_request()).unwrap().to_string(), found);
        }
    }
}
