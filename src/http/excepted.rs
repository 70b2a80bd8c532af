//! `?restricted=`: reading what is restricted, on a ground of Article 18(2) and written down.

use super::auth::{Caller, ScopeType};
use crate::app::App;
use crate::app::Sight;
use crate::app::restrictions;
use crate::domain::FieldError;
use crate::domain::restriction::Exception;
use crate::domain::scope::Scope;
use crate::domain::text::Ref;
use crate::error::{Code, Error};
use serde::Deserialize;
use utoipa::IntoParams;

/// Why restricted data are read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Why {
    /// Reads the data although they are restricted, on this ground; needs the scope `rights` as well, and is written
    /// down. Under the ref of an erased person it reads what is kept under a hold.
    #[param(inline)]
    pub restricted: Option<Exception>,
}

/// Whom a request may see: with a ground the person of `reference`, once it is written down who asked and why.
///
/// # Errors
/// `forbidden` without the scope `rights`; `invalid_input` when no person is named; `not_found`.
pub async fn sight<S: ScopeType>(
    app: &App,
    by: &Caller<S>,
    reference: Option<&Ref>,
    why: Option<Exception>,
) -> Result<Sight, Error> {
    let Some(why) = why else { return Ok(Sight::USUAL) };
    if !by.by.scopes.contains(Scope::Rights) {
        return Err(Error::refused(Code::Forbidden, format!("The key lacks the scope {}.", Scope::Rights)));
    }
    let Some(reference) = reference.cloned() else {
        let error = FieldError::new("missing_field", "is for one person: name the person with ?person=");
        return Err(Error::invalid(vec![error.at("?restricted")]));
    };
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    app.write(move |work| restrictions::except(work, customer, &actor, &reference, why)).await
}
