//! The embedded venue in a process of its own: what `tradewind venue` does.
//!
//! It outlives the bots that trade on it, so that one can be killed and started again at a venue
//! that goes on; and it ends with its process, with all its orders, as a test network does at times.

use std::io::{self, Write};
use std::net::SocketAddr;

use tradewind_simulator::server::Embedded;

use crate::adapter::Adapter;
use crate::signals::Signals;

/// Why the venue is not served.
#[derive(Debug, thiserror::Error)]
pub enum VenueError {
    /// The address is taken, or not one of this machine.
    #[error("--listen {address} cannot be listened on ({error}); name a free port of this machine")]
    Address {
        /// What was asked for.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// This machine would not do its part.
    #[error("cannot go on: {0}")]
    Machine(#[from] io::Error),
}

/// Serves the embedded venue of an adapter at `address` until somebody asks it to stop. Says where it is first,
/// as what a configuration needs to reach it.
///
/// # Errors
/// When the address cannot be listened on, or this machine gives no thread.
pub fn serve(
    adapter: &Adapter,
    address: SocketAddr,
    seed: u64,
    out: &mut dyn Write,
) -> Result<(), VenueError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let started = Embedded::serve(adapter.embedded(), seed, address).await;
        let venue = started.map_err(|error| VenueError::Address { address, error })?;
        let at = venue.address();
        // Whoever does not read it knows it already.
        let name = adapter.name();
        writeln!(out, "[venue]\nname = \"embedded\"\nadapter = \"{name}\"").ok();
        writeln!(out, "[venue.embedded]\nat = \"{at}\"\n# seed {seed}").ok();
        writeln!(out, "# what is true of it: http://{at}/simulator/ledger").ok();
        out.flush().ok();
        signals.next().await;
        venue.stop().await;
        Ok(())
    })
}
