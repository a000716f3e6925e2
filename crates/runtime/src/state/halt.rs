//! A file that halts: for an operator who has nothing but a shell.
//!
//! While a file `HALT` is in the folder of a venue, or in the folder above it that holds those of
//! all venues, every bot there is halted: those that run within a quarter of a second, those that
//! start before their first call. Taking it away resumes nothing. What cannot be looked at counts
//! as there.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tradewind_engine::journal::Trading;
use tradewind_model::trading::{TradingScope, TradingState};

/// What the file is called.
pub const HALT: &str = "HALT";
/// Bytes of it that are read, for the reason.
const REASON_BYTES: u64 = 200;

/// The files that halt what trades on the venue of a folder.
pub(crate) fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let above = folder.parent().map(|above| above.join(HALT));
    [Some(folder.join(HALT)), above].into_iter().flatten()
}

/// What such a file says, if there is one.
pub(crate) fn found(folder: &Path) -> Option<Trading> {
    files(folder).find_map(|file| {
        let words = match File::open(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => format!("{error}"),
            Ok(open) => {
                let mut text = Vec::new();
                // A folder of that name halts as well.
                open.take(REASON_BYTES).read_to_end(&mut text).ok();
                let text = String::from_utf8_lossy(&text);
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        };
        let mut reason = format!("the file {}", file.display());
        if !words.is_empty() {
            reason = format!("{reason}: {words}");
        }
        Some(Trading { scope: TradingScope::Everything, state: TradingState::Halted, reason })
    })
}
