//! `[state]`: what outlives the process, and how a start is held back.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::venue::Place;

/// The longest that a start is held back by chance.
const START_JITTER_MAX_MS: u64 = 600_000;
/// How long it is held back at the most, unless somebody says otherwise.
const START_JITTER_MS: u64 = 2_000;

/// What outlives the process, and how it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateSection {
    /// The folder that holds what the venue has shut, the catalog, and recent starts. When it is
    /// not given, a folder of the user's; and none for the embedded venue, which takes its bans
    /// with it.
    pub dir: Option<PathBuf>,
    /// The first call waits for so long at the most, by chance, so that processes which are
    /// started together do not call together. When it is not given, 2000; and 0 for the embedded
    /// venue, which nobody else calls.
    pub start_jitter_ms: Option<u64>,
}

impl StateSection {
    /// What is out of its bounds, with the way out.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.start_jitter_ms {
            Some(jitter) if jitter > START_JITTER_MAX_MS => {
                Err(format!("state.start_jitter_ms is {jitter}; use 0 to {START_JITTER_MAX_MS}"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// How long the first call waits at the most, by chance.
    #[must_use]
    pub fn start_jitter(&self, place: &Place) -> Duration {
        let usual = match place {
            Place::Embedded { .. } | Place::Served(_) => 0,
            Place::Remote { .. } => START_JITTER_MS,
        };
        Duration::from_millis(self.start_jitter_ms.unwrap_or(usual))
    }
}
