//! Bad days over two venues: `cargo run --release --example chaos -- --runs 1000`.
//!
//! Each run is ten minutes of virtual time. A grid is at home at a simulated Binance and has a
//! simulated Bitget behind it; at both, and to the process itself, happens what a seed draws: bans,
//! refusals by the edge, lost requests and answers, resets, sockets that die or fall silent, kills
//! and restarts. Then all of that ends, trading is stopped, and the venues' own books are compared
//! with ours. A run in which anything is wrong is named by its seed, and
//! `--seed N --runs 1` plays it again and prints what went wrong in it, and when.
//!
//! No account, no key and no network are needed.

mod args;
mod tally;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tradewind::cli::{Parsed, UsageError, parse};
use tradewind::prelude::Registry;
use tradewind::trade;
use tradewind_grid::Grid;
use tradewind_lab::StrategySpec;
use tradewind_lab::chaos::{ChaosSetup, Report, draw, play};
use tradewind_runtime::Clock;

use crate::args::Args;
use crate::tally::Tally;

fn main() -> ExitCode {
    let args = match parse::<Args>(std::env::args_os()) {
        Ok(Parsed::Asked(args)) => args,
        Ok(Parsed::Help(text)) => return trade::say(&text),
        Err(error) => return trade::fail(&error, 2),
    };
    let tally = run(&args);
    if args.runs == 1 {
        let plan: Vec<String> =
            draw(args.seed, args.time).iter().map(ToString::to_string).collect();
        trade::say(&plan.join("\n"));
    }
    let said = trade::say(&tally.text(&args));
    match tally.flaw() {
        Some(flaw) => trade::fail(&UsageError::new(flaw), 1),
        None => said,
    }
}

/// Plays all runs, on all cores.
fn run(args: &Args) -> Tally {
    let next = AtomicU64::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let clock = Clock::start();
    let begun = clock.now();
    let mut reports = Vec::new();
    thread::scope(|scope| {
        let worker = || {
            let registry = Arc::new(Registry::new().with::<Grid>("grid"));
            let mut reports = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= args.runs {
                    return reports;
                }
                reports.push(play_one(args, args.seed.wrapping_add(index), &registry));
            }
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            reports.extend(worker.join().unwrap_or_default());
        }
    });
    reports.sort_by_key(|report| report.seed);
    Tally::of(reports, clock.now().since(begun))
}

/// One run; what cannot be played is a flaw, too.
fn play_one(args: &Args, seed: u64, registry: &Arc<Registry>) -> Report {
    let setup = ChaosSetup {
        seed,
        length: args.time,
        registry: Arc::clone(registry),
        strategies: vec![StrategySpec::new("grid", &args.params())],
    };
    // Nothing of a run that has panicked is used again.
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(&setup)));
    let flaw = match played {
        Ok(Ok(report)) => return report,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it panicked; what with is above".to_owned(),
    };
    Report { seed, flaws: vec![flaw], ..Report::default() }
}
