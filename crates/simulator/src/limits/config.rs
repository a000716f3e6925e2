//! What is counted, and what the documentation leaves open.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// What is counted and how offenders are treated. The limits are production's (enums.md and
/// changelog 2026-04-02, read 2026-11); the rest is undocumented and chosen by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Request weight an IP may use in a calendar minute, REST and WebSocket API together.
    pub weight_per_minute: u32,
    /// REST requests an IP may make in five calendar minutes, whatever their weight.
    pub raw_requests_per_five_minutes: u32,
    /// Unfilled orders an account may place in ten seconds.
    pub orders_per_ten_seconds: u32,
    /// Unfilled orders an account may place in a day of UTC.
    pub orders_per_day: u32,
    /// Handshakes an IP may attempt in five calendar minutes, per service.
    pub connections_per_five_minutes: u32,
    /// Requests answered 429 after the first one in the same minute before the IP is banned.
    pub tolerated_after_first_429: u32,
    /// How long each ban in a row lasts; the last step repeats. Documented: from two minutes for
    /// a first offense to three days.
    pub ban_ladder: Vec<Duration>,
    /// Time without a ban after which the next one starts a step lower.
    pub ban_decay: Duration,
    /// Requests during a ban after which it starts over, a step longer; `None` when traffic is
    /// ignored.
    pub ban_restarts_after: Option<u32>,
    /// What the venue's edge does about requests that look like an attack; `None` when there is
    /// no edge.
    pub edge: Option<EdgeConfig>,
    /// Orders given back at the first fill of an order that took liquidity.
    pub taker_fill_credit: u32,
    /// Orders given back at the first fill of an order that made liquidity.
    pub maker_fill_credit: u32,
    /// Time from a fill to its credit ("slight delay" in faqs/order_count_decrement.md).
    pub fill_credit_delay: Duration,
    /// What repeated floods of control messages cost an IP; `None` for nothing. Two minutes have
    /// been seen.
    pub stream_penalty: Option<StreamPenalty>,
    /// Windows of each limit that the ledger remembers, newest last.
    pub windows_max: usize,
}

/// The edge in front of the venue shuts out an address that keeps sending what no working client
/// sends: bad signatures, refused keys, malformed parameters, paths that are not there. Some five
/// minutes have been seen; what brings it on is published nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeConfig {
    /// So many of them bring it on; so many requests while shut out begin it anew.
    pub offenses: u32,
    /// The time within which they count.
    pub within: Duration,
    /// How long it lasts.
    pub lasts: Duration,
}

/// Stream handshakes are refused after too many connections were closed for flooding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPenalty {
    /// Closed connections that bring it on.
    pub violations: usize,
    /// The time within which they count.
    pub within: Duration,
    /// How long it lasts.
    pub lasts: Duration,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            weight_per_minute: 6_000,
            raw_requests_per_five_minutes: 300_000,
            orders_per_ten_seconds: 100,
            orders_per_day: 200_000,
            connections_per_five_minutes: 300,
            tolerated_after_first_429: 10,
            ban_ladder: vec![2 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY],
            ban_decay: DAY,
            ban_restarts_after: Some(50),
            edge: Some(EdgeConfig { offenses: 100, within: MINUTE, lasts: 5 * MINUTE }),
            taker_fill_credit: 1,
            maker_fill_credit: 5,
            fill_credit_delay: Duration::from_millis(100),
            stream_penalty: Some(StreamPenalty {
                violations: 3,
                within: MINUTE,
                lasts: 2 * MINUTE,
            }),
            windows_max: 16_384,
        }
    }
}
