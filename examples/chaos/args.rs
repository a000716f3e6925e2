//! The flags.

use std::time::Duration;

use clap::Parser;
use tradewind::cli::time;

/// Plays bad days over two venues, and compares what we believe with the venues' books.
#[derive(Debug, Parser)]
#[command(name = "chaos")]
pub(crate) struct Args {
    /// How many runs; each has the seed after that of the one before.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) runs: u64,
    /// Of the first run: of its markets, of what goes wrong, and of when.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How long things go wrong in each run, in virtual time.
    #[arg(long = "for", value_name = "TIME", value_parser = time, default_value = "10m")]
    pub(crate) time: Duration,
    /// Print one JSON object in place of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Args {
    /// A grid that has much to do: rungs a quarter of a percent apart, in a market that wanders more
    /// than twice as far within seconds.
    pub(crate) fn params(&self) -> String {
        "width = \"0.02\"\nlevels = 9\nqty = \"0.002\"".to_owned()
    }
}
