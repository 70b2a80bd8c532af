//! From the merged tree to typed settings, and from serde's errors to ours.

use super::error::ConfigError;
use super::tree;
use super::{MailSecurity, Recipient, Settings};
use crate::domain::public_url::is_loopback;
use config::{Map, Value};

/// Checks every value and gives it its type.
pub(super) fn settings(tree: &Map<String, Value>) -> Result<Settings, ConfigError> {
    let settings: Settings = serde_path_to_error::deserialize(Value::from(tree.clone())).map_err(|error| {
        let path = error.path().to_string();
        let (below, expected) = explain(error.inner());
        let name = below.map_or_else(|| path.clone(), |field| format!("{path}.{field}"));
        // Of a list, its own origin: what stands in it has no name.
        let list = path.split('[').next().unwrap_or_default();
        let place = tree::find(tree, &name).or_else(|| tree::find(tree, &path)).or_else(|| tree::find(tree, list));
        let origin = place.map_or("not set", tree::origin).to_owned();
        ConfigError::Setting { name, origin, expected }
    })?;
    outlasts(&settings, tree)?;
    grounded(&settings, tree)?;
    private(&settings, tree)?;
    Ok(settings)
}

/// By how many days a tombstone outlasts what it guards against: clocks differ, and events may lie two days ahead.
const MARGIN_DAYS: u32 = 3;

/// A tombstone that ends before the last backup or late event has gone would let an erased person come back (L-35).
fn outlasts(settings: &Settings, tree: &Map<String, Value>) -> Result<(), ConfigError> {
    let erasure = &settings.erasure;
    let least = erasure.backup_window_days.max(erasure.max_event_age_days) + MARGIN_DAYS;
    if erasure.tombstone_days >= least {
        return Ok(());
    }
    let name = "erasure.tombstone_days";
    let origin = tree::find(tree, name).map_or("not set", tree::origin).to_owned();
    let expected = format!(
        "expected at least {least}: {MARGIN_DAYS} more than erasure.backup_window_days and erasure.max_event_age_days"
    );
    Err(ConfigError::Setting { name: name.to_owned(), origin, expected })
}

/// Data that leave the European Economic Area do so on a named ground (Articles 44 to 49 GDPR).
fn grounded(settings: &Settings, tree: &Map<String, Value>) -> Result<(), ConfigError> {
    let away = |recipient: &Recipient| !recipient.country.is_in_eea() && recipient.transfer_basis.is_none();
    let Some(at) = settings.recipients.iter().position(away) else { return Ok(()) };
    let origin = tree::find(tree, "recipients").map_or("not set", tree::origin).to_owned();
    let expected = "expected the ground of the transfer, since the country is outside the EEA".to_owned();
    Err(ConfigError::Setting { name: format!("recipients[{at}].transfer_basis"), origin, expected })
}

/// Mails hold one-time codes and addresses: they travel in the clear on this machine only, and a name without its
/// password, or the other way round, is half a setting.
fn private(settings: &Settings, tree: &Map<String, Value>) -> Result<(), ConfigError> {
    let mail = &settings.mail;
    let refused = |name: &str, expected: &str| {
        let origin = tree::find(tree, name).map_or("not set", tree::origin).to_owned();
        Err(ConfigError::Setting { name: name.to_owned(), origin, expected: expected.to_owned() })
    };
    let away = mail.host.as_deref().is_some_and(|host| !is_loopback(host));
    if mail.security == MailSecurity::Plain && away {
        return refused("mail.security", "expected tls or starttls, since mail.host is another machine");
    }
    if mail.user.is_some() != mail.password.is_some() {
        return refused("mail.user", "expected both of mail.user and mail.password or mail.password_file, or neither");
    }
    Ok(())
}

/// What was expected, with nothing of the value; and the field, when one is missing.
fn explain(error: &config::ConfigError) -> (Option<&str>, String) {
    match error {
        config::ConfigError::At { error, .. } => explain(error),
        config::ConfigError::NotFound(name) => {
            (name.rsplit('.').next(), "expected a value, since its section is given".to_owned())
        }
        config::ConfigError::Type { expected, .. } => (None, format!("expected {expected}")),
        config::ConfigError::Message(text) if text.starts_with("expected ") => (None, text.clone()),
        config::ConfigError::Message(text) => {
            // Serde repeats the value in front; what it expected stands last.
            let expected = text.rsplit_once(", expected ").map(|(_, expected)| expected);
            let expected = match expected {
                None => "expected something else".to_owned(),
                Some(section) if section.starts_with("struct ") => "expected a section of settings".to_owned(),
                Some(names) if text.starts_with("unknown field") => format!("no such setting; expected {names}"),
                Some(other) => format!("expected {other}"),
            };
            (None, expected)
        }
        _ => (None, "expected something else".to_owned()),
    }
}
