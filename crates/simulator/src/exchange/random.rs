//! Seeded randomness in integers: enough for a market, and the same on every machine.

/// A splitmix64 generator: a counter, mixed. Streams of different seeds are unrelated.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A generator of its own for one purpose, so that using it more or less elsewhere changes
    /// nothing here.
    pub(super) fn for_purpose(seed: u64, purpose: u64) -> Self {
        let mut of_seed = Self(seed);
        Self(of_seed.next() ^ Self(purpose.wrapping_mul(0xA24B_AED4_963E_E407)).next())
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Evenly from `0..bound`; zero when `bound` is zero. The bias of the remainder is below one
    /// in a billion for the small bounds used here.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        let draw = self.next();
        if bound == 0 { 0 } else { draw % bound }
    }

    /// True in `percent` of a hundred draws.
    pub(super) const fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent as u64
    }

    /// A bell-shaped draw in millionths: mean zero, standard deviation one million, never beyond
    /// three of them. (The sum of three even draws from ±1 has variance one.)
    pub(super) fn bell(&mut self) -> i64 {
        (0..3).map(|_| self.below(2_000_001).cast_signed() - 1_000_000).sum()
    }

    /// An id as the venue makes them up: 22 letters and digits.
    pub(super) fn client_order_id(&mut self) -> String {
        const LETTERS: &[u8; 62] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..22)
            .map(|_| {
                let index = usize::try_from(self.below(62)).expect("below 62");
                char::from(LETTERS[index])
            })
            .collect()
    }
}
