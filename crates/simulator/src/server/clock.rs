//! The one place where the simulator reads the time; everything behind the server takes `now`.

use std::time::{SystemTime, UNIX_EPOCH};

use tradewind_model::Timestamp;

/// The wall's time.
#[expect(clippy::disallowed_methods, reason = "this is where time enters a venue with sockets")]
pub(in crate::server) fn wall() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = since_epoch.unwrap_or_default().as_nanos();
    Timestamp::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
