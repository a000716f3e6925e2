//! A strategy that will not take no for an answer.

use std::time::Duration;

use tradewind_engine::{Incident, ReadFailed, Urgency};
use tradewind_model::Decimal;
use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderId, ClientOrderIds, InstrumentId, Symbol};
use tradewind_model::money::Price;
use tradewind_model::notice::Command;
use tradewind_model::order::{Denied, OrderKind, OrderRequest, OrderState, Side, TimeInForce};
use tradewind_model::time::Timestamp;
use tradewind_simulator::exchange::SymbolStatus;

use super::orders::{post_only, qty};
use super::probe::{Told, of_order, told};
use super::solo::Solo;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    the_same_bad_order_for_five_hours_is_one_request_a_minute_and_one_alert,
    orders_that_wait_do_not_leave_once_their_like_was_refused_three_times,
    once_the_venue_takes_it_again_it_goes_freely_and_a_later_no_is_told_anew,
    a_question_refused_time_and_again_is_not_asked_either,
}

struct Stubborn {
    at: VenueKind,
    world: Solo,
    ids: ClientOrderIds,
}

/// What the venue says to what is asked of it stubbornly: a code, and words of its text.
struct No {
    code: i64,
    words: &'static str,
}

impl VenueKind {
    /// To an order that is bad for where its price is.
    const fn no_to_a_price(self) -> No {
        match self {
            Self::Binance => No { code: -2010, words: "would immediately match" },
            Self::Bitget => No { code: 43_009, words: "price" },
        }
    }

    /// To a question about a symbol that there is not.
    const fn no_to_a_symbol(self) -> No {
        match self {
            Self::Binance => No { code: -1121, words: "symbol" },
            Self::Bitget => No { code: 40_034, words: "does not exist" },
        }
    }
}

impl Stubborn {
    fn new(at: VenueKind) -> Self {
        Self {
            at,
            world: Solo::calm(at, |_, _| {}),
            ids: ClientOrderIds::new(99, Timestamp::EPOCH),
        }
    }

    fn submit(&mut self, instrument: &str, side: Side, kind: OrderKind) -> ClientOrderId {
        let client_order_id = self.ids.next();
        let instrument = InstrumentId::from(instrument);
        let request = OrderRequest { instrument, side, kind, tag: 0 };
        self.world.command("probe", Command::Submit { client_order_id, request });
        client_order_id
    }

    /// The best price of a symbol on the side that this one trades with, so many percent dearer or
    /// cheaper.
    fn price(&self, symbol: &str, side: Side, percent: i64) -> Price {
        let depth = self.world.venue().exchange().depth(symbol, 1).unwrap();
        let (best, percent) = match side {
            Side::Buy => (depth.asks[0].0, 100 + percent),
            Side::Sell => (depth.bids[0].0, 100 - percent),
        };
        Price::new((best * Decimal::new(percent, 2)).round()).unwrap()
    }

    /// A buy that the venue says no to each time, since the market hardly moves: one that would
    /// trade at once and is not to, or one that is dearer than anything may be.
    fn bad(&self) -> OrderKind {
        match self.at {
            VenueKind::Binance => post_only(self.price("BTCUSDT", Side::Buy, 2), qty("0.01")),
            VenueKind::Bitget => OrderKind::Limit {
                price: self.price("BTCUSDT", Side::Buy, 10),
                qty: qty("0.01"),
                time_in_force: TimeInForce::GoodTillCanceled,
            },
        }
    }

    /// Trades a little at once.
    fn trade(&mut self, instrument: &str, side: Side) {
        let symbol = instrument.replace('-', "");
        let kind = self.at.at_once(side, qty("0.01"), self.price(&symbol, side, 3));
        self.submit(instrument, side, kind);
    }

    fn alerts(&self) -> usize {
        let is_alert = |one: &&Incident| matches!(one, Incident::RefusedAlike { .. });
        self.world.incidents().filter(is_alert).count()
    }

    fn run(&mut self, millis: u64) {
        self.world.run_for(Duration::from_millis(millis));
    }
}

/// How orders ended that were told of.
fn ends() -> Vec<(ClientOrderId, OrderState, Option<Denied>)> {
    let orders = told().into_iter().filter_map(|told| {
        let Told::Order(update) = told else { return None };
        let end = (update.client_order_id, update.state, update.denied);
        update.state.is_terminal().then_some(end)
    });
    orders.collect()
}

