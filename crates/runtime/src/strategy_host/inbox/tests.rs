use tradewind_model::market::{Quote, Trade};
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::Side;

use super::*;

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
    inbox.push(quote("a", 1));
    inbox.push(Notice::Venue(VenueStatus::Live));
    inbox.push(quote("b", 5));
    inbox.push(quote("a", 2));
    let expected = [quote("a", 2), Notice::Venue(VenueStatus::Live), quote("b", 5)];
    assert_eq!(drain(&inbox), expected.map(Input::Notice));
    inbox.push(quote("a", 3));
    assert_eq!(drain(&inbox), [Input::Notice(quote("a", 3))]);
}

#[test]
fn trades_and_messages_are_bounded_and_what_is_dropped_is_counted() {
    let inbox = Inbox::new();
    for id in 0..TRADES_MAX as u64 + 7 {
        inbox.push(trade(id));
    }
    assert_eq!(inbox.trades_dropped(), 7);
    let message = Message { topic: "t".to_owned(), body: String::new() };
    for _ in 0..MESSAGES_MAX {
        inbox.post(message.clone()).unwrap();
    }
    assert_eq!(inbox.post(message.clone()), Err(MailboxFull));
    assert_eq!(drain(&inbox).len(), TRADES_MAX + MESSAGES_MAX);
    inbox.post(message).unwrap();
}

#[test]
fn a_timer_that_is_due_wakes_and_an_end_ends() {
    let inbox = Inbox::new();
    let clock = Clock::start();
    assert_eq!(inbox.next(&clock, Some(Timestamp::EPOCH)), Some(Input::Wake));
    inbox.push(quote("a", 1));
    assert!(matches!(inbox.next(&clock, None), Some(Input::Notice(_))));
    inbox.close();
    assert_eq!(inbox.next(&clock, None), None);
    assert_eq!(inbox.post(Message { topic: String::new(), body: String::new() }), Err(MailboxFull));
}
