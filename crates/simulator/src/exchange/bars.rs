//! The bars of one symbol: four series that trades are added to, and every interval read from
//! them.
//!
//! The hard part is that there are no holes: [`Bars::roll`] closes what time has closed and adds
//! flat bars, so that a request never depends on when somebody traded. Before the start there is a
//! made-up history: seconds for a quarter of an hour, minutes for days, hours for weeks, days for
//! years, each at its own length because nobody asks for three years of seconds.

use std::collections::VecDeque;
use std::time::Duration;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::kline::{Interval, Kline};

/// The kept series, and how many bars of each.
const SERIES: [(Interval, usize); 4] =
    [(Interval::S1, 7_200), (Interval::M1, 20_160), (Interval::H1, 8_784), (Interval::D1, 4_000)];

/// One trade, as bars count it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub(super) id: u64,
    pub(super) price: Decimal,
    pub(super) qty: Decimal,
    pub(super) is_buyer_maker: bool,
}

#[derive(Clone, Debug)]
struct Series {
    interval: Interval,
    max: usize,
    /// Without holes; the last is in progress.
    bars: VecDeque<Kline>,
}

#[derive(Clone, Debug)]
pub(super) struct Bars {
    series: [Series; 4],
}

impl Bars {
    /// Bars whose past is `history` (oldest first, one vector for each kept series, without
    /// holes, the last in progress at `now`).
    pub(super) fn new(history: [Vec<Kline>; 4]) -> Self {
        let mut specs = SERIES.into_iter();
        let series = history.map(|bars| {
            let (interval, max) = specs.next().expect("as many series as histories");
            Series { interval, max, bars: bars.into() }
        });
        Self { series }
    }

    /// Closes every bar that is over at `now`. Calls `closed` for each bar of each interval that
    /// closes, shortest first, but not for intervals shorter than `shortest`.
    pub(super) fn roll(
        &mut self,
        now: Timestamp,
        shortest: Duration,
        mut closed: impl FnMut(Interval, Kline),
    ) {
        let mut over = Vec::new();
        for index in 0..self.series.len() {
            self.series[index].roll(now, &mut over);
            let base = self.series[index].interval;
            for bar in over.drain(..) {
                let next = bar.close_time + Duration::from_millis(1);
                if base.shortest() >= shortest {
                    closed(base, bar);
                }
                for interval in Interval::ALL {
                    let is_from_here = interval != base && base_of(interval) == base;
                    let is_told = is_from_here && interval.shortest() >= shortest;
                    if !is_told || interval.start_of(next) != next {
                        continue;
                    }
                    let end = next - Duration::from_millis(1);
                    if let Some(mut bar) = self.read(interval, None, Some(end), 1).pop() {
                        bar.is_closed = true;
                        closed(interval, bar);
                    }
                }
            }
        }
    }

    /// Adds a trade to the bars in progress, which must hold its time: [`Bars::roll`] comes first.
    pub(super) fn record(&mut self, print: &Print) {
        for series in &mut self.series {
            if let Some(bar) = series.bars.back_mut() {
                record(bar, print);
            }
        }
    }

    /// Bars that start within `start..=end`, oldest first: with `start` the oldest `limit`, else
    /// the newest.
    pub(super) fn read(
        &self,
        interval: Interval,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
        limit: usize,
    ) -> Vec<Kline> {
        let base = base_of(interval);
        let series = self.series.iter().find(|series| series.interval == base);
        let bars = &series.expect("every base is kept").bars;
        let Some(first) = bars.front() else {
            return Vec::new();
        };
        // A longer bar whose start is no longer kept would lie about its volume.
        let whole = if interval.start_of(first.open_time) == first.open_time {
            first.open_time
        } else {
            interval.next_start(first.open_time)
        };
        let is_within = |time: Timestamp| end.is_none_or(|end| time <= end);
        if let Some(start) = start {
            let from = bars.partition_point(|bar| {
                let group = interval.start_of(bar.open_time);
                group < start || group < whole
            });
            let rest = bars.range(from..);
            let rest = rest.take_while(|bar| is_within(interval.start_of(bar.open_time)));
            return aggregate(interval, rest, limit);
        }
        let to = bars.partition_point(|bar| is_within(interval.start_of(bar.open_time)));
        let mut groups = 0;
        let mut from = to;
        let mut group = None;
        while from > 0 {
            let start = interval.start_of(bars[from - 1].open_time);
            if start < whole {
                break;
            }
            if group != Some(start) {
                group = Some(start);
                groups += 1;
                if groups > limit {
                    break;
                }
            }
            from -= 1;
        }
        aggregate(interval, bars.range(from..to), limit)
    }

