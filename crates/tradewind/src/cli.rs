//! The command line of any program with strategies in it.
//!
//! Whatever is wrong comes out as one line on stderr that names the thing and the way out, with
//! exit code 2, so that a script can tell a typo (2) from a bad run (1).

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use tradewind_model::trading::TradingState;
use tradewind_runtime::Config;
use tradewind_strategy::Registry;

use crate::adapter::Adapter;
use crate::control::{self, About};
use crate::orders::{self, Change, OperatorError, OrdersArgs, PlanArgs};
use crate::session::kept;
use crate::trade::{self, Options};
use crate::venue::{self, VenueError};

/// Wrong input.
const USAGE: u8 = 2;

/// Runs trading strategies without getting them banned.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Trade as a configuration says, until Ctrl-C; own orders are canceled first.
    Run {
        /// The configuration, as those in `config/`.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Stop by itself after this long from when the venue is live: 500ms, 30s, 2m, 1h.
        #[arg(long = "for", value_name = "TIME", value_parser = time)]
        time: Option<Duration>,
        /// Print one JSON object a line, the closing report last.
        #[arg(long)]
        json: bool,
    },
    /// Halt trading: no new orders, own orders canceled, positions stay. By itself it never ends.
    Halt(About),
    /// Let orders only bring positions nearer to zero; what else rests is canceled.
    ReduceOnly(About),
    /// Take no new orders, cancel own orders, close positions at the market.
    Flatten(About),
    /// Let trading go on again.
    Resume(About),
    /// Show how a run stands, or what its next start will find, as JSON.
    Status {
        /// The configuration of the run, as those in `config/`.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Serve the embedded venue for bots in other processes, until Ctrl-C.
    Venue {
        /// Which one it is like.
        #[arg(long, value_name = "VENUE", value_parser = adapter, default_value = "binance")]
        venue: &'static Adapter,
        /// Where to listen; port 0 is one that is free.
        #[arg(long, value_name = "ADDRESS", value_parser = address,
            default_value = "127.0.0.1:9000")]
        listen: SocketAddr,
        /// Of its market; the same seed gives the same market.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// List the strategies that this program knows.
    Strategies,
    /// List this bot's orders: those that are not over and the latest that are, from its journal;
    /// or those of others, from the venue. May be asked while the bot runs.
    Orders(OrdersArgs),
    /// Show what a start would do about what earlier runs have left. May be asked while the bot
    /// runs.
    Reconcile(PlanArgs),
    /// Show what is kept between runs: what the venue has shut and until when, and the catalog.
    State {
        /// The configuration, as those in `config/`.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Say that somebody has seen to a key that the venue had refused: it may be tried again.
        #[arg(long)]
        clear_key: bool,
    },
    /// Say what went wrong from a log of attempts: which limit was hot, whether retries came in
    /// step, whether refusals of the key repeat, what changed, and the first safe move.
    Triage {
        /// The log: a line of JSON for each attempt.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print one JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
}

/// What is wrong with a command line, or with what it names, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

impl UsageError {
    /// An error of a program's own.
    #[must_use]
    pub fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}

/// The whole `main` of a program: `run`, what commands a run, `orders`, `reconcile`, `venue`,
/// `state`, `strategies`, `triage`, `--help` and `--version`.
#[must_use]
pub fn main(registry: Registry) -> ExitCode {
    run(std::env::args_os(), registry)
}

/// The same for a command line that comes from elsewhere, the program's name first.
#[must_use]
pub fn run(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    registry: Registry,
) -> ExitCode {
    match parse::<Args>(args) {
        Ok(Parsed::Asked(args)) => match args.command {
            Command::Halt(about) => command(&about, TradingState::Halted),
            Command::ReduceOnly(about) => command(&about, TradingState::ReduceOnly),
            Command::Flatten(about) => command(&about, TradingState::Flatten),
            Command::Resume(about) => command(&about, TradingState::Running),
            Command::Status { config } => with_config(&config, control::status),
            Command::Run { config, time, json } => with_config(&config, |config| {
                trade::launch(config, &registry, Options { time, is_json: json, ban: None })
            }),
            Command::State { config, clear_key } => with_config(&config, |config| {
                let act = if clear_key { kept::clear_key } else { kept::inspect };
                let said = kept::by_each(config, act).map(|mut said| {
                    // Routes of one venue have one folder.
                    said.dedup();
                    said.join("\n")
                });
                match said {
                    Ok(text) => trade::say(&text),
                    Err(error) => trade::fail(&error, USAGE),
                }
            }),
            Command::Orders(args) => {
                let file = match (&args.change, &args.config) {
                    (Some(Change::Forget(args)), _) => Some(&args.config),
                    (None, file) => file.as_ref(),
                };
                // The parser asks for it.
                let file = file.map(PathBuf::as_path).unwrap_or_else(|| Path::new(""));
                with_config(file, |config| {
                    say(match &args.change {
                        Some(change) => orders::change(config, change),
                        None => orders::list(config, &args),
                    })
                })
            }
            Command::Reconcile(args) => {
                with_config(&args.config, |config| say(orders::plan(config, &args)))
            }
            Command::Venue { venue, listen, seed } => {
                match venue::serve(venue, listen, seed, &mut std::io::stdout()) {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(error @ VenueError::Address { .. }) => trade::fail(&error, USAGE),
                    Err(error @ VenueError::Machine(_)) => trade::fail(&error, 1),
                }
            }
            Command::Strategies => {
                let kinds: Vec<_> = registry.kinds().collect();
                trade::say(&kinds.join("\n"))
            }
            Command::Triage { file, json } => match tradewind_triage::run(&file, json) {
                Ok(report) => trade::say(&report),
                Err(error) => trade::fail(&error, USAGE),
            },
        },
        Ok(Parsed::Help(text)) => trade::say(&text),
        Err(error) => trade::fail(&error, USAGE),
    }
}

