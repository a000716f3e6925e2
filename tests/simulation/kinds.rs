//! Orders that wait for the market, and pairs of which one ends the other: from a strategy's wish
//! to their end, and over the deaths of the process that has asked for them.

use tradewind_engine::Incident;
use tradewind_engine::journal::Ending;
use tradewind_model::Decimal;
use tradewind_model::call::{CallKind, WhenNotCanceled};
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::Command;
use tradewind_model::order::{
    Denied, Link, MarketQuantity, Oco, OcoRequest, OcoStop, OcoTake, OrderKind, OrderRequest,
    OrderState, Side,
};
use tradewind_model::setback::Setback;
use tradewind_simulator::binance::{Canned, Fault};

use super::journal::{Desk, MILLI, SECOND, states};
use super::orders::{post_only, qty};
use super::probe::{of_order, setbacks, told};
use super::venue_kind::VenueKind;

const PAIR: &str = "POST /api/v3/orderList/oco";

/// The names of a pair.
#[derive(Clone, Copy)]
struct Names {
    pair: ClientOrderId,
    take: ClientOrderId,
    stop: ClientOrderId,
}

impl Names {
    const fn both(self) -> [ClientOrderId; 2] {
        [self.take, self.stop]
    }
}

impl Desk {
    fn pair(&mut self, take: Price, stop: Price, qty: Quantity) -> Names {
        self.pair_on(Side::Sell, take, stop, qty)
    }

    fn pair_on(&mut self, side: Side, take: Price, stop: Price, qty: Quantity) -> Names {
        let names = Names { pair: self.name(), take: self.name(), stop: self.name() };
        let pair = Oco {
            qty,
            take: OcoTake::PostOnly { price: take },
            stop: OcoStop { at: stop, limit: None },
        };
        let instrument = "BTC-USDT".into();
        let request = OcoRequest { instrument, side, pair, tag: 7 };
        let Names { pair: pair_id, take: take_id, stop: stop_id } = names;
        let command = Command::SubmitPair { pair_id, take_id, stop_id, request };
        self.world.command(self.me, "probe", command);
        names
    }

    /// A pair that is far from the market on both sides.
    fn wide_pair(&mut self) -> Names {
        let (take, stop) = (self.price(5), self.price(-5));
        self.pair(take, stop, qty("1"))
    }

    /// A price just below the market.
    fn below(&self) -> Price {
        let bid = self.quote().bid.get();
        Price::new((bid * Decimal::new(9_995, 4)).floor()).unwrap()
    }

    /// Sells until the market has come down to a price.
    fn push_down(&mut self, to: Price) {
        for _ in 0..40 {
            self.order(Side::Sell, OrderKind::Market(MarketQuantity::Base(qty("0.3"))));
            self.world.run_for(MILLI * 200);
            let last = self.world.venue().exchange().last_price("BTCUSDT");
            if last.is_some_and(|last| last <= to.get()) {
                return;
            }
        }
        panic!("the market does not come down to {to}");
    }

    fn names_at_venue(&self) -> Vec<String> {
        let open = self.world.ledger().accounts[0].open_orders.clone();
        let mut names: Vec<_> = open.into_iter().map(|order| order.client_order_id).collect();
        names.sort_unstable();
        names
    }
}

