//! The flags.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use tradewind::cli::time;

/// Kills a trading bot again and again, and compares what its journal says with the venue's books.
#[derive(Debug, Parser)]
#[command(name = "crash")]
pub(crate) struct Args {
    /// How often the bot is killed.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) kills: u32,
    /// Of the market, of what goes wrong at the venue, and of the moments.
    #[arg(long, default_value_t = 3)]
    pub(crate) seed: u64,
    /// Which venue it is like.
    #[arg(long, value_enum, default_value_t = Place::Binance)]
    pub(crate) venue: Place,
    /// Print one JSON object as the last line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep the bot's files in this folder, which must be empty or missing.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The venue that the bot is killed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    Binance,
    Bitget,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Be the bot: what the program starts itself for.
    #[command(hide = true)]
    Bot {
        #[arg(long)]
        config: PathBuf,
        /// Stop by itself after this long.
        #[arg(long = "for", value_parser = time)]
        time: Option<Duration>,
    },
}
