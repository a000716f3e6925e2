//! What the refreshers want: what is asked, how often, and how urgently.
//!
//! A realistic mix. Some keep an eye on orders and trades, several want the same books and bars
//! and can share an answer, and some page through history, where no two questions are alike. Each
//! asks at random, by its own rate, whether or not earlier questions have been answered: two and a
//! half times what the limit allows in all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tradewind_engine::Urgency;
use tradewind_lab::Chance;
use tradewind_model::call::{Call, HistoryStart};
use tradewind_model::id::{Symbol, TradeId, VenueOrderId};
use tradewind_model::market::Interval;
use tradewind_model::time::Timestamp;

/// The venue's limit on weight in a minute.
pub(crate) const WEIGHT_LIMIT: u32 = 6_000;
/// What is wanted of it, in thousandths.
const OVERLOAD_PERMILLE: u64 = 2_500;
/// How long an answer is worth waiting for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// Refreshers that want the same thing.
#[derive(Clone, Debug)]
struct Want {
    what: What,
    urgency: Urgency,
    /// Its part of all that is wanted, by weight, against that of the others.
    share: u64,
    weight: u64,
}

#[derive(Clone, Debug)]
enum What {
    /// The same question every time.
    Same(Call),
    /// A book to another depth every time.
    DeepBook(Symbol),
    /// Trades from some point in the past, another one every time.
    TradesSince(Symbol),
    /// Orders from some point in the past, another one every time.
    OrdersSince(Symbol),
    /// Bars from some point in the past, another one every time.
    BarsSince(Symbol),
}

/// All refreshers.
#[derive(Debug)]
pub(crate) struct Demand {
    wants: Vec<(Want, Duration)>,
    chance: Chance,
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
}

impl Demand {
    /// Refreshers that begin now.
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        let mut chance = Chance::new(seed, 12);
        let wants = wants();
        let shares: u64 = wants.iter().map(|want| want.share).sum();
        let wanted = u64::from(WEIGHT_LIMIT) * OVERLOAD_PERMILLE / 1_000;
        let wants: Vec<_> = wants
            .into_iter()
            .map(|want| {
                // Asks in a minute are its share of the weight over its own weight.
                let nanos = 60_000_000_000 * want.weight * shares / (wanted * want.share);
                (want, Duration::from_nanos(nanos))
            })
            .collect();
        let first = |(index, (_, every)): (usize, &(Want, Duration))| {
            Reverse((now + chance.wait(*every), index))
        };
        let due = wants.iter().enumerate().map(first).collect();
        Self { wants, chance, due }
    }

    /// When the next question comes.
    pub(crate) fn next_due(&self) -> Timestamp {
        self.due.peek().map_or(Timestamp::MAX, |Reverse((at, _))| *at)
    }

    /// The question that comes now.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<(Call, Urgency)> {
        let Reverse((at, index)) = self.due.pop()?;
        let (want, every) = self.wants.get(index)?;
        let next = at + self.chance.wait(*every).max(Duration::from_nanos(1));
        self.due.push(Reverse((next, index)));
        let draw = self.chance.draw();
        Some((want.what.call(now, draw)?, want.urgency))
    }
}

impl What {
    fn call(&self, now: Timestamp, draw: u64) -> Option<Call> {
        Some(match self {
            Self::Same(call) => call.clone(),
            // The venue's price is the same from here to a thousand levels.
            Self::DeepBook(symbol) => Call::Depth {
                symbol: symbol.clone(),
                levels: u32::try_from(501 + draw % 500).ok()?,
            },
            Self::TradesSince(symbol) => Call::FillHistory {
                symbol: symbol.clone(),
                order: None,
                since: Some(HistoryStart::Id(TradeId(draw % 1_000_000))),
                limit: 5,
            },
            Self::OrdersSince(symbol) => Call::OrderHistory {
                symbol: symbol.clone(),
                since: Some(HistoryStart::Id(
                    VenueOrderId::new(&(draw % 1_000_000).to_string()).ok()?,
                )),
                limit: 5,
            },
            Self::BarsSince(symbol) => Call::Bars {
                symbol: symbol.clone(),
                interval: Interval::Minute1,
                from: Some(now - Duration::from_secs(60 * (10 + draw % 400))),
                until: None,
                limit: 5,
            },
        })
    }
}

fn wants() -> Vec<Want> {
    use Urgency::{Background, Query};
    let mut wants = Vec::new();
    let mut want = |what, urgency, weight, share| {
        wants.push(Want { what, urgency, share, weight });
    };
    for symbol in ["BTCUSDT", "ETHUSDT", "DOGEUSDT"].map(Symbol::new) {
        let of = || symbol.clone();
        let depth = |levels| What::Same(Call::Depth { symbol: of(), levels });
        let bars = |interval| {
            let (from, until) = (None, None);
            What::Same(Call::Bars { symbol: of(), interval, from, until, limit: 5 })
        };
        want(What::Same(Call::OpenOrders { symbol: Some(of()) }), Query, 6, 8);
        want(depth(100), Query, 5, 8);
        want(What::Same(Call::Ticker { symbol: of() }), Query, 2, 2);
        want(depth(500), Background, 25, 100);
        want(What::DeepBook(of()), Background, 50, 1_000);
        for interval in [Interval::Minute1, Interval::Minute5, Interval::Hour1] {
            want(bars(interval), Background, 2, 1);
        }
        want(What::TradesSince(of()), Background, 20, 120);
        want(What::OrdersSince(of()), Background, 20, 120);
        want(What::BarsSince(of()), Background, 2, 2);
    }
    want(What::Same(Call::Account), Query, 20, 200);
    want(What::Same(Call::OrderCounts), Background, 40, 80);
    want(What::Same(Call::OpenOrders { symbol: None }), Background, 80, 300);
    wants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_they_want_two_and_a_half_times_the_limit_and_more_than_three_hundred_reads() {
        let start = Timestamp::from_secs(1_795_298_400);
        let end = start + Duration::from_secs(600);
        let mut demand = Demand::new(7, start);
        let (mut weight, mut reads) = (0_u64, 0_u64);
        let tariff = tradewind_venue::Venue::tariff(&tradewind_binance::BinanceSpot::new(
            tradewind_model::id::VenueId::new("venue").unwrap(),
        ));
        while demand.next_due() < end {
            let now = demand.next_due();
            let (call, _) = demand.take(now).unwrap();
            let cost = tariff.cost(&call).unwrap();
            let kind = tradewind_model::tariff::LimitKind::RequestWeight;
            weight += u64::from(cost.weight(kind));
            reads += 1;
        }
        let wanted = weight * 1_000 / (10 * u64::from(WEIGHT_LIMIT));
        assert!((2_300..2_700).contains(&wanted), "{wanted} thousandths of the limit");
        assert!(reads > 10 * 300, "{reads} reads in ten minutes");
    }
}
