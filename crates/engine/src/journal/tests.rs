use std::time::Duration;

use tradewind_model::id::{
    AccountId, Asset, ClientOrderId, ClientOrderIds, InstrumentId, StrategyId, Symbol, TradeId,
    VenueId, VenueOrderId,
};
use tradewind_model::order::{Link, OrderKind, OrderRequest, OrderState, Side};
use tradewind_model::report::Fill;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{TradingScope, TradingState};
use tradewind_scheduler::{ScopeKey, ShutReason, ShutRecord};

use super::*;

const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn at(millis: u64) -> Timestamp {
    START + Duration::from_millis(millis)
}

fn name(text: &str) -> ClientOrderId {
    ClientOrderId::new(text).unwrap()
}

fn intent(id: &str, attempt: u32) -> Entry {
    Entry::Intent(Box::new(Intent {
        client_order_id: name(id),
        venue: VenueId::new("binance").unwrap(),
        account: AccountId::new("main").unwrap(),
        strategy: StrategyId::new("grid").unwrap(),
        request: OrderRequest {
            instrument: InstrumentId::new("BTC-USDT"),
            side: Side::Buy,
            kind: OrderKind::PostOnly {
                price: "50000".parse().unwrap(),
                qty: "0.3".parse().unwrap(),
            },
            tag: 7,
        },
        link: Link::Alone,
        symbol: Symbol::new("BTCUSDT"),
        deadline: at(5_000),
        recv_window: Duration::from_millis(1_500),
        attempt,
        created_at: at(0),
    }))
}

fn accepted(id: &str) -> Entry {
    let venue_order_id = VenueOrderId::new("881").unwrap();
    Entry::Accepted { client_order_id: name(id), venue_order_id, transacted_at: None }
}

fn traded(id: &str, trade_id: u64, qty: &str) -> Entry {
    Entry::Traded(Box::new(Trade {
        client_order_id: name(id),
        venue_order_id: VenueOrderId::new("881").unwrap(),
        venue: VenueId::new("binance").unwrap(),
        symbol: Symbol::new("BTCUSDT"),
        fill: Fill {
            trade_id: TradeId(trade_id),
            price: "50000".parse().unwrap(),
            qty: qty.parse().unwrap(),
            commission: "0.0001".parse().unwrap(),
            commission_asset: Some(Asset::new("BTC")),
            is_maker: true,
            at: at(trade_id),
        },
        base_fee: "0.0001".parse().unwrap(),
    }))
}

fn ended(id: &str, ending: Ending) -> Entry {
    Entry::Ended { client_order_id: name(id), ending, reason: Some("because".to_owned()) }
}

fn in_doubt(id: &str) -> Entry {
    Entry::InDoubt { client_order_id: name(id), reason: "timeout".to_owned() }
}

/// What entries a millisecond apart come to, and what the last one changed.
fn fold(entries: impl IntoIterator<Item = Entry>) -> (Recovered, Applied) {
    let mut recovered = Recovered::default();
    let mut last = Applied::Known;
    for (millis, entry) in (1..).zip(entries) {
        last = recovered.apply(&Record { at: at(millis), entry });
    }
    (recovered, last)
}

#[test]
fn an_intent_alone_recovers_as_an_order_in_doubt() {
    let (recovered, applied) = fold([intent("a", 1)]);
    assert_eq!(applied, Applied::NewOrder);
    let order = &recovered.orders[&name("a")];
    assert_eq!(order.live_state(), Some(OrderState::InDoubt));
    assert_eq!((order.stage(), order.intent.request.tag), ("intended", 7));
}

#[test]
fn an_order_goes_from_intent_to_its_last_fill_and_its_trades_are_counted_once() {
    let (recovered, _) = fold([
        intent("a", 1),
        Entry::Sent { client_order_id: name("a") },
        accepted("a"),
        traded("a", 12, "0.1"),
        traded("a", 12, "0.1"),
        traded("a", 11, "0.2"),
    ]);
    let order = &recovered.closed[&name("a")];
    assert_eq!(order.over.as_ref().map(|over| over.ending), Some(Ending::Filled));
    assert_eq!(order.cum_qty(), "0.3".parse().unwrap());
    assert_eq!(order.cum_quote(), "15000".parse().unwrap());
    let turnover = recovered.turnovers.values().next().unwrap();
    let position = turnover.position(&Asset::new("USDT"));
    assert_eq!(position.base, "0.2998".parse().unwrap());
    assert_eq!(position.quote, "-15000".parse().unwrap());
    assert_eq!(position.cost, "14990".parse().unwrap(), "fees have cost 10");
    assert_eq!(position.fills, 2);
    assert_eq!(recovered.last_trades.values().collect::<Vec<_>>(), [&TradeId(12)]);
}

