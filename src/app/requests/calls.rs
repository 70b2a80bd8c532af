//! The public form as the outside calls it: pace first, then one transaction.

use super::{Progress, Received, Submission, Token, Wait, address_digest, file, progress, renew, submit, verify};
use crate::app::App;
use crate::app::cases::{Pieces, letters};
use crate::domain::PublicId;
use crate::error::Error;
use std::net::IpAddr;

impl App {
    /// Takes a request in, unless address, network or everybody together has asked too often.
    ///
    /// # Errors
    /// As [`submit`].
    pub async fn submit_privacy_request(
        &self,
        submission: Submission,
        peer: IpAddr,
    ) -> Result<Result<Received, Wait>, Error> {
        let address = address_digest(&self.0.core, &submission)?;
        if let Err(wait) = self.0.form_pace.take(Some(address), Some(peer)) {
            return Ok(Err(wait));
        }
        self.write(move |work| submit(work, &submission)).await.map(Ok)
    }

    /// Sends another code, unless the network or everybody together has asked too often.
    ///
    /// # Errors
    /// As [`renew`].
    pub async fn renew_privacy_code(&self, id: PublicId, peer: IpAddr) -> Result<Result<(), Wait>, Error> {
        if let Err(wait) = self.0.form_pace.take(None, Some(peer)) {
            return Ok(Err(wait));
        }
        self.write(move |work| renew(work, id)).await.map(Ok)
    }

    /// Takes a code.
    ///
    /// # Errors
    /// `code_refused`.
    pub async fn verify_privacy_request(&self, id: PublicId, code: String) -> Result<Token, Error> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace()).take(40).collect();
        self.write(move |work| verify(work, id, &code)).await?
    }

    /// How far a request has come.
    ///
    /// # Errors
    /// As [`progress`].
    pub async fn privacy_progress(&self, id: PublicId, token: String) -> Result<Progress, Error> {
        self.read(move |view| progress(view, id, &token)).await
    }

    /// The file of an answer.
    ///
    /// # Errors
    /// As [`file`].
    pub async fn privacy_file(&self, id: PublicId, token: String, case: Option<PublicId>) -> Result<Pieces, Error> {
        let app = self.clone();
        let open = move || file(&app.0.core, id, &token, case);
        tokio::task::spawn_blocking(open).await.map_err(Error::internal)?
    }

    /// Where a person follows a request.
    #[must_use]
    pub fn privacy_link(&self, id: PublicId) -> String {
        letters::link(&self.0.core, id)
    }

    /// How to reach a human: what an answer names that sends somebody away.
    #[must_use]
    pub fn human_route(&self) -> String {
        let operator = crate::app::identity::operator(&self.0.core);
        let ways: Vec<String> = [operator.email, operator.phone].into_iter().flatten().collect();
        if ways.is_empty() { operator.name } else { ways.join(", ") }
    }
}