fn sorted(ids: &[ClientOrderId]) -> Vec<String> {
    let mut names: Vec<_> = ids.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_stop_waits_is_set_off_and_fills() {
    let mut desk = Desk::open(VenueKind::Binance, MILLI);
    let at = desk.below();
    let id = desk.order(Side::Sell, OrderKind::stop_loss(at, qty("0.5")));
    assert_eq!(states(&desk.news(id, MILLI * 50)), [OrderState::Open]);
    desk.push_down(at);
    let updates = desk.news(id, SECOND * 2);
    assert_eq!(updates.last().unwrap().state, OrderState::Filled, "{updates:?}");
    let fills = updates.iter().filter_map(|update| update.fill.as_ref());
    assert_eq!(fills.fold(Quantity::ZERO, |sum, fill| sum + fill.qty), qty("0.5"));
    assert_eq!(setbacks(&told()), []);
    desk.honest("set off");
    let recovered = desk.killed();
    let record = &recovered.closed[&id];
    assert_eq!(record.over.as_ref().unwrap().ending, Ending::Filled);
    assert_eq!(record.intent.request.kind, OrderKind::stop_loss(at, qty("0.5")));
}

#[test]
fn a_stop_that_would_be_set_off_at_once_is_refused_in_the_venues_words() {
    let mut desk = Desk::open(VenueKind::Binance, MILLI);
    let id = desk.order(Side::Sell, OrderKind::stop_loss(desk.price(3), qty("0.5")));
    let updates = desk.news(id, SECOND);
    assert_eq!(states(&updates), [OrderState::Rejected]);
    assert!(updates[0].reason.as_ref().unwrap().contains("trigger immediately"), "{updates:?}");
}

#[test]
fn when_the_stop_of_a_pair_is_set_off_the_other_half_ends_and_the_quantity_is_sold_once() {
    let mut desk = Desk::open(VenueKind::Binance, MILLI);
    let (take, stop) = (desk.price(5), desk.below());
    let names = desk.pair(take, stop, qty("0.5"));
    desk.world.run_for(MILLI * 50);
    let opened = told();
    for (id, other) in [(names.take, names.stop), (names.stop, names.take)] {
        let updates = of_order(&opened, id);
        assert_eq!(states(&updates), [OrderState::Open]);
        assert_eq!(updates[0].link, Link::Half { pair: names.pair, other });
    }
    assert_eq!((desk.posts(), desk.sent(CallKind::PlaceOco).len()), (0, 1));
    desk.push_down(stop);
    desk.world.run_for(SECOND * 3);
    let told = told();
    assert_eq!(states(&of_order(&told, names.stop)).last(), Some(&OrderState::Filled));
    assert_eq!(states(&of_order(&told, names.take)), [OrderState::Expired]);
    assert_eq!(setbacks(&told), []);
    let sold = of_order(&told, names.stop).last().unwrap().cum_qty;
    assert_eq!(sold, qty("0.5"));
    desk.honest("stop of a pair");
}

#[test]
fn when_the_profit_of_a_pair_is_taken_its_stop_goes() {
    let mut desk = Desk::open(VenueKind::Binance, MILLI);
    // A buy this time: the profit is below the market.
    let (take, stop) = (desk.below(), desk.price(10));
    let names = desk.pair_on(Side::Buy, take, stop, qty("0.02"));
    desk.world.run_for(MILLI * 30);
    let until = desk.world.now() + SECOND * 3_600;
    desk.world.run_until(until, |world| world.ledger().accounts[0].open_orders.is_empty());
    desk.world.run_for(SECOND * 3);
    let told = told();
    assert_eq!(states(&of_order(&told, names.take)).last(), Some(&OrderState::Filled));
    assert_eq!(states(&of_order(&told, names.stop)).last(), Some(&OrderState::Expired));
    assert_eq!(setbacks(&told), []);
    desk.honest("profit of a pair");
}

#[test]
fn canceling_one_half_cancels_both_by_one_request() {
    for is_told in [true, false] {
        let mut desk = Desk::open(VenueKind::Binance, MILLI);
        let names = desk.wide_pair();
        desk.world.run_for(SECOND);
        told();
        if !is_told {
            desk.strike_all("push execution*", Fault::RequestLost);
        }
        for id in names.both() {
            desk.cancel(id);
        }
        desk.world.run_for(SECOND * 10);
        let told = told();
        for id in names.both() {
            assert_eq!(states(&of_order(&told, id)), [OrderState::Canceled], "told: {is_told}");
        }
        assert_eq!(desk.sent(CallKind::CancelOrder).len(), 1, "told: {is_told}");
        assert_eq!(setbacks(&told), []);
        desk.honest("one half canceled");
    }
}

#[test]
fn a_pair_behind_a_lost_answer_is_found_or_ruled_out_as_one() {
    for (name, fault, is_placed) in [
        ("lost", Fault::AnswerLost, true),
        ("reset", Fault::AnswerReset, true),
        ("cut", Fault::AnswerCut(80), true),
        ("503 and done", Fault::Misreported(Canned::timed_out()), true),
        ("never came", Fault::RequestLost, false),
        ("503 and not done", Fault::Answered(Canned::timed_out()), false),
    ] {
        let mut desk = Desk::open(VenueKind::Binance, MILLI);
        desk.strike(PAIR, fault);
        desk.strike_all("push execution*", Fault::AnswerHeld(SECOND * 2));
        let names = desk.wide_pair();
        desk.world.run_for(MILLI * 100);
        let in_doubt = |desk: &Desk| {
            let snapshot = desk.world.instance(desk.me).snapshot(desk.world.now()).unwrap();
            names.both().iter().filter(|id| snapshot.in_doubt.contains(id)).count()
        };
        if !is_placed {
            desk.world.run_for(SECOND * 15);
            assert_eq!(in_doubt(&desk), 2, "{name}: not given up too soon");
        }
        desk.world.run_for(SECOND * 15);
        let told = told();
        for id in names.both() {
            let update = of_order(&told, id).pop().unwrap();
            if is_placed {
                assert_eq!(update.state, OrderState::Open, "{name}");
            } else {
                assert_eq!(update.denied, Some(Denied::NotPlaced), "{name}");
            }
        }
        let expected = if is_placed { sorted(&names.both()) } else { Vec::new() };
        assert_eq!(desk.names_at_venue(), expected, "{name}");
        assert_eq!(desk.sent(CallKind::PlaceOco).len(), 1, "{name}");
        desk.honest(name);
    }
}

#[test]
fn a_pair_that_breaks_a_rule_or_is_refused_is_told_of_both_halves() {
    let mut desk = Desk::open(VenueKind::Binance, MILLI);
    // The profit below the stop.
    let (take, stop) = (desk.price(-5), desk.price(5));
    let denied = desk.pair(take, stop, qty("1"));
    let (take, stop) = (desk.price(5), desk.price(3));
    // Both above the market: only the venue sees that.
    let refused = desk.pair(take, stop, qty("1"));
    desk.world.run_for(SECOND * 2);
    let told = told();
    for id in denied.both() {
        assert_eq!(states(&of_order(&told, id)), [OrderState::Denied]);
    }
    for id in refused.both() {
        assert_eq!(states(&of_order(&told, id)), [OrderState::Rejected]);
    }
    assert_eq!(desk.sent(CallKind::PlaceOco).len(), 1);
    assert_eq!(desk.names_at_venue(), Vec::<String>::new());
    desk.honest("refused pairs");
}

#[test]
fn a_pair_canceled_before_it_left_costs_no_request() {
    let mut desk = Desk::open(VenueKind::Binance, MILLI * 40);
    let names = desk.wide_pair();
    desk.world.run_for(MILLI * 10);
    desk.cancel(names.stop);
    desk.world.run_for(SECOND);
    let told = told();
    for id in names.both() {
        assert_eq!(states(&of_order(&told, id)), [OrderState::Canceled]);
    }
    assert_eq!(desk.sent(CallKind::PlaceOco).len(), 0);
}

#[test]
fn a_stop_that_somebody_else_cancels_is_told_as_a_lost_protection() {
    let mut desk = Desk::open(VenueKind::Binance, MILLI);
    let stop = desk.order(Side::Sell, OrderKind::stop_loss(desk.price(-5), qty("1")));
    desk.world.run_for(SECOND);
    told();
    // By hand: another process with the same key.
    let (other, _) = super::lives::other(&mut desk.world);
    let clear = Command::CancelAll {
        instrument: "BTC-USDT".into(),
        whose: tradewind_model::notice::Whose::Everybodys,
    };
    desk.world.command(other, "probe", clear);
    desk.world.run_for(SECOND * 3);
    let is_it = |one: &Incident| matches!(one, Incident::ProtectionLost { .. });
    assert_eq!(desk.incidents(is_it), 1);
    let lost = setbacks(&told());
    let [Setback::Unprotected { client_order_id, left, .. }] = lost.as_slice() else {
        panic!("{lost:?}")
    };
    assert_eq!((*client_order_id, *left), (stop, qty("1")));
}

/// What is under way when the process dies.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Stop,
    Pair,
    Replacement,
    Amendment,
}

