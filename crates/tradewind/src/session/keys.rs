//! Keys, from the environment and nowhere else.
//!
//! What is read here goes into a [`Signer`], which does not give it back. No error quotes it.

use tradewind_model::id::VenueId;
use tradewind_runtime::config::AccountConfig;
use tradewind_venue::Signer;

use super::StartError;

/// The key that the environment holds. An Ed25519 key is preferred: the venue then has the public
/// half only.
pub(super) fn from_environment(
    venue: VenueId,
    account: &AccountConfig,
) -> Result<Signer, StartError> {
    read(venue, account, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

fn read(
    venue: VenueId,
    account: &AccountConfig,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Signer, StartError> {
    let AccountConfig { api_key_env, api_secret_env, ed25519_key_file_env, .. } = account;
    let no_key = |missing: String| StartError::NoKey {
        venue,
        missing,
        wanted: format!(
            "{api_key_env} to the key, and {api_secret_env} to its secret or \
             {ed25519_key_file_env} to the file of its private half"
        ),
    };
    let Some(api_key) = variable(api_key_env) else {
        return Err(no_key(format!("{api_key_env} is not set")));
    };
    let (signer, second) = if let Some(path) = variable(ed25519_key_file_env) {
        let pem = std::fs::read_to_string(&path).map_err(|error| StartError::KeyFile {
            variable: ed25519_key_file_env.clone(),
            path,
            error,
        })?;
        (Signer::ed25519_pem(&api_key, &pem), ed25519_key_file_env)
    } else if let Some(secret) = variable(api_secret_env) {
        (Signer::hmac_sha256(&api_key, &secret), api_secret_env)
    } else {
        let missing = format!("neither {api_secret_env} nor {ed25519_key_file_env} is set");
        return Err(no_key(missing));
    };
    let variables = format!("{api_key_env} and {second}");
    signer.map_err(|error| StartError::Key { variables, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(set: &[(&str, &str)]) -> Result<Signer, String> {
        let venue = VenueId::new("binance-testnet").unwrap();
        let variable = |name: &str| {
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
        };
        read(venue, &AccountConfig::default(), variable).map_err(|error| error.to_string())
    }

    #[test]
    fn a_missing_key_is_said_in_one_line_with_the_variables_to_set() {
        for (set, missing) in [
            (&[][..], "BINANCE_API_KEY is not set"),
            (&[("BINANCE_API_KEY", "k")][..], "neither BINANCE_API_SECRET nor"),
        ] {
            let error = key(set).unwrap_err();
            assert!(error.contains(missing), "{error}");
            for part in ["binance-testnet needs a key", "BINANCE_API_KEY", "embedded"] {
                assert!(error.contains(part), "{error}");
            }
            assert!(!error.contains('\n'));
        }
    }

    #[test]
    fn no_error_quotes_a_secret() {
        let broken = [("BINANCE_API_KEY", "abc"), ("BINANCE_API_SECRET", "top secret")];
        let error = key(&broken).unwrap_err();
        assert!(error.contains("BINANCE_API_SECRET"), "{error}");
        assert!(!error.contains("top") && !error.contains("abc"), "{error}");
        assert!(key(&[("BINANCE_API_KEY", "abc"), ("BINANCE_API_SECRET", "def")]).is_ok());
    }

    #[test]
    fn an_ed25519_file_is_preferred_and_named_when_it_is_not_there() {
        let set = [
            ("BINANCE_API_KEY", "abc"),
            ("BINANCE_API_SECRET", "def"),
            ("BINANCE_ED25519_KEY_FILE", "no/such/key.pem"),
        ];
        let error = key(&set).unwrap_err();
        assert!(error.contains("BINANCE_ED25519_KEY_FILE names no/such/key.pem"), "{error}");
    }
}
