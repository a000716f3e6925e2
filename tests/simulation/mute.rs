//! A stream that stands and says nothing, and one on which there is nothing to say.

use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_lab::Weather;
use tradewind_model::call::Call;
use tradewind_model::id::Symbol;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;
use tradewind_simulator::exchange::SymbolStatus;
use tradewind_simulator::front::Ailment;
use tradewind_simulator::limits::Service;

use super::counter::{Counter, HOUR, MINUTE, SECOND};
use super::probe::{self, Told};
use super::solo::{Setup, Solo};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_fill_behind_a_mute_stream_is_known_within_ten_seconds_and_the_stream_is_replaced_once,
    a_fill_behind_a_connection_that_is_open_at_one_end_is_known_as_soon,
    a_fill_behind_a_stream_that_repeats_itself_is_known_as_soon,
    a_repeated_frame_keeps_no_socket_alive,
    an_idle_account_is_not_reconnected_and_nobody_asks_about_it,
    what_rests_for_hours_is_looked_at_cheaply_and_a_sound_stream_is_left_alone,
    reads_that_lag_make_no_stream_look_mute,
    a_market_that_stands_still_is_believed_to,
    a_busy_market_that_falls_silent_is_looked_at_and_its_socket_replaced,
}

const WITHIN: Duration = Duration::from_secs(10);

fn lost(counter: &Counter) -> usize {
    counter.incidents(|one| matches!(one, Incident::StreamLost { .. }))
}

/// Breaks the account's stream while an order rests, fills the order, and sees when it is known.
fn fills_behind(at: VenueKind, seed: u64, context: &str, break_it: impl Fn(&mut Counter)) {
    let mut counter = Counter::open(at, seed);
    let (first, second) = (counter.buy(50_000, "0.5"), counter.buy(49_000, "0.5"));
    // At another moment between two looks each time.
    counter.run_for(SECOND * 20 + Duration::from_millis(seed * 377 % 5_000));
    break_it(&mut counter);
    counter.run_for(Duration::from_millis(seed * 613 % 4_000));
    counter.sell("BTCUSDT", "0.5");
    let (filled_at, connections) =
        (counter.world.now(), counter.world.ledger().connections_accepted);
    while counter.state(first) != Some(OrderState::Filled) {
        counter.run_for(Duration::from_millis(50));
        let taken = counter.world.now().since(filled_at);
        assert!(taken <= WITHIN, "{context}: not known after {taken:?}");
    }
    counter.run_for(MINUTE);
    let again = counter.world.ledger().connections_accepted - connections;
    assert_eq!((again, lost(&counter)), (1, 1), "{context}: opened once more");
    assert!(counter.is_live(), "{context}: {:?}", counter.status());
    assert_eq!(counter.state(second), Some(OrderState::Open), "{context}");
    // It hears again.
    counter.sell("BTCUSDT", "0.2");
    counter.run_for(SECOND);
    assert_eq!(counter.state(second), Some(OrderState::PartiallyFilled), "{context}");
    counter.honest(context);
}

fn a_fill_behind_a_mute_stream_is_known_within_ten_seconds_and_the_stream_is_replaced_once(
    at: VenueKind,
) {
    for seed in 1..=24 {
        fills_behind(at, seed, &format!("mute, seed {seed}"), |counter| {
            counter.world.at_venue(|venue, now| venue.ail(now, Service::WsApi, Ailment::Mute));
        });
    }
}

fn a_fill_behind_a_connection_that_is_open_at_one_end_is_known_as_soon(at: VenueKind) {
    for seed in 1..=12 {
        fills_behind(at, seed, &format!("half open, seed {seed}"), |counter| {
            counter.world.half_open_streams(StreamKind::Account);
        });
    }
}

fn a_fill_behind_a_stream_that_repeats_itself_is_known_as_soon(at: VenueKind) {
    for seed in 1..=12 {
        let every = Duration::from_millis(100 + seed * 50);
        for ailment in [Ailment::Repeating(every), Ailment::Stuck(every)] {
            fills_behind(at, seed, &format!("{ailment:?}, seed {seed}"), |counter| {
                counter.world.at_venue(|venue, now| venue.ail(now, Service::WsApi, ailment));
            });
        }
    }
}

fn a_repeated_frame_keeps_no_socket_alive(at: VenueKind) {
    let mut counter = Counter::open(at, 1);
    let id = counter.buy(50_000, "0.5");
    counter.run_for(SECOND);
    counter.cancel(id);
    counter.run_for(SECOND * 5);
    let every = SECOND;
    counter.world.at_venue(|venue, now| venue.ail(now, Service::WsApi, Ailment::Stuck(every)));
    // A minute of silence, or a sign of life without an answer.
    let patience = at.manners().ping_every.map_or(MINUTE, |every| every + WITHIN);
    counter.run_for(patience - SECOND * 15);
    assert_eq!(lost(&counter), 0);
    counter.run_for(SECOND * 40);
    assert_eq!(lost(&counter), 1);
    assert!(counter.is_live());
    counter.honest("stuck");
}

