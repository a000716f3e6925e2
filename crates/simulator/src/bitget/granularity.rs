//! The lengths of bars, in the words of queries and in those of channels.
//!
//! Bars of six hours and longer begin by the clock of Hong Kong, eight hours ahead of UTC, unless
//! their name says `utc` (candle pages, read 2026-11). The exchange keeps its bars by UTC, so these
//! are put together from hours, as far back as there are any.

use std::time::Duration;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use crate::exchange::{Exchange, Interval, Kline};

/// How far ahead of UTC the days of the venue begin.
const AHEAD: Duration = Duration::from_secs(8 * 3_600);

/// The length of a bar, and by which clock it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granularity {
    interval: Interval,
    is_utc: bool,
}

/// Words of queries, words of channels, and what they mean.
const WORDS: [(&str, &str, Interval, bool); 21] = [
    ("1min", "1m", Interval::M1, true),
    ("3min", "3m", Interval::M3, true),
    ("5min", "5m", Interval::M5, true),
    ("15min", "15m", Interval::M15, true),
    ("30min", "30m", Interval::M30, true),
    ("1h", "1H", Interval::H1, true),
    ("", "2H", Interval::H2, true),
    ("4h", "4H", Interval::H4, true),
    ("6h", "6H", Interval::H6, false),
    ("", "8H", Interval::H8, true),
    ("12h", "12H", Interval::H12, false),
    ("1day", "1D", Interval::D1, false),
    ("3day", "3D", Interval::D3, false),
    ("1week", "1W", Interval::W1, false),
    ("1M", "1M", Interval::Mo1, false),
    ("6Hutc", "6Hutc", Interval::H6, true),
    ("12Hutc", "12Hutc", Interval::H12, true),
    ("1Dutc", "1Dutc", Interval::D1, true),
    ("3Dutc", "3Dutc", Interval::D3, true),
    ("1Wutc", "1Wutc", Interval::W1, true),
    ("1Mutc", "1Mutc", Interval::Mo1, true),
];

impl Granularity {
    /// That of a word in a query.
    pub(super) fn of_query(word: &str) -> Option<Self> {
        Self::find(word, |words| words.0)
    }

    /// That of a word in the name of a channel.
    pub(super) fn of_channel(word: &str) -> Option<Self> {
        Self::find(word, |words| words.1)
    }

    fn find(
        word: &str,
        side: fn(&(&'static str, &'static str, Interval, bool)) -> &'static str,
    ) -> Option<Self> {
        let known = WORDS.iter().find(|words| !word.is_empty() && side(words) == word)?;
        Some(Self { interval: known.2, is_utc: known.3 })
    }

    /// The start of the bar that holds `time`.
    fn start_of(self, time: Timestamp) -> Timestamp {
        if self.is_utc {
            return self.interval.start_of(time);
        }
        self.interval.start_of(time + AHEAD) - AHEAD
    }

    /// The newest `limit` bars that begin no later than `end`, oldest first; the one in progress is
    /// the last.
    pub(super) fn bars(
        self,
        exchange: &Exchange,
        symbol: &str,
        end: Option<Timestamp>,
        limit: usize,
    ) -> Vec<Kline> {
        if self.is_utc {
            return exchange.klines(symbol, self.interval, None, end, limit);
        }
        let start = self.start_of(end.unwrap_or_else(|| exchange.now()));
        // All hours of the bar that begins no later than `end`.
        let last_hour = self.end_of(start) - HOUR;
        let hours = limit.saturating_add(1).saturating_mul(HOURS_MAX);
        let hours = exchange.klines(symbol, Interval::H1, None, Some(last_hour), hours);
        let mut bars = self.joined(hours);
        // The oldest may lack its first hours.
        let surplus = bars.len().saturating_sub(limit).max(usize::from(bars.len() > 1));
        let bars = bars.split_off(surplus);
        match bars.first() {
            Some(first) if bars.len() < limit => {
                let mut older = self.before(exchange, symbol, first.open_time, limit - bars.len());
                older.extend(bars);
                older
            }
            Some(_) | None => bars,
        }
    }

    /// Bars from before the hours that are kept, made of days of UTC: nobody remembers better.
    fn before(
        self,
        exchange: &Exchange,
        symbol: &str,
        first: Timestamp,
        limit: usize,
    ) -> Vec<Kline> {
        if self.interval < Interval::D1 {
            return Vec::new();
        }
        let days = limit.saturating_add(1).saturating_mul(DAYS_MAX);
        let last = first - Duration::from_millis(1);
        let days = exchange.klines(symbol, Interval::D1, None, Some(last), days);
        let mut bars = self.joined(days);
        bars.retain(|bar| bar.open_time < first);
        let surplus = bars.len().saturating_sub(limit).max(usize::from(!bars.is_empty()));
        bars.split_off(surplus)
    }

