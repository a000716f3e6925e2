//! Keys that sign and never print.
//!
//! A secret goes in and only signatures come out: there is no accessor, and `Debug` shows the
//! first four characters of the API key at most.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::{Digest, Sha256};
use tradewind_model::attempt::AccountHash;

/// An API key with the secret that signs for it.
#[derive(Clone)]
pub struct Signer {
    api_key: Arc<str>,
    secret: Secret,
    passphrase: Option<Passphrase>,
}

/// A third word beside key and secret, which some venues want with every signed request.
#[derive(Clone)]
struct Passphrase(Arc<str>);

#[derive(Clone)]
enum Secret {
    /// Keyed once: setting up the key costs as much as signing.
    HmacSha256(Box<Hmac<Sha256>>),
    Ed25519(Arc<Ed25519KeyPair>),
    Rsa(Arc<RsaKeyPair>),
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
    /// A private key file that is not an RSA key, or one that is too short.
    #[error(
        "the private key is no RSA key of 2048 bits or more in PKCS#8 PEM ({0}); \
         `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048` makes one"
    )]
    Rsa(String),
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
        let der = private_key(pem).map_err(|problem| InvalidKey::Ed25519(problem.to_owned()))?;
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

    /// A key whose secret is an RSA private key, as the text of a PKCS#8 PEM file. It signs with
    /// RSASSA-PKCS1-v1_5 and SHA-256.
    ///
    /// # Errors
    /// When the API key is malformed, or the file holds no such key of 2048 to 4096 bits.
    pub fn rsa_pem(api_key: &str, pem: &str) -> Result<Self, InvalidKey> {
        let der = private_key(pem).map_err(|problem| InvalidKey::Rsa(problem.to_owned()))?;
        let pair =
            RsaKeyPair::from_pkcs8(&der).map_err(|error| InvalidKey::Rsa(error.to_string()))?;
        Self::with(api_key, Secret::Rsa(Arc::new(pair)))
    }

    fn with(api_key: &str, secret: Secret) -> Result<Self, InvalidKey> {
        check_text("the API key", api_key)?;
        Ok(Self { api_key: Arc::from(api_key), secret, passphrase: None })
    }

    /// The same key with the passphrase that was chosen for it.
    ///
    /// # Errors
    /// When it is empty or holds white space or control characters.
    pub fn with_passphrase(self, passphrase: &str) -> Result<Self, InvalidKey> {
        check_text("the passphrase", passphrase)?;
        Ok(Self { passphrase: Some(Passphrase(Arc::from(passphrase))), ..self })
    }

    /// The passphrase, for venues that want it with every signed request; none where none was
    /// given. It goes out with the request and nowhere else.
    #[must_use]
    pub fn passphrase(&self) -> Option<&str> {
        self.passphrase.as_ref().map(|passphrase| &*passphrase.0)
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

    /// Signs bytes: lower-case hexadecimal for HMAC, base64 for the others (to be percent-encoded
    /// in a URL).
    #[must_use]
    pub fn sign(&self, payload: &[u8]) -> String {
        match &self.secret {
            Secret::HmacSha256(mac) => const_hex::encode(authenticate(mac, payload)),
            Secret::Ed25519(_) | Secret::Rsa(_) => self.sign_base64(payload),
        }
    }

    /// Signs bytes: base64, whatever the key.
    #[must_use]
    pub fn sign_base64(&self, payload: &[u8]) -> String {
        match &self.secret {
            Secret::HmacSha256(mac) => STANDARD.encode(authenticate(mac, payload)),
            Secret::Ed25519(pair) => STANDARD.encode(pair.sign(payload)),
            Secret::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                // This padding draws nothing from the randomness that is asked for.
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), payload, &mut signature)
                    .expect("the buffer has the length of the modulus, which holds the digest");
                STANDARD.encode(signature)
            }
        }
    }
}

fn authenticate(mac: &Hmac<Sha256>, payload: &[u8]) -> [u8; 32] {
    let mut mac = mac.clone();
    mac.update(payload);
    mac.finalize().into_bytes().into()
}

/// The private key in a PKCS#8 PEM file, or what is wrong with it.
fn private_key(pem: &str) -> Result<Vec<u8>, &'static str> {
    let body: String = pem
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "-----BEGIN PRIVATE KEY-----")
        .skip(1)
        .take_while(|line| *line != "-----END PRIVATE KEY-----")
        .collect();
    if body.is_empty() {
        return Err("no BEGIN PRIVATE KEY block");
    }
    STANDARD.decode(body).map_err(|_| "its base64 is damaged")
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
            Secret::Rsa(_) => "rsa",
        };
        write!(f, "Signer({kind}, {shown}…)")
    }
}

#[cfg(test)]
mod tests;
