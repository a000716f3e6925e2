//! Bars: their lengths by the venue's names, and their rows.
//!
//! The names differ between REST and the sockets, and REST has no bars of two and of eight hours.
//! Bars of six hours and more begin by the calendar of UTC+8 unless the name says otherwise; ours
//! begin by UTC. The seventh value of a row is the volume in dollars over REST and in the quote
//! asset on a socket, the eighth the other way round.

use tradewind_model::market::{Bar, Interval};
use tradewind_model::time::Timestamp;

use crate::number::{Malformed, Number};

/// A row: opening time, four prices, three volumes.
pub(crate) type BarRow = Vec<Number>;

/// Where a row comes from, which decides which volume is which.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Rest,
    Socket,
}

/// The name over REST (get candlestick data, granularity, read 2026-11); none for a length that is
/// not offered.
pub(crate) const fn rest_name(interval: Interval) -> Option<&'static str> {
    Some(match interval {
        Interval::Minute1 => "1min",
        Interval::Minute3 => "3min",
        Interval::Minute5 => "5min",
        Interval::Minute15 => "15min",
        Interval::Minute30 => "30min",
        Interval::Hour1 => "1h",
        Interval::Hour4 => "4h",
        Interval::Hour6 => "6Hutc",
        Interval::Hour12 => "12Hutc",
        Interval::Day1 => "1Dutc",
        Interval::Day3 => "3Dutc",
        Interval::Week1 => "1Wutc",
        Interval::Second1 | Interval::Hour2 | Interval::Hour8 => return None,
    })
}

/// The name on a socket, after `candle` (candlestick channel, read 2026-11); none for a length that
/// is not offered. Eight hours and less lie alike by both calendars.
pub(crate) const fn socket_name(interval: Interval) -> Option<&'static str> {
    Some(match interval {
        Interval::Minute1 => "1m",
        Interval::Minute3 => "3m",
        Interval::Minute5 => "5m",
        Interval::Minute15 => "15m",
        Interval::Minute30 => "30m",
        Interval::Hour1 => "1H",
        Interval::Hour2 => "2H",
        Interval::Hour4 => "4H",
        Interval::Hour6 => "6Hutc",
        Interval::Hour8 => "8H",
        Interval::Hour12 => "12Hutc",
        Interval::Day1 => "1Dutc",
        Interval::Day3 => "3Dutc",
        Interval::Week1 => "1Wutc",
        Interval::Second1 => return None,
    })
}

const ALL: [Interval; 15] = [
    Interval::Second1,
    Interval::Minute1,
    Interval::Minute3,
    Interval::Minute5,
    Interval::Minute15,
    Interval::Minute30,
    Interval::Hour1,
    Interval::Hour2,
    Interval::Hour4,
    Interval::Hour6,
    Interval::Hour8,
    Interval::Hour12,
    Interval::Day1,
    Interval::Day3,
    Interval::Week1,
];

/// The length that a channel's name ends with.
pub(crate) fn of_socket_name(name: &str) -> Option<Interval> {
    ALL.into_iter().find(|interval| socket_name(*interval) == Some(name))
}

/// A row as a bar. The venue does not say whether a bar is over: it is when its time has passed.
pub(crate) fn bar(
    row: &[Number],
    interval: Interval,
    origin: Origin,
    received_at: Timestamp,
) -> Result<Bar, Malformed> {
    let [at, open, high, low, close, volume, seventh, eighth, ..] = row else {
        return Err(Malformed::whole("a bar of fewer than eight values"));
    };
    let quote_volume = match origin {
        Origin::Rest => eighth,
        Origin::Socket => seventh,
    };
    let open_at = at.time("bar.ts")?;
    Ok(Bar {
        interval,
        open_at,
        open: open.price("bar.open")?,
        high: high.price("bar.high")?,
        low: low.price("bar.low")?,
        close: close.price("bar.close")?,
        volume: volume.quantity("bar.baseVolume")?,
        quote_volume: quote_volume.notional("bar.quoteVolume")?,
        is_closed: open_at + interval.duration() <= received_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_of_bars_is_known_by_its_name() {
        for interval in ALL {
            match socket_name(interval) {
                Some(name) => assert_eq!(of_socket_name(name), Some(interval)),
                None => assert_eq!(interval, Interval::Second1),
            }
        }
        assert_eq!(of_socket_name("1Mutc"), None);
    }

    #[test]
    fn what_begins_by_the_calendar_of_utc_is_asked_for_so() {
        for interval in ALL.into_iter().filter(|it| it.duration() >= Interval::Hour6.duration()) {
            for name in [rest_name(interval), socket_name(interval)].into_iter().flatten() {
                assert!(name.ends_with("utc") || interval == Interval::Hour8, "{name}");
            }
        }
    }
}
