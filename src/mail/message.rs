//! A mail as text: headers and body.

use super::{Concern, Failure, Letter};
use crate::config::Settings;
use crate::domain::contact::Email;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use std::time::SystemTime;

/// From whom mails are.
pub struct Sender<'a> {
    name: Option<&'a str>,
    from: &'a Email,
    reply_to: Option<&'a Email>,
}

impl<'a> Sender<'a> {
    /// The sender whom the settings name.
    ///
    /// # Errors
    /// When they name none.
    pub fn of(settings: &'a Settings) -> Result<Self, Failure> {
        let from = settings.mail_from().ok_or_else(|| Failure::new(Concern::Way, "sender"))?;
        let operator = settings.operator.as_ref();
        Ok(Self {
            name: operator.map(|operator| operator.name.as_str()),
            from,
            reply_to: operator.map(|operator| &operator.email).filter(|email| *email != from),
        })
    }
}

/// Says that no person wrote it, so that no absence note answers (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The envelope and the message.
///
/// # Errors
/// An address that mail cannot have: for good the recipient's, of the way the sender's.
pub fn written(sender: &Sender<'_>, letter: &Letter) -> Result<(Envelope, Vec<u8>), Failure> {
    let from = address(sender.from, Concern::Way)?;
    let to = address(&letter.to, Concern::MailForGood)?;
    let malformed = |_| Failure::new(Concern::MailForGood, "message");
    let id = format!("<{}@{}>", letter.id, from.domain());
    let mut message = Message::builder()
        .from(Mailbox::new(sender.name.map(str::to_owned), from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(letter.subject.as_str())
        .message_id(Some(id))
        .date(SystemTime::from(*letter.at.utc()))
        .header(AutoSubmitted);
    if let Some(reply_to) = sender.reply_to {
        message = message.reply_to(Mailbox::new(None, address(reply_to, Concern::Way)?));
    }
    let message = match &letter.html {
        None => message.singlepart(SinglePart::plain(letter.text.clone())),
        Some(html) => message.multipart(MultiPart::alternative_plain_html(letter.text.clone(), html.clone())),
    };
    let message = message.map_err(malformed)?.formatted();
    let envelope = Envelope::new(Some(from), vec![to]).map_err(|_| Failure::new(Concern::MailForGood, "address"))?;
    Ok((envelope, message))
}

fn address(email: &Email, of: Concern) -> Result<Address, Failure> {
    email.as_str().trim().parse().map_err(|_| Failure::new(of, "address"))
}
