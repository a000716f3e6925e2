//! Sockets are replaced before they have to be, and nothing is lost or told twice.

use std::collections::BTreeSet;
use std::time::Duration;

use tradewind_engine::{Counters, Incident};
use tradewind_lab::Weather;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;
use tradewind_simulator::front::{Fault, Pattern, Rule};
use tradewind_simulator::limits::Service;

use super::counter::{Counter, HOUR, MINUTE, SECOND};
use super::orders::qty;
use super::probe::{self, Told};
use super::solo::{Setup, Solo};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_planned_change_of_sockets_loses_no_trade_of_ours_and_tells_none_twice,
    sockets_are_replaced_before_the_venue_closes_them_without_anybody_noticing,
    whoever_asks_for_another_socket_gets_the_one_that_is_on_its_way,
    a_socket_that_goes_while_its_successor_is_on_its_way_is_succeeded_and_the_gap_asked_for,
    a_successor_that_cannot_be_had_is_tried_again_while_the_old_one_stands,
}

const MILLI: Duration = Duration::from_millis(1);

/// One way takes anything up to this, so that two sockets tell the same at different times.
const SLOW: Weather = Weather { delay_max: Duration::from_millis(400), ..Weather::FAIR };

fn counters(counter: &Counter) -> Counters {
    counter.world.snapshot().counters
}

fn a_planned_change_of_sockets_loses_no_trade_of_ours_and_tells_none_twice(at: VenueKind) {
    for seed in 1..=4 {
        let context = format!("seed {seed}");
        let mut counter = Counter::open(at, seed);
        counter.set_weather(SLOW);
        let id = counter.buy(50_000, "100");
        counter.run_for(SECOND * 5);
        let connections = counter.world.ledger().connections_accepted;
        let mut trades = 0;
        for round in 0..40 {
            counter.world.reconnect(StreamKind::Account);
            for _ in 0..60 {
                counter.sell("BTCUSDT", "0.01");
                trades += 1;
                counter.run_for(Duration::from_millis(50 + seed * 7 % 30));
                assert!(counter.is_live(), "{context}, round {round}: {:?}", counter.status());
                assert!(counter.stream(StreamKind::Account).opening <= 1);
            }
            counter.run_for(SECOND * 2);
        }
        counter.run_for(SECOND * 10);
        let made = counter.world.ledger().connections_accepted - connections;
        assert_eq!((made, counters(&counter).streams_rotated), (40, 40), "{context}");
        assert_eq!(counters(&counter).streams_lost, 0, "{context}");
        assert_eq!(counters(&counter).fills, trades, "{context}");
        assert_eq!(
            counter.news(id).iter().filter(|one| one.fill.is_some()).count(),
            usize::try_from(trades).unwrap()
        );
        assert_eq!(counter.world.ledger().connections_open, 1, "{context}: old ones are closed");
        counter.honest(&context);
    }
}

