//! Finding a number by a key, at the same cost however many there are.
//!
//! The queue looks calls up by their ids on every submission and every departure. A tree over a
//! hundred thousand ids costs several misses of the cache each time; this table costs about one,
//! and nothing is allocated but when it grows. It is never walked, so the order in which its
//! entries lie, which follows from nothing but the keys, is nobody's business.

/// Numbers by key. A key may stand for several numbers, which the caller tells apart.
#[derive(Debug)]
pub(crate) struct Table {
    /// A power of two of them, at most half of them taken; a run of taken ones ends at a free one.
    slots: Vec<Slot>,
    taken: usize,
    /// How much of a spread key tells no block.
    shift: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u64,
    number: u32,
}

/// No number is as great as this.
const FREE: Slot = Slot { key: 0, number: u32::MAX };
const SLOTS_MIN: usize = 16;
/// Keys that follow one another lie side by side, four to a line of the cache.
const BLOCK_BITS: u32 = 2;
/// 2⁶⁴ over the golden ratio (Knuth, "The Art of Computer Programming", 6.4): keys in steps of
/// whatever width are spread evenly.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Table {
    pub(crate) fn new() -> Self {
        let slots = vec![FREE; SLOTS_MIN];
        Self { shift: shift(slots.len()), slots, taken: 0 }
    }

    /// The number of this key that `is_it`.
    pub(crate) fn find(&self, key: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let at = self.position(key, is_it)?;
        Some(self.slots[at].number)
    }

    /// Adds a number, which must be less than [`u32::MAX`].
    pub(crate) fn insert(&mut self, key: u64, number: u32) {
        debug_assert!(number < FREE.number, "{number} means that a slot is free");
        if (self.taken + 1) * 2 > self.slots.len() {
            self.grow();
        }
        self.put(Slot { key, number });
        self.taken += 1;
    }

    /// Takes out the number of this key that `is_it`.
    pub(crate) fn remove(&mut self, key: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut hole = self.position(key, is_it)?;
        let number = self.slots[hole].number;
        let mask = self.mask();
        let mut at = hole;
        // What follows moves up where it may, so that every run stays whole.
        loop {
            at = (at + 1) & mask;
            let slot = self.slots[at];
            if slot.number == FREE.number {
                break;
            }
            let home = self.home(slot.key);
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = slot;
                hole = at;
            }
        }
        self.slots[hole] = FREE;
        self.taken -= 1;
        Some(number)
    }

    fn position(&self, key: u64, is_it: impl Fn(u32) -> bool) -> Option<usize> {
        let mut at = self.home(key);
        // Ends, because half of the slots are free.
        loop {
            let slot = self.slots[at];
            if slot.number == FREE.number {
                return None;
            }
            if slot.key == key && is_it(slot.number) {
                return Some(at);
            }
            at = (at + 1) & self.mask();
        }
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.home(slot.key);
        while self.slots[at].number != FREE.number {
            at = (at + 1) & self.mask();
        }
        self.slots[at] = slot;
    }

    fn grow(&mut self) {
        let slots = vec![FREE; self.slots.len() * 2];
        self.shift = shift(slots.len());
        let before = std::mem::replace(&mut self.slots, slots);
        before
            .into_iter()
            .filter(|slot| slot.number != FREE.number)
            .for_each(|slot| self.put(slot));
    }

    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    /// Where a key would lie if nothing lay there.
    fn home(&self, key: u64) -> usize {
        let block = (key >> BLOCK_BITS).wrapping_mul(SPREAD) >> self.shift;
        let home = block << BLOCK_BITS | key & ((1 << BLOCK_BITS) - 1);
        usize::try_from(home).unwrap_or(0)
    }
}

/// The first bits of a spread key tell one block of so many slots.
const fn shift(slots: usize) -> u32 {
    u64::BITS + BLOCK_BITS - slots.trailing_zeros()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few keys and few slots, so that runs meet and wrap around.
        #[test]
        fn it_finds_what_a_map_finds(
            steps in prop::collection::vec((any::<bool>(), 0_u64..40, 1_u64..1_000_000), 0..200)
        ) {
            let (mut table, mut map) = (Table::new(), BTreeMap::new());
            for (number, (is_in, key, step)) in (0_u32..).zip(steps) {
                let key = key * step % 64;
                if is_in && !map.contains_key(&key) {
                    table.insert(key, number);
                    map.insert(key, number);
                } else {
                    prop_assert_eq!(table.remove(key, |_| true), map.remove(&key));
                }
                for key in 0..64 {
                    prop_assert_eq!(table.find(key, |_| true), map.get(&key).copied());
                }
            }
        }
    }

    #[test]
    fn numbers_of_one_key_are_told_apart() {
        let mut table = Table::new();
        (0..100).for_each(|number| table.insert(7, number));
        assert_eq!(table.find(7, |number| number == 63), Some(63));
        assert_eq!(table.remove(7, |number| number == 63), Some(63));
        assert_eq!(table.find(7, |number| number == 63), None);
        assert_eq!(table.find(7, |number| number == 99), Some(99));
    }
}
