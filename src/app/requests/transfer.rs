//! A person has the file of an answer sent directly to another controller (Article 20(2), REQUIREMENTS L-50).
//!
//! The address is the person's word alone: whoever names one has shown by a code to be who asks, and sees it once more
//! before anything is sent.

use super::show::case_with_file;
use crate::app::cases::{self, ShownTransfer};
use crate::app::{App, Work};
use crate::domain::PublicId;
use crate::domain::webhook_url::WebhookUrl;
use crate::error::Error;
use serde::Deserialize;
use utoipa::ToSchema;

/// Where a file is to be sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendFile)]
pub struct Destination {
    /// An address of the other controller that takes a ZIP archive by POST.
    pub url: WebhookUrl,
    /// The case, when several have an answer.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub case: Option<PublicId>,
}

/// Has a file sent.
///
/// # Errors
/// `unauthenticated`; `not_found` and `file_gone` as for the file itself; those of [`cases::name_transfer`].
fn send(work: &mut Work<'_, '_>, id: PublicId, token: &str, to: &Destination) -> Result<ShownTransfer, Error> {
    let row = case_with_file(&mut work.view(), id, token, to.case)?;
    cases::name_transfer(work, &row, &to.url)
}

/// Tries no more to send a file.
fn stop(work: &mut Work<'_, '_>, id: PublicId, token: &str, case: Option<PublicId>) -> Result<(), Error> {
    let row = case_with_file(&mut work.view(), id, token, case)?;
    cases::stop_transfer(work, &row)
}

impl App {
    /// Has the file of an answer sent to another controller.
    ///
    /// # Errors
    /// `unauthenticated`; `not_found` while there is no file; `file_gone`; `case_state` for a file of another right than
    /// portability, or one that has arrived; `limit_reached`; an address that is not allowed.
    pub async fn send_privacy_file(
        &self,
        id: PublicId,
        token: String,
        to: Destination,
    ) -> Result<ShownTransfer, Error> {
        self.write(move |work| send(work, id, &token, &to)).await
    }

    /// Tries no more to send a file.
    ///
    /// # Errors
    /// `unauthenticated`; `not_found`; `file_gone`.
    pub async fn stop_privacy_file(&self, id: PublicId, token: String, case: Option<PublicId>) -> Result<(), Error> {
        self.write(move |work| stop(work, id, &token, case)).await
    }

    /// Whether a file may be sent to an address, as far as that shows before it is tried.
    ///
    /// # Errors
    /// Invalid input.
    pub fn check_destination(&self, url: &str) -> Result<WebhookUrl, Error> {
        let url = WebhookUrl::new(url).map_err(|error| Error::invalid(vec![error.at("/url")]))?;
        cases::transfer_allowed(&self.0.core, &url)?;
        Ok(url)
    }
}
