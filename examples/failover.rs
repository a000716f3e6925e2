//! A grid that trades on while its exchange has banned it: `cargo run --example failover`.
//!
//! Two venues run inside of this program, one that speaks Binance's wire and one that speaks
//! Bitget's, each with a market of its own. The grid is at home at the first. Ten seconds after it
//! is live there, that one bans it for twenty; its orders go to the other, and come home when the
//! first has been well for five seconds. What moved when, and why, is printed as it happens, and at
//! the end what each venue's own books say.
//!
//! The same is done on Binance's test network and Bitget's demo trading with
//! `tradewind run --config config/testnet-failover.toml`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tradewind::cli::{Parsed, UsageError, parse, time};
use tradewind::prelude::Registry;
use tradewind::trade::{self, Ban, Options};
use tradewind::{Config, Place};
use tradewind_grid::Grid;

/// Trades a grid at two venues inside of this program, of which one bans it.
#[derive(Debug, Parser)]
#[command(name = "failover")]
struct Args {
    /// How long to trade: 500ms, 20s, 2m, 1h.
    #[arg(long = "for", value_name = "TIME", value_parser = time, default_value = "45s")]
    time: Duration,
    /// Of the venues' markets; the same seed gives the same markets.
    #[arg(long)]
    seed: Option<u64>,
    /// What the first venue does: `ban@WHEN:HOWLONG`.
    #[arg(long, value_name = "WHAT", default_value = "ban@10s:20s")]
    chaos: Ban,
    /// Print one JSON object a line, the closing report last.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let args = match parse::<Args>(std::env::args_os()) {
        Ok(Parsed::Asked(args)) => args,
        Ok(Parsed::Help(text)) => return trade::say(&text),
        Err(error) => return trade::fail(&error, 2),
    };
    let text = include_str!("../config/embedded-failover.toml");
    let mut config = match Config::parse("failover", text) {
        Ok(config) => config,
        Err(error) => return trade::fail(&UsageError::new(error.to_string()), 2),
    };
    let others = &mut config.others;
    for (route, more) in std::iter::once(&mut config.route).chain(others).zip(0..) {
        if let Place::Embedded { seed } = &mut route.venue.place {
            *seed = args.seed.map(|seed| seed.wrapping_add(more));
        }
    }
    let registry = Registry::new().with::<Grid>("grid");
    let options = Options { time: Some(args.time), is_json: args.json, ban: Some(args.chaos) };
    trade::launch(&config, &registry, options)
}
