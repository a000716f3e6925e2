//! What a venue has computed of its book, computed of ours.

use std::fmt::Write as _;

use tradewind_model::market::BookChecksum;

use super::LocalBook;

/// Levels a side that a checksum is of.
const LEVELS: usize = 25;

/// The polynomial of CRC-32 (IEEE 802.3), its bits the other way round.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// The remainders of all bytes.
const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte: u32 = 0;
    while byte < 256 {
        let mut rest = byte;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ POLYNOMIAL } else { rest >> 1 };
            bit += 1;
        }
        table[byte as usize] = rest;
        byte += 1;
    }
    table
}

/// Whether a book is the one that a checksum was computed of.
pub(super) fn is_of(told: BookChecksum, book: &LocalBook) -> bool {
    match told {
        BookChecksum::Crc32Top25(told) => crc32(text(book).as_bytes()) == told,
    }
}

/// The best levels by turns, bid and ask, each as price and quantity with the digits that the venue
/// sent; where a side has fewer, the other goes on alone.
fn text(book: &LocalBook) -> String {
    let (mut bids, mut asks) = book.levels();
    let mut text = String::new();
    for _ in 0..LEVELS {
        for (price, qty) in [bids.next(), asks.next()].into_iter().flatten() {
            let separator = if text.is_empty() { "" } else { ":" };
            write!(text, "{separator}{}:{}", price.get(), qty.get())
                .expect("a string takes whatever is written to it");
        }
    }
    text
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |rest: u32, byte: &u8| {
        let [low, ..] = (rest ^ u32::from(*byte)).to_le_bytes();
        TABLE[usize::from(low)] ^ (rest >> 8)
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests;
