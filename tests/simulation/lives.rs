//! Lives that end at the worst moments, and what the next ones make of it.

use std::sync::Arc;

use tradewind_engine::{Incident, Snapshot};
use tradewind_lab::{InstanceId, InstanceSetup, StrategySpec, World};
use tradewind_model::Decimal;
use tradewind_model::call::CallKind;
use tradewind_model::id::{ClientOrderId, ClientOrderIds};
use tradewind_model::money::Price;
use tradewind_model::notice::{Command, Recovered, VenueStatus};
use tradewind_model::order::{OrderRequest, Side};
use tradewind_model::time::Timestamp;
use tradewind_simulator::front::{Fault, Pattern, Rule};
use tradewind_simulator::venue::AnyVenue;

use super::journal::{Desk, MILLI, SECOND};
use super::orders::{post_only, qty};
use super::probe::{self, Told, told};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    killed_at_any_moment_nothing_is_traded_twice_or_lost_and_two_starts_end_alike,
    orders_that_traded_or_ended_while_nobody_looked_are_known_to_the_next_life,
    what_a_strategy_has_remembered_is_told_to_its_next_life,
    where_the_journal_has_lost_its_tail_orders_of_our_slots_are_adopted_and_others_left_alone,
    a_wanted_cancel_outlives_the_process_that_was_asked_for_it,
    a_start_reads_one_list_of_open_orders_and_asks_only_about_what_is_not_in_it,
    a_venue_that_was_reset_is_recognized_said_once_and_not_traded_at,
    one_order_that_is_still_known_or_one_later_trade_is_no_reset,
}

/// The slot of the other process on the account.
const OTHER: u16 = 7;

fn live(world: &World, id: InstanceId) -> Snapshot {
    let snapshot = world.instance(id).snapshot(world.now()).unwrap();
    assert_eq!(snapshot.status, VenueStatus::Live);
    snapshot
}

/// What a start comes to: all that a later one has to come to as well.
fn outcome(world: &World, id: InstanceId) -> (Vec<String>, Vec<String>, Vec<ClientOrderId>) {
    let snapshot = live(world, id);
    let orders = snapshot
        .open_orders
        .iter()
        .map(|one| format!("{} {} {} {}", one.client_order_id, one.state, one.cum_qty, one.tag));
    let positions = snapshot.positions.iter().map(|one| {
        format!("{} {} {} {} {}", one.strategy, one.instrument, one.base, one.quote, one.fills)
    });
    (orders.collect(), positions.collect(), snapshot.in_doubt.clone())
}

fn open_at_venue(world: &World) -> Vec<String> {
    let orders = world.ledger().accounts[0].open_orders.clone();
    let mut names: Vec<_> = orders.into_iter().map(|order| order.client_order_id).collect();
    names.sort_unstable();
    names
}

/// Another process on the account, with orders of its own.
pub(crate) fn other(world: &mut World) -> (InstanceId, ClientOrderId) {
    let strategies = vec![StrategySpec::new("probe", "feeds = [\"quote\"]")];
    let setup = InstanceSetup {
        name: "other".to_owned(),
        first_slot: OTHER,
        seed: 99,
        ..InstanceSetup::new(Arc::new(probe::registry()), strategies)
    };
    let id = world.spawn(setup).unwrap();
    world.run_for(SECOND * 5);
    let snapshot = live(world, id);
    let mid = snapshot.quotes.values().next().unwrap().mid().get();
    let price = Price::new((mid * Decimal::new(8, 1)).round()).unwrap();
    let client_order_id = ClientOrderIds::new(OTHER, Timestamp::EPOCH).next();
    let kind = post_only(price, qty("0.02"));
    let request = OrderRequest { instrument: "BTC-USDT".into(), side: Side::Buy, kind, tag: 1 };
    world.command(id, "probe", Command::Submit { client_order_id, request });
    world.run_for(SECOND);
    (id, client_order_id)
}

/// Lets an instance do a bit of everything, so that each moment from the start of it on is a
/// different place to die at.
fn busy(desk: &mut Desk) {
    desk.world.run_for(SECOND);
    let resting = desk.rest();
    desk.world.run_for(SECOND);
    desk.take("0.05");
    desk.cancel(resting);
    desk.rest();
}

