//! The kill switch on the worst of days: everything is wrong at once, and somebody presses it.

use std::net::{IpAddr, Ipv4Addr};

use tradewind_engine::StrategyFailure;
use tradewind_engine::{Incident, OnFailure};
use tradewind_lab::{StrategySpec, Weather};
use tradewind_model::call::{Call, CallKind};
use tradewind_model::order::{Denied, OrderState, Side};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::TradingState;
use tradewind_simulator::front::{Fault, Pattern, Rule};

use super::orders::{post_only, qty};
use super::probe::{Told, of_order, told};
use super::trading::{Floor, MILLI, SECOND};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    pressed_while_the_house_burns_nothing_new_leaves_and_what_rests_is_canceled_in_a_minute,
    what_is_unresolved_when_it_is_pressed_is_listed_until_it_is_known,
}

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Orders that rest when it begins.
const RESTING: usize = 20;
/// Orders that wait for leave when it is pressed.
const QUEUED: usize = 500;
/// Orders that wait to be tried again.
const DELAYED: u64 = 20;

fn fire(at: VenueKind, seed: u64) -> Floor {
    let mut floor = Floor::open_at(
        at,
        seed,
        |venue| {
            for symbol in &mut venue.exchange_mut().symbols {
                symbol.filters.max_num_orders = Some(1_000);
            }
        },
        |setup| {
            let other = StrategySpec { name: "loop".to_owned(), ..setup.strategies[0].clone() };
            setup.strategies.push(StrategySpec { on_failure: OnFailure::Leave, ..other });
        },
    );
    floor.market(Side::Buy, "0.2");
    for _ in 0..RESTING {
        floor.rest(Side::Buy, "0.001");
        floor.world.run_for(MILLI * 150);
    }
    floor.world.run_for(SECOND * 12);
    assert_eq!(floor.resting_at_venue(), RESTING);
    told();
    floor
}

/// Sets everything on fire, and gives the orders that were asked for meanwhile.
fn burn(floor: &mut Floor) -> Vec<tradewind_model::id::ClientOrderId> {
    let names = floor.at.names();
    // No connection can be made for a moment, so that they wait for their next try.
    let down = Weather { refused_permille: 1_000, ..Weather::FAIR };
    floor.world.set_weather(floor.me, down);
    // One whose answer is lost: nobody knows what became of it.
    let price = floor.price(-3);
    let mut asked: Vec<_> =
        (0..DELAYED).map(|_| floor.submit(Side::Buy, post_only(price, qty("0.001")))).collect();
    floor.world.run_for(MILLI * 40);
    floor.world.set_weather(floor.me, Weather::FAIR);
    floor.strike(names.place, Fault::AnswerLost);
    // What is read comes to nothing, until the breaker has had enough.
    let reset = Rule::always(Pattern::what(names.account), Fault::RequestReset);
    floor.world.at_venue(|venue, _| venue.add_fault(reset));
    for _ in 0..6 {
        floor.world.inquire(floor.me, Call::Account);
        floor.world.run_for(MILLI * 20);
    }
    floor.world.hang(floor.me, "loop", SECOND * 2);
    floor.world.refuse_handshakes(floor.me, true);
    asked.extend((0..QUEUED).map(|_| floor.submit(Side::Buy, post_only(price, qty("0.001")))));
    floor.world.run_for(MILLI * 15);
    floor.world.cut_streams(floor.me, StreamKind::Account);
    // Somebody else behind the address spends what is left of the minute.
    floor.world.at_venue(|venue, now| venue.burn(now, PEER, 5_000));
    asked
}

fn sent_since(floor: &Floor, since: Timestamp) -> usize {
    let orders = floor.world.trips().filter(|trip| trip.call == CallKind::PlaceOrder);
    orders.filter(|trip| trip.sent_at >= since).count()
}

fn pressed_while_the_house_burns_nothing_new_leaves_and_what_rests_is_canceled_in_a_minute(
    at: VenueKind,
) {
    for seed in 51..54 {
        let mut floor = fire(at, seed);
        let asked = burn(&mut floor);
        let open = floor.snapshot().open_orders;
        let waiting = open.iter().filter(|order| order.state == OrderState::Pending).count();
        assert!(waiting >= QUEUED - 60, "seed {seed}: {waiting} wait");
        let pressed = floor.world.now();
        floor.set_all(TradingState::Halted);
        // A strategy in a loop goes on asking.
        for _ in 0..20 {
            floor.rest(Side::Buy, "0.001");
            floor.world.run_for(MILLI * 50);
        }
        floor.world.run_for(SECOND * 10);
        floor.world.at_venue(|venue, _| venue.clear_faults());
        floor.world.refuse_handshakes(floor.me, false);
        let until = pressed + SECOND * 60;
        floor.world.run_until(until, |_| false);
        assert_eq!(sent_since(&floor, pressed), 0, "seed {seed}: no new risk");
        assert_eq!(floor.resting_at_venue(), 0, "seed {seed}: {:?}", floor.snapshot().status);
        floor.world.run_for(SECOND * 60);
        assert_eq!(sent_since(&floor, pressed), 0, "seed {seed}: not later either");
        let told = told();
        for id in &asked {
            let updates = of_order(&told, *id);
            let last = updates.last().expect("each has an end");
            assert!(last.state.is_terminal(), "seed {seed}: {last:?}");
        }
        let forbidden = told.iter().filter(|one| {
            let Told::Order(update) = one else { return false };
            matches!(update.denied, Some(Denied::Forbidden { .. }))
        });
        assert!(forbidden.count() >= QUEUED - 60, "seed {seed}");
        let hung = |one: &Incident| {
            matches!(one, Incident::StrategyLost { how: StrategyFailure::Hung(_), .. })
        };
        assert_eq!(floor.incidents(hung), 1);
        floor.honest(&format!("seed {seed}"));
        // It persists, and only a command resumes.
        floor.world.restart(floor.me).unwrap();
        floor.world.run_for(SECOND * 20);
        assert_eq!(floor.state(), Some(TradingState::Halted));
        floor.rest(Side::Buy, "0.001");
        floor.world.run_for(SECOND * 5);
        assert_eq!(sent_since(&floor, pressed), 0, "seed {seed}: nor by the next life");
        floor.set_all(TradingState::Running);
        floor.world.run_for(SECOND);
        floor.rest(Side::Buy, "0.001");
        floor.world.run_for(SECOND * 5);
        assert_eq!(sent_since(&floor, pressed), 1, "seed {seed}: resumed");
        floor.honest(&format!("seed {seed}, resumed"));
    }
}

fn what_is_unresolved_when_it_is_pressed_is_listed_until_it_is_known(at: VenueKind) {
    let mut floor = fire(at, 55);
    let lost = Rule::always(Pattern::what("*"), Fault::RequestLost);
    floor.strike(at.names().place, Fault::AnswerLost);
    floor.world.mute_account_stream(floor.me, true);
    let doubted = floor.rest(Side::Buy, "0.001");
    floor.world.run_for(MILLI * 50);
    floor.world.at_venue(|venue, _| venue.add_fault(lost));
    floor.set_all(TradingState::Halted);
    floor.world.run_for(SECOND * 12);
    assert!(floor.snapshot().in_doubt.contains(&doubted));
    floor.world.at_venue(|venue, _| venue.clear_faults());
    floor.world.mute_account_stream(floor.me, false);
    floor.world.run_for(SECOND * 90);
    assert_eq!(floor.snapshot().in_doubt, []);
    assert_eq!(floor.resting_at_venue(), 0, "it had arrived, and is canceled");
    floor.honest("unresolved");
}
