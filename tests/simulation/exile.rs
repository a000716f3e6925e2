//! Turned away at home with everything queued that a bot can have, and a second venue behind it:
//! home hears nothing before the latest moment that it named, new orders go to the other venue
//! meanwhile, and come back after home was well for long enough.

use std::time::Duration;

use tradewind_lab::{Chance, check_silence};
use tradewind_model::Decimal;
use tradewind_model::call::CallKind;
use tradewind_model::id::ClientOrderId;
use tradewind_model::market::Interval;
use tradewind_model::notice::Command;
use tradewind_model::order::{OrderKind, OrderState, Side, TimeInForce};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_router::Policy;
use tradewind_simulator::binance::{Hint, Hints};

use super::counter::assert_told_once;
use super::orders::qty;
use super::pair::{AWAY, HOME, Pair, is_home};
use super::rush::{self, CANCELS, ORDERS, questions};
use super::solo::PEER;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_ban_at_home_sends_what_is_new_away_and_home_hears_nothing_before_its_end,
    a_process_killed_ten_seconds_into_a_ban_comes_back_into_silence_at_home_and_trades_away,
}

const SECOND: Duration = Duration::from_secs(1);
/// How long home has to be well.
const WINDOW: Duration = Duration::from_secs(60);
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

/// A pair on a busy day: it has traded, orders rest at home, and then two hundred calls of every
/// priority want to go there in one moment.
struct Exile {
    pair: Pair,
    resting: Vec<ClientOrderId>,
    orders: Vec<ClientOrderId>,
    /// What the trades so far come to.
    bought: Decimal,
}

impl Exile {
    /// Gets ready, lets `trouble` have its way with the venue at home, and rushes.
    fn into(at: VenueKind, seed: u64, trouble: impl FnOnce(&mut Pair)) -> Self {
        let mut pair = Pair::new(at, seed, Policy { window: WINDOW, ..Policy::default() });
        let resting: Vec<_> = (0..CANCELS).map(|_| pair.buy("40000")).collect();
        pair.run_for(SECOND * 11 + Chance::new(seed, 5).up_to(SECOND * 20));
        let mut exile = Self { pair, resting, orders: Vec::new(), bought: Decimal::ZERO };
        exile.trade("0.003");
        let pair = &mut exile.pair;
        assert!(exile.resting.iter().all(|id| pair.state(*id) == Some(OrderState::Open)));
        trouble(pair);
        exile.orders = (0..ORDERS).map(|_| pair.buy("40001")).collect();
        for id in &exile.resting {
            pair.cancel(*id);
        }
        let (instrument, interval) = ("BTC-USDT".into(), Interval::Minute1);
        pair.crossing.command("probe", Command::History { instrument, interval, bars: 50 });
        pair.crossing.at(HOME, |world, id| {
            for (call, urgency, patience) in questions() {
                world.ask(id, call, urgency, patience);
            }
        });
        exile
    }

    /// Buys so much at the market, wherever that is.
    fn trade(&mut self, quantity: &str) {
        let active = if is_home(&self.pair.crossing) { HOME } else { AWAY };
        let exchange = self.pair.crossing.world(active).venue().exchange();
        let dearer = exchange.depth("BTCUSDT", 1).unwrap().asks[0].0 * Decimal::new(103, 2);
        let (price, qty) = (dearer.round().to_string().parse().unwrap(), qty(quantity));
        let time_in_force = TimeInForce::ImmediateOrCancel;
        let id = self.pair.submit(Side::Buy, OrderKind::Limit { price, qty, time_in_force });
        self.pair.run_for(SECOND);
        assert_eq!(self.pair.state(id), Some(OrderState::Filled), "{:?}", self.pair.news(id));
        self.bought += qty.get();
    }