    /// Short bars, those of one long one together.
    fn joined(self, short: Vec<Kline>) -> Vec<Kline> {
        let mut bars: Vec<Kline> = Vec::new();
        for bar in short {
            let start = self.start_of(bar.open_time);
            match bars.last_mut().filter(|long| long.open_time == start) {
                Some(long) => add(long, &bar),
                None => bars.push(Kline { open_time: start, ..bar }),
            }
        }
        bars
    }

    /// The start of the bar after the one that starts at `start`.
    fn end_of(self, start: Timestamp) -> Timestamp {
        self.interval.next_start(start + AHEAD) - AHEAD
    }
}

const HOUR: Duration = Duration::from_secs(3_600);
/// Days and hours of the longest bar.
const DAYS_MAX: usize = 31;
const HOURS_MAX: usize = DAYS_MAX * 24;

/// Makes a bar longer by the short one that follows.
fn add(bar: &mut Kline, short: &Kline) {
    bar.close_time = short.close_time;
    bar.high = bar.high.max(short.high);
    bar.low = bar.low.min(short.low);
    bar.close = short.close;
    let sums: [(&mut Decimal, Decimal); 4] = [
        (&mut bar.volume, short.volume),
        (&mut bar.quote_volume, short.quote_volume),
        (&mut bar.taker_buy_volume, short.taker_buy_volume),
        (&mut bar.taker_buy_quote_volume, short.taker_buy_quote_volume),
    ];
    for (sum, more) in sums {
        *sum += more;
    }
    bar.trades += short.trades;
    bar.first_trade_id = bar.first_trade_id.or(short.first_trade_id);
    bar.last_trade_id = short.last_trade_id.or(bar.last_trade_id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::ExchangeConfig;

    fn exchange() -> Exchange {
        Exchange::new(
            &ExchangeConfig::default(),
            3,
            Timestamp::from_secs(1_790_035_200 + 5 * 3_600),
        )
    }

    #[test]
    fn long_bars_begin_by_the_clock_of_hong_kong_unless_they_say_utc() {
        let exchange = exchange();
        let hour_of_day = |word: &str| {
            let bars = Granularity::of_query(word).unwrap().bars(&exchange, "BTCUSDT", None, 3);
            assert_eq!(bars.len(), 3, "{word}");
            bars[0].open_time.as_secs() % 86_400 / 3_600
        };
        assert_eq!((hour_of_day("1day"), hour_of_day("1Dutc")), (16, 0));
        assert!([4, 10, 16, 22].contains(&hour_of_day("6h")));
        assert!([0, 6, 12, 18].contains(&hour_of_day("6Hutc")));
        assert_eq!((hour_of_day("1week"), hour_of_day("1M")), (16, 16));
    }

    #[test]
    fn bars_older_than_the_hours_follow_one_another_without_a_hole() {
        let exchange = exchange();
        for (word, days) in [("1day", 1), ("3day", 3), ("1week", 7)] {
            let granularity = Granularity::of_query(word).unwrap();
            let bars = granularity.bars(&exchange, "BTCUSDT", None, 100);
            assert_eq!(bars.len(), 100, "{word}");
            for pair in bars.windows(2) {
                let apart = pair[1].open_time.since(pair[0].open_time);
                assert_eq!(apart, Duration::from_secs(days * 86_400), "{word}: {pair:?}");
            }
        }
    }

    #[test]
    fn a_long_bar_is_the_sum_of_its_hours() {
        let exchange = exchange();
        let day = Granularity::of_channel("1D").unwrap().bars(&exchange, "BTCUSDT", None, 2);
        let hours = exchange.klines("BTCUSDT", Interval::H1, None, None, 100);
        let of_day: Vec<_> = hours
            .iter()
            .filter(|hour| hour.open_time >= day[0].open_time && hour.open_time < day[1].open_time)
            .collect();
        assert_eq!(of_day.len(), 24);
        assert_eq!(day[0].volume, of_day.iter().map(|hour| hour.volume).sum::<Decimal>());
        assert_eq!(day[0].open, of_day[0].open);
        assert_eq!(day[0].close, of_day[23].close);
        assert_eq!(day[0].high, of_day.iter().map(|hour| hour.high).max().unwrap());
    }

    #[test]
    fn queries_and_channels_have_words_of_their_own() {
        assert_eq!(Granularity::of_query("1min"), Granularity::of_channel("1m"));
        assert_eq!(Granularity::of_query("1m"), None);
        assert_eq!(Granularity::of_channel("1min"), None);
        assert_eq!((Granularity::of_query(""), Granularity::of_query("2H")), (None, None));
    }
}
