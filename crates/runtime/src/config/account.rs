//! `[account]`: the login, as the names of the environment variables that hold it.

use serde::Deserialize;
use tradewind_model::id::AccountId;

use super::source::{ConfigError, Source};

/// The longest name of a variable: more than anybody gives one.
pub(super) const VARIABLE_MAX: usize = 64;

/// The login. What it names is read when a venue is reached and not before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountConfig {
    /// Its name in logs.
    pub name: AccountId,
    /// The environment variable that holds the API key.
    pub api_key_env: String,
    /// The environment variable that holds the secret of an HMAC key.
    pub api_secret_env: String,
    /// The environment variable that holds the path of an Ed25519 key file, which is preferred
    /// when it is set.
    pub ed25519_key_file_env: String,
    /// The environment variable that holds the path of an RSA key file, which is preferred to an
    /// HMAC key when it is set.
    pub rsa_key_file_env: String,
    /// The environment variable that holds the passphrase, for venues that want one.
    pub passphrase_env: String,
}

impl AccountConfig {
    /// The account `main`, whose variables begin with the adapter's name: `BINANCE_API_KEY` and so
    /// on.
    #[must_use]
    pub fn usual(adapter: &str) -> Self {
        let prefix: String = adapter
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        let variable = |what: &str| format!("{prefix}_{what}");
        Self {
            name: AccountId::new("main").expect("a short name"),
            api_key_env: variable("API_KEY"),
            api_secret_env: variable("API_SECRET"),
            ed25519_key_file_env: variable("ED25519_KEY_FILE"),
            rsa_key_file_env: variable("RSA_KEY_FILE"),
            passphrase_env: variable("PASSPHRASE"),
        }
    }
}

/// As it is written: what is not named is as usual.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AccountSection {
    name: Option<AccountId>,
    api_key_env: Option<String>,
    api_secret_env: Option<String>,
    ed25519_key_file_env: Option<String>,
    rsa_key_file_env: Option<String>,
    passphrase_env: Option<String>,
}

impl Source<'_> {
    /// The login at a venue that an adapter speaks to.
    pub(super) fn account(
        self,
        section: AccountSection,
        adapter: &str,
    ) -> Result<AccountConfig, ConfigError> {
        let mut account = AccountConfig::usual(adapter);
        if let Some(name) = section.name {
            account.name = name;
        }
        let variables = [
            ("api_key_env", section.api_key_env, &mut account.api_key_env),
            ("api_secret_env", section.api_secret_env, &mut account.api_secret_env),
            (
                "ed25519_key_file_env",
                section.ed25519_key_file_env,
                &mut account.ed25519_key_file_env,
            ),
            ("rsa_key_file_env", section.rsa_key_file_env, &mut account.rsa_key_file_env),
            ("passphrase_env", section.passphrase_env, &mut account.passphrase_env),
        ];
        for (key, given, variable) in variables {
            let Some(given) = given else { continue };
            if !is_variable(&given) {
                // It may be the secret itself, which is then not repeated.
                let message = format!(
                    "account.{key} is not the name of an environment variable; name one in \
                     capitals, as {variable}, and put what is secret into that variable"
                );
                return Err(self.error(None, message));
            }
            *variable = given;
        }
        Ok(account)
    }
}

/// Capitals, digits and underscores, a digit not first: no venue's keys or secrets are that.
pub(super) fn is_variable(text: &str) -> bool {
    let is_part = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    text.len() <= VARIABLE_MAX
        && text.bytes().all(is_part)
        && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}
