//! Keys, from the environment and nowhere else.
//!
//! What is read here goes into a [`Signer`], which does not give it back. No error quotes it.

use tradewind_model::id::VenueId;
use tradewind_runtime::config::AccountConfig;
use tradewind_venue::Signer;

use super::StartError;
use crate::adapter::KeyKinds;

/// The key that the environment holds, of the kinds that the venue takes. One whose private half
/// never leaves this machine is preferred: the venue then has the public half only.
///
/// # Errors
/// When there is none, it cannot be used, or something is set that the venue does not take: whoever
/// set it believes to trade by it.
pub(super) fn from_environment(
    venue: VenueId,
    account: &AccountConfig,
    kinds: KeyKinds,
) -> Result<Signer, StartError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    read(venue, account, kinds, variable)
}

fn read(
    venue: VenueId,
    account: &AccountConfig,
    kinds: KeyKinds,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Signer, StartError> {
    let wanted = wanted(account, kinds);
    for (name, is_taken, what) in [
        (&account.ed25519_key_file_env, kinds.ed25519, "Ed25519 key"),
        (&account.rsa_key_file_env, kinds.rsa, "RSA key"),
        (&account.passphrase_env, kinds.wants_phrase, "passphrase"),
    ] {
        if !is_taken && variable(name).is_some() {
            return Err(StartError::NoSuchKey { variable: name.clone(), venue, what, wanted });
        }
    }
    let no_key = |missing| StartError::NoKey { venue, missing, wanted: wanted.clone() };
    let Some(api_key) = variable(&account.api_key_env) else {
        return Err(no_key(format!("{} is not set", account.api_key_env)));
    };
    let file = |name: &String| match variable(name) {
        None => Ok(None),
        Some(path) => match std::fs::read_to_string(&path) {
            Ok(pem) => Ok(Some(pem)),
            Err(error) => Err(StartError::KeyFile { variable: name.clone(), path, error }),
        },
    };
    let (signer, second) = if let Some(pem) = file(&account.ed25519_key_file_env)? {
        (Signer::ed25519_pem(&api_key, &pem), &account.ed25519_key_file_env)
    } else if let Some(pem) = file(&account.rsa_key_file_env)? {
        (Signer::rsa_pem(&api_key, &pem), &account.rsa_key_file_env)
    } else if let Some(secret) = variable(&account.api_secret_env) {
        (Signer::hmac_sha256(&api_key, &secret), &account.api_secret_env)
    } else {
        return Err(no_key(format!("none of {} is set", secrets(account, kinds).join(", "))));
    };
    let unusable = |variables| |error| StartError::Key { variables, error };
    let signer = signer.map_err(unusable(format!("{} and {second}", account.api_key_env)))?;
    if !kinds.wants_phrase {
        return Ok(signer);
    }
    let Some(passphrase) = variable(&account.passphrase_env) else {
        return Err(no_key(format!("{} is not set", account.passphrase_env)));
    };
    signer.with_passphrase(&passphrase).map_err(unusable(account.passphrase_env.clone()))
}

/// The variables of which one is needed beside the key's.
fn secrets(account: &AccountConfig, kinds: KeyKinds) -> Vec<&str> {
    let mut secrets = vec![account.api_secret_env.as_str()];
    secrets.extend(kinds.ed25519.then_some(account.ed25519_key_file_env.as_str()));
    secrets.extend(kinds.rsa.then_some(account.rsa_key_file_env.as_str()));
    secrets
}

/// What to set, in words.
fn wanted(account: &AccountConfig, kinds: KeyKinds) -> String {
    let AccountConfig { api_key_env, passphrase_env, .. } = account;
    let secrets = secrets(account, kinds);
    let [secret, files @ ..] = secrets.as_slice() else { return api_key_env.clone() };
    let files = files.join(" or ");
    let secret = format!("{api_key_env} to the key, {secret} to its secret or {files}");
    let whole = format!("{secret} to the file of its private half");
    if kinds.wants_phrase {
        return format!("{whole}, and {passphrase_env} to what was chosen with it");
    }
    whole
}

#[cfg(test)]
mod tests;
