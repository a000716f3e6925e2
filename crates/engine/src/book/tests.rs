use super::*;

fn level(price: u32, qty: u32) -> Level {
    (Price::new(price.into()).unwrap(), Quantity::new(qty.into()).unwrap())
}

fn delta(first: u64, last: u64, bids: Vec<Level>) -> BookDelta {
    BookDelta {
        is_whole: false,
        checksum: None,
        first_update_id: first,
        last_update_id: last,
        bids,
        asks: Vec::new(),
        at: Timestamp::from_millis(last),
    }
}

fn snapshot(last: u64, bids: Vec<Level>) -> Book {
    Book { bids, asks: vec![level(20, 1)], last_update_id: last, at: Timestamp::from_millis(last) }
}

#[test]
fn changes_held_back_are_applied_to_the_snapshot_they_reach_back_to() {
    let mut book = LocalBook::new();
    assert_eq!(book.change(delta(5, 7, vec![level(9, 1)])), BookState::NeedsSnapshot);
    assert_eq!(book.change(delta(8, 10, vec![level(10, 0)])), BookState::NeedsSnapshot);
    assert_eq!(book.snapshot(&snapshot(7, vec![level(10, 3), level(8, 1)])), BookState::Synced);
    assert_eq!(book.top(5).bids, [level(8, 1)]);
    assert_eq!(book.change(delta(11, 11, vec![level(12, 2)])), BookState::Synced);
    assert_eq!(book.top(1).bids, [level(12, 2)]);
    assert_eq!(book.top(1).asks, [level(20, 1)]);
}

#[test]
fn a_snapshot_older_than_the_first_change_will_not_do() {
    let mut book = LocalBook::new();
    book.change(delta(50, 52, vec![level(9, 1)]));
    assert_eq!(book.snapshot(&snapshot(48, Vec::new())), BookState::NeedsSnapshot);
    assert_eq!(book.snapshot(&snapshot(49, Vec::new())), BookState::Synced);
    assert_eq!(book.top(5).bids, [level(9, 1)]);
}

#[test]
fn what_the_book_knows_already_is_passed_over_and_a_gap_empties_it() {
    let mut book = LocalBook::new();
    book.snapshot(&snapshot(10, vec![level(9, 1)]));
    assert_eq!(book.change(delta(3, 9, vec![level(9, 0)])), BookState::Synced);
    assert_eq!(book.top(5).bids, [level(9, 1)]);
    assert_eq!(book.change(delta(12, 13, vec![level(7, 1)])), BookState::NeedsSnapshot);
    assert!(!book.is_synced() && book.top(5).bids.is_empty());
    assert_eq!(book.snapshot(&snapshot(12, vec![level(6, 1)])), BookState::Synced);
    assert_eq!(book.top(5).bids, [level(7, 1), level(6, 1)]);
}

#[test]
fn what_is_held_back_is_bounded() {
    let mut book = LocalBook::new();
    for id in 0..5_000 {
        book.change(delta(id, id, Vec::new()));
    }
    assert_eq!(book.held_back.len(), HELD_BACK_MAX);
}

#[test]
fn what_a_stream_repeats_is_nothing_new_but_for_a_whole_book_that_was_asked_for_anew() {
    let mut book = LocalBook::new();
    let whole = BookDelta { is_whole: true, ..delta(10, 10, vec![level(9, 1)]) };
    assert!(!book.is_repeated(&whole));
    assert_eq!(book.told(&whole), BookState::Synced);
    assert!(book.is_repeated(&whole));
    let change = delta(11, 12, vec![level(8, 1)]);
    assert!(!book.is_repeated(&change));
    assert_eq!(book.told(&change), BookState::Synced);
    assert!(book.is_repeated(&change) && !book.is_repeated(&whole));
    // A gap: what is repeated now is no news either, and the whole book is.
    let gap = delta(20, 21, Vec::new());
    assert_eq!(book.told(&gap), BookState::NeedsSnapshot);
    assert!(book.is_repeated(&gap) && !book.is_repeated(&whole));
    book.told(&whole);
    book.reset();
    assert!(!book.is_repeated(&whole), "the next socket begins with it");
}
