use tradewind_model::id::TradeId;
use tradewind_model::market::{Quote, Trade};
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{Link, OrderKind, OrderState, Side};
use tradewind_model::report::Fill;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

fn quote(instrument: &str, bid: u32) -> Notice {
    let price = |units: u32| tradewind_model::money::Price::new(units.into()).unwrap();
    let qty = "1".parse().unwrap();
    Notice::Quote(
        InstrumentId::from(instrument),
        Quote {
            bid: price(bid),
            bid_qty: qty,
            ask: price(bid + 1),
            ask_qty: qty,
            at: Timestamp::EPOCH,
        },
    )
}

fn trade(id: u64) -> Notice {
    let trade = Trade {
        id,
        price: "1".parse().unwrap(),
        qty: "1".parse().unwrap(),
        taker: Side::Buy,
        at: Timestamp::EPOCH,
    };
    Notice::Trade(InstrumentId::from("a"), trade)
}

fn drain(inbox: &Inbox) -> Vec<Input> {
    let mut state = inbox.lock();
    std::iter::from_fn(|| state.take()).collect()
}

#[test]
fn only_the_latest_quote_of_an_instrument_waits_and_order_is_kept() {
    let inbox = Inbox::new();
    inbox.push(NOW, quote("a", 1));
    inbox.push(NOW, Notice::Venue(VenueStatus::Live));
    inbox.push(NOW, quote("b", 5));
    inbox.push(NOW, quote("a", 2));
    let expected = [quote("a", 2), Notice::Venue(VenueStatus::Live), quote("b", 5)];
    assert_eq!(drain(&inbox), expected.map(Input::Notice));
    inbox.push(NOW, quote("a", 3));
    assert_eq!(drain(&inbox), [Input::Notice(quote("a", 3))]);
}

#[test]
fn the_newest_trades_wait_up_to_a_bound_and_what_is_dropped_is_counted() {
    let inbox = Inbox::new();
    for id in 0..MARKET_MAX as u64 + 7 {
        inbox.push(NOW, trade(id));
    }
    assert_eq!(inbox.backlog().dropped, 7);
    let message = Message { topic: "t".to_owned(), body: String::new() };
    for _ in 0..MESSAGES_MAX {
        inbox.post(message.clone()).unwrap();
    }
    assert_eq!(inbox.post(message.clone()), Err(MailboxFull));
    let drained = drain(&inbox);
    assert_eq!(drained.len(), MARKET_MAX + MESSAGES_MAX);
    assert_eq!(drained[0], Input::Notice(trade(7)));
    assert_eq!(drained[MARKET_MAX - 1], Input::Notice(trade(MARKET_MAX as u64 + 6)));
    inbox.post(message).unwrap();
}

fn order(name: &str, state: OrderState, traded: u32, fill: Option<u64>) -> Notice {
    let qty = |units: u32| tradewind_model::money::Quantity::new(units.into()).unwrap();
    let fill = fill.map(|id| Fill {
        trade_id: TradeId(id),
        price: "1".parse().unwrap(),
        qty: qty(1),
        commission: tradewind_model::Decimal::ZERO,
        commission_asset: None,
        is_maker: true,
        at: NOW,
    });
    Notice::Order(Box::new(OrderUpdate {
        client_order_id: name.parse().unwrap(),
        venue_order_id: None,
        instrument: InstrumentId::from("a"),
        side: Side::Buy,
        kind: OrderKind::PostOnly { price: "1".parse().unwrap(), qty: qty(100) },
        tag: 0,
        link: Link::Alone,
        state,
        cum_qty: qty(traded),
        cum_quote: Default::default(),
        leaves_qty: qty(100 - traded),
        fill,
        reason: None,
        denied: None,
        refusal: None,
        at: NOW,
    }))
}

/// Fills the room for news that wait one by one.
fn crowd(inbox: &Inbox) {
    for number in 0..ORDERS_MAX {
        inbox.push(NOW, order(&format!("early-{number}"), OrderState::Open, 0, None));
    }
}

