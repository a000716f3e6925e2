//! The one place where the simulator reads the time; everything behind takes `now`.

use std::time::{SystemTime, UNIX_EPOCH};

use tradewind_model::Timestamp;

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "the server's clock; everything behind takes `now`")]
pub(super) fn wall() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}
