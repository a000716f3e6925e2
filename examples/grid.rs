//! A grid on Bitcoin, traded for half a minute: `cargo run --example grid`.
//!
//! No account, no key and no network are needed: the venue runs inside of the program, behind
//! real sockets, and has a market of its own that `--seed` repeats. The program shows the grid
//! while it trades, cancels what is open at the end (or at Ctrl-C), and compares what it believes
//! to have done with the venue's books. `--venue` says which venue it is: `--venue bitget` is another
//! one inside of the program, with `--venue binance-testnet` or `--venue bitget-demo` the same grid
//! trades out there, without money.
//!
//! With `--venues binance,bitget --chaos ban@10s:20s` it trades at two venues inside of the program
//! and goes on at the second while the first has banned it; `failover` shows more of that.
//!
//! What is here is the flags; the rest is `tradewind`, which does the same for any strategy.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use tradewind::Config;
use tradewind::cli::{Parsed, UsageError, parse, time};
use tradewind::prelude::{Decimal, InstrumentId, Price, Quantity, Registry, Strategy};
use tradewind::trade::{self, Ban, Options};
use tradewind_grid::Grid;

/// Trades a grid on a venue inside of this program.
#[derive(Debug, Parser)]
#[command(name = "grid")]
struct Args {
    /// How long to trade: 500ms, 20s, 2m, 1h.
    #[arg(long = "for", value_name = "TIME", value_parser = time, default_value = "30s")]
    time: Duration,
    /// Of the embedded venue's market; the same seed gives the same market.
    #[arg(long)]
    seed: Option<u64>,
    /// What to trade, as BTC-USDT.
    #[arg(long, default_value = "BTC-USDT")]
    symbol: String,
    /// Rungs of the grid, those at both ends included.
    #[arg(long, default_value_t = 11, allow_negative_numbers = true)]
    levels: u32,
    /// The lowest price; with --upper, in place of --width.
    #[arg(long, requires = "upper", conflicts_with = "width", allow_negative_numbers = true)]
    lower: Option<Price>,
    /// The highest price; with --lower.
    #[arg(long, requires = "lower", allow_negative_numbers = true)]
    upper: Option<Price>,
    /// The range as a share of the price at the start.
    #[arg(long, default_value = WIDTH, allow_negative_numbers = true)]
    width: Decimal,
    /// What each order buys or sells, in base asset; about 60 USDT of the usual ones by default.
    #[arg(long, allow_negative_numbers = true)]
    qty: Option<Quantity>,
    /// Where to trade.
    #[arg(long, value_enum, default_value_t = Place::Embedded)]
    venue: Place,
    /// Where to trade, the most preferred first: when it shuts its door, orders go to the next.
    #[arg(long, value_enum, value_delimiter = ',', conflicts_with = "venue")]
    venues: Vec<Place>,
    /// What an embedded venue does to see what comes of it, the first of --venues: ban@WHEN:HOWLONG.
    #[arg(long, value_name = "WHAT", requires = "venues")]
    chaos: Option<Ban>,
    /// Print one JSON object a line, the closing report last.
    #[arg(long)]
    json: bool,
}

/// With eleven rungs they are three tenths of a percent apart: more than two fees, and close enough
/// that there is something to see within half a minute.
const WIDTH: &str = "0.03";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Place {
    /// Inside of this program, like Binance.
    #[value(alias = "binance")]
    Embedded,
    /// Inside of this program, like Bitget.
    Bitget,
    /// Binance's test network.
    BinanceTestnet,
    /// Binance's demo trading.
    BinanceDemo,
    /// Bitget's demo trading.
    BitgetDemo,
}

impl Place {
    /// The place as one of several.
    fn route(self) -> String {
        let begins = |line: &&str| !line.starts_with("[engine]");
        let lines = self.profile().lines().take_while(begins);
        let as_route = |line: &str| {
            let line = line.replacen("[venue", "[routes.venue", 1);
            format!("{}\n", line.replacen("[account", "[routes.account", 1))
        };
        format!("[[routes]]\n{}", lines.map(as_route).collect::<String>())
    }

