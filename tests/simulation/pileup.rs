//! A month of reasons to reconnect, sometimes all of them in one second.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use tradewind_engine::Snapshot;
use tradewind_lab::Chance;
use tradewind_model::notice::Command;
use tradewind_model::order::OrderState;
use tradewind_model::stream::{Feed, StreamKind};
use tradewind_simulator::limits::Service;

use super::counter::{Counter, HOUR, MINUTE, SECOND};
use super::probe::Told;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_month_of_reconnects_is_no_storm_and_leaves_nothing_behind,
}

/// How long it is played: where each socket says something every few seconds, a month takes minutes.
fn days(at: VenueKind) -> u32 {
    if at.manners().ping_every.is_some() { 4 } else { 30 }
}

const BOTH: [StreamKind; 2] = [StreamKind::Account, StreamKind::Market];
const ENDED: &str = r#"{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}"#;
/// Handshakes that an address may make in five minutes (web-socket-api.md, general information,
/// read 2026-11).
const CONNECTIONS_MAX: usize = 300;

/// A world with a hundred subscriptions.
fn open(at: VenueKind, seed: u64) -> Counter {
    let symbols = 36;
    let mut counter = Counter::with(at, seed, |world, instance| {
        let pattern = world.venue.exchange_mut().symbols[0].clone();
        for number in 2..symbols {
            let mut symbol = pattern.clone();
            symbol.base = format!("B{number}");
            symbol.symbol = format!("B{number}USDT");
            world.venue.exchange_mut().symbols.push(symbol);
            instance.strategies[0].instruments.push(format!("B{number}-USDT").as_str().into());
        }
        world.venue.set_arrivals_max(1 << 20);
        world.trips_max = 1_024;
        instance.records_max = 1_024;
        instance.strategies[0].params = "feeds = [\"trade\"]".to_owned();
    });
    let bases = ["BTC".to_owned(), "ETH".to_owned()].into_iter();
    let bases: Vec<_> = bases.chain((2..symbols).map(|number| format!("B{number}"))).collect();
    let mut asked = 1;
    for base in &bases {
        for feed in [Feed::Quote, Feed::Trade, Feed::Book(20)] {
            // A book that only our orders are in has no price to go by.
            if asked < 100 && base != "BTC" {
                let instrument = format!("{base}-USDT").as_str().into();
                counter.world.command("probe", Command::Subscribe { instrument, feed });
                asked += 1;
            }
        }
    }
    counter.run_for(MINUTE);
    assert!(counter.is_live());
    counter
}

/// Something happens that a client answers by connecting again.
fn strike(counter: &mut Counter, cause: u32) {
    match cause % 8 {
        0 => counter.world.cut_streams(StreamKind::Account),
        1 => counter.world.cut_streams(StreamKind::Market),
        2 => counter.world.at_venue(|venue, now| {
            // Where it may end them on a socket that stands. And says so twice.
            if let Some(binance) = venue.binance() {
                binance.end_events(now);
                venue.say(Service::WsApi, ENDED);
            }
        }),
        3 => counter.world.reconnect(StreamKind::Account),
        4 => counter.world.reconnect(StreamKind::Market),
        5 => counter.world.at_venue(|venue, _| venue.close_all(Service::WsApi)),
        6 => counter.world.at_venue(|venue, _| venue.close_all(Service::Streams)),
        _ => counter.world.at_venue(|venue, now| {
            // Where it tells of it.
            if let Some(binance) = venue.binance() {
                binance.announce_shutdown(now, Service::WsApi);
                binance.announce_shutdown(now, Service::Streams);
            }
        }),
    }
}

/// What must not grow.
fn size(snapshot: &Snapshot) -> (usize, usize) {
    (snapshot.timers, snapshot.calls)
}

fn check_handshakes(counter: &Counter) {
    let ledger = counter.world.ledger();
    let mut recent = VecDeque::new();
    for one in ledger.arrivals.iter().filter(|one| one.what == "handshake") {
        recent.push_back(one.at);
        while recent.pop_front_if(|at| one.at.since(*at) >= MINUTE * 5).is_some() {}
        assert!(recent.len() <= CONNECTIONS_MAX, "{} in five minutes", recent.len());
    }
    assert_eq!((ledger.rate_limited, ledger.banned, ledger.policy_closes), (0, 0, 0));
    let made = ledger.connections_accepted + ledger.connections_refused;
    assert!(made < 2_000, "{made} handshakes in a month");
}

/// Runs so long, looking at every step that no stream opens two sockets at once.
fn run_watching(counter: &mut Counter, duration: Duration) {
    let until = counter.world.now() + duration;
    counter.world.run_until(until, |world| {
        let me = world.instances().next().unwrap().1;
        for stream in me.engine().unwrap().streams() {
            assert!(stream.opening <= 1, "{stream:?} at {}", world.now());
            assert!(stream.standing + stream.opening <= 2, "{stream:?} at {}", world.now());
        }
        false
    });
    counter.run_for(Duration::ZERO);
}

