//! What the market does: quotes, trades, bars, books.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::money::{Notional, Price, Quantity};
use crate::order::Side;
use crate::time::Timestamp;

/// Best bid and ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Best price somebody buys at.
    pub bid: Price,
    /// How much there.
    pub bid_qty: Quantity,
    /// Best price somebody sells at.
    pub ask: Price,
    /// How much there.
    pub ask_qty: Quantity,
    /// When it was read: Binance's spot quotes carry no time of their own
    /// (web-socket-streams.md, book ticker, read 2026-11).
    pub at: Timestamp,
}

impl Quote {
    /// The middle between bid and ask.
    #[must_use]
    pub fn mid(&self) -> Price {
        let sum = (self.bid + self.ask).get();
        Price::new(sum / rust_decimal::Decimal::TWO).unwrap_or(self.bid)
    }
}

/// One trade of anybody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The venue's number of it.
    pub id: u64,
    /// At this price.
    pub price: Price,
    /// So much.
    pub qty: Quantity,
    /// Who took.
    pub taker: Side,
    /// When.
    pub at: Timestamp,
}

/// The length of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Interval {
    Second1,
    Minute1,
    Minute3,
    Minute5,
    Minute15,
    Minute30,
    Hour1,
    Hour2,
    Hour4,
    Hour6,
    Hour8,
    Hour12,
    Day1,
    Day3,
    Week1,
}

/// A text that names no bar length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interval {0:?} is unknown; use one of 1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w")]
pub struct UnknownInterval(String);

impl Interval {
    const ALL: [(Self, &'static str, u64); 15] = [
        (Self::Second1, "1s", 1),
        (Self::Minute1, "1m", 60),
        (Self::Minute3, "3m", 180),
        (Self::Minute5, "5m", 300),
        (Self::Minute15, "15m", 900),
        (Self::Minute30, "30m", 1_800),
        (Self::Hour1, "1h", 3_600),
        (Self::Hour2, "2h", 7_200),
        (Self::Hour4, "4h", 14_400),
        (Self::Hour6, "6h", 21_600),
        (Self::Hour8, "8h", 28_800),
        (Self::Hour12, "12h", 43_200),
        (Self::Day1, "1d", 86_400),
        (Self::Day3, "3d", 259_200),
        (Self::Week1, "1w", 604_800),
    ];

    /// Its name, as every venue of ours spells it: `5m`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Its length.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.row().2)
    }

    fn row(self) -> &'static (Self, &'static str, u64) {
        &Self::ALL[self as usize]
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Interval {
    type Err = UnknownInterval;

    fn from_str(text: &str) -> Result<Self, UnknownInterval> {
        let row = Self::ALL.iter().find(|row| row.1 == text);
        row.map(|row| row.0).ok_or_else(|| UnknownInterval(text.to_owned()))
    }
}

impl TryFrom<String> for Interval {
    type Error = UnknownInterval;

    fn try_from(text: String) -> Result<Self, UnknownInterval> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.name().to_owned()
    }
}

/// What traded in one interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Its length.
    pub interval: Interval,
    /// When it began.
    pub open_at: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// How much traded, in base asset.
    pub volume: Quantity,
    /// How much traded, in quote asset.
    pub quote_volume: Notional,
    /// Whether its interval is over; an open bar will still change.
    pub is_closed: bool,
}

/// A price level: price, and how much rests there. In a change of a book, a quantity of zero
/// takes the level away.
pub type Level = (Price, Quantity);

/// The best levels of a book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Bids, best (highest) first.
    pub bids: Vec<Level>,
    /// Asks, best (lowest) first.
    pub asks: Vec<Level>,
    /// The venue's number of the last change in it.
    pub last_update_id: u64,
    /// When, by the venue's clock where it says so.
    pub at: Timestamp,
}

/// A change of a book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookDelta {
    /// Whether it is no change but the whole book, in the place of whatever was known.
    #[serde(default)]
    pub is_whole: bool,
    /// Number of the first change in it: the book that it changes ends before that number.
    pub first_update_id: u64,
    /// Number of the last change in it.
    pub last_update_id: u64,
    /// Levels that are different now, in no order.
    pub bids: Vec<Level>,
    /// Levels that are different now, in no order.
    pub asks: Vec<Level>,
    /// When, by the venue's clock.
    pub at: Timestamp,
    /// What the venue has computed of its own book after the change; none where it does not.
    #[serde(default)]
    pub checksum: Option<BookChecksum>,
}

/// What a venue has computed of its book, to be held against a book that is kept from changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BookChecksum {
    /// CRC-32 (IEEE) of the best 25 levels, bid and ask by turns, each as price and quantity, all
    /// joined by colons, digit for digit as the venue sent them (Bitget, depth channel, read
    /// 2026-11; others have the same).
    Crc32Top25(u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interval_knows_its_own_row() {
        for row in Interval::ALL {
            assert_eq!(row.0.name(), row.1);
            assert_eq!(row.1.parse(), Ok(row.0));
        }
        assert!("7m".parse::<Interval>().is_err());
    }
}