#[test]
fn past_the_bound_an_orders_news_are_drawn_together_with_every_trade_and_the_latest_state() {
    let inbox = Inbox::new();
    crowd(&inbox);
    let story = |name: &str| {
        [
            order(name, OrderState::Open, 0, None),
            order(name, OrderState::PartiallyFilled, 1, Some(1)),
            order(name, OrderState::PartiallyFilled, 2, Some(2)),
            order(name, OrderState::PartiallyFilled, 2, None),
            order(name, OrderState::Canceled, 2, None),
        ]
    };
    for (one, other) in story("late-a").into_iter().zip(story("late-b")) {
        inbox.push(NOW, one);
        inbox.push(NOW, other);
    }
    assert_eq!(inbox.backlog().waiting, ORDERS_MAX + 2, "one slot an order");
    assert_eq!(inbox.backlog().coalesced, 2);
    let drained = drain(&inbox).split_off(ORDERS_MAX);
    let told = |name: &str| {
        [
            order(name, OrderState::PartiallyFilled, 1, Some(1)),
            order(name, OrderState::PartiallyFilled, 2, Some(2)),
            order(name, OrderState::Canceled, 2, None),
        ]
    };
    let expected = told("late-a").into_iter().chain(told("late-b")).map(Input::Notice);
    assert_eq!(drained, expected.collect::<Vec<_>>());
    assert_eq!(inbox.backlog(), Backlog::default());
}

#[test]
fn a_flood_while_a_strategy_blocks_takes_room_for_its_orders_and_loses_no_trade_of_them() {
    let inbox = Inbox::new();
    crowd(&inbox);
    for round in 0..20_000_u64 {
        let name = format!("order-{}", round % 10);
        inbox.push(NOW, order(&name, OrderState::Open, 0, None));
        if round % 100 < 10 {
            inbox.push(NOW, order(&name, OrderState::PartiallyFilled, 1, Some(round)));
        }
        inbox.push(NOW, quote("a", 1));
        inbox.push(NOW, Notice::Venue(VenueStatus::Live));
        inbox.push(NOW, Notice::Balances(Vec::new()));
    }
    let waiting = inbox.backlog().waiting;
    assert!(waiting <= ORDERS_MAX + STATUSES_MAX + 10 + 4, "{waiting}");
    let drained = drain(&inbox);
    let trades = drained.iter().filter_map(|input| match input {
        Input::Notice(Notice::Order(update)) => update.fill.as_ref().map(|fill| fill.trade_id),
        Input::Notice(_) | Input::Message(_) | Input::Wake => None,
    });
    assert_eq!(trades.count(), 20_000 / 10);
}

#[test]
fn what_waits_and_since_when_can_be_seen() {
    let inbox = Inbox::new();
    assert_eq!(inbox.backlog(), Backlog::default());
    inbox.push(NOW, trade(1));
    inbox.push(NOW + std::time::Duration::from_secs(5), trade(2));
    let backlog = inbox.backlog();
    assert_eq!((backlog.waiting, backlog.oldest_at, backlog.busy_since), (2, Some(NOW), None));
    let clock = Clock::start();
    inbox.next(&clock, None);
    assert_eq!(inbox.backlog().waiting, 1);
    assert!(inbox.backlog().busy_since.is_some(), "it is at work");
    inbox.next(&clock, None);
    assert_eq!(inbox.next(&clock, Some(Timestamp::EPOCH)), Some(Input::Wake));
}

#[test]
fn balances_that_wait_are_brought_up_to_date() {
    let balance = |asset: &str, free: i64| Balance {
        asset: asset.into(),
        free: free.into(),
        locked: tradewind_model::Decimal::ZERO,
    };
    let inbox = Inbox::new();
    inbox.push(NOW, Notice::Balances(vec![balance("A", 1), balance("B", 1)]));
    inbox.push(NOW, Notice::Balances(vec![balance("B", 2), balance("C", 2)]));
    let expected = vec![balance("A", 1), balance("B", 2), balance("C", 2)];
    assert_eq!(drain(&inbox), [Input::Notice(Notice::Balances(expected))]);
}

#[test]
fn a_timer_that_is_due_wakes_and_an_end_ends() {
    let inbox = Inbox::new();
    let clock = Clock::start();
    assert_eq!(inbox.next(&clock, Some(Timestamp::EPOCH)), Some(Input::Wake));
    inbox.push(NOW, quote("a", 1));
    assert!(matches!(inbox.next(&clock, None), Some(Input::Notice(_))));
    inbox.close();
    assert_eq!(inbox.next(&clock, None), None);
    assert_eq!(inbox.post(Message { topic: String::new(), body: String::new() }), Err(MailboxFull));
}
