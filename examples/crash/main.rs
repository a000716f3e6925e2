//! A bot that is killed again and again: `cargo run --release --example crash -- --kills 200`.
//!
//! The venue runs in this process and goes on; the bot, a grid with its journal on disk, runs in
//! another, which is killed (SIGKILL, no goodbye) at moments that a seed draws: mostly while an
//! order is between its intent and the venue's word on it, sometimes while a start still clears up
//! what an earlier kill has left. The venue makes that hard: orders wait in front of it, or behind
//! it, or are lost, and its reports come late. After the last kill the bot is started once more,
//! comes to terms with what there is, and is stopped in peace. Then its journal is compared with
//! the venue's own books.
//!
//! No account, no key and no network are needed.

mod aim;
mod args;
mod bot;
mod run;
mod verdict;

use std::process::ExitCode;

use tradewind::cli::{Parsed, UsageError, parse};
use tradewind::trade;

use crate::args::{Args, Command};

fn main() -> ExitCode {
    let args = match parse::<Args>(std::env::args_os()) {
        Ok(Parsed::Asked(args)) => args,
        Ok(Parsed::Help(text)) => return trade::say(&text),
        Err(error) => return trade::fail(&error, 2),
    };
    if let Some(Command::Bot { config, time }) = args.command {
        return bot::live(&config, time);
    }
    match run::run(&args) {
        Ok(verdict) => {
            let said = trade::say(&verdict.text(args.json));
            match verdict.flaw() {
                Some(flaw) => trade::fail(&UsageError::new(flaw), 1),
                None => said,
            }
        }
        Err(error) => trade::fail(error.as_ref(), 1),
    }
}

/// Why there is nothing to report.
type Failed = Box<dyn std::error::Error + Send + Sync>;