fn started() -> Option<Recovered> {
    told().into_iter().rev().find_map(|told| match told {
        Told::Started(recovered) => Some(recovered),
        Told::Quote(_)
        | Told::Trade(_)
        | Told::Book(_)
        | Told::Bar(_)
        | Told::Order(_)
        | Told::Setback(_)
        | Told::Venue(_)
        | Told::Stopped => None,
    })
}

fn killed_at_any_moment_nothing_is_traded_twice_or_lost_and_two_starts_end_alike(at: VenueKind) {
    // In tenths of a millisecond: writing takes a whole one, the way to the venue about as long.
    for tenths in [0, 3, 8, 11, 14, 18, 22, 27, 33, 40, 55, 80, 120, 250, 1_000] {
        let context = format!("killed after {tenths} tenths of a millisecond");
        let mut desk = Desk::open(at, MILLI);
        let (_, others) = other(&mut desk.world);
        busy(&mut desk);
        desk.world.run_for(MILLI * tenths / 10);
        let placed = desk.sent(CallKind::PlaceOrder).len();
        desk.world.kill(desk.me);
        desk.world.run_for(SECOND * 3);
        told();
        desk.world.restart(desk.me).unwrap();
        let begun = desk.world.now();
        desk.world.run_for(SECOND * 40);
        let first = outcome(&desk.world, desk.me);
        let recovered = started().expect("it has begun");
        tradewind_lab::check_always(&desk.world).unwrap_or_else(|e| panic!("{context}: {e}"));
        // What the strategy was told, what the engine knows and what the venue has are one.
        let known = first.0.iter().map(|one| one.split(' ').next().unwrap().to_owned());
        let mut known: Vec<_> = known.chain([others.to_string()]).collect();
        known.sort_unstable();
        assert_eq!(known, open_at_venue(&desk.world), "{context}");
        assert_eq!(recovered.orders.len(), first.0.len(), "{context}");
        assert!(recovered.orders.iter().all(|one| one.tag == 7), "{context}: marks are kept");
        assert_eq!(first.2, [], "{context}: nothing is left in doubt");
        // Nothing was placed by the start itself, nor by whatever was on its way.
        assert_eq!(desk.sent(CallKind::PlaceOrder).len(), placed, "{context}");
        desk.world.restart(desk.me).unwrap();
        desk.world.run_for(SECOND * 40);
        assert_eq!(outcome(&desk.world, desk.me), first, "{context}");
        assert!(desk.world.now() > begun);
        let again = desk.rest();
        desk.world.run_for(SECOND);
        let is_open = live(&desk.world, desk.me).open_orders;
        assert!(is_open.iter().any(|one| one.client_order_id == again), "{context}");
        tradewind_lab::check_always(&desk.world).unwrap_or_else(|e| panic!("{context}: {e}"));
    }
}

fn orders_that_traded_or_ended_while_nobody_looked_are_known_to_the_next_life(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    // At the best bid, so that the market soon trades it away.
    let quote = desk.quote();
    let filled = desk.submit(post_only(quote.bid, qty("0.02")));
    let resting = desk.rest();
    desk.world.run_for(MILLI * 30);
    desk.world.kill(desk.me);
    let traded = |world: &World| world.ledger().accounts[0].fills.len();
    let until = desk.world.now() + SECOND * 3_600;
    desk.world.run_until(until, |world| traded(world) > 0);
    desk.world.run_for(SECOND * 120);
    told();
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 10);
    let recovered = started().unwrap();
    let open: Vec<_> = recovered.orders.iter().map(|one| one.client_order_id).collect();
    assert_eq!(open, [resting], "{filled} has traded");
    let position = recovered.positions.values().next().unwrap().base;
    assert!(position > Decimal::ZERO && position <= Decimal::new(2, 2), "{position}");
    tradewind_lab::check_always(&desk.world).unwrap();
}

fn what_a_strategy_has_remembered_is_told_to_its_next_life(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let remember = |key: &str, value: Option<&str>| Command::Remember {
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    for command in [remember("a", Some("1")), remember("b", Some("2")), remember("a", None)] {
        desk.world.command(desk.me, "probe", command);
    }
    desk.world.run_for(SECOND);
    told();
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 10);
    let store: Vec<_> = started().unwrap().store.into_iter().collect();
    assert_eq!(store, [("b".to_owned(), "2".to_owned())]);
}

