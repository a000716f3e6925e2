//! What of Binance's texts may be shown.

/// From here on a run of letters and digits may be a key. A client order id has 36 characters, an
/// API key or an HMAC signature 64, an Ed25519 signature 88 (rest-api.md, signed endpoints, read
/// 2026-11).
const KEY_CHARS_MIN: usize = 37;

/// The beginning of a text, on one line and without keys.
pub(crate) fn excerpt(text: &str) -> String {
    tradewind_venue::excerpt(text, KEY_CHARS_MIN)
}
