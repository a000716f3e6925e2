//! The flood for real: the ordinary session against the embedded venue, over sockets on loopback.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::Failed;
use crate::args::Plan;
use crate::figures::Figures;

/// Floods for so long, or until it is over.
pub(crate) async fn run(
    _plan: &Plan,
    _time: Duration,
    _is_over: &AtomicBool,
) -> Result<Figures, Failed> {
    Err("--for is not there yet; use --virtual".into())
}
