//! `[log]`: what is written down of each attempt.

use std::path::PathBuf;

use serde::Deserialize;

/// What is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// The file that a line of JSON for each attempt is added to, for `tradewind triage`; none are
    /// written when there is none.
    pub attempts: Option<PathBuf>,
}