fn the_same_bad_order_for_five_hours_is_one_request_a_minute_and_one_alert(at: VenueKind) {
    let mut stubborn = Stubborn::new(at);
    let bad = stubborn.bad();
    let begun = stubborn.world.now();
    let (mut denied, mut rejected, mut filled) = (0_u64, 0_u64, 0_u64);
    let No { code: its, words: its_words } = at.no_to_a_price();
    for tenth in 0..5 * 3_600 * 10_u64 {
        stubborn.submit("BTC-USDT", Side::Buy, bad);
        // Meanwhile others trade: one on the same symbol, one on another.
        let minute = tenth / 600;
        if tenth % 600 == 300 {
            let side = if minute % 2 == 0 { Side::Buy } else { Side::Sell };
            stubborn.trade("BTC-USDT", side);
            stubborn.trade("ETH-USDT", side);
        }
        stubborn.run(100);
        for (_, state, why) in ends() {
            match (state, why) {
                (OrderState::Filled, None) => filled += 1,
                (OrderState::Rejected, None) => rejected += 1,
                (
                    OrderState::Denied,
                    Some(Denied::RefusedAlike { code, words, times: 3.., until }),
                ) => {
                    assert!(code == its && words.contains(its_words), "{code} {words}");
                    let wait = until.since(stubborn.world.now());
                    assert!(wait <= Duration::from_secs(60), "{wait:?}");
                    denied += 1;
                }
                other => panic!(
                    "{other:?} at {tenth} {:?} {:?}",
                    stubborn.world.snapshot().balances,
                    stubborn.world.ledger().accounts[0].balances
                ),
            }
        }
    }
    let ledger = stubborn.world.ledger();
    let refused = ledger.accounts[0].orders_rejected;
    assert_eq!(rejected, refused, "each refusal is told");
    assert!((3 + 290..=3 + 300).contains(&refused), "{refused} in five hours");
    assert_eq!(denied + rejected, 180_000);
    assert_eq!(filled, 600, "what is not refused trades on");
    assert_eq!(stubborn.alerts(), 1);
    // After the first three, never two within a minute.
    let refusals: Vec<_> = stubborn
        .world
        .arrivals_since(begun)
        .into_iter()
        .filter(|(_, what, status)| *what == at.names().place && *status == 400)
        .map(|(at, ..)| at)
        .collect();
    for pair in refusals.windows(2).skip(2) {
        let apart = pair[1].since(pair[0]);
        assert!(apart >= Duration::from_millis(59_900), "{apart:?}");
    }
}

fn orders_that_wait_do_not_leave_once_their_like_was_refused_three_times(at: VenueKind) {
    let mut stubborn = Stubborn::new(at);
    let bad = stubborn.bad();
    let ids: Vec<_> = (0..50).map(|_| stubborn.submit("BTC-USDT", Side::Buy, bad)).collect();
    stubborn.run(1_000);
    let ends = ends();
    assert_eq!(ends.len(), ids.len());
    // As many as there are slots for orders were on the wire when the third answer came.
    let arrived = stubborn.world.requests(at.names().place);
    assert!((3..=10).contains(&arrived), "{arrived}");
    let is_denied = |why: &Option<Denied>| matches!(why, Some(Denied::RefusedAlike { .. }));
    let denied = ends.iter().filter(|(_, _, why)| is_denied(why)).count() as u64;
    assert_eq!(denied + arrived, 50);
    assert_eq!(stubborn.alerts(), 1);
}

fn once_the_venue_takes_it_again_it_goes_freely_and_a_later_no_is_told_anew(at: VenueKind) {
    let mut stubborn = Stubborn::new(at);
    let far = post_only("50000".parse().unwrap(), qty("0.001"));
    let halt = |world: &mut Solo, status| {
        world.at_venue(|venue, now| venue.set_status(now, "BTCUSDT", status));
    };
    for round in 1..=2 {
        halt(&mut stubborn.world, SymbolStatus::Break);
        for _ in 0..20 {
            stubborn.submit("BTC-USDT", Side::Buy, far);
            stubborn.run(100);
        }
        assert_eq!(stubborn.alerts(), round);
        halt(&mut stubborn.world, SymbolStatus::Trading);
        let early = stubborn.submit("BTC-USDT", Side::Buy, far);
        stubborn.run(100);
        let why = of_order(&told(), early).pop().and_then(|update| update.denied);
        assert!(matches!(why, Some(Denied::RefusedAlike { .. })), "before its minute: {why:?}");
        stubborn.run(60_000);
        let before = stubborn.world.ledger().accounts[0].orders_accepted;
        let ids: Vec<_> = (0..5).map(|_| stubborn.submit("BTC-USDT", Side::Buy, far)).collect();
        stubborn.run(10);
        for _ in 0..3 {
            stubborn.submit("BTC-USDT", Side::Buy, far);
            stubborn.run(100);
        }
        let news = told();
        assert_eq!(of_order(&news, ids[0]).last().unwrap().state, OrderState::Open, "the probe");
        let after = stubborn.world.ledger().accounts[0].orders_accepted;
        assert_eq!(after - before, 4, "the probe, and all that came after its answer");
    }
}

fn a_question_refused_time_and_again_is_not_asked_either(at: VenueKind) {
    let mut stubborn = Stubborn::new(at);
    let call = || Call::Depth { symbol: Symbol::new("NOSUCH"), levels: 5 };
    let No { code, words: _ } = at.no_to_a_symbol();
    let mut refused = 0;
    for _ in 0..100 {
        let asked = stubborn.world.ask(call(), Urgency::Query, Duration::from_secs(5));
        stubborn.run(1_000);
        match stubborn.world.answer(asked) {
            Some(Err(ReadFailed::Refused(refusal))) if refusal.code == code => refused += 1,
            Some(Err(ReadFailed::RefusedAlike(alike))) => assert_eq!(alike.code, code),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 3 + 1);
    assert_eq!(stubborn.world.requests(at.names().depth), refused);
    assert_eq!(stubborn.alerts(), 1);
    let other = Call::Depth { symbol: Symbol::new("BTCUSDT"), levels: 5 };
    let other = stubborn.world.ask(other, Urgency::Query, Duration::from_secs(5));
    stubborn.run(100);
    assert!(stubborn.world.answer(other).unwrap().is_ok());
}
