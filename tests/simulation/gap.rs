//! What happened on the account while its stream was down: asked for within a bound, told once.

use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_lab::Weather;
use tradewind_model::call::{Call, OrderRef};
use tradewind_model::id::{ClientOrderId, Symbol, VenueOrderId};
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;
use tradewind_simulator::binance::{Fault, Pattern, Rule};

use super::counter::{Counter, MINUTE, SECOND};
use super::orders::qty;
use super::probe::Told;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_gap_of_twelve_seconds_is_filled_within_its_weight_and_each_trade_is_told_once,
    what_a_gap_costs_does_not_grow_with_the_accounts_history,
    the_weight_of_a_resync_alone_is_within_what_was_declared,
}

const MILLI: Duration = Duration::from_millis(1);

/// What a gap may cost on one symbol with six orders, handshake and subscription included: what
/// rests, the account, and each order with its trades.
fn weight_max(at: VenueKind) -> u32 {
    let symbol = || Symbol::from("BTCUSDT");
    let order = OrderRef::Client(ClientOrderId::new("any").unwrap());
    let trades_of = Some(VenueOrderId::new("1").unwrap());
    let each = [
        Call::QueryOrder { symbol: symbol(), order },
        Call::FillHistory { symbol: symbol(), order: trades_of, since: None, limit: 1_000 },
    ];
    let once = [Call::OpenOrders { symbol: Some(symbol()) }, Call::Account];
    let weigh = |calls: &[Call]| calls.iter().map(|call| at.weight(call)).sum::<u32>();
    weigh(&once) + 6 * weigh(&each)
}

/// Trades that an account of ours has behind it.
fn trade_before(counter: &mut Counter, trades: u32) {
    if trades == 0 {
        return;
    }
    let id = counter.buy(50_000, "50");
    counter.run_for(SECOND);
    for _ in 0..trades {
        counter.sell("BTCUSDT", "0.001");
        counter.run_for(MILLI * 20);
    }
    counter.cancel(id);
    counter.run_for(MINUTE * 2);
}

/// Twelve seconds in which everything happens, and then the events come before the answers.
/// Returns the weight that it cost.
fn gap(at: VenueKind, seed: u64, trades_before: u32) -> u32 {
    let context = format!("seed {seed}, {trades_before} trades before");
    let mut counter = Counter::open(at, seed);
    trade_before(&mut counter, trades_before);
    let in_three = counter.buy(50_500, "0.9");
    let partly = counter.buy(50_400, "1.0");
    let by_hand = counter.buy(50_300, "0.5");
    let resting = [counter.buy(50_200, "0.5"), counter.buy(50_100, "0.5")];
    counter.run_for(SECOND * 2);
    // One more leaves; it arrives while nobody listens, and its answer is lost.
    let held = Rule::once(Pattern::what(at.names().place), Fault::RequestHeld(MILLI * 1_500));
    counter.world.at_venue(|venue, _| venue.add_fault(held));
    counter.set_weather(Weather { lost_answers_permille: 1_000, ..Weather::FAIR });
    let swallowed = counter.buy(50_000, "0.5");
    counter.run_for(MILLI * 10);
    counter.set_weather(Weather::FAIR);
    counter.world.refuse_handshakes(true);
    counter.world.cut_streams(StreamKind::Account);
    let told_before = counter.all_told().len();
    counter.run_for(SECOND * 2);
    for _ in 0..3 {
        counter.sell("BTCUSDT", "0.3");
    }
    counter.sell("BTCUSDT", "0.6");
    counter.run_for(SECOND * 2);
    counter.cancel_by_hand(by_hand);
    counter.buy_by_hand(40_000, "0.1");
    counter.run_for(SECOND * 8);
    assert!(!counter.is_live(), "{context}");
    assert_eq!(counter.state(partly), Some(OrderState::Open), "{context}: nobody has said so");

    let held = Pattern::what(at.names().open_orders);
    let held = Rule::once(held, Fault::RequestHeld(MILLI * 400));
    counter.world.at_venue(|venue, _| venue.add_fault(held));
    let begun = counter.world.now();
    counter.world.refuse_handshakes(false);
    while !counter.stream(StreamKind::Account).is_live {
        counter.run_for(MILLI);
        assert!(counter.world.now().since(begun) < MINUTE, "{context}: not opened");
    }
    // What is left of the one that has traded partly is told live, and is in the answers too.
    counter.run_for(MILLI * 50);
    counter.sell("BTCUSDT", "0.4");
    counter.run_for(MILLI * 50);
    assert!(!counter.is_live(), "{context}: the answer has not come");
    while !counter.is_live() {
        counter.run_for(MILLI);
        assert!(counter.world.now().since(begun) < MINUTE, "{context}: {:?}", counter.status());
    }
    let weight = counter.weight_since(begun);
    counter.run_for(SECOND * 12);
    assert!(counter.is_live(), "{context}: {:?}", counter.status());
    for (id, state) in [
        (partly, OrderState::Filled),
        (in_three, OrderState::Filled),
        (by_hand, OrderState::Canceled),
        (swallowed, OrderState::Open),
        (resting[0], OrderState::Open),
        (resting[1], OrderState::Open),
    ] {
        assert_eq!(counter.state(id), Some(state), "{context}: {:?}", counter.news(id));
    }
    assert_eq!(counter.traded(partly), qty("1.0"), "{context}");
    assert_eq!(counter.traded(in_three), qty("0.9"), "{context}");
    let foreign = |one: &Incident| matches!(one, Incident::ForeignOrders { count: 1 });
    assert_eq!(counter.incidents(foreign), 1, "{context}: reported once");
    assert_eq!(counter.world.snapshot().open_orders.len(), 3, "{context}: and not adopted");
    let statuses = counter.all_told()[told_before..].iter().filter_map(|one| {
        let Told::Venue(status) = one else { return None };
        Some(*status == VenueStatus::Live)
    });
    let mut statuses: Vec<_> = statuses.collect();
    statuses.dedup();
    assert_eq!(statuses.last(), Some(&true), "{context}");
    assert!(statuses.len() <= 2, "{context}: stale, then live: {statuses:?}");
    let declared = counter.world.incidents().filter_map(|one| {
        let Incident::Resyncing { weight, .. } = one else { return None };
        Some(*weight)
    });
    let declared = declared.max().expect("it is told what it may weigh");
    assert!(declared + 4 <= weight_max(at), "{context}: {declared} declared");
    counter.honest(&context);
    weight
}

