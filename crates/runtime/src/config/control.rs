//! `[control]`: how a run is commanded from outside.

use serde::Deserialize;

/// How a run is commanded from outside: an endpoint on the loopback address, for whoever has its
/// token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ControlSection {
    /// Whether there is one. Where no state is kept there is none either, unless `port` and the
    /// token are given.
    pub enabled: bool,
    /// Its port; with 0, one that is free, which is noted in the folder of the state.
    pub port: u16,
    /// The environment variable that holds the token. When it is not set, each run draws a token
    /// of its own and notes it in the folder of the state, for this user alone.
    pub token_env: String,
}

impl Default for ControlSection {
    fn default() -> Self {
        Self { enabled: true, port: 0, token_env: "TRADEWIND_CONTROL_TOKEN".to_owned() }
    }
}
