//! Mails on their way out: written as RFC 5322 says, and handed to an SMTP server or put into a folder.
//!
//! Knows neither the database nor retries; says of each failure whether another attempt can help, by a code that holds
//! nothing of the address or the server's words, which may repeat it.

mod directory;
mod message;
mod smtp;

use crate::config::{MailTransport, Settings};
use crate::domain::contact::Email;
use crate::domain::text::Subject;
use crate::domain::{PublicId, Timestamp};
use message::Sender;
use std::fmt;

/// A mail as it is to be written.
pub struct Letter {
    /// Makes the Message-ID, the same for each attempt: so a mail that came twice is known as one.
    pub id: PublicId,
    /// When it was composed.
    pub at: Timestamp,
    /// To whom.
    pub to: Email,
    /// What it is about.
    pub subject: Subject,
    /// What it says, as plain text.
    pub text: String,
    /// The same as a page, where there is one.
    pub html: Option<String>,
}

/// Redacted.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a mail did not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it concerns.
    pub of: Concern,
    /// Why, as a short code: `connect`, `tls`, `timeout`, `auth`, `address`, `write`, `smtp_550`.
    pub code: String,
}

/// What a failure concerns, and so who else need not try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// This mail, for now: it can be tried again.
    Mail,
    /// This mail, for good.
    MailForGood,
    /// The way out: no other mail would get through either.
    Way,
}

impl Failure {
    fn new(of: Concern, code: impl Into<String>) -> Self {
        Self { of, code: code.into() }
    }
}

/// A way out that stays open for several mails.
pub struct Carrier<'a> {
    sender: Sender<'a>,
    way: Way<'a>,
}

enum Way<'a> {
    Smtp(Box<smtp::Way<'a>>),
    Directory(directory::Way<'a>),
}

impl<'a> Carrier<'a> {
    /// The way out that the settings name; it is not yet taken.
    ///
    /// # Errors
    /// When nobody is named from whom mails could be, or no server.
    pub fn new(settings: &'a Settings) -> Result<Self, Failure> {
        let sender = Sender::of(settings)?;
        let way = match settings.mail.transport {
            MailTransport::Smtp => Way::Smtp(Box::new(smtp::Way::new(settings)?)),
            MailTransport::Directory => Way::Directory(directory::Way { directory: &settings.mail.directory }),
        };
        Ok(Self { sender, way })
    }

    /// Sends one mail. It has left when this returns well; when it does not, it may have left all the same.
    ///
    /// # Errors
    /// See [`Concern`].
    pub fn send(&mut self, letter: &Letter) -> Result<(), Failure> {
        let (envelope, message) = message::written(&self.sender, letter)?;
        match &mut self.way {
            Way::Smtp(way) => way.send(&envelope, &message),
            Way::Directory(way) => way.put(letter.id, &message),
        }
    }

    /// Ends the conversation with the server.
    pub fn close(self) {
        if let Way::Smtp(way) = self.way {
            way.close();
        }
    }
}
