//! What whoever commands a run has to know.

use std::fmt;

use ring::{digest, hmac};

use crate::seed;

/// Bytes of a token that is drawn.
const DRAWN_BYTES: usize = 32;
/// Characters of a token that somebody gives, at the least and at the most.
const GIVEN: std::ops::RangeInclusive<usize> = 16..=256;

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token has {} to {} letters, digits and signs, without spaces", GIVEN.start(), GIVEN.end())]
pub struct InvalidToken;

/// A token. It prints as nothing.
#[derive(Clone)]
pub struct Token {
    text: String,
    /// What a text is compared by.
    key: hmac::Key,
}

impl Token {
    /// A token that nobody has guessed.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn drawn() -> Result<Self, InvalidToken> {
        let bytes = seed::secret::<DRAWN_BYTES>().ok_or(InvalidToken)?;
        Self::new(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// A token that somebody gives.
    ///
    /// # Errors
    /// When it is too short, too long, or holds what a header cannot.
    pub fn new(text: &str) -> Result<Self, InvalidToken> {
        if !GIVEN.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        let key = hmac::Key::new(hmac::HMAC_SHA256, digest.as_ref());
        Ok(Self { text: text.to_owned(), key })
    }

    /// Whether a text is this token. It takes as long whatever they have in common: not the texts
    /// are compared but what a keyed hash makes of them, and that in constant time.
    #[must_use]
    pub fn is(&self, given: &[u8]) -> bool {
        let tag = hmac::sign(&self.key, self.text.as_bytes());
        hmac::verify(&self.key, given, tag.as_ref()).is_ok()
    }

    /// The text, for the file that only this user reads and for the header of a request.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_nothing_else_and_prints_as_nothing() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for wrong in [&b""[..], b"0123456789abcde", b"0123456789abcdef0", b"0123456789abcdeF"] {
            assert!(!token.is(wrong));
        }
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn tokens_that_are_drawn_differ() {
        let (one, other) = (Token::drawn().unwrap(), Token::drawn().unwrap());
        assert_eq!(one.reveal().len(), 2 * DRAWN_BYTES);
        assert!(!one.is(other.reveal().as_bytes()));
    }

    #[test]
    fn what_no_header_can_hold_is_no_token() {
        for wrong in ["short", "0123456789 abcdef", "0123456789\nabcdef", &"a".repeat(257)] {
            assert!(Token::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
