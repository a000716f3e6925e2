//! More than a venue allows, day and night: `cargo run --release --example flood`.
//!
//! Refreshers that together want two and a half times the weight limit read without end, and a
//! strategy trades in bursts beside them. What comes of it is told by the venue's own books: how
//! much of each limit was used, whom it turned away, and how long orders and cancels took from
//! the wish to their arrival there.
//!
//! `--for 130s` does it for real: the ordinary session against the embedded venue, over sockets on
//! loopback. `--virtual 24h` plays the same strategy and the same refreshers for a day in virtual
//! time. No account, no key and no network are needed.

mod args;
mod demand;
mod figures;
mod loopback;
mod orders;
mod print;
mod reads;
mod stranger;
mod trouble;
mod virtual_day;
mod wishes;

#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tradewind::cli::{Parsed, UsageError, parse};
use tradewind::trade;
use tradewind_runtime::Clock;

use crate::args::{Args, Mode, Plan};
use crate::figures::Figures;

fn main() -> ExitCode {
    let args = match parse::<Args>(std::env::args_os()) {
        Ok(Parsed::Asked(args)) => args,
        Ok(Parsed::Help(text)) => return trade::say(&text),
        Err(error) => return trade::fail(&error, 2),
    };
    let plan = match args.plan() {
        Ok(plan) => plan,
        Err(error) => return trade::fail(&error, 2),
    };
    match run(&plan) {
        Ok(figures) => {
            let mut text = print::table(&plan, &figures);
            if plan.is_json {
                text = format!("{text}\n{}", print::json(&plan, &figures));
            }
            let said = trade::say(&text);
            match figures.flaw {
                Some(flaw) => trade::fail(&UsageError::new(flaw), 1),
                None => said,
            }
        }
        Err(error) => trade::fail(error.as_ref(), 1),
    }
}

/// Why a flood came to nothing.
type Failed = Box<dyn std::error::Error + Send + Sync>;

fn run(plan: &Plan) -> Result<Figures, Failed> {
    let clock = Clock::start();
    let began = clock.now();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let is_over = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_over);
    runtime.spawn(async move {
        // Without a way to hear of it, the run ends when its time is over.
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.store(true, Ordering::Relaxed);
        }
    });
    let figures = match plan.mode {
        Mode::Virtual(time) => virtual_day::run(plan, time, &is_over)?,
        Mode::Loopback(time) => runtime.block_on(loopback::run(plan, time, &is_over))?,
    };
    Ok(Figures { wall: clock.now().since(began), ..figures })
}