#[test]
fn an_order_ended_without_the_venues_word_is_open_again_when_it_turns_up() {
    for ending in Ending::ALL.into_iter().filter(|ending| ending.is_revocable()) {
        for sign in [accepted("a"), traded("a", 5, "0.1")] {
            let (recovered, _) = fold([intent("a", 1), in_doubt("a"), ended("a", ending), sign]);
            let order = &recovered.orders[&name("a")];
            assert!(order.over.is_none() && order.in_doubt_since.is_none(), "{ending:?}");
        }
    }
}

#[test]
fn an_end_by_the_venues_word_stands_and_late_trades_are_still_counted() {
    for ending in [Ending::Expired, Ending::Canceled, Ending::Filled] {
        let (recovered, applied) =
            fold([intent("a", 1), ended("a", ending), accepted("a"), traded("a", 5, "0.1")]);
        let order = &recovered.closed[&name("a")];
        assert_eq!(order.over.as_ref().map(|over| over.ending), Some(ending));
        assert_eq!((applied, order.fills.len()), (Applied::Trade, 1));
    }
}

#[test]
fn contradictory_ends_come_to_the_same_in_any_order() {
    for one in Ending::ALL {
        for other in Ending::ALL {
            let end = |entries| {
                let (recovered, _) = fold(entries);
                recovered.closed[&name("a")].over.as_ref().map(|over| over.ending)
            };
            let there = end([intent("a", 1), ended("a", one), ended("a", other)]);
            let back = end([intent("a", 1), ended("a", other), ended("a", one)]);
            if !one.is_revocable() || !other.is_revocable() {
                assert_eq!(there, back, "{one:?} and {other:?}");
                assert_eq!(there, Some(one.max(other)));
            } else {
                assert_eq!(there, Some(one), "the first verdict stands");
            }
        }
    }
}

#[test]
fn nothing_that_supposes_the_venue_never_had_it_ends_an_order_it_has() {
    for ending in [Ending::Unsent, Ending::Rejected, Ending::NotPlaced] {
        let (recovered, applied) = fold([intent("a", 1), accepted("a"), ended("a", ending)]);
        assert_eq!(applied, Applied::Known, "{ending:?}");
        assert!(recovered.orders.contains_key(&name("a")));
    }
    let (recovered, _) = fold([intent("a", 1), accepted("a"), ended("a", Ending::Forgotten)]);
    assert!(recovered.closed.contains_key(&name("a")), "an operator may");
}

#[test]
fn an_order_is_sent_again_only_by_a_later_attempt_and_never_once_the_venue_had_it() {
    let again = |entries: Vec<Entry>| {
        let (recovered, applied) = fold(entries);
        (recovered.order(name("a")).unwrap().intent.attempt, applied)
    };
    let verdict = || vec![intent("a", 1), in_doubt("a"), ended("a", Ending::NotPlaced)];
    let then = |entry| [verdict(), vec![entry]].concat();
    assert_eq!(again(then(intent("a", 2))), (2, Applied::Order));
    assert_eq!(again(then(intent("a", 1))), (1, Applied::Known));
    assert_eq!(again(vec![intent("a", 1), accepted("a"), intent("a", 2)]), (1, Applied::Known));
    let canceled = ended("a", Ending::Canceled);
    assert_eq!(again(vec![intent("a", 1), canceled, intent("a", 2)]), (1, Applied::Known));
}

#[test]
fn news_of_an_order_that_is_not_known_is_said_to_be_stray() {
    for entry in [accepted("a"), traded("a", 1, "0.1"), ended("a", Ending::Canceled)] {
        let (recovered, applied) = fold([entry]);
        assert_eq!((recovered, applied), (Recovered::default(), Applied::Stray));
    }
}