    /// Plays until an answer that says no is in our hands; when that was, and until when it
    /// covers what.
    fn turned_away(&mut self) -> (Timestamp, Timestamp) {
        let until = self.pair.crossing.now() + SECOND * 30;
        self.pair.crossing.run_until(until, |crossing| {
            crossing.world(HOME).trips().any(|trip| trip.closed.is_some())
        });
        self.pair.listen();
        rush::first_no(self.pair.crossing.world(HOME))
    }

    /// Plays until the end of the silence. A new order every few seconds goes to the other venue,
    /// and rests there.
    fn live_away(&mut self, until: Timestamp) {
        // What waited at home has gone on, as fast as the other venue lets it.
        self.pair.run_for(SECOND * 10);
        self.trade("0.002");
        while self.pair.crossing.now() + SECOND * 6 < until {
            let away = self.pair.taken(AWAY);
            let id = self.pair.buy("40002");
            self.pair.run_for(SECOND * 5);
            assert_eq!(self.pair.state(id), Some(OrderState::Open), "{:?}", self.pair.news(id));
            assert_eq!(self.pair.taken(AWAY), away + 1);
            assert!(self.pair.names_at(AWAY).contains(id.as_str()));
        }
        self.pair.crossing.run_until(until, |_| false);
        self.pair.listen();
    }

    /// Home is itself again: what rested there is gone, and new orders go there.
    fn comes_home(&mut self, until: Timestamp) {
        let (back, away) = (self.pair.failed_back(), self.pair.taken(AWAY));
        assert_eq!(back, 0, "not before it has been well for long");
        let so_long = until + SECOND * 300;
        self.pair.crossing.run_until(so_long, is_home);
        assert!(self.pair.crossing.now() >= until + WINDOW, "a whole window");
        self.pair.run_for(SECOND);
        assert_eq!(self.pair.failed_back(), 1);
        assert_eq!(self.pair.taken(AWAY), away);
        assert_eq!(self.pair.open_at(HOME), 0, "what rested at home is gone");
        self.pair.run_for(SECOND * 10);
        self.trade("0.001");
        assert_eq!(self.pair.taken(AWAY), away, "it trades at home");
    }

    /// Each order of the rush is at one venue at the most, and its strategy knows how it stands.
    fn check(&self, context: &str) {
        let names = [HOME, AWAY].map(|venue| self.pair.names_at(venue));
        for id in &self.orders {
            let is_there = names.iter().filter(|names| names.contains(id.as_str())).count();
            let expected = match self.pair.state(*id) {
                Some(OrderState::Open | OrderState::Canceled) => 1,
                Some(OrderState::Denied) => 0,
                other => panic!("{context}: {id} is {other:?}"),
            };
            assert_eq!(is_there, expected, "{context}: {id}");
        }
        assert_eq!(self.pair.traded(), self.bought, "{context}");
        let ledger = self.pair.crossing.world(HOME).ledger();
        assert_eq!(ledger.knocks, 0, "{context}");
        check_silence(self.pair.crossing.world(HOME), true).unwrap();
        assert_told_once(&self.pair.heard, context);
        self.pair.check();
    }

    /// All that has to be true of being turned away until then.
    fn survives(mut self, context: &str, told_at: Timestamp, until: Timestamp) {
        self.live_away(until);
        rush::was_silent(self.pair.crossing.world(HOME), told_at, until);
        // Most of what waited at home has gone to the other venue under its own name.
        let names = self.pair.names_at(AWAY);
        let moved = self.orders.iter().filter(|id| names.contains(id.as_str())).count();
        assert!(moved * 2 > ORDERS, "{context}: {moved} of {ORDERS} have moved");
        assert_eq!(self.pair.failed_over(), 1, "{context}");
        self.comes_home(until);
        self.check(context);
    }
}

fn a_ban_at_home_sends_what_is_new_away_and_home_hears_nothing_before_its_end(at: VenueKind) {
    for seed in SEEDS {
        let mut exile = Exile::into(at, seed, |pair| {
            pair.ban();
        });
        let (told_at, until) = exile.turned_away();
        exile.survives(&format!("seed {seed}"), told_at, until);
    }
}

