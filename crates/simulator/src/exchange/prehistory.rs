//! The bars before the exchange opened: made up, but of one piece.
//!
//! Written backward from the opening price, finest first, so that every bar opens where the one
//! before it closed and an hour really is the sum of its minutes. Each series goes back to where
//! the next longer one takes over.

use std::time::Duration;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::bars::{aggregate, flat};
use super::filters::floor_to;
use super::kline::{Interval, Kline};
use super::random::Random;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// Trades of a second before the opening.
const TRADES_PER_SECOND: u64 = 5;
/// One standard deviation of the slow drift of a day, in parts per million.
const DAILY_DRIFT_PPM: u64 = 10_000;

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

    let mut scribe = Scribe {
        opening,
        random,
        price: opening.price,
        drift_ppm: 0,
        trade_id: opening.trade_id,
    };
    let mut seconds = scribe.back(Interval::S1, seconds_from, opening.time);
    seconds.push(flat(Interval::S1, opening.time, opening.price));
    let mut series = vec![seconds];
    for (interval, from) in [
        (Interval::M1, minutes_from),
        (Interval::H1, hours_from),
        (Interval::D1, days_from),
    ] {
        let finer = series.last().expect("seconds come first");
        let recent = aggregate(interval, finer.iter(), usize::MAX);
        let until = recent.first().map_or(opening.time, |bar| bar.open_time);
        let mut bars = scribe.back(interval, from, until);
        bars.extend(recent);
        series.push(bars);
    }
    series.try_into().expect("four series")
}

struct Scribe {
    opening: Opening,
    random: Random,
    /// Where the next bar back must close.
    price: Decimal,
    drift_ppm: i64,
    trade_id: u64,
}

impl Scribe {
    /// The bars that start within `from..until`, oldest first.
    fn back(&mut self, interval: Interval, from: Timestamp, until: Timestamp) -> Vec<Kline> {
        let length = interval
            .next_start(Timestamp::EPOCH)
            .since(Timestamp::EPOCH);
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
        let close = self.price;
        let open = self.step_back(seconds);
        let high = self.off(open.max(close), 1);
        let low = self.off(open.min(close), -1);
        let trades = TRADES_PER_SECOND * seconds;
        let volume = self.share(self.opening.trade_qty * Decimal::from(trades), 50, 150);
        let quote_volume = (volume * (open + close) / Decimal::TWO).trunc_with_scale(8);
        let taker_buy_volume = self.share(volume, 40, 60);
        self.price = open;
        let last = self.trade_id.saturating_sub(1);
        self.trade_id = self.trade_id.saturating_sub(trades);
        Kline {
            open,
            high,
            low: low.max(self.opening.tick),
            close,
            volume,
            quote_volume,
            trades,
            taker_buy_volume,
            taker_buy_quote_volume: (quote_volume * taker_buy_volume / volume.max(Decimal::ONE))
                .min(quote_volume)
                .trunc_with_scale(8),
            first_trade_id: Some(self.trade_id),
            last_trade_id: Some(last),
            is_closed: true,
            ..flat(interval, start, open)
        }
    }

    /// The price one bar earlier: a slow walk away from the opening, bounded, with some noise.
    fn step_back(&mut self, seconds: u64) -> Decimal {
        let of_day_ppm = (seconds * 1_000_000 / 86_400 * 1_000_000).isqrt();
        let sd_ppm = DAILY_DRIFT_PPM * of_day_ppm / 1_000_000;
        let step = i64::try_from(sd_ppm).expect("a day's drift is small") * self.random.bell();
        self.drift_ppm = (self.drift_ppm + step / 1_000_000).clamp(-400_000, 600_000);
        let noise = self.random.bell() / 2_000;
        let factor = Decimal::new(1_000_000 + self.drift_ppm + noise, 6);
        floor_to(self.opening.price * factor, self.opening.tick).max(self.opening.tick)
    }

    /// A little off a price, up or down, by up to 0.05 %.
    fn off(&mut self, price: Decimal, sign: i64) -> Decimal {
        let ppm = self.random.below(501).cast_signed() * sign;
        floor_to(price * Decimal::new(1_000_000 + ppm, 6), self.opening.tick)
    }

    /// A share of a quantity, evenly between two percentages, in whole steps.
    fn share(&mut self, qty: Decimal, from_percent: u64, to_percent: u64) -> Decimal {
        let percent = from_percent + self.random.below(to_percent - from_percent + 1);
        floor_to(
            qty * Decimal::from(percent) / Decimal::ONE_HUNDRED,
            self.opening.qty_step,
        )
    }
}