fn where_the_journal_has_lost_its_tail_orders_of_our_slots_are_adopted_and_others_left_alone(
    at: VenueKind,
) {
    let mut desk = Desk::open(at, MILLI);
    let (_, others) = other(&mut desk.world);
    let before = desk.take("0.01");
    desk.world.run_for(SECOND);
    desk.world.journal(desk.me).unwrap().sync();
    let lost = desk.rest();
    let bought = desk.take("0.05");
    desk.world.run_for(SECOND);
    desk.world.kill(desk.me);
    desk.world.journal(desk.me).unwrap().lose_power();
    told();
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 10);
    let recovered = started().unwrap();
    let open: Vec<_> = recovered.orders.iter().map(|one| one.client_order_id).collect();
    assert_eq!(open, [lost]);
    let adopted = |id| desk.incidents(|one| *one == Incident::Adopted { client_order_id: id });
    assert_eq!([before, lost, bought, others].map(adopted), [0, 1, 1, 0]);
    assert!(open_at_venue(&desk.world).contains(&others.to_string()));
    // Its trades were found in the history and are in the position.
    tradewind_lab::check_always(&desk.world).unwrap();
}

fn a_wanted_cancel_outlives_the_process_that_was_asked_for_it(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let id = desk.rest();
    desk.world.run_for(SECOND);
    let rule = Rule::always(Pattern::what(at.names().cancel), Fault::RequestLost);
    desk.world.at_venue(|venue, _| venue.add_fault(rule));
    desk.cancel(id);
    desk.world.run_for(SECOND);
    desk.world.at_venue(|venue, _| venue.clear_faults());
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 10);
    assert_eq!(open_at_venue(&desk.world), Vec::<String>::new());
}

fn a_start_reads_one_list_of_open_orders_and_asks_only_about_what_is_not_in_it(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let resting: Vec<_> = (0..5).map(|_| desk.rest()).collect();
    // At the best bid, so that the market soon trades it away.
    let quote = desk.quote();
    desk.submit(post_only(quote.bid, qty("0.0001")));
    desk.world.run_for(MILLI * 30);
    desk.world.kill(desk.me);
    let until = desk.world.now() + SECOND * 3_600;
    desk.world.run_until(until, |world| world.ledger().accounts[0].open_orders.len() == 5);
    desk.world.run_for(SECOND * 60);
    let asked = |desk: &Desk| desk.sent(CallKind::QueryOrder).len();
    let before = asked(&desk);
    told();
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 10);
    assert_eq!(asked(&desk) - before, 1);
    let mut open: Vec<_> =
        started().unwrap().orders.iter().map(|one| one.client_order_id).collect();
    open.sort_unstable();
    assert_eq!(open, resting);
}

/// A venue that has forgotten everything, as a test network does once a month.
fn reset(desk: &mut Desk) {
    let at = desk.at;
    desk.world.kill(desk.me);
    desk.world.run_for(SECOND * 60);
    desk.world.at_venue(|venue, now| *venue = AnyVenue::new(&at.config(), 77, now));
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 120);
}

const fn is_reset(incident: &Incident) -> bool {
    matches!(incident, Incident::VenueReset { .. })
}

fn a_venue_that_was_reset_is_recognized_said_once_and_not_traded_at(at: VenueKind) {
    for has_traded in [true, false] {
        let mut desk = Desk::open(at, MILLI);
        desk.rest();
        desk.rest();
        if has_traded {
            desk.take("0.05");
        }
        desk.world.run_for(SECOND);
        reset(&mut desk);
        // A list of trades that does not go back to the first says nothing by being empty.
        let is_certain = !has_traded || at.manners().keeps_trades;
        assert_eq!(desk.incidents(is_reset), usize::from(is_certain), "traded: {has_traded}");
        let status = desk.world.instance(desk.me).snapshot(desk.world.now()).map(|one| one.status);
        assert_ne!(status, Some(VenueStatus::Live));
    }
}

fn one_order_that_is_still_known_or_one_later_trade_is_no_reset(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let known = desk.rest();
    desk.take("0.05");
    desk.world.run_for(SECOND);
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 30);
    assert_eq!(desk.incidents(is_reset), 0);
    assert!(live(&desk.world, desk.me).open_orders.iter().any(|one| one.client_order_id == known));
    // Nothing rests any more: its trades say enough.
    desk.cancel(known);
    desk.world.run_for(SECOND);
    desk.world.restart(desk.me).unwrap();
    desk.world.run_for(SECOND * 30);
    assert_eq!(desk.incidents(is_reset), 0);
    live(&desk.world, desk.me);
}
