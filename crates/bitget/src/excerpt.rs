//! What of Bitget's texts may be shown.

/// From here on a run of letters and digits may be a key. A client order id has 32 characters, an
/// API key 35, a signature 44, a secret 64 (quick start, API domain and key, read 2026-11).
const KEY_CHARS_MIN: usize = 33;

/// The beginning of a text, on one line and without keys.
pub(crate) fn excerpt(text: &str) -> String {
    tradewind_venue::excerpt(text, KEY_CHARS_MIN)
}
