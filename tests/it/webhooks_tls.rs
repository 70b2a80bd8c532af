//! Messages go over verified TLS, to where the settings allow.

use crate::harness::Kind;
use crate::receiver::Receiver;
use crate::webhooks::House;
use guestlog::app::App;
use guestlog::jobs::send_due;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::sync::Arc;

/// A certificate authority, and a server's configuration by it.
fn authority(name: &str) -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    (issuer.pem(), Arc::new(config))
}

#[test]
fn the_certificate_is_verified_to_the_name_and_an_authority_that_is_trusted() {
    let (ca, config) = authority("localhost");
    let scratch = crate::bare_server::Scratch::new();
    let file = scratch.path("ca.pem");
    std::fs::write(&file, ca).unwrap();
    for (settings, host, fault) in [
        (vec![("webhooks.ca_file", file.to_str().unwrap())], "localhost", Value::Null),
        (vec![("webhooks.ca_file", file.to_str().unwrap())], "127.0.0.1", json!("tls")),
        (vec![], "localhost", json!("tls")),
    ] {
        let house = House::with(Kind::Sqlite, &settings);
        let receiver = Receiver::with(Some(Arc::clone(&config)));
        let url = format!("https://{host}:{}/", receiver.address.port());
        let id =
            house.call("POST", "/v1/webhooks", Some(&json!({"url": url}))).json()["id"].as_str().unwrap().to_owned();
        house.test(&id);
        assert_eq!(house.send(), 1);
        let delivery = &house.deliveries(&id, "")[0];
        assert_eq!(delivery["last_fault"], fault, "{host}");
        assert_eq!(receiver.got().len(), usize::from(fault == Value::Null));
    }
}

#[test]
fn a_file_of_certificates_that_holds_none_stops_the_start() {
    let scratch = crate::bare_server::Scratch::new();
    let file = scratch.path("ca.pem");
    std::fs::write(&file, "nothing").unwrap();
    let house = House::with(Kind::Sqlite, &[("webhooks.ca_file", file.to_str().unwrap())]);
    assert!(guestlog::jobs::Worker::start(&house.served.app).is_err());
}

/// An address that was allowed once is judged anew by what is allowed when it is sent to.
#[test]
fn a_name_that_leads_to_this_machine_is_not_connected_to() {
    let house = House::new(Kind::Sqlite);
    let (_, config) = authority("localhost");
    let receiver = Receiver::with(Some(config));
    let url = format!("https://localhost:{}/", receiver.address.port());
    let id = house.call("POST", "/v1/webhooks", Some(&json!({"url": url}))).json()["id"].as_str().unwrap().to_owned();
    house.test(&id);
    let strict = App::open(house.home.settings(&[]), house.clock.clone()).unwrap();
    assert_eq!(send_due(&strict).unwrap(), 1);
    strict.stop();
    assert_eq!(house.deliveries(&id, "")[0]["last_fault"], "address_not_public");
    assert_eq!(receiver.got().len(), 0);
}