impl Wish {
    const ALL: [Self; 4] = [Self::Stop, Self::Pair, Self::Replacement, Self::Amendment];

    /// Asks for it.
    fn begin(self, desk: &mut Desk) {
        let far = post_only(desk.price(5), qty("1"));
        match self {
            Self::Stop => {
                let at = desk.price(-5);
                desk.order(Side::Sell, OrderKind::stop_loss(at, qty("1")));
            }
            Self::Pair => {
                desk.wide_pair();
            }
            Self::Replacement => {
                let first = desk.order(Side::Sell, far);
                desk.world.run_for(SECOND);
                let (instrument, side) = ("BTC-USDT".into(), Side::Sell);
                let kind = post_only(desk.price(6), qty("1"));
                let request = OrderRequest { instrument, side, kind, tag: 7 };
                let replace = Command::Replace {
                    client_order_id: first,
                    replacement_id: desk.name(),
                    request,
                    when_not_canceled: WhenNotCanceled::Stop,
                };
                desk.world.command(desk.me, "probe", replace);
            }
            Self::Amendment => {
                let id = desk.order(Side::Sell, far);
                desk.world.run_for(SECOND);
                let amend = Command::Amend { client_order_id: id, qty: qty("0.4") };
                desk.world.command(desk.me, "probe", amend);
            }
        }
    }
}

