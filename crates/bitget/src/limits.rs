//! What calls cost, what the limits are, and what the venue says it has counted.
//!
//! Every path has a limit of its own in each second: of an account for what is signed, of an
//! address for what is not; kinds of calls that go to one path are charged to one limit. Beside
//! them stands one limit on all requests of an address, and what a socket may carry. Where the
//! windows begin is nowhere documented, so all of them are taken to roll. The venue's answers tell
//! how much is left of a path's second, in a header whose name says the contrary.

use std::time::Duration;

use http::HeaderMap;
use tradewind_model::call::CallKind;
use tradewind_model::lookup::Lookup;
use tradewind_model::manners::{BookSource, FeedsAsked, Manners};
use tradewind_model::outcome::{Meter, Reading};
use tradewind_model::stream::AccountPart;
use tradewind_model::tariff::{
    Alignment, Charge, Cost, Limit, LimitKind, LimitScope, PriceLine, Tariff, Tier, Weight,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Most rows of a list of orders or trades (read 2026-11).
pub(crate) const ROWS_MAX: u32 = 100;

/// What an account's socket is asked for, each with an answer of its own.
pub(crate) const ACCOUNT_PARTS: [AccountPart; 3] =
    [AccountPart::Orders, AccountPart::Fills, AccountPart::Balances];

/// How much of the header's second is left for the path of a call (rate limits, question 11, read
/// 2026-11: the name notwithstanding).
const REMAINING: &str = "x-mbx-used-remain-limit";

/// For how long it proves nothing that the venue knows no such order.
///
/// None of it is documented but the last. A request is good for 30 seconds (signature), which
/// stands in for how long one may be worked on; ten seconds are more than reads were seen to lag.
/// Our names of orders can be asked about for two hours (changelog 2025-03-20, read 2026-11); the
/// list of those that are over has them for ninety days (history orders, read 2026-11).
pub(crate) const fn lookup() -> Lookup {
    Lookup {
        processing_max: Duration::from_secs(30),
        lag_max: Duration::from_secs(10),
        horizon: Duration::from_secs(2 * 3_600),
        listed: Duration::from_secs(90 * 24 * 3_600),
    }
}

/// How long the venue shuts an address out that has made more requests than it may (rate limits,
/// overall limit, since 2025-08-11; read 2026-11).
pub(crate) const ADDRESS_AWAY: Duration = Duration::from_secs(300);

/// What the venue expects of those who hold its sockets (websocket API, read 2026-11). It hangs up
/// on who has not pinged for two minutes and asks for a ping every 30 seconds.
pub(crate) const fn manners() -> Manners {
    Manners {
        authenticates: true,
        account_parts: &ACCOUNT_PARTS,
        // A message has 4,096 bytes at the most, and one feed takes up to 80 of them.
        feeds: FeedsAsked::ByMessage(40),
        ping_every: Some(Duration::from_secs(25)),
        // Closed at 24 hours.
        socket_age_max: Duration::from_secs(23 * 3_600),
        // One order can be canceled once a second (error codes, 45129, read 2026-11).
        cancel_every: Some(Duration::from_millis(1_200)),
        // Both are status 429, code 429.
        address_away: Some(ADDRESS_AWAY),
        books: BookSource::Stream,
        closes_bars: false,
        // They go back ninety days.
        keeps_trades: false,
        page_rows: Some(ROWS_MAX),
    }
}

/// The limits, and what every call costs (each call's own page, read 2026-11). The venue tells no
/// limits anywhere.
pub(crate) fn tariff() -> Tariff {
    let mut limits: Vec<Limit> = PATHS.iter().filter_map(Path::limit).collect();
    limits.extend([
        // Beyond it an address is shut out for five minutes.
        rolling(LimitKind::RawRequests, LimitScope::Egress, MINUTE, 6_000),
        rolling(LimitKind::Connections, LimitScope::Egress, 5 * MINUTE, 300),
        // Pings count too.
        rolling(LimitKind::Messages, LimitScope::Socket, SECOND, 10),
        rolling(LimitKind::Calls(CallKind::Subscribe), LimitScope::Socket, HOUR, 240),
    ]);
    limits.sort_unstable();
    Tariff { limits, prices: prices() }
}

const fn rolling(
    kind: LimitKind,
    scope: LimitScope,
    interval: Duration,
    capacity: Weight,
) -> Limit {
    Limit { kind, scope, interval, alignment: Alignment::Rolling, capacity }
}

/// A kind of call that goes over REST.
struct Path {
    kind: CallKind,
    limit: PathLimit,
}

enum PathLimit {
    /// So many a second of an address.
    Address(Weight),
    /// So many a second of an account.
    Account(Weight),
    /// Another kind goes to the same path.
    SharedWith(CallKind),
}

const PATHS: [Path; 14] = [
    // 20 by one page and 10 by those who have measured it.
    Path { kind: CallKind::ServerTime, limit: PathLimit::Address(10) },
    Path { kind: CallKind::Ping, limit: PathLimit::SharedWith(CallKind::ServerTime) },
    Path { kind: CallKind::Catalog, limit: PathLimit::Address(20) },
    Path { kind: CallKind::Depth, limit: PathLimit::Address(20) },
    // Two paths, counted together here.
    Path { kind: CallKind::Bars, limit: PathLimit::Address(20) },
    Path { kind: CallKind::Ticker, limit: PathLimit::Address(20) },
    Path { kind: CallKind::PlaceOrder, limit: PathLimit::Account(10) },
    Path { kind: CallKind::CancelOrder, limit: PathLimit::Account(10) },
    Path { kind: CallKind::CancelOpenOrders, limit: PathLimit::Account(5) },
    Path { kind: CallKind::QueryOrder, limit: PathLimit::Account(20) },
    Path { kind: CallKind::OpenOrders, limit: PathLimit::Account(20) },
    Path { kind: CallKind::OrderHistory, limit: PathLimit::Account(20) },
    Path { kind: CallKind::FillHistory, limit: PathLimit::Account(10) },
    Path { kind: CallKind::Account, limit: PathLimit::Account(10) },
];

impl Path {
    const fn limit(&self) -> Option<Limit> {
        let (scope, capacity) = match self.limit {
            PathLimit::Address(most) => (LimitScope::Egress, most),
            PathLimit::Account(most) => (LimitScope::Account, most),
            PathLimit::SharedWith(_) => return None,
        };
        Some(rolling(LimitKind::Calls(self.kind), scope, SECOND, capacity))
    }
}

/// The limit that calls of a kind are charged to, of those on calls of one kind.
pub(crate) fn path(kind: CallKind) -> LimitKind {
    if matches!(kind, CallKind::Unsubscribe | CallKind::SubscribeAccount) {
        return LimitKind::Calls(CallKind::Subscribe);
    }
    let shared = PATHS.iter().find(|path| path.kind == kind).map(|path| &path.limit);
    match shared {
        Some(PathLimit::SharedWith(other)) => LimitKind::Calls(*other),
        Some(PathLimit::Address(_) | PathLimit::Account(_)) | None => LimitKind::Calls(kind),
    }
}

fn prices() -> Vec<PriceLine> {
    let always = |kind, cost| PriceLine { kind, tier: Tier::Always, cost };
    let message = || Cost::from(Charge::fixed(LimitKind::Messages, 1));
    let subscription = || message().and(Charge::fixed(LimitKind::Calls(CallKind::Subscribe), 1));
    let request = |kind| {
        Cost::from(Charge::fixed(path(kind), 1)).and(Charge::fixed(LimitKind::RawRequests, 1))
    };
    let mut prices: Vec<PriceLine> =
        PATHS.iter().map(|path| always(path.kind, request(path.kind))).collect();
    prices.extend([
        always(CallKind::OpenStream, Charge::fixed(LimitKind::Connections, 1).into()),
        always(CallKind::Subscribe, subscription()),
        always(CallKind::Unsubscribe, subscription()),
        always(CallKind::SubscribeAccount, subscription()),
        always(CallKind::Authenticate, message()),
        always(CallKind::PingStream, message()),
    ]);
    prices
}

/// How many calls are left of this second for the path that has answered, where it says so.
pub(crate) fn remaining(headers: &HeaderMap) -> Option<Weight> {
    headers.get(REMAINING)?.to_str().ok()?.trim().parse().ok()
}

/// What the headers of an answer say of the limits: the venue tells what is left, we what is used.
pub(crate) fn meter(kind: CallKind, headers: &HeaderMap) -> Meter {
    let mut meter = Meter::default();
    let counted = path(kind);
    let limit = PATHS.iter().filter_map(Path::limit).find(|limit| limit.kind == counted);
    // More left than there ever is: the limit is another than we know, and it says nothing of ours.
    let used = remaining(headers)
        .zip(limit)
        .and_then(|(left, limit)| Some((limit, limit.capacity.checked_sub(left)?)));
    if let Some((limit, used)) = used {
        meter.readings.push(Reading { kind: limit.kind, interval: limit.interval, used });
    }
    meter
}

#[cfg(test)]
mod tests;
