//! Attempts as the file that a bot leaves behind.

use tradewind_model::attempt::AttemptEvent;

/// Adds a line of JSON for each attempt, as the shell writes them. One that cannot be written,
/// which none is known to be, is left out, as there.
pub fn write_log<'a>(log: &mut Vec<u8>, attempts: impl IntoIterator<Item = &'a AttemptEvent>) {
    for attempt in attempts {
        let begun = log.len();
        match serde_json::to_writer(&mut *log, attempt) {
            Ok(()) => log.push(b'\n'),
            Err(_) => log.truncate(begun),
        }
    }
}
