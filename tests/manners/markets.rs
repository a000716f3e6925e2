//! Books from the stream, and bars whose end is not told.

use std::time::Duration;

use tradewind_model::market::{Bar, Book};
use tradewind_model::notice::Notice;
use tradewind_model::stream::{Feed, StreamKind};

use super::desk::{Desk, five_minutes};

const MARKET: StreamKind = StreamKind::Market;

fn books(desk: &Desk) -> Vec<Book> {
    let book = |notice: &Notice| {
        if let Notice::Book(_, book) = notice { Some(book.clone()) } else { None }
    };
    desk.notices.iter().filter_map(book).collect()
}

fn bars(desk: &Desk) -> Vec<Bar> {
    let bar = |notice: &Notice| {
        if let Notice::Bar(_, bar) = notice { Some(bar.clone()) } else { None }
    };
    desk.notices.iter().filter_map(bar).collect()
}

/// How often the book's channel was asked for and let go.
fn renewals(desk: &Desk) -> (usize, usize) {
    let of_books = desk.texts(MARKET).into_iter().filter(|text| text.contains("\"books\""));
    let (gone, asked): (Vec<&str>, Vec<&str>) =
        of_books.partition(|text| text.contains("unsubscribe"));
    (asked.len(), gone.len())
}

#[test]
fn a_book_is_whole_from_the_stream_without_a_read() {
    let mut desk = Desk::new();
    desk.start(&[Feed::Book(5)]);
    let told = books(&desk);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].bids.len(), told[0].asks.len()), (1, 1));
    let change = desk.script.change(103, 100);
    desk.say(MARKET, &change);
    desk.pass(10);
    assert_eq!(books(&desk).len(), 2);
    assert!(!desk.asked.iter().any(|path| path.contains("orderbook")), "{:?}", desk.asked);
}

#[test]
fn a_book_with_a_gap_is_asked_for_anew_and_no_socket_is_lost_for_it() {
    let mut desk = Desk::new();
    desk.start(&[Feed::Book(5)]);
    let change = desk.script.change(110, 105);
    desk.say(MARKET, &change);
    desk.pass(200);
    assert_eq!(renewals(&desk), (2, 1));
    assert_eq!(books(&desk).len(), 2, "the whole of it came again");
    let counters = desk.engine.snapshot(desk.now).counters;
    assert_eq!((counters.books_renewed, counters.streams_lost), (1, 0));
    // What comes of the feed that was let go is of no use and does no harm.
    let change = desk.script.change(101, 100);
    desk.say(MARKET, &change);
    desk.pass(200);
    assert_eq!(renewals(&desk), (2, 1));
}

#[test]
fn a_book_that_comes_out_otherwise_than_at_the_venue_is_asked_for_anew() {
    let mut desk = Desk::new();
    desk.start(&[Feed::Book(5)]);
    desk.script.checksum = Some(7);
    let change = desk.script.change(101, 100);
    desk.script.checksum = None;
    desk.say(MARKET, &change);
    desk.pass(200);
    assert_eq!(renewals(&desk), (2, 1));
    assert_eq!(books(&desk).len(), 2, "what came out otherwise was not told");
}

#[test]
fn books_that_never_come_out_right_stay_within_what_a_socket_may_be_sent() {
    let mut desk = Desk::new();
    desk.script.checksum = Some(7);
    desk.start(&[Feed::Book(5)]).pass(2 * 3_600_000);
    let asked: Vec<_> = desk
        .sent
        .iter()
        .filter(|sent| sent.kind == MARKET && sent.text.contains("\"op\":"))
        .map(|sent| sent.at)
        .collect();
    assert!(asked.len() > 20, "it is tried on: {}", asked.len());
    for (index, at) in asked.iter().enumerate() {
        let hour = asked[index..].iter().take_while(|it| it.since(*at) < HOUR).count();
        assert!(hour <= 240, "{hour} in an hour");
    }
    assert!(books(&desk).is_empty());
}

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn a_bar_is_over_when_the_next_begins() {
    let mut desk = Desk::new();
    desk.start(&[five_minutes()]);
    let open_at = desk.now.as_millis() / 300_000 * 300_000;
    let row = |index: u64, volume: &str| {
        let at = open_at + index * 300_000;
        format!(r#"["{at}","10","11","9","10","{volume}","100","100"]"#)
    };
    let said = |action: &str, rows: &str| {
        format!(
            r#"{{"action":"{action}","arg":{{"instType":"SPOT","channel":"candle5m","instId":"FOOUSDT"}},"data":[{rows}]}}"#
        )
    };
    desk.say(MARKET, &said("snapshot", &row(0, "1")));
    desk.pass(10);
    desk.say(MARKET, &said("update", &row(0, "2")));
    desk.pass(10);
    assert!(bars(&desk).iter().all(|bar| !bar.is_closed));
    desk.say(MARKET, &said("update", &row(1, "1")));
    desk.pass(10);
    let told: Vec<_> =
        bars(&desk).iter().map(|bar| (bar.open_at.as_millis(), bar.is_closed)).collect();
    let next = open_at + 300_000;
    assert_eq!(told, [(open_at, false), (open_at, false), (open_at, true), (next, false)]);
    assert_eq!(bars(&desk)[2].volume, "2".parse().expect("a quantity"), "as it was told last");
}
