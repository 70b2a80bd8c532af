//! The conversation with an SMTP server (RFC 5321), by `lettre`: verified TLS or none at all.
//!
//! Connection, TLS and sign-in are steps of their own, so that their failures, which concern every mail, are told from
//! a refusal of one.

use super::{Concern, Failure};
use crate::config::{Mail, MailSecurity, Settings};
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// How one signs in; over TLS both are as private as the way.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// A server, and the connection to it once there is one.
pub struct Way<'a> {
    mail: &'a Mail,
    host: &'a str,
    hello: ClientId,
    connection: Option<SmtpConnection>,
}

impl<'a> Way<'a> {
    /// The server that the settings name.
    ///
    /// # Errors
    /// When they name none.
    pub fn new(settings: &'a Settings) -> Result<Self, Failure> {
        let host = settings.mail.host.as_deref().ok_or_else(|| Failure::new(Concern::Way, "host"))?;
        Ok(Self { mail: &settings.mail, host, hello: hello(settings.http.public_url.host()), connection: None })
    }

    /// Sends one mail, over the connection that is open or a new one.
    ///
    /// # Errors
    /// See [`Concern`].
    pub fn send(&mut self, envelope: &Envelope, message: &[u8]) -> Result<(), Failure> {
        let mut connection = match self.connection.take() {
            Some(open) => open,
            None => self.connect()?,
        };
        connection.send(envelope, message).map_err(|error| refusal(&error))?;
        // After a refusal the connection is closed already, by lettre.
        self.connection = Some(connection);
        Ok(())
    }

    /// Says goodbye.
    pub fn close(mut self) {
        if let Some(mut connection) = self.connection.take() {
            // What was accepted stays accepted, whether the server answers or not.
            let _ = connection.quit();
        }
    }

    fn connect(&self) -> Result<SmtpConnection, Failure> {
        let of_way = |error: Error| Failure::new(Concern::Way, trouble(&error, "connect"));
        let tls = self.tls()?;
        let at_once = tls.as_ref().filter(|_| self.mail.security == MailSecurity::Tls);
        let timeout = Duration::from_millis(self.mail.timeout_ms);
        let address = (self.host.trim_matches(['[', ']']), self.mail.port);
        let connected = SmtpConnection::connect(address, Some(timeout), &self.hello, at_once, None);
        let mut connection = connected.map_err(of_way)?;
        if let Some(tls) = tls.filter(|_| self.mail.security == MailSecurity::Starttls) {
            // Without it the server is refused: who can take STARTTLS away could read everything.
            let upgraded = connection.starttls(&tls, &self.hello);
            upgraded.map_err(|error| Failure::new(Concern::Way, trouble(&error, "starttls")))?;
        }
        if let (Some(user), Some(password)) = (&self.mail.user, &self.mail.password) {
            let credentials = Credentials::new(user.expose_secret().to_owned(), password.expose_secret().to_owned());
            let signed_in = connection.auth(&MECHANISMS, &credentials);
            signed_in.map_err(|error| Failure::new(Concern::Way, trouble(&error, "auth")))?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<Option<TlsParameters>, Failure> {
        if self.mail.security == MailSecurity::Plain {
            return Ok(None);
        }
        let mut builder = TlsParameters::builder(self.host.trim_matches(['[', ']']).to_owned());
        if let Some(file) = &self.mail.ca_file {
            let unusable = || Failure::new(Concern::Way, "ca_file");
            let pem = std::fs::read(file).map_err(|_| unusable())?;
            builder = builder.certificate_store(CertificateStore::None);
            builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| unusable())?);
        }
        builder.build_rustls().map(Some).map_err(|_| Failure::new(Concern::Way, "tls"))
    }
}

/// The name by which one says hello.
fn hello(host: &str) -> ClientId {
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return ClientId::Ipv4(address);
    }
    match host.trim_matches(['[', ']']).parse::<Ipv6Addr>() {
        Ok(address) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(host.to_owned()),
    }
}

/// What went wrong before any mail was named.
fn trouble(error: &Error, otherwise: &str) -> String {
    match error.status() {
        Some(status) if otherwise == "connect" => format!("smtp_{status}"),
        Some(_) => otherwise.to_owned(),
        None => beneath(error).unwrap_or(otherwise).to_owned(),
    }
}

/// What the server said to a mail.
///
/// 421 ends the conversation (RFC 5321, 4.2.1) and says nothing of the mail; an answer that never came may have been
/// lost after the mail was taken, so it is tried again, under the same Message-ID.
fn refusal(error: &Error) -> Failure {
    match error.status() {
        Some(status) => {
            let code = status.to_string();
            let of = match code.as_str() {
                "421" => Concern::Way,
                _ if error.is_permanent() => Concern::MailForGood,
                _ => Concern::Mail,
            };
            Failure::new(of, format!("smtp_{code}"))
        }
        // Such as an address in letters that the server does not take (RFC 6531).
        None if error.is_client() => Failure::new(Concern::MailForGood, "address"),
        None => Failure::new(Concern::Way, trouble(error, "connection")),
    }
}

/// What the operating system or TLS said, which stands beneath lettre's error.
fn beneath(error: &Error) -> Option<&'static str> {
    if error.is_tls() {
        return Some("tls");
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            let of_tls = io.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
            return match io.kind() {
                _ if of_tls => Some("tls"),
                // Linux says of a read that waited too long that it would block.
                std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => Some("timeout"),
                _ => None,
            };
        }
        source = cause.source();
    }
    None
}