fn a_month_of_reconnects_is_no_storm_and_leaves_nothing_behind(at: VenueKind) {
    for seed in [1] {
        let mut counter = open(at, seed);
        let mut chance = Chance::new(seed, 7);
        let id = counter.buy(50_000, "100");
        counter.run_for(SECOND * 10);
        counter.cancel(id);
        // From the first fee in a third asset on, somebody asks what that is worth.
        trade(&mut counter);
        counter.run_for(MINUTE * 5);
        let before = size(&counter.world.snapshot());
        let begun = counter.world.now();
        for day in 0..days(at) {
            if day == days(at) / 3 {
                counter.world.refuse_handshakes(true);
                for kind in BOTH {
                    counter.world.cut_streams(kind);
                }
                run_watching(&mut counter, MINUTE * 10);
                counter.world.refuse_handshakes(false);
            }
            for _ in 0..3 {
                let pause = chance.up_to(HOUR * 12);
                counter.run_for(pause);
                let cause = chance.up_to(Duration::from_micros(8)).subsec_micros();
                if chance.permille(300) {
                    // All of it at once, and again before it is over.
                    (0..8).for_each(|cause| strike(&mut counter, cause));
                    run_watching(&mut counter, Duration::from_millis(7));
                    (0..8).rev().for_each(|cause| strike(&mut counter, cause));
                } else {
                    strike(&mut counter, cause);
                }
                run_watching(&mut counter, MINUTE * 2);
                assert!(counter.is_live(), "seed {seed}, day {day}: {:?}", counter.status());
                trade(&mut counter);
            }
            let rest = begun + Duration::from_secs(86_400) * (day + 1);
            let pause = rest.since(counter.world.now());
            counter.run_for(pause);
            assert_eq!(counter.world.ledger().connections_open, 2, "seed {seed}, day {day}");
        }
        counter.run_for(MINUTE * 5);
        assert!(counter.is_live());
        check_handshakes(&counter);
        let after = size(&counter.world.snapshot());
        assert_eq!(after, before, "nothing is left behind");
        let counters = counter.world.snapshot().counters;
        let (rotated, lost) = (counters.streams_rotated, counters.streams_lost);
        let days = u64::from(days(at));
        assert!(rotated * 3 > days * 2 && lost * 3 > days * 4, "{counters:?}");
        assert_market_told_once(&counter, days);
        counter.honest(&format!("seed {seed}"));
    }
}

/// An order of ours trades, and is gone.
fn trade(counter: &mut Counter) {
    let id = counter.buy(50_000, "0.02");
    counter.run_for(SECOND);
    for _ in 0..2 {
        counter.sell("BTCUSDT", "0.01");
        counter.run_for(Duration::from_millis(300));
    }
    counter.run_for(SECOND * 5);
    assert_eq!(counter.state(id), Some(OrderState::Filled), "{:?}", counter.news(id));
}

fn assert_market_told_once(counter: &Counter, days: u64) {
    let mut seen = BTreeSet::new();
    for told in counter.all_told() {
        if let Told::Trade(trade) = told {
            assert!(seen.insert(trade.id), "{trade:?} was told twice");
        }
    }
    assert!(seen.len() as u64 > days * 3, "{}", seen.len());
}

#[test]
fn a_hundred_feeds_asked_for_one_by_one_are_paced_and_none_is_left_out() {
    let mut counter = Counter::with(VenueKind::Binance, 3, |_, instance| {
        instance.strategies[0].params = "feeds = [\"quote\"]".to_owned();
    });
    counter.run_for(SECOND * 20);
    let intervals = ["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h"];
    let mut asked = 0;
    for instrument in ["BTC-USDT", "ETH-USDT"] {
        let bars = intervals.into_iter().filter_map(|text| text.parse().ok()).map(Feed::Bar);
        for feed in bars.chain([Feed::Quote, Feed::Trade, Feed::Book(5)]) {
            let instrument = instrument.into();
            counter.world.command("probe", Command::Subscribe { instrument, feed });
            asked += 1;
            counter.run_for(Duration::from_millis(13));
        }
    }
    counter.run_for(MINUTE * 3);
    let ledger = counter.world.ledger();
    assert!(asked > 20);
    assert_eq!(ledger.policy_closes, 0, "never more than five messages in a second");
    assert!(counter.is_live());
    assert_eq!(ledger.connections_accepted, 2, "on the socket that stands");
    let subscribed = counter.world.requests("SUBSCRIBE");
    assert!(subscribed < asked, "{subscribed} messages for {asked} feeds");
}