fn a_process_killed_ten_seconds_into_a_ban_comes_back_into_silence_at_home_and_trades_away(
    at: VenueKind,
) {
    for seed in SEEDS {
        let context = format!("seed {seed}");
        let mut exile = Exile::into(at, seed, |pair| {
            pair.ban();
        });
        let (told_at, until) = exile.turned_away();
        exile.pair.run_for(SECOND * 10);
        exile.pair.restart();
        // It begins without the venue that cannot be asked, after half a minute.
        exile.pair.run_for(SECOND * 40);
        exile.live_away(until);
        rush::was_silent(exile.pair.crossing.world(HOME), told_at, until);
        assert_eq!(exile.pair.failed_over(), 1, "{context}: it is away still");
        exile.comes_home(until);
        exile.check(&context);
    }
}

/// Plays one way of being turned away at Binance.
fn turned_away(context: &str, trouble: impl Fn(&mut Pair)) {
    for seed in SEEDS {
        let context = format!("{context}, seed {seed}");
        let mut exile = Exile::into(VenueKind::Binance, seed, &trouble);
        let (told_at, until) = exile.turned_away();
        exile.survives(&context, told_at, until);
    }
}

#[test]
fn a_429_at_home_is_obeyed_to_its_last_second_while_the_other_venue_trades() {
    turned_away("429", |pair| {
        pair.at_venue(HOME, |venue, _| venue.add_fault(rush::limited(35)));
    });
}

#[test]
fn a_ban_told_in_words_alone_or_in_two_ways_is_obeyed_to_the_later() {
    let minute = 60_000;
    let ways = [
        (Hint::Absent, Hint::OffMillis(0)),
        (Hint::OffMillis(minute), Hint::OffMillis(0)),
        (Hint::OffMillis(0), Hint::OffMillis(minute)),
    ];
    for (header, text) in ways {
        turned_away(&format!("{header:?}, {text:?}"), |pair| {
            pair.at_venue(HOME, |venue, now| {
                venue.binance().unwrap().set_hints(Hints { header, text, ..Hints::default() });
                venue.ban(now, PEER);
            });
        });
    }
}

#[test]
fn what_a_socket_at_home_is_told_holds_for_every_way_there_and_for_no_other_venue() {
    turned_away("on a socket", |pair| {
        // The stream is opened and about to be joined when two hundred calls want to leave.
        let accepted = pair.crossing.world(HOME).ledger().connections_accepted;
        pair.crossing.at(HOME, |world, id| {
            let now = world.now();
            let rule = rush::limited_on_socket(now, now + SECOND * 35);
            world.at_venue(|venue, _| venue.add_fault(rule));
            world.cut_streams(id, StreamKind::Account);
        });
        let soon = pair.crossing.now() + SECOND * 5;
        pair.crossing.run_until(soon, |crossing| {
            crossing.world(HOME).ledger().connections_accepted > accepted
        });
    });
}

#[test]
fn a_process_killed_ten_seconds_into_a_429_comes_back_into_silence_at_home() {
    for seed in SEEDS {
        let context = format!("seed {seed}");
        let mut exile = Exile::into(VenueKind::Binance, seed, |pair| {
            pair.at_venue(HOME, |venue, _| venue.add_fault(rush::limited(35)));
        });
        let (told_at, until) = exile.turned_away();
        exile.pair.run_for(SECOND * 10);
        exile.pair.restart();
        exile.pair.crossing.run_until(until, |_| false);
        exile.pair.listen();
        rush::was_silent(exile.pair.crossing.world(HOME), told_at, until);
        let after = rush::left(exile.pair.crossing.world(HOME), until, until + SECOND * 60);
        assert!(after.iter().all(|trip| trip.sent_at >= until), "{context}");
        exile.comes_home(until);
        let first = rush::left(exile.pair.crossing.world(HOME), until, until + SECOND * 60)[0];
        assert_eq!(first.call, CallKind::ServerTime, "{context}: one cheap call goes first");
        exile.check(&context);
    }
}