fn command(about: &About, state: TradingState) -> ExitCode {
    with_config(&about.config, |config| about.set(config, state))
}

fn say(said: Result<String, OperatorError>) -> ExitCode {
    match said {
        Ok(text) => trade::say(&text),
        Err(error) => trade::fail(&error, USAGE),
    }
}

fn with_config(path: &Path, act: impl FnOnce(&Config<'_>) -> ExitCode) -> ExitCode {
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let error = format!(
                "--config {name} cannot be read ({error}); name a file like those in config/"
            );
            return trade::fail(&UsageError(error), USAGE);
        }
    };
    match Config::parse(&name, &text) {
        Ok(config) => act(&config),
        Err(error) => trade::fail(&error, USAGE),
    }
}

/// A command line that was understood.
#[derive(Debug)]
pub enum Parsed<A> {
    /// What it asks for.
    Asked(A),
    /// It asks for help, or the version: what to print.
    Help(String),
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn parse<A: Parser>(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Parsed<A>, UsageError> {
    let error = match A::try_parse_from(args) {
        Ok(args) => return Ok(Parsed::Asked(args)),
        Err(error) => error,
    };
    let text = error.render().to_string();
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if is_help {
        return Ok(Parsed::Help(text));
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Err(UsageError::new("no command is given; see --help"));
    }
    // The parser says what is wrong, then a tip, then how it is used, each after an empty line.
    let lines = text.lines().take_while(|line| !line.starts_with("Usage:"));
    let said: Vec<_> = lines.filter(|line| !line.starts_with("For more")).collect();
    let said = said.join(" ").replace("  tip: ", "; ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ;", ";");
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    Err(UsageError(format!("{said}; see --help")))
}

/// Reads a length of time: `500ms`, `30s`, `2m`, `1h`.
///
/// # Errors
/// When it is none, or zero.
pub fn time(text: &str) -> Result<Duration, UsageError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let millis = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let time =
        count.parse::<u64>().ok().zip(millis).and_then(|(count, unit)| count.checked_mul(unit));
    match time {
        Some(millis) if millis > 0 => Ok(Duration::from_millis(millis)),
        _ => Err(UsageError::new("write a number and a unit: 500ms, 30s, 2m, 1h")),
    }
}

fn adapter(text: &str) -> Result<&'static Adapter, UsageError> {
    Adapter::named(text).ok_or_else(|| {
        let known: Vec<_> = Adapter::names().collect();
        UsageError::new(format!("write one of {}", known.join(", ")))
    })
}

fn address(text: &str) -> Result<SocketAddr, UsageError> {
    text.parse().map_err(|_| UsageError::new("write an address and a port: 127.0.0.1:9000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(args: &[&str]) -> String {
        let args = ["tradewind"].iter().chain(args);
        let error = parse::<Args>(args).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    }

    #[test]
    fn what_is_wrong_with_a_command_line_is_one_line_with_the_way_out() {
        for (args, parts) in [
            (&["run"][..], &["--config <FILE>", "see --help"][..]),
            (&["run", "--confg", "a"], &["--confg", "--config", "see --help"]),
            (&["run", "--config", "a", "--for", "abc"], &["--for", "abc", "30s"]),
            (&["venue", "--listen", "here"], &["--listen", "here", "127.0.0.1:9000"]),
            (&["venue", "--venue", "here"], &["--venue", "here", "binance, bitget"]),
            (&["rum"], &["rum", "run"]),
            (&[], &["see --help"]),
        ] {
            let error = error(args);
            for part in parts {
                assert!(error.contains(part), "{args:?}: {error}");
            }
        }
    }

    #[test]
    fn help_and_version_are_no_errors() {
        for flag in ["--help", "--version"] {
            assert!(matches!(parse::<Args>(["tradewind", flag]), Ok(Parsed::Help(_))));
        }
    }

    #[test]
    fn a_length_of_time_has_a_unit() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(time("1h"), Ok(Duration::from_secs(3_600)));
        for wrong in ["", "30", "s", "0s", "-1s", "1.5s", "99999999999999999999h"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
