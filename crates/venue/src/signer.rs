//! Keys that sign and never print.
//!
//! A secret goes in and only signatures come out: there is no accessor, and `Debug` shows the
//! first four characters of the API key at most.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::Ed25519KeyPair;
use sha2::{Digest, Sha256};
use tradewind_model::attempt::AccountHash;

/// An API key with the secret that signs for it.
#[derive(Clone)]
pub struct Signer {
    api_key: Arc<str>,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    /// Keyed once: setting up the key costs as much as signing.
    HmacSha256(Box<Hmac<Sha256>>),
    Ed25519(Arc<Ed25519KeyPair>),
}

/// Why a key cannot be used. Names neither the key nor the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// There is nothing there, or a character that no key has.
    #[error("{what} is {problem}; copy it again from the venue's key page")]
    Malformed {
        /// API key or secret.
        what: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// A private key file that is not an Ed25519 key.
    #[error(
        "the private key is no Ed25519 key in PKCS#8 PEM ({0}); `openssl genpkey -algorithm ed25519` makes one"
    )]
    Ed25519(String),
}

impl Signer {
    /// A key whose secret is an HMAC-SHA256 key.
    ///
    /// # Errors
    /// When either text is empty or holds white space or control characters.
    pub fn hmac_sha256(api_key: &str, secret: &str) -> Result<Self, InvalidKey> {
        check_text("the API secret", secret)?;
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .expect("HMAC takes keys of any length");
        Self::with(api_key, Secret::HmacSha256(Box::new(mac)))
    }

    /// A key whose secret is an Ed25519 private key, as the text of a PKCS#8 PEM file.
    ///
    /// # Errors
    /// When the API key is malformed, or the file holds no such key.
    pub fn ed25519_pem(api_key: &str, pem: &str) -> Result<Self, InvalidKey> {
        let body: String = pem
            .lines()
            .map(str::trim)
            .skip_while(|line| *line != "-----BEGIN PRIVATE KEY-----")
            .skip(1)
            .take_while(|line| *line != "-----END PRIVATE KEY-----")
            .collect();
        if body.is_empty() {
            return Err(InvalidKey::Ed25519("no BEGIN PRIVATE KEY block".to_owned()));
        }
        let der = STANDARD
            .decode(body)
            .map_err(|_| InvalidKey::Ed25519("its base64 is damaged".to_owned()))?;
        // OpenSSL writes PKCS#8 version 1, without the public key, which the checked parser of
        // `ring` refuses; the public key is derived instead.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
            .map_err(|error| InvalidKey::Ed25519(error.to_string()))?;
        Self::with(api_key, Secret::Ed25519(Arc::new(pair)))
    }

    /// A key whose secret is the 32-byte seed of an Ed25519 key.
    ///
    /// # Errors
    /// When the API key is malformed, or the seed is not 32 bytes long.
    pub fn ed25519_seed(api_key: &str, seed: &[u8]) -> Result<Self, InvalidKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|error| InvalidKey::Ed25519(error.to_string()))?;
        Self::with(api_key, Secret::Ed25519(Arc::new(pair)))
    }

    fn with(api_key: &str, secret: Secret) -> Result<Self, InvalidKey> {
        check_text("the API key", api_key)?;
        Ok(Self { api_key: Arc::from(api_key), secret })
    }

    /// The API key: it names the account to the venue and goes out with every signed request. It
    /// does not belong in a log.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The account, without saying which: the first eight bytes of the SHA-256 of its API key.
    #[must_use]
    pub fn account_hash(&self) -> AccountHash {
        let digest: [u8; 32] = Sha256::digest(self.api_key.as_bytes()).into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        AccountHash::new(first)
    }

    /// Signs bytes: lower-case hexadecimal for HMAC, base64 for Ed25519 (to be percent-encoded in
    /// a URL).
    #[must_use]
    pub fn sign(&self, payload: &[u8]) -> String {
        match &self.secret {
            Secret::HmacSha256(mac) => {
                let mut mac = mac.clone();
                mac.update(payload);
                const_hex::encode(mac.finalize().into_bytes())
            }
            Secret::Ed25519(pair) => STANDARD.encode(pair.sign(payload)),
        }
    }
}

fn check_text(what: &'static str, text: &str) -> Result<(), InvalidKey> {
    let problem = if text.is_empty() {
        "empty"
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "broken by white space"
    } else if !text.is_ascii() {
        "not plain ASCII"
    } else {
        return Ok(());
    };
    Err(InvalidKey::Malformed { what, problem })
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.api_key.get(..4).filter(|_| self.api_key.len() >= 16).unwrap_or("");
        let kind = match self.secret {
            Secret::HmacSha256(_) => "hmac-sha256",
            Secret::Ed25519(_) => "ed25519",
        };
        write!(f, "Signer({kind}, {shown}…)")
    }
}

#[cfg(test)]
mod tests;