#[test]
fn a_planned_change_of_sockets_loses_nothing_of_the_market_and_tells_nothing_twice() {
    for seed in 1..=6 {
        let context = format!("seed {seed}");
        probe::told();
        let mut world = Solo::new(Setup {
            seed,
            weather: Weather { delay_max: Duration::from_millis(250), ..Weather::FAIR },
            venue: VenueKind::Binance.config(),
            skew_ms: 0,
            cancels_on_stop: true,
            registry: probe::registry(),
            strategy: ("probe", "feeds = [\"quote\", \"trade\", \"book\", \"1s\"]"),
        });
        world.run_for(SECOND * 10);
        assert_eq!(world.snapshot().status, VenueStatus::Live);
        let snapshots = world.requests("GET /api/v3/depth");
        let mut told = probe::told();
        let first = told.iter().find_map(trade_id).unwrap();
        for round in 0..10 {
            world.reconnect(StreamKind::Market);
            for _ in 0..80 {
                world.run_for(MILLI * 100);
                assert_eq!(world.snapshot().status, VenueStatus::Live, "{context}, {round}");
            }
        }
        assert_eq!(world.snapshot().counters.streams_rotated, 10, "{context}");
        assert_eq!(world.snapshot().counters.streams_lost, 0, "{context}");
        assert_eq!(
            world.requests("GET /api/v3/depth"),
            snapshots,
            "{context}: the book stays whole"
        );
        told.extend(probe::told());
        let mut ids: Vec<_> = told.iter().filter_map(trade_id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{context}: each once");
        let last = ids[count - 1];
        assert_eq!(count as u64, last - first + 1, "{context}: none is missing");
        assert!(count > 150, "{context}: {count}");
        let closed = told.iter().filter_map(|one| {
            let Told::Bar(bar) = one else { return None };
            bar.is_closed.then_some(bar.open_at)
        });
        let closed: Vec<_> = closed.collect();
        assert!(closed.windows(2).all(|pair| pair[0] + SECOND == pair[1]), "{context}: {closed:?}");
        assert!(closed.len() > 75, "{context}: {}", closed.len());
        let quotes: Vec<_> = told.iter().filter(|one| matches!(one, Told::Quote(_))).collect();
        assert!(quotes.len() > 200, "{context}");
        world.run_for(SECOND);
        assert_eq!(world.ledger().connections_open, 2);
    }
}

fn trade_id(told: &Told) -> Option<u64> {
    let Told::Trade(trade) = told else { return None };
    Some(trade.id)
}

fn sockets_are_replaced_before_the_venue_closes_them_without_anybody_noticing(at: VenueKind) {
    for seed in [1] {
        let context = format!("seed {seed}");
        let mut counter = Counter::open(at, seed);
        let id = counter.buy(50_000, "100");
        counter.run_for(SECOND * 5);
        let mut at = BTreeSet::new();
        let begun = counter.world.now();
        let mut trades = 0_u64;
        while counter.world.now().since(begun) < HOUR * 50 {
            let hours = counter.world.now().since(begun).as_secs() % (3_600 * 23) / 3_600;
            let (every, step) = if hours == 22 { (SECOND, "0.001") } else { (MINUTE * 5, "0.001") };
            counter.sell("BTCUSDT", step);
            trades += 1;
            counter.run_for(every);
            at.insert((counters(&counter).streams_rotated, counter.is_live()));
        }
        assert!(at.iter().all(|(_, is_live)| *is_live), "{context}");
        let rotated = counters(&counter).streams_rotated;
        // Nothing is followed on the market, so it is the account's socket alone.
        assert_eq!((rotated, counters(&counter).streams_lost), (2, 0), "{context}");
        assert_eq!(counters(&counter).fills, trades, "{context}");
        assert_eq!(counter.traded(id), counter.world.snapshot().open_orders[0].cum_qty);
        counter.honest(&context);
    }
}

#[test]
fn a_venue_that_shuts_down_is_left_before_it_does() {
    for (service, kind) in
        [(Service::WsApi, StreamKind::Account), (Service::Streams, StreamKind::Market)]
    {
        let mut counter = Counter::with(VenueKind::Binance, 4, |_, instance| {
            instance.strategies[0].params = "feeds = [\"quote\", \"trade\"]".to_owned();
        });
        let id = counter.buy(50_000, "1");
        counter.run_for(MINUTE);
        // Only those that stand now are closed.
        counter
            .world
            .at_venue(|venue, now| venue.binance().unwrap().announce_shutdown(now, service));
        let connections = counter.world.ledger().connections_accepted;
        counter.sell("BTCUSDT", "0.1");
        counter.run_for(MILLI * 100);
        assert_eq!(counter.stream(kind).standing, 2, "{kind:?}: at once");
        counter.run_for(SECOND * 10);
        assert_eq!(counter.world.ledger().connections_accepted, connections + 1);
        assert_eq!(counters(&counter).streams_lost, 0);
        assert!(counter.is_live());
        assert_eq!(counter.traded(id), qty("0.1"));
        counter.honest("shut down");
    }
}

#[test]
fn events_that_the_venue_has_ended_are_asked_for_again_on_the_same_socket() {
    let mut counter = Counter::open(VenueKind::Binance, 6);
    let id = counter.buy(50_000, "1");
    counter.run_for(MINUTE * 2);
    let connections = counter.world.ledger().connections_accepted;
    counter.world.at_venue(|venue, now| {
        venue.binance().unwrap().end_events(now);
    });
    counter.sell("BTCUSDT", "0.1");
    counter.run_for(SECOND * 3);
    assert_eq!(counter.world.ledger().connections_accepted, connections);
    assert!(counter.is_live());
    assert_eq!(counter.traded(id), qty("0.1"), "what came in between was asked for");
    // When they end again at once, it is the socket.
    counter.world.at_venue(|venue, now| venue.binance().unwrap().end_events(now));
    counter.run_for(SECOND * 3);
    assert_eq!(counter.world.ledger().connections_accepted, connections + 1);
    assert!(counter.is_live());
    counter.honest("ended");
}

fn whoever_asks_for_another_socket_gets_the_one_that_is_on_its_way(at: VenueKind) {
    let mut counter = Counter::open(at, 7);
    counter.run_for(MINUTE);
    let connections = counter.world.ledger().connections_accepted;
    for _ in 0..20 {
        counter.world.reconnect(StreamKind::Account);
        // Where the venue tells of it.
        counter.world.at_venue(|venue, now| {
            venue.binance().map(|venue| venue.announce_shutdown(now, Service::WsApi))
        });
        counter.run_for(Duration::from_micros(300));
    }
    counter.run_for(SECOND * 3);
    assert_eq!(counter.world.ledger().connections_accepted, connections + 1);
    counter.run_for(MINUTE);
    assert_eq!(counters(&counter).streams_lost, 0);
}

fn a_socket_that_goes_while_its_successor_is_on_its_way_is_succeeded_and_the_gap_asked_for(
    at: VenueKind,
) {
    for millis in [0_u64, 1, 3, 5, 8, 12, 20, 200, 2_000, 2_900, 3_100] {
        let context = format!("cut after {millis} ms");
        let mut counter = Counter::open(at, 8 + millis);
        let id = counter.buy(50_000, "1");
        counter.run_for(MINUTE * 2);
        let connections = counter.world.ledger().connections_accepted;
        counter.world.reconnect(StreamKind::Account);
        counter.run_for(Duration::from_millis(millis));
        let sessions = counter.world.ledger().connections_open;
        counter.world.at_venue(|venue, _| venue.close_oldest(Service::WsApi));
        counter.sell("BTCUSDT", "0.1");
        counter.run_for(SECOND * 10);
        assert!(sessions >= 1, "{context}");
        assert!(counter.is_live(), "{context}: {:?}", counter.status());
        let made = counter.world.ledger().connections_accepted - connections;
        // By then the successor has taken over, and is the one that goes.
        let handshakes = if millis > 3_000 { 2 } else { 1 };
        assert_eq!(made, handshakes, "{context}: one handshake for all of it");
        assert_eq!(counter.traded(id), qty("0.1"), "{context}");
        counter.honest(&context);
    }
}

fn a_successor_that_cannot_be_had_is_tried_again_while_the_old_one_stands(at: VenueKind) {
    let mut counter = Counter::open(at, 10);
    let id = counter.buy(50_000, "1");
    counter.run_for(MINUTE * 2);
    counter.world.refuse_handshakes(true);
    counter.world.reconnect(StreamKind::Account);
    counter.run_for(MINUTE * 10);
    assert!(counter.is_live(), "the old one stands");
    let failed = counter.incidents(|one| matches!(one, Incident::RotationFailed { .. }));
    assert!((15..=100).contains(&failed), "{failed}");
    counter.sell("BTCUSDT", "0.1");
    counter.run_for(SECOND);
    assert_eq!(counter.state(id), Some(OrderState::PartiallyFilled));
    counter.world.refuse_handshakes(false);
    counter.run_for(MINUTE * 2);
    assert_eq!(counters(&counter).streams_rotated, 1);
    // Nor does one that stands and is never given the account's events.
    let lost = Rule::always(Pattern::what(at.names().join), Fault::RequestLost);
    counter.world.at_venue(|venue, _| venue.add_fault(lost));
    counter.world.reconnect(StreamKind::Account);
    counter.run_for(MINUTE);
    assert!(counter.is_live());
    counter.world.at_venue(|venue, _| venue.clear_faults());
    counter.run_for(MINUTE * 2);
    assert_eq!(counters(&counter).streams_rotated, 2);
    assert_eq!(counter.world.ledger().connections_open, 1, "none is left behind");
    counter.honest("no successor");
}
