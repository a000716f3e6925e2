//! Everything that a bot can want at once: two hundred calls of every priority that want to leave
//! in one moment, at one venue or with another behind it; and what is to be seen of them where an
//! answer says no.

use std::time::Duration;

use tradewind_engine::Urgency;
use tradewind_lab::{Trip, Weather, World};
use tradewind_model::call::{Call, CallKind};
use tradewind_model::market::Interval;
use tradewind_model::time::Timestamp;
use tradewind_simulator::front::{Canned, Fault, Pattern, Rule};

/// Questions of a rush.
pub(crate) const READS: usize = 100;
/// New orders of it.
pub(crate) const ORDERS: usize = 60;
/// Orders that rest before it, and are canceled in it.
pub(crate) const CANCELS: usize = 40;
/// How long every fifth question waits for its answer.
const IMPATIENT: Duration = Duration::from_secs(20);

/// The questions, no two of them the same, or they would be one.
pub(crate) fn questions() -> impl Iterator<Item = (Call, Urgency, Duration)> {
    (0..READS).map(|number| {
        let levels = u32::try_from(number).unwrap() + 1;
        let symbol = || "BTCUSDT".into();
        let call = match number % 3 {
            0 => Call::Depth { symbol: symbol(), levels },
            1 => Call::Bars {
                symbol: symbol(),
                interval: Interval::Minute1,
                from: None,
                until: None,
                limit: levels,
            },
            _ => Call::FillHistory { symbol: symbol(), order: None, since: None, limit: levels },
        };
        let urgency = if number % 2 == 0 { Urgency::Query } else { Urgency::Background };
        let patience = if number % 5 == 0 { IMPATIENT } else { Duration::from_secs(60) };
        (call, urgency, patience)
    })
}

/// One of Binance's answers says 429, and to come back in so many seconds.
pub(crate) fn limited(seconds: u64) -> Rule {
    let reads = Pattern::what("GET /api/v3/myTrades");
    Rule::once(reads, Fault::Answered(Canned::rate_limited(seconds)))
}

/// Binance says 429 to who asks for the account's events on a socket, and until when.
pub(crate) fn limited_on_socket(now: Timestamp, until: Timestamp) -> Rule {
    let body = serde_json::json!({
        "code": -1003,
        "msg": "Too many requests",
        "data": {"serverTime": now.as_millis(), "retryAfter": until.as_millis()},
    });
    let no = Canned { body: body.to_string().into(), ..Canned::error(429, -1003, "") };
    let join = Pattern::what("userDataStream.subscribe.signature");
    Rule::once(join, Fault::Answered(no))
}

/// The first answer that said no: when it was in our hands, and until when it covers what.
pub(crate) fn first_no(world: &World) -> (Timestamp, Timestamp) {
    let no = world.trips().find(|one| one.closed.is_some()).expect("nobody said no");
    (no.told_at.unwrap(), no.closed.unwrap().until)
}

/// What left within a time, in order.
pub(crate) fn left(world: &World, from: Timestamp, until: Timestamp) -> Vec<Trip> {
    let within = |trip: &&Trip| trip.sent_at > from && trip.sent_at < until;
    world.trips().filter(within).copied().collect()
}

/// Nothing left within a time, and nothing but what was on its way reached the venue.
pub(crate) fn was_silent(world: &World, from: Timestamp, until: Timestamp) {
    assert_eq!(kinds(&left(world, from, until)), []);
    let from = from + Weather::FAIR.delay_max;
    let arrivals = world.venue().arrivals();
    let arrived = arrivals.filter(|one| one.at > from && one.at < until).map(|one| one.what);
    assert_eq!(arrived.collect::<Vec<_>>(), Vec::<&str>::new());
}

pub(crate) fn kinds(trips: &[Trip]) -> Vec<CallKind> {
    trips.iter().map(|trip| trip.call).collect()
}

/// What comes back with others does not come in step: no two gaps of a ramp are the same.
pub(crate) fn is_uneven(after: &[Trip]) {
    let others = after.iter().filter(|trip| trip.call != CallKind::CancelOrder);
    let sent: Vec<_> = others.map(|trip| trip.sent_at).take(8).collect();
    let mut gaps: Vec<_> = sent.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    gaps.sort_unstable();
    assert!(gaps.windows(2).all(|pair| pair[0] < pair[1]), "{gaps:?}");
}