    const fn is_embedded(self) -> bool {
        match self {
            Self::Embedded | Self::Bitget => true,
            Self::BinanceTestnet | Self::BinanceDemo | Self::BitgetDemo => false,
        }
    }

    /// The profile that knows where it is.
    fn profile(self) -> &'static str {
        match self {
            Self::Embedded => include_str!("../config/embedded.toml"),
            Self::Bitget => include_str!("../config/embedded-bitget.toml"),
            Self::BinanceTestnet => include_str!("../config/binance-testnet.toml"),
            Self::BinanceDemo => include_str!("../config/binance-demo.toml"),
            Self::BitgetDemo => include_str!("../config/bitget-demo.toml"),
        }
    }
}

fn main() -> ExitCode {
    let args = match parse::<Args>(std::env::args_os()) {
        Ok(Parsed::Asked(args)) => args,
        Ok(Parsed::Help(text)) => return trade::say(&text),
        Err(error) => return trade::fail(&error, 2),
    };
    match args.configuration() {
        Ok(text) => match args.config(&text) {
            Ok(config) => trade::launch(&config, &registry(), args.options()),
            Err(error) => trade::fail(&error, 2),
        },
        Err(error) => trade::fail(&error, 2),
    }
}

fn registry() -> Registry {
    Registry::new().with::<Grid>("grid")
}

impl Args {
    fn options(&self) -> Options {
        Options { time: Some(self.time), is_json: self.json, ban: self.chaos }
    }

    /// Where to trade, the most preferred first.
    fn places(&self) -> Vec<Place> {
        if self.venues.is_empty() { vec![self.venue] } else { self.venues.clone() }
    }

    /// The first venue's profile with the others' places beside it, and this grid in place of the one
    /// that is in it.
    fn configuration(&self) -> Result<String, UsageError> {
        let places = self.places();
        let is_twice = |(index, place): (usize, &Place)| places[..index].contains(place);
        if places.iter().enumerate().any(is_twice) {
            return Err(UsageError::new("--venues names one twice; each is a venue of its own"));
        }
        let [first, others @ ..] = places.as_slice() else {
            return Err(UsageError::new("--venues names none; leave it, or name at least one"));
        };
        if self.chaos.is_some() && !first.is_embedded() {
            let message =
                "--chaos is for venues inside of this program; name one first in --venues";
            return Err(UsageError::new(message));
        }
        let profile = first.profile();
        let mut venue = profile.split("[[strategy]]").next().unwrap_or(profile).to_owned();
        others.iter().for_each(|place| venue.push_str(&place.route()));
        let symbol = symbol(&self.symbol)?;
        let range = match (self.lower, self.upper) {
            (Some(lower), Some(upper)) => format!("lower = \"{lower}\"\nupper = \"{upper}\""),
            _ => format!("width = \"{}\"", self.width),
        };
        let (levels, qty) = (self.levels, self.qty(&symbol)?);
        Ok(format!(
            "{venue}[[strategy]]\nkind = \"grid\"\ninstruments = [\"{symbol}\"]\n\
             [strategy.params]\n{range}\nlevels = {levels}\nqty = \"{qty}\"\n"
        ))
    }

    fn config<'t>(&self, text: &'t str) -> Result<Config<'t>, UsageError> {
        let mut config = Config::parse("grid", text).map_err(|error| usage(&error))?;
        let mut is_seeded = false;
        let others = &mut config.others;
        for (route, more) in std::iter::once(&mut config.route).chain(others).zip(0..) {
            if let tradewind::Place::Embedded { seed } = &mut route.venue.place {
                *seed = self.seed.map(|seed| seed.wrapping_add(more)).or(*seed);
                is_seeded = true;
            }
        }
        if self.seed.is_some() && !is_seeded {
            let message = "--seed is of the embedded venue's market; leave it, or --venue";
            return Err(UsageError::new(message));
        }
        // What is wrong with the grid is wrong with a flag of the same name.
        for strategy in &config.strategies {
            let made = strategy.params.read();
            let made = made.and_then(|params| Grid::new(params, &strategy.instruments));
            made.map_err(|error| {
                let flag = error.key.map(|key| format!("--{key}: ")).unwrap_or_default();
                UsageError::new(format!("{flag}{}", error.message))
            })?;
        }
        Ok(config)
    }

    fn qty(&self, symbol: &InstrumentId) -> Result<Quantity, UsageError> {
        let usual = [("BTC", "0.001"), ("ETH", "0.02"), ("DOGE", "400"), ("BNB", "0.1")];
        let usual = usual.iter().find(|(base, _)| symbol.as_str().starts_with(base));
        let usual = usual.and_then(|(_, qty)| qty.parse().ok());
        // An embedded venue lists no other, and says so itself.
        let usual = usual.or_else(|| self.places()[0].is_embedded().then_some(Quantity::MAX));
        self.qty.or(usual).ok_or_else(|| {
            let message = format!("--qty is needed for {symbol}: what each order buys or sells");
            UsageError::new(message)
        })
    }
}

