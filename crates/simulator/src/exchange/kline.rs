//! Bars of trades, for every interval the venue documents.
//!
//! Four series are kept (seconds, minutes, hours, days); every other interval is aggregated from
//! one of them on request. A series has no holes: an interval without a trade is a flat bar at the
//! last price.

use std::time::Duration;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

/// The length of a bar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each is the length that `as_str` spells")]
pub enum Interval {
    S1,
    M1,
    M3,
    M5,
    M15,
    M30,
    H1,
    H2,
    H4,
    H6,
    H8,
    H12,
    D1,
    D3,
    W1,
    Mo1,
}

impl Interval {
    /// All of them, shortest first (rest-api.md, klines, read 2026-11).
    pub const ALL: [Self; 16] = [
        Self::S1,
        Self::M1,
        Self::M3,
        Self::M5,
        Self::M15,
        Self::M30,
        Self::H1,
        Self::H2,
        Self::H4,
        Self::H6,
        Self::H8,
        Self::H12,
        Self::D1,
        Self::D3,
        Self::W1,
        Self::Mo1,
    ];

    /// The word of the wire: `1s`, `15m`, `1M`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S1 => "1s",
            Self::M1 => "1m",
            Self::M3 => "3m",
            Self::M5 => "5m",
            Self::M15 => "15m",
            Self::M30 => "30m",
            Self::H1 => "1h",
            Self::H2 => "2h",
            Self::H4 => "4h",
            Self::H6 => "6h",
            Self::H8 => "8h",
            Self::H12 => "12h",
            Self::D1 => "1d",
            Self::D3 => "3d",
            Self::W1 => "1w",
            Self::Mo1 => "1M",
        }
    }

    /// The interval of that word. Case matters: `1m` is a minute, `1M` a month.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == word)
    }

    /// The start of the bar that holds `time`, in UTC. Weeks start on Monday.
    #[must_use]
    pub fn start_of(self, time: Timestamp) -> Timestamp {
        const DAY: Duration = Duration::from_secs(86_400);
        if let Some(length) = self.fixed_length() {
            return time.window_start(length);
        }
        let days = time.window_index(DAY);
        if self == Self::Mo1 {
            return day(first_of_month(days));
        }
        // 1970-01-01 was a Thursday: the Monday before it is three days earlier.
        day((days + 3 - (days + 3) % 7).saturating_sub(3))
    }

    /// The start of the bar after the one that holds `time`.
    #[must_use]
    pub fn next_start(self, time: Timestamp) -> Timestamp {
        const WEEK: Duration = Duration::from_secs(7 * 86_400);
        // No month is longer, and 32 days after a first is always in the next month.
        const BEYOND_A_MONTH: Duration = Duration::from_secs(32 * 86_400);
        let start = self.start_of(time);
        if let Some(length) = self.fixed_length() {
            return start + length;
        }
        self.start_of(start + if self == Self::Mo1 { BEYOND_A_MONTH } else { WEEK })
    }

    /// The length of its shortest bar.
    pub(super) fn shortest(self) -> Duration {
        const FEBRUARY: Duration = Duration::from_secs(28 * 86_400);
        const WEEK: Duration = Duration::from_secs(7 * 86_400);
        let uneven = if self == Self::Mo1 { FEBRUARY } else { WEEK };
        self.fixed_length().unwrap_or(uneven)
    }

    /// Its length, if its bars are calendar windows counted from the epoch: not so weeks, which
    /// start on Monday, and months.
    const fn fixed_length(self) -> Option<Duration> {
        Some(Duration::from_secs(match self {
            Self::S1 => 1,
            Self::M1 => 60,
            Self::M3 => 180,
            Self::M5 => 300,
            Self::M15 => 900,
            Self::M30 => 1_800,
            Self::H1 => 3_600,
            Self::H2 => 7_200,
            Self::H4 => 14_400,
            Self::H6 => 21_600,
            Self::H8 => 28_800,
            Self::H12 => 43_200,
            Self::D1 => 86_400,
            Self::D3 => 259_200,
            Self::W1 | Self::Mo1 => return None,
        }))
    }
}

/// One bar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kline {
    /// When it starts.
    pub open_time: Timestamp,
    /// Its last millisecond.
    pub close_time: Timestamp,
    /// First price.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Base traded.
    pub volume: Decimal,
    /// Quote traded.
    pub quote_volume: Decimal,
    /// Number of trades.
    pub trades: u64,
    /// Base bought by takers.
    pub taker_buy_volume: Decimal,
    /// Quote paid by takers that bought.
    pub taker_buy_quote_volume: Decimal,
    /// First trade, if there was one.
    pub first_trade_id: Option<u64>,
    /// Last trade, if there was one.
    pub last_trade_id: Option<u64>,
    /// Whether the bar is over.
    pub is_closed: bool,
}

/// The point `days` whole days after the epoch.
const fn day(days: u64) -> Timestamp {
    Timestamp::from_secs(days * 86_400)
}

/// The day number of the first day of the month that holds day number `days`, both counted from
/// 1970-01-01.
fn first_of_month(days: u64) -> u64 {
    let mut year = 1970;
    let mut first = 0;
    loop {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = if is_leap { 366 } else { 365 };
        if days >= first + length {
            first += length;
            year += 1;
            continue;
        }
        let february = if is_leap { 29 } else { 28 };
        for month in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
            if days < first + month {
                return first;
            }
            first += month;
        }
        return first;
    }
}