fn an_idle_account_is_not_reconnected_and_nobody_asks_about_it(at: VenueKind) {
    let mut counter = Counter::open(at, 5);
    counter.run_for(MINUTE * 5);
    let (begun, connections) = (counter.world.now(), counter.world.ledger().connections_accepted);
    counter.run_for(HOUR * 6);
    assert_eq!(counter.world.ledger().connections_accepted, connections);
    assert_eq!(lost(&counter), 0);
    assert!(counter.is_live());
    let asked = counter.world.arrivals_since(begun);
    let about_orders = asked.iter().filter(|(_, what, _)| what.contains("rder"));
    assert_eq!(about_orders.count(), 0);
}

fn what_rests_for_hours_is_looked_at_cheaply_and_a_sound_stream_is_left_alone(at: VenueKind) {
    let mut counter = Counter::open(at, 6);
    for step in 0..5 {
        counter.buy(50_000 - step * 100, "0.1");
        counter.buy_on("ETH-USDT", 2_000 - step, "0.5");
    }
    counter.run_for(MINUTE);
    let (begun, connections) = (counter.world.now(), counter.world.ledger().connections_accepted);
    counter.run_for(HOUR * 6);
    assert_eq!(counter.world.ledger().connections_accepted, connections);
    assert_eq!(lost(&counter), 0);
    let resting =
        |symbol: Option<&str>| at.weight(&Call::OpenOrders { symbol: symbol.map(Symbol::from) });
    let look = resting(None).min(resting(Some("BTCUSDT")) * 2);
    let minutes = 6 * 60;
    let weight = counter.weight_since(begun);
    assert!(weight <= minutes * look * 11, "{weight} in {minutes} minutes of 6,000 each");
    assert!(weight >= minutes * look * 5, "it is looked at: {weight}");
    counter.honest("resting");
}

fn reads_that_lag_make_no_stream_look_mute(at: VenueKind) {
    let lag = SECOND;
    let mut counter = Counter::with(at, 7, |world, _| {
        world.venue.set_read_lags(lag, lag * 3);
    });
    for round in 0..60_u32 {
        let id = counter.buy(50_000 - round, "0.3");
        counter.run_for(Duration::from_millis(u64::from(round) * 97 % 3_000));
        counter.sell("BTCUSDT", "0.1");
        counter.run_for(SECOND * 3);
        counter.cancel(id);
        counter.run_for(SECOND);
    }
    assert_eq!(lost(&counter), 0);
    counter.run_for(MINUTE);
    counter.honest("lagging reads");
}

/// A world whose market is busy, live for a while.
fn busy(at: VenueKind, seed: u64, feeds: &'static str) -> Solo {
    let mut world = Solo::new(Setup {
        seed,
        weather: Weather::FAIR,
        venue: at.config(),
        skew_ms: 0,
        cancels_on_stop: true,
        registry: probe::registry(),
        strategy: ("probe", feeds),
    });
    world.run_for(MINUTE);
    assert_eq!(world.snapshot().status, VenueStatus::Live);
    world
}

const FEEDS: [&str; 3] =
    ["feeds = [\"quote\", \"trade\"]", "feeds = [\"book\"]", "feeds = [\"trade\"]"];

fn a_busy_market_that_falls_silent_is_looked_at_and_its_socket_replaced(at: VenueKind) {
    for (seed, feeds) in (1..).zip(FEEDS) {
        for ailment in [Ailment::Mute, Ailment::Repeating(SECOND)] {
            let context = format!("{feeds}, {ailment:?}");
            let mut world = busy(at, seed, feeds);
            let connections = world.ledger().connections_accepted;
            world.at_venue(|venue, now| venue.ail(now, Service::Streams, ailment));
            world.run_for(SECOND);
            probe::told();
            world.run_for(SECOND * 35);
            assert_eq!(world.ledger().connections_accepted, connections + 1, "{context}");
            let is_market =
                |told: &Told| matches!(told, Told::Quote(_) | Told::Trade(_) | Told::Book(_));
            assert!(probe::told().iter().any(is_market), "{context}: it is heard again");
            assert_eq!(world.snapshot().status, VenueStatus::Live, "{context}");
            world.run_for(MINUTE * 2);
            assert_eq!(world.ledger().connections_accepted, connections + 1, "{context}: once");
        }
    }
}

fn a_market_that_stands_still_is_believed_to(at: VenueKind) {
    let mut world = busy(at, 4, FEEDS[0]);
    let connections = world.ledger().connections_accepted;
    for symbol in ["BTCUSDT", "ETHUSDT", "DOGEUSDT"] {
        world.at_venue(|venue, now| venue.set_status(now, symbol, SymbolStatus::Halt));
    }
    let looked = world.requests(at.names().ticker);
    world.run_for(HOUR);
    assert_eq!(world.ledger().connections_accepted, connections);
    assert_eq!(world.snapshot().status, VenueStatus::Live);
    let looked = world.requests(at.names().ticker) - looked;
    assert!((2..=30).contains(&looked), "now and then: {looked}");
}