fn symbol(text: &str) -> Result<InstrumentId, UsageError> {
    let is_one = text.chars().all(|c| c.is_alphanumeric() || c == '-') && !text.is_empty();
    if is_one {
        return Ok(InstrumentId::from(text.to_uppercase()));
    }
    Err(UsageError::new(format!("--symbol {text:?} is no symbol; write it as BTC-USDT")))
}

fn usage(error: &dyn std::error::Error) -> UsageError {
    UsageError::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(flags: &[&str]) -> String {
        let error = match parse::<Args>(["grid"].iter().chain(flags)) {
            Err(error) => error,
            Ok(Parsed::Help(text)) => panic!("{text}"),
            Ok(Parsed::Asked(args)) => args
                .configuration()
                .and_then(|text| args.config(&text).map(|_| ()))
                .expect_err("these flags are wrong"),
        };
        error.to_string()
    }

    #[test]
    fn without_flags_it_is_a_grid_on_the_embedded_venue() {
        let config = |flags: &[&str]| {
            let Ok(Parsed::Asked(args)) = parse::<Args>(["grid"].iter().chain(flags)) else {
                panic!("{flags:?}")
            };
            let text = args.configuration().unwrap();
            let config = args.config(&text).unwrap();
            assert_eq!(config.strategies[0].instruments, [InstrumentId::from("BTC-USDT")]);
            config.route.venue
        };
        for (flags, adapter) in [
            (&[][..], "binance"),
            (&["--venue", "embedded"], "binance"),
            (&["--venue", "binance"], "binance"),
            (&["--venue", "bitget"], "bitget"),
        ] {
            let venue = config(flags);
            assert_eq!(venue.place, tradewind::Place::Embedded { seed: None }, "{flags:?}");
            assert_eq!(venue.adapter, adapter, "{flags:?}");
        }
        assert_eq!(config(&["--venue", "bitget-demo"]).adapter, "bitget");
    }

    #[test]
    fn a_wrong_flag_is_named_with_the_way_out() {
        for (flags, parts) in [
            (&["--levels", "0"][..], &["--levels", "2 to 200"][..]),
            (&["--lower", "70000", "--upper", "60000"], &["--lower", "raise upper"]),
            (&["--lower", "70000"], &["--upper"]),
            (&["--width", "3"], &["--width", "below 2"]),
            (&["--qty", "0"], &["--qty"]),
            (&["--qty", "-1"], &["--qty", "negative"]),
            (&["--levels", "-1"], &["--levels"]),
            (&["--symbol", "A\"]\n"], &["--symbol", "BTC-USDT"]),
            (&["--symbol", "XYZ-USDT", "--venue", "binance-demo"], &["--qty", "XYZ-USDT"]),
            (&["--for", "30"], &["--for", "30s"]),
            (&["--venue", "kraken"], &["--venue", "binance-testnet", "bitget-demo"]),
            (&["--venue", "bitget-demo", "--seed", "1"], &["--seed"]),
            (&["--venue", "bitget-demo", "--symbol", "XYZ-USDT"], &["--qty", "XYZ-USDT"]),
            (&["--venue", "binance-demo", "--seed", "1"], &["--seed"]),
        ] {
            let error = error(flags);
            assert!(!error.contains('\n'), "{error}");
            for part in parts {
                assert!(error.contains(part), "{flags:?}: {error}");
            }
        }
    }
}