#[test]
fn what_is_forbidden_shut_moved_or_remembered_holds_until_it_is_taken_back() {
    let scope = TradingScope::Strategy(StrategyId::new("grid").unwrap());
    let trading = |state| {
        Entry::Trading(Box::new(Trading { scope, state, reason: "the operator".to_owned() }))
    };
    let shut = ScopeKey::Account(AccountId::new("main").unwrap());
    let record =
        ShutRecord { scope: shut, reason: ShutReason::Auth, since: at(1), until: None, strikes: 1 };
    let subject = "BTC-USDT of grid".to_owned();
    let (what, record_of_it) = ("by bitget: binance is shut".to_owned(), "{}".to_owned());
    let routed = Routed { subject: subject.clone(), what, record: record_of_it };
    let strategy = StrategyId::new("grid").unwrap();
    let remembered = |value: Option<&str>| Entry::Remembered {
        strategy,
        key: "center".to_owned(),
        value: value.map(str::to_owned),
    };
    let set = [
        trading(TradingState::Halted),
        Entry::Shut(Box::new(record)),
        Entry::Routed(Box::new(routed.clone())),
        remembered(Some("50000")),
    ];
    let cleared = [
        trading(TradingState::Running),
        Entry::Opened(shut),
        Entry::Unrouted { subject: subject.clone() },
        remembered(None),
    ];
    let (recovered, _) = fold(set.clone());
    assert_eq!(recovered.trading[&scope].1.state, TradingState::Halted);
    assert_eq!(recovered.shut[&shut], record);
    assert_eq!(recovered.routed[&subject].1, routed);
    assert_eq!(recovered.stores[&strategy]["center"], "50000");
    assert_eq!(fold(set.into_iter().chain(cleared)).0, Recovered::default());
}

#[test]
fn a_new_source_of_names_begins_after_every_name_that_is_recorded() {
    let mut ids = ClientOrderIds::new(7, at(10));
    for _ in 0..1_500 {
        ids.next();
    }
    let (recovered, _) = fold([intent(ids.next().as_str(), 1)]);
    let mark = recovered.slots[&7];
    assert!(mark.started == at(10) && mark.below > 1_500, "{mark:?}");
    assert_eq!(mark.next_start(at(3)), at(11), "though the clock went back");
    assert_eq!(mark.next_start(at(500)), at(500));
}

#[test]
fn only_orders_that_are_over_for_long_are_removed_and_their_trades_stay_counted() {
    let (mut recovered, _) = fold([
        intent("a", 1),
        traded("a", 1, "0.3"),
        intent("b", 1),
        ended("b", Ending::Canceled),
        intent("c", 1),
    ]);
    let turnovers = recovered.turnovers.clone();
    assert_eq!(recovered.compact(at(4)), [name("a")]);
    assert!(recovered.order(name("b")).is_some() && recovered.order(name("c")).is_some());
    assert_eq!(recovered.turnovers, turnovers);
    recovered.keep_closed(0);
    assert!(recovered.closed.is_empty() && recovered.orders.len() == 1);
}

#[test]
fn an_intent_is_durable_before_it_is_sent_and_a_decision_before_it_is_acted_upon() {
    let of = |entry: Entry| entry.durability();
    assert_eq!(of(intent("a", 1)), Durability::BeforeSend);
    assert_eq!(of(accepted("a")), Durability::Behind);
    assert_eq!(of(ended("a", Ending::NotPlaced)), Durability::BeforeActing);
    assert_eq!(of(ended("a", Ending::Canceled)), Durability::Behind);
    let records = [accepted("a"), intent("b", 1)].map(|entry| Record { at: at(0), entry });
    let append = Append { id: AppendId(1), records: records.to_vec() };
    assert_eq!(append.durability(), Durability::BeforeSend, "the strictest of them");
}

#[test]
fn a_record_reads_back_from_its_text() {
    for entry in [intent("a", 1), traded("a", 5, "0.1"), ended("a", Ending::NotPlaced)] {
        let record = Record { at: at(3), entry };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record, "{text}");
    }
}

#[test]
fn an_amended_order_is_full_at_its_lower_quantity_and_is_never_raised() {
    let amended =
        |qty: &str| Entry::Amended { client_order_id: name("a"), qty: qty.parse().unwrap() };
    let asked =
        |qty: &str| Entry::AmendAsked { client_order_id: name("a"), qty: qty.parse().unwrap() };
    let (recovered, applied) =
        fold([intent("a", 1), accepted("a"), asked("0.2"), amended("0.2"), amended("0.25")]);
    assert_eq!(applied, Applied::Known);
    let order = &recovered.orders[&name("a")];
    assert_eq!(order.qty(), Some("0.2".parse().unwrap()));
    assert_eq!(order.amend_asked, order.amended_qty);
    let (recovered, _) = fold([intent("a", 1), amended("0.2"), traded("a", 1, "0.2")]);
    assert_eq!(recovered.closed[&name("a")].stage(), "filled");
}

#[test]
fn what_lowers_an_order_is_written_before_it_is_sent_and_what_came_of_it_behind() {
    let qty = "0.2".parse().unwrap();
    let client_order_id = name("a");
    let durability = |entry: Entry| entry.durability();
    assert_eq!(durability(Entry::AmendAsked { client_order_id, qty }), Durability::BeforeSend);
    assert_eq!(durability(Entry::Amended { client_order_id, qty }), Durability::Behind);
}
