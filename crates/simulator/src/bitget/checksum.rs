//! The checksum of a book: CRC32 of its best levels as they were written.
//!
//! The best 25 of each side go in turns, bid and ask, price and size between colons; where one side
//! has fewer it is left out. The strings are those that were sent, noughts at their ends included,
//! so that who parses and prints them anew may be right about the book and wrong about the sum
//! (order book channel, read 2026-11). It is told as a signed number.

/// Levels of each side that count.
pub(super) const LEVELS: usize = 25;

/// One level, as it was written: price and size.
pub(super) type Level = [String; 2];

/// The sum of a book whose best levels come first.
pub(super) fn checksum(bids: &[Level], asks: &[Level]) -> i32 {
    let mut sum = Crc::new();
    for place in 0..LEVELS.min(bids.len().max(asks.len())) {
        for [price, size] in [bids.get(place), asks.get(place)].into_iter().flatten() {
            for part in [price, size] {
                sum.field(part);
            }
        }
    }
    sum.end()
}

/// CRC32 as in IEEE 802.3: reflected, begun and ended with ones.
struct Crc {
    state: u32,
    is_empty: bool,
}

const POLYNOMIAL: u32 = 0xedb8_8320;

/// What one byte does to the sum.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = 0;
        let mut bit = 8;
        // Bits in, lowest first.
        let mut rest = byte;
        while bit > 0 {
            let is_odd = (value ^ rest) & 1 == 1;
            value >>= 1;
            rest >>= 1;
            if is_odd {
                value ^= POLYNOMIAL;
            }
            bit -= 1;
        }
        table[byte as usize] = value;
        byte += 1;
    }
    table
};

impl Crc {
    const fn new() -> Self {
        Self { state: u32::MAX, is_empty: true }
    }

    /// A field, and the colon between it and the one before.
    fn field(&mut self, text: &str) {
        if !self.is_empty {
            self.byte(b':');
        }
        self.is_empty = false;
        for byte in text.bytes() {
            self.byte(byte);
        }
    }

    fn byte(&mut self, byte: u8) {
        let [low, ..] = self.state.to_le_bytes();
        self.state = TABLE[usize::from(low ^ byte)] ^ (self.state >> 8);
    }

    const fn end(self) -> i32 {
        (!self.state).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(price: &str, size: &str) -> Level {
        [price.to_owned(), size.to_owned()]
    }

    #[test]
    fn a_book_has_the_sum_of_its_strings_in_turns() {
        let bids = [level("43231.1", "4"), level("43231", "6")];
        let asks = [level("43232.8", "9"), level("43232.9", "8")];
        assert_eq!(checksum(&bids, &asks), -1_504_501_796);
        let bids = [level("0.5000", "1.50"), level("0.4990", "3")];
        let asks = [level("0.5010", "2.00"), level("0.5020", "4")];
        assert_eq!(checksum(&bids, &asks), -624_916_755);
        assert_ne!(checksum(&[level("0.5", "1.5"), bids[1].clone()], &asks), -624_916_755);
    }

    #[test]
    fn a_side_that_is_shorter_is_left_out_where_it_has_nothing() {
        let bids = [level("3366.1", "7")];
        let asks = [level("3366.8", "9"), level("3368", "8"), level("3372", "8")];
        assert_eq!(checksum(&bids, &asks), 831_078_360);
        assert_eq!(checksum(&[], &[]), 0);
    }

    #[test]
    fn what_is_behind_the_first_levels_does_not_count() {
        let side =
            |count: u32| (0..count).map(|n| level(&(100 + n).to_string(), "1")).collect::<Vec<_>>();
        assert_eq!(checksum(&side(25), &side(25)), checksum(&side(40), &side(26)));
        assert_ne!(checksum(&side(25), &side(25)), checksum(&side(24), &side(25)));
    }
}