fn a_gap_of_twelve_seconds_is_filled_within_its_weight_and_each_trade_is_told_once(at: VenueKind) {
    for seed in 1..=20 {
        let weight = gap(at, seed, 0);
        assert!(weight <= weight_max(at), "seed {seed}: {weight}");
    }
}

fn what_a_gap_costs_does_not_grow_with_the_accounts_history(at: VenueKind) {
    let (short, long) = (gap(at, 3, 0), gap(at, 3, 1_500));
    assert!(long <= short + 6, "{short} without a history, {long} with one");
}

fn the_weight_of_a_resync_alone_is_within_what_was_declared(at: VenueKind) {
    for orders in [1_u32, 5, 12, 40] {
        let mut counter = Counter::open(at, u64::from(orders));
        let ids: Vec<_> = (0..orders).map(|step| counter.buy(50_000 - step, "0.1")).collect();
        counter.run_for(SECOND * 4);
        counter.world.refuse_handshakes(true);
        counter.world.cut_streams(StreamKind::Account);
        counter.run_for(MILLI * 500);
        // Every other one has traded: it does not rest any more.
        for _ in 0..orders.div_ceil(2) {
            counter.sell("BTCUSDT", "0.1");
        }
        let begun = counter.world.now();
        counter.world.refuse_handshakes(false);
        let until = begun + MINUTE;
        counter.world.run_until(until, |world| {
            let me = world.instances().next().unwrap().1;
            me.snapshot(world.now()).unwrap().status == VenueStatus::Live
        });
        counter.run_for(Duration::ZERO);
        let weight = counter.weight_since(begun);
        let filled = ids.iter().filter(|id| counter.state(**id) == Some(OrderState::Filled));
        assert_eq!(
            u32::try_from(filled.count()).unwrap(),
            orders.div_ceil(2),
            "{orders} orders: all known when live"
        );
        let declared = counter.world.incidents().filter_map(|one| {
            let Incident::Resyncing { weight, .. } = one else { return None };
            Some(*weight)
        });
        let declared = declared.last().unwrap();
        assert!(weight <= declared + 4, "{orders} orders: {weight} of {declared} declared");
        assert!(declared <= 66, "{orders} orders: {declared} declared");
        counter.honest(&format!("{orders} orders"));
    }
}

#[test]
fn many_symbols_are_asked_about_at_once() {
    let mut counter = Counter::with(VenueKind::Binance, 9, |world, instance| {
        let pattern = world.venue.exchange_mut().symbols[0].clone();
        for number in 0..16 {
            let mut symbol = pattern.clone();
            symbol.base = format!("B{number}");
            symbol.symbol = format!("B{number}USDT");
            world.venue.exchange_mut().symbols.push(symbol);
            instance.strategies[0].instruments.push(format!("B{number}-USDT").as_str().into());
        }
    });
    for number in 0..16 {
        counter.buy_on(&format!("B{number}-USDT"), 50_000, "0.01");
    }
    counter.run_for(SECOND * 5);
    counter.world.cut_streams(StreamKind::Account);
    counter.run_for(SECOND * 3);
    assert!(counter.is_live());
    let declared = counter.world.incidents().filter_map(|one| {
        let Incident::Resyncing { weight, orders } = one else { return None };
        Some((*weight, *orders))
    });
    // All that rests (80, not 16 times 6), the account, and at the worst each order and its trades.
    assert_eq!(declared.last(), Some((80 + 20 + 16 * (4 + 5), 16)));
    counter.honest("many symbols");
}
