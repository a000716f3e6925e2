//! A strategy replayed without a venue: `cargo run --example momentum`.
//!
//! A strategy is plain callbacks, and its host is a value that takes the time as an argument. So
//! no network, no runtime and no waiting is needed to see what one does: this program tells it ten
//! days of made-up minute bars, fills its market orders at the close, and prints each trade, in a
//! moment and the same every time. On a live venue the same type runs unchanged.
//!
//! `strategy.rs` is the strategy, `model.rs` the thread it asks, `replay.rs` the loop that plays
//! the bars.

mod model;
mod replay;
mod strategy;

use std::error::Error;
use std::io::{Write, stdout};

use tradewind_model::time::Timestamp;

use crate::replay::{Replay, tide};

const PARAMS: &str = "interval = '1m'\nfast = 10\nslow = 40\nqty = '0.25'";
/// As many bars of history as the long average needs.
const HISTORY: usize = 40;
const TEN_DAYS: u64 = 10 * 24 * 60;
/// 2026-01-01 00:00 UTC.
const START: Timestamp = Timestamp::from_secs(1_767_225_600);

fn main() -> Result<(), Box<dyn Error>> {
    let bars = tide(7, TEN_DAYS, START);
    let outcome = Replay::start(PARAMS, START)?.run(&bars, HISTORY)?;
    let mut out = stdout().lock();
    for trade in &outcome.trades {
        let (at, side, qty, price) = (trade.at, trade.side, trade.qty, trade.price);
        writeln!(out, "{at}  {side:<4}  {qty} at {price}")?;
    }
    let (bars, trades) = (bars.len(), outcome.trades.len());
    let profit = outcome.profit.round_dp(2);
    writeln!(out, "{bars} bars, {trades} trades, {profit} USDT after fees")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tradewind_model::notice::{Notice, VenueStatus};
    use tradewind_model::order::Side;

    use super::*;
    use crate::strategy::PATIENCE;

    #[test]
    fn the_same_bars_make_the_same_trades() {
        let bars = tide(7, 2_000, START);
        let run = || Replay::start(PARAMS, START).unwrap().run(&bars, HISTORY);
        let outcome = run().unwrap();
        assert_eq!(run().unwrap(), outcome);
        assert!(outcome.trades.len() >= 8, "a tide of four hours turns");
    }

    #[test]
    fn it_is_long_or_flat_and_trades_in_turn_once_the_venue_is_live() {
        let bars = tide(3, 2_000, START);
        let outcome = Replay::start(PARAMS, START).unwrap().run(&bars, HISTORY);
        let trades = outcome.unwrap().trades;
        for (index, trade) in trades.iter().enumerate() {
            let side = if index % 2 == 0 { Side::Buy } else { Side::Sell };
            assert_eq!(trade.side, side);
            assert!(trade.at >= bars[HISTORY].open_at);
        }
    }

    #[test]
    fn a_model_that_does_not_answer_in_time_is_no_reason_to_hold_on() {
        let bars = tide(3, 2_000, START);
        let mut replay = Replay::start(PARAMS, START).unwrap();
        replay.tell(Notice::Venue(VenueStatus::Live));
        let mut bars = bars.iter();
        while replay.trades.is_empty() {
            replay.bar(bars.next().unwrap());
            replay.answer().unwrap();
        }
        let bar = bars.next().unwrap();
        replay.bar(bar);
        let asked = bar.open_at + bar.interval.duration();
        replay.wait_until(asked + PATIENCE);
        assert_eq!(replay.trades.len(), 2);
        assert_eq!(replay.trades[1].side, Side::Sell);
    }

    #[test]
    fn parameters_are_checked() {
        for wrong in ["fast = 40", "fast = 0", "qty = '0'", "interval = '7m'"] {
            let key = wrong.split(' ').next().unwrap();
            let mut lines: Vec<&str> = PARAMS.lines().collect();
            lines.retain(|line| !line.starts_with(key));
            lines.push(wrong);
            assert!(Replay::start(&lines.join("\n"), START).is_err(), "{wrong}");
        }
    }
}
