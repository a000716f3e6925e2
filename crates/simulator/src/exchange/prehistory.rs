//! The bars before the exchange opened: made up, but of one piece.
//!
//! Written backward from the opening price, finest first, so that every bar opens where the one
//! before it closed and an hour really is the sum of its minutes. Each series goes back to where
//! the next longer one takes over.

use std::time::Duration;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use tradewind_model::Timestamp;

use super::bars::{aggregate, flat};
use super::kline::{Interval, Kline};
use super::random::Random;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// Trades of a second before the opening.
const TRADES_PER_SECOND: u64 = 5;
/// One standard deviation of the slow drift of a day, in parts per million.
const DAILY_DRIFT_PPM: u64 = 10_000;
/// The largest price in ticks and trade in steps a past is made up for.
const WHOLE_MAX: i64 = 1_000_000_000_000_000;

/// What the made-up past must fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    /// A whole second.
    pub(super) time: Timestamp,
    pub(super) price: Decimal,
    pub(super) tick: Decimal,
    pub(super) qty_step: Decimal,
    /// Mean base quantity of a trade.
    pub(super) trade_qty: Decimal,
    /// The id of the first trade after the opening.
    pub(super) trade_id: u64,
}

/// The past of each kept series, oldest first; the last bar of each is in progress.
pub(super) fn write(opening: Opening, random: Random) -> [Vec<Kline>; 4] {
    let day = opening.time.window_start(DAY);
    let seconds_from = opening.time.window_start(MINUTE) - MINUTE * 17;
    let minutes_from = (day - DAY * 2).min(seconds_from);
    let hours_from = day - DAY * 60;
    let days_from = day - DAY * 1_100;

    let mut scribe = Scribe::new(opening, random);
    let mut seconds = scribe.back(Interval::S1, seconds_from, opening.time);
    seconds.push(flat(Interval::S1, opening.time, opening.price));
    let mut series = vec![seconds];
    for (interval, from) in
        [(Interval::M1, minutes_from), (Interval::H1, hours_from), (Interval::D1, days_from)]
    {
        let finer = series.last().expect("seconds come first");
        let recent = aggregate(interval, finer.iter(), usize::MAX);
        let until = recent.first().map_or(opening.time, |bar| bar.open_time);
        let mut bars = scribe.back(interval, from, until);
        bars.extend(recent);
        series.push(bars);
    }
    series.try_into().expect("four series")
}

/// Prices are whole ticks and quantities whole steps: thousands of bars are written at every
/// start, and integers are quick.
struct Scribe {
    tick: Decimal,
    qty_step: Decimal,
    opening_ticks: i64,
    /// Steps a second trades on average.
    steps_per_second: u64,
    random: Random,
    /// Where the next bar back must close.
    ticks: i64,
    drift_ppm: i64,
    trade_id: u64,
}

impl Scribe {
    fn new(opening: Opening, random: Random) -> Self {
        let whole = |value: Decimal, unit: Decimal| {
            (value / unit).trunc().to_i64().unwrap_or(WHOLE_MAX).clamp(1, WHOLE_MAX)
        };
        let ticks = whole(opening.price, opening.tick);
        let steps = whole(opening.trade_qty, opening.qty_step).unsigned_abs();
        Self {
            tick: opening.tick,
            qty_step: opening.qty_step,
            opening_ticks: ticks,
            steps_per_second: steps.saturating_mul(TRADES_PER_SECOND),
            random,
            ticks,
            drift_ppm: 0,
            trade_id: opening.trade_id,
        }
    }

    /// The bars that start within `from..until`, oldest first.
    fn back(&mut self, interval: Interval, from: Timestamp, until: Timestamp) -> Vec<Kline> {
        let length = interval.shortest();
        let count = until.since(from).as_secs() / length.as_secs();
        let mut bars = Vec::new();
        let mut start = until;
        for _ in 0..count {
            start = start - length;
            bars.push(self.bar(interval, start, length.as_secs()));
        }
        bars.reverse();
        bars
    }

    fn bar(&mut self, interval: Interval, start: Timestamp, seconds: u64) -> Kline {
        let close = self.ticks;
        let open = self.step_back(seconds);
        self.ticks = open;
        let high = self.off(open.max(close), 1);
        let low = self.off(open.min(close), -1);
        let price = |ticks: i64| Decimal::from(ticks) * self.tick;
        let (middle, open, high) = (price(open.midpoint(close)), price(open), price(high));
        let (low, close) = (price(low), price(close));
        let trades = TRADES_PER_SECOND * seconds;
        let steps = self.share(self.steps_per_second.saturating_mul(seconds), 50, 150);
        let bought_steps = self.share(steps, 40, 60);
        let volume = Decimal::from(steps) * self.qty_step;
        let taker_buy_volume = Decimal::from(bought_steps) * self.qty_step;
        let last = self.trade_id.saturating_sub(1);
        self.trade_id = self.trade_id.saturating_sub(trades);
        Kline {
            open,
            high,
            low,
            close,
            volume,
            quote_volume: volume * middle,
            trades,
            taker_buy_volume,
            taker_buy_quote_volume: taker_buy_volume * middle,
            first_trade_id: Some(self.trade_id),
            last_trade_id: Some(last),
            is_closed: true,
            ..flat(interval, start, open)
        }
    }

    /// The price one bar earlier: a slow walk away from the opening, bounded, with some noise.
    fn step_back(&mut self, seconds: u64) -> i64 {
        let of_day_ppm = (seconds * 1_000_000 / 86_400 * 1_000_000).isqrt();
        let sd_ppm = (DAILY_DRIFT_PPM * of_day_ppm / 1_000_000).cast_signed();
        let step = sd_ppm * self.random.bell() / 1_000_000;
        self.drift_ppm = (self.drift_ppm + step).clamp(-400_000, 600_000);
        let noise = self.random.bell() / 2_000;
        scale(self.opening_ticks, self.drift_ppm + noise)
    }

    /// A little off a price, up or down, by up to 0.05 %.
    fn off(&mut self, ticks: i64, sign: i64) -> i64 {
        scale(ticks, self.random.below(501).cast_signed() * sign)
    }

    /// A share of a whole, evenly between two percentages; at least one.
    const fn share(&mut self, of: u64, from_percent: u64, to_percent: u64) -> u64 {
        let percent = from_percent + self.random.below(to_percent - from_percent + 1);
        let part = of / 100 * percent + of % 100 * percent / 100;
        if part == 0 { 1 } else { part }
    }
}

/// So many parts per million more, at least one.
fn scale(ticks: i64, ppm: i64) -> i64 {
    let exact = i128::from(ticks) * i128::from(1_000_000 + ppm) / 1_000_000;
    i64::try_from(exact).unwrap_or(i64::MAX).max(1)
}
