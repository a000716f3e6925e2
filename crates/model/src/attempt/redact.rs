//! A message that is fit to be logged.
//!
//! Venues echo what they were sent: a refusal may hold the key, the signature or a whole query.
//! What looks like one of these is taken out before the message is shortened, since the first half
//! of a key is still half a key. In doubt it is taken out: a word too few in a log is a nuisance, a
//! key in a log is lost.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest message that is kept, in bytes.
const MESSAGE_MAX: usize = 200;
/// What stands where something was taken out.
const REMOVED: &str = "[redacted]";
/// The shortest run of key-like characters, a digit among them, that is taken for a secret. Keys
/// and signatures have 32 and more; the longest of the venues' own words with a digit have fewer.
const MIXED_RUN_MIN: usize = 20;
/// The shortest run without a digit that is taken for a secret.
const PLAIN_RUN_MIN: usize = 32;
/// The ends of names whose value is taken out however short it is, in lower case.
const NAMES: [&str; 9] = [
    "signature",
    "sign",
    "apikey",
    "api-key",
    "api_key",
    "secret",
    "passphrase",
    "listenkey",
    "token",
];

/// A message without keys, signatures and control characters, of at most 200 bytes.
///
/// There is no way to make one but through [`RedactedMessage::new`], reading one back included.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct RedactedMessage(String);

impl RedactedMessage {
    /// Takes out what looks like a secret, makes one line of it, and shortens it.
    #[must_use]
    pub fn new(message: &str) -> Self {
        let mut kept = String::new();
        let mut rest = message;
        let mut is_value = false;
        while !rest.is_empty() && kept.len() <= MESSAGE_MAX {
            let run_len = rest.find(|c| !is_key_like(c)).unwrap_or(rest.len());
            if run_len == 0 {
                let next = rest.chars().next().unwrap_or(' ');
                kept.push(if next.is_control() { ' ' } else { next });
                rest = &rest[next.len_utf8()..];
                // A name's value may stand behind quotes and blanks, but not in the next clause.
                is_value &= matches!(next, '"' | '\'' | ' ' | ':');
                continue;
            }
            let (run, after) = rest.split_at(run_len);
            rest = after;
            take_run(run, &mut is_value, &mut kept);
            is_value |=
                is_secret_name(run) && rest.trim_start_matches(['"', '\'', ' ']).starts_with(':');
        }
        if kept.len() > MESSAGE_MAX {
            let end = (0..=MESSAGE_MAX - 3).rev().find(|&at| kept.is_char_boundary(at));
            kept.truncate(end.unwrap_or(0));
            kept.push_str("...");
        }
        Self(kept)
    }

    /// The message as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Appends one run of key-like characters: its parts between `=` one by one, since the first may
/// be the name of the second.
fn take_run(run: &str, is_value: &mut bool, kept: &mut String) {
    let mut named = *is_value;
    for (index, part) in run.split('=').enumerate() {
        if index > 0 {
            kept.push('=');
        }
        let is_removed = !part.is_empty() && (named || looks_secret(part));
        kept.push_str(if is_removed { REMOVED } else { part });
        // What follows a secret's `=` is its padding, or another secret.
        named = is_secret_name(part) || (named && index > 0);
    }
    // `signature= abc`: the value is still to come.
    *is_value = named && run.ends_with('=');
}

/// The characters of keys and signatures: hex, Base64 of both alphabets, percent-encoding.
const fn is_key_like(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '-' | '%' | '=')
}

fn looks_secret(run: &str) -> bool {
    let min =
        if run.bytes().any(|byte| byte.is_ascii_digit()) { MIXED_RUN_MIN } else { PLAIN_RUN_MIN };
    run.len() >= min
}

fn is_secret_name(run: &str) -> bool {
    let run = run.to_ascii_lowercase();
    NAMES.iter().any(|name| run.ends_with(name))
}

impl From<String> for RedactedMessage {
    fn from(message: String) -> Self {
        Self::new(&message)
    }
}

impl From<RedactedMessage> for String {
    fn from(message: RedactedMessage) -> Self {
        message.0
    }
}

impl fmt::Display for RedactedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RedactedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