#[test]
fn killed_at_any_moment_nothing_of_any_kind_is_there_twice_or_forgotten() {
    for wish in Wish::ALL {
        for tenths in [0, 3, 8, 11, 14, 18, 22, 27, 33, 40, 60] {
            let context = format!("{wish:?}, killed after {tenths} tenths of a millisecond");
            let mut desk = Desk::open(VenueKind::Binance, MILLI);
            wish.begin(&mut desk);
            desk.world.run_for(MILLI * tenths / 10);
            let entered = |desk: &Desk| {
                let kinds = [CallKind::PlaceOrder, CallKind::PlaceOco, CallKind::ReplaceOrder];
                kinds.map(|kind| desk.sent(kind).len()).iter().sum::<usize>()
            };
            let before = entered(&desk);
            desk.world.kill(desk.me);
            desk.world.run_for(SECOND * 3);
            told();
            desk.world.restart(desk.me).unwrap();
            desk.world.run_for(SECOND * 40);
            let snapshot = desk.world.instance(desk.me).snapshot(desk.world.now()).unwrap();
            assert_eq!(snapshot.in_doubt, [], "{context}");
            let known: Vec<_> = snapshot.open_orders.iter().map(|o| o.client_order_id).collect();
            assert_eq!(sorted(&known), desk.names_at_venue(), "{context}");
            let left = |names: &[_]| -> Decimal { names.iter().copied().sum() };
            let known: Vec<_> = snapshot.open_orders.iter().map(|o| o.leaves_qty.get()).collect();
            let open = desk.world.ledger().accounts[0].open_orders.clone();
            let offered: Vec<_> = open.iter().map(|order| order.remaining()).collect();
            assert_eq!(left(&known), left(&offered), "{context}");
            let most = if matches!(wish, Wish::Pair) { Decimal::TWO } else { Decimal::ONE };
            assert!(left(&offered) <= most, "{context}");
            assert_eq!(entered(&desk), before, "{context}: nothing is sent again");
            desk.honest(&context);
            desk.world.restart(desk.me).unwrap();
            desk.world.run_for(SECOND * 20);
            let again = desk.world.instance(desk.me).snapshot(desk.world.now()).unwrap();
            let names = |orders: &[tradewind_model::order::OrderUpdate]| {
                orders.iter().map(|o| (o.client_order_id, o.leaves_qty, o.link)).collect::<Vec<_>>()
            };
            assert_eq!(names(&again.open_orders), names(&snapshot.open_orders), "{context}");
        }
    }
}
