use tradewind_model::market::{BookDelta, Level};

use super::*;
use crate::book::BookState;

fn side(levels: &[(&str, &str)]) -> Vec<Level> {
    levels.iter().map(|(price, qty)| (price.parse().unwrap(), qty.parse().unwrap())).collect()
}

fn whole(bids: &[(&str, &str)], asks: &[(&str, &str)], told: i32) -> BookDelta {
    BookDelta {
        is_whole: true,
        bids: side(bids),
        asks: side(asks),
        checksum: Some(BookChecksum::Crc32Top25(told.cast_unsigned())),
        ..BookDelta::default()
    }
}

#[test]
fn a_checksum_is_of_bids_and_asks_by_turns_digit_for_digit() {
    for (delta, expected) in [
        (
            whole(
                &[("43231.1", "4"), ("43231", "6")],
                &[("43232.8", "9"), ("43232.9", "8")],
                -1_504_501_796,
            ),
            "43231.1:4:43232.8:9:43231:6:43232.9:8",
        ),
        (
            whole(
                &[("3366.1", "7")],
                &[("3366.8", "9"), ("3368", "8"), ("3372", "8")],
                831_078_360,
            ),
            "3366.1:7:3366.8:9:3368:8:3372:8",
        ),
        (
            whole(
                &[("0.5000", "1.50"), ("0.4990", "3")],
                &[("0.5010", "2.00"), ("0.5020", "4")],
                -624_916_755,
            ),
            "0.5000:1.50:0.5010:2.00:0.4990:3:0.5020:4",
        ),
    ] {
        let mut book = LocalBook::new();
        assert_eq!(book.told(&delta), BookState::Synced, "{expected}");
        assert_eq!(text(&book), expected);
    }
}

#[test]
fn a_book_that_comes_out_otherwise_is_thrown_away() {
    let mut book = LocalBook::new();
    let good = whole(
        &[("0.5000", "1.50"), ("0.4990", "3")],
        &[("0.5010", "2.00"), ("0.5020", "4")],
        -624_916_755,
    );
    let bad = whole(
        &[("0.5000", "1.5"), ("0.4990", "3")],
        &[("0.5010", "2.00"), ("0.5020", "4")],
        -624_916_755,
    );
    assert_eq!(book.told(&bad), BookState::NeedsSnapshot, "a zero less");
    assert!(!book.is_synced());
    assert_eq!(book.told(&good), BookState::Synced);
}

#[test]
fn a_change_puts_the_venues_digits_in_place_of_those_before() {
    let mut book = LocalBook::new();
    let rest = &[("0.5010", "2.00"), ("0.5020", "4")];
    let before = BookDelta { checksum: None, ..whole(&[("0.50", "9"), ("0.4990", "3")], rest, 0) };
    assert_eq!(book.told(&before), BookState::Synced);
    let change = BookDelta {
        is_whole: false,
        first_update_id: 1,
        last_update_id: 1,
        asks: Vec::new(),
        ..whole(&[("0.5000", "1.50")], &[], -624_916_755)
    };
    assert_eq!(book.told(&change), BookState::Synced);
}

#[test]
fn no_more_than_twenty_five_levels_a_side_are_counted() {
    let prices: Vec<String> = (100..140).map(|price| price.to_string()).collect();
    let levels: Vec<_> = prices.iter().map(|price| (price.as_str(), "1")).collect();
    let mut book = LocalBook::new();
    book.told(&BookDelta { checksum: None, ..whole(&levels, &[], 0) });
    assert_eq!(text(&book).split(':').count(), 2 * LEVELS);
    assert!(text(&book).starts_with("139:1:138:1:"));
}
