//! Numbers in the order of keys that change.
//!
//! A heap in which each number's place is known, so that a key is changed where it lies: what a
//! tree does by taking one entry out and putting another in. The order below the first is not
//! known.

/// Numbers, each with a key; the one with the least key comes first.
#[derive(Debug)]
pub(crate) struct Ordered<K> {
    /// None is less than the one that it hangs from, [`FANOUT`] to each.
    entries: Vec<(K, u32)>,
}

/// Where numbers lie. Several orders may have one of these together, if no number is in two.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<u32>);

/// Flat, because what lies side by side is compared faster than what is looked up.
const FANOUT: usize = 4;
/// The place of a number that has no key.
const NOWHERE: u32 = u32::MAX;

impl Places {
    fn of(&self, number: u32) -> Option<usize> {
        let place = *self.0.get(number as usize)?;
        (place != NOWHERE).then_some(place as usize)
    }

    fn note(&mut self, number: u32, place: usize) {
        let number = number as usize;
        if self.0.len() <= number {
            self.0.resize(number + 1, NOWHERE);
        }
        // There are no more entries than numbers.
        self.0[number] = u32::try_from(place).unwrap_or(NOWHERE);
    }
}

impl<K: Copy + Ord> Ordered<K> {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The number with the least key, and that.
    pub(crate) fn first(&self) -> Option<(K, u32)> {
        self.entries.first().copied()
    }

    /// Gives a number a key, in place of the one that it had.
    pub(crate) fn set(&mut self, places: &mut Places, number: u32, key: K) {
        match places.of(number) {
            None => {
                self.entries.push((key, number));
                self.rise(places, self.entries.len() - 1, (key, number));
            }
            Some(place) => self.replace(places, place, (key, number)),
        }
    }

    /// Takes a number out, if it is in.
    pub(crate) fn remove(&mut self, places: &mut Places, number: u32) {
        let Some(place) = places.of(number) else { return };
        let Some(last) = self.entries.pop() else { return };
        places.note(number, NOWHERE as usize);
        // The last one takes its place, unless it was the last one.
        if last.1 != number {
            self.replace(places, place, last);
        }
    }

    fn replace(&mut self, places: &mut Places, place: usize, entry: (K, u32)) {
        if entry.0 < self.entries[place].0 {
            self.rise(places, place, entry);
        } else {
            self.sink(places, place, entry);
        }
    }

    /// Puts an entry at a place that is free, or above it.
    fn rise(&mut self, places: &mut Places, mut place: usize, entry: (K, u32)) {
        while place > 0 {
            let parent = (place - 1) / FANOUT;
            let above = self.entries[parent];
            if above.0 <= entry.0 {
                break;
            }
            self.entries[place] = above;
            places.note(above.1, place);
            place = parent;
        }
        self.entries[place] = entry;
        places.note(entry.1, place);
    }

    /// Puts an entry at a place that is free, or below it.
    fn sink(&mut self, places: &mut Places, mut place: usize, entry: (K, u32)) {
        loop {
            let first = place * FANOUT + 1;
            let last = self.entries.len().min(first + FANOUT);
            let Some(children) = self.entries.get(first..last) else { break };
            let mut least = entry;
            let mut child = place;
            for (at, below) in (first..).zip(children) {
                if below.0 < least.0 {
                    (least, child) = (*below, at);
                }
            }
            if child == place {
                break;
            }
            self.entries[place] = least;
            places.note(least.1, place);
            place = child;
        }
        self.entries[place] = entry;
        places.note(entry.1, place);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_least_key_comes_first_whatever_was_changed(
            steps in prop::collection::vec((0_u32..40, prop::option::of(0_u32..90)), 0..200)
        ) {
            // Two orders that have their places in common: of even and of odd numbers.
            let mut places = Places::default();
            let (mut ordered, mut map) = ([Ordered::new(), Ordered::new()], BTreeMap::new());
            for (number, key) in steps {
                let half = number % 2;
                let ordered = &mut ordered[half as usize];
                // Keys differ.
                match key.map(|key| key * 40 + number) {
                    Some(key) => {
                        ordered.set(&mut places, number, key);
                        map.insert(number, key);
                    }
                    None => {
                        ordered.remove(&mut places, number);
                        map.remove(&number);
                    }
                }
                let of_half = map.iter().filter(|(number, _)| **number % 2 == half);
                let least = of_half.map(|(number, key)| (*key, *number)).min();
                prop_assert_eq!(ordered.first(), least);
            }
        }
    }
}