    /// The newest `count` bars of a kept series, the one in progress among them, as one bar.
    pub(super) fn sum(&self, interval: Interval, count: usize) -> Option<Kline> {
        let series = self.series.iter().find(|series| series.interval == interval)?;
        let mut bars = series.bars.range(series.bars.len().saturating_sub(count)..);
        let mut sum = bars.next()?.clone();
        for bar in bars {
            merge(&mut sum, bar);
        }
        Some(sum)
    }
}

impl Series {
    fn roll(&mut self, now: Timestamp, over: &mut Vec<Kline>) {
        let Some(last) = self.bars.back() else { return };
        if last.close_time >= now {
            return;
        }
        // A gap longer than what is kept is not worth filling bar by bar.
        let kept = u32::try_from(self.max).unwrap_or(u32::MAX);
        let length = self.interval.next_start(Timestamp::EPOCH).since(Timestamp::EPOCH);
        let horizon = self.interval.start_of(now - length * kept);
        if last.close_time < horizon {
            let price = last.close;
            self.bars.clear();
            self.bars.push_back(flat(self.interval, horizon, price));
        }
        while let Some(last) = self.bars.back_mut()
            && last.close_time.as_millis() < now.as_millis()
        {
            last.is_closed = true;
            over.push(last.clone());
            let next = last.close_time + Duration::from_millis(1);
            let bar = flat(self.interval, next, last.close);
            self.bars.push_back(bar);
            if self.bars.len() > self.max {
                self.bars.pop_front();
            }
        }
    }
}

/// The kept series an interval is aggregated from.
const fn base_of(interval: Interval) -> Interval {
    match interval {
        Interval::S1 => Interval::S1,
        Interval::M1 | Interval::M3 | Interval::M5 | Interval::M15 | Interval::M30 => Interval::M1,
        Interval::H1
        | Interval::H2
        | Interval::H4
        | Interval::H6
        | Interval::H8
        | Interval::H12 => Interval::H1,
        Interval::D1 | Interval::D3 | Interval::W1 | Interval::Mo1 => Interval::D1,
    }
}

/// A bar of `interval` starting at `open_time` in which nothing traded.
pub(super) fn flat(interval: Interval, open_time: Timestamp, price: Decimal) -> Kline {
    Kline {
        open_time,
        close_time: interval.next_start(open_time) - Duration::from_millis(1),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Decimal::ZERO,
        quote_volume: Decimal::ZERO,
        trades: 0,
        taker_buy_volume: Decimal::ZERO,
        taker_buy_quote_volume: Decimal::ZERO,
        first_trade_id: None,
        last_trade_id: None,
        is_closed: false,
    }
}

fn record(bar: &mut Kline, print: &Print) {
    let quote = print.price * print.qty;
    if bar.trades == 0 {
        (bar.open, bar.high, bar.low) = (print.price, print.price, print.price);
        bar.first_trade_id = Some(print.id);
    }
    bar.high = bar.high.max(print.price);
    bar.low = bar.low.min(print.price);
    bar.close = print.price;
    bar.volume += print.qty;
    bar.quote_volume += quote;
    bar.trades += 1;
    bar.last_trade_id = Some(print.id);
    if !print.is_buyer_maker {
        bar.taker_buy_volume += print.qty;
        bar.taker_buy_quote_volume += quote;
    }
}

/// Adds the bar that follows. A bar without trades adds only its time.
fn merge(sum: &mut Kline, next: &Kline) {
    if next.trades > 0 {
        if sum.trades == 0 {
            (sum.open, sum.high, sum.low) = (next.open, next.high, next.low);
        }
        sum.high = sum.high.max(next.high);
        sum.low = sum.low.min(next.low);
        sum.close = next.close;
        sum.volume += next.volume;
        sum.quote_volume += next.quote_volume;
        sum.trades += next.trades;
        sum.taker_buy_volume += next.taker_buy_volume;
        sum.taker_buy_quote_volume += next.taker_buy_quote_volume;
        sum.first_trade_id = sum.first_trade_id.or(next.first_trade_id);
        sum.last_trade_id = next.last_trade_id;
    }
    sum.close_time = next.close_time;
    sum.is_closed = next.is_closed;
}

/// Consecutive bars of a kept series as bars of `interval`, at most `limit`.
pub(super) fn aggregate<'a>(
    interval: Interval,
    bars: impl Iterator<Item = &'a Kline>,
    limit: usize,
) -> Vec<Kline> {
    let mut groups: Vec<Kline> = Vec::new();
    for bar in bars {
        let start = interval.start_of(bar.open_time);
        let is_new = groups.last().is_none_or(|group| group.open_time != start);
        if is_new && groups.len() == limit {
            break;
        }
        match groups.last_mut() {
            Some(group) if !is_new => merge(group, bar),
            _ => groups.push(Kline { open_time: start, ..bar.clone() }),
        }
    }
    for group in &mut groups {
        let close_time = interval.next_start(group.open_time) - Duration::from_millis(1);
        group.is_closed = group.is_closed && group.close_time == close_time;
        group.close_time = close_time;
    }
    groups
}
