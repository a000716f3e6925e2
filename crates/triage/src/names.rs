//! Texts as small numbers: a day's log says the same few names half a million times.

use std::collections::BTreeMap;

/// The most different names of one kind that are told apart; a log with more has a field that is
/// no name, and what is past the bound counts as one.
const NAMES_MAX: usize = 4_096;
/// What the names past the bound are called.
const OTHERS: &str = "(others)";

/// The number of a name among those of its kind, from 0 in the order of appearance.
pub(crate) type NameId = u16;

/// How many names are found without a search.
const RECENT: usize = 64;

/// The names of one kind.
#[derive(Debug)]
pub(crate) struct Names {
    names: Vec<Box<str>>,
    ids: BTreeMap<Box<str>, NameId>,
    /// The last name asked for of each that look alike: a line says what the lines before it said.
    recent: [NameId; RECENT],
}

impl Default for Names {
    fn default() -> Self {
        Self { names: Vec::new(), ids: BTreeMap::new(), recent: [0; RECENT] }
    }
}

/// Where a name is looked for first: by its length and its ends, in which names of a kind differ.
fn slot(name: &str) -> usize {
    let bytes = name.as_bytes();
    let at = |place: usize| bytes.get(place).copied().map_or(0, usize::from);
    let (last, one_before) = (bytes.len().wrapping_sub(1), bytes.len().wrapping_sub(2));
    (bytes.len() * 31 + at(0) * 7 + at(last) * 3 + at(one_before)) % RECENT
}

impl Names {
    /// The number of `name`; a new one when it was not seen before.
    pub(crate) fn id(&mut self, name: &str) -> NameId {
        let slot = slot(name);
        let recent = self.recent[slot];
        if self.names.get(usize::from(recent)).is_some_and(|known| **known == *name) {
            return recent;
        }
        let id = match self.ids.get(name) {
            Some(&id) => id,
            None if self.names.len() < NAMES_MAX => self.add(name),
            None => *self.ids.get(OTHERS).unwrap_or(&0),
        };
        self.recent[slot] = id;
        id
    }

    fn add(&mut self, name: &str) -> NameId {
        let name = if self.names.len() + 1 == NAMES_MAX { OTHERS } else { name };
        let id = NameId::try_from(self.names.len()).expect("there are at most NAMES_MAX names");
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        id
    }

    /// The name with this number.
    pub(crate) fn name(&self, id: NameId) -> &str {
        self.names.get(usize::from(id)).map_or(OTHERS, |name| name)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::default();
        let ids = ["a", "b", "a", "a", "b"].map(|name| names.id(name));
        assert_eq!(ids, [0, 1, 0, 0, 1]);
        assert_eq!(names.name(1), "b");
    }

    #[test]
    fn names_past_the_bound_count_as_one() {
        let mut names = Names::default();
        for number in 0..2 * NAMES_MAX {
            names.id(&number.to_string());
        }
        assert_eq!(names.len(), NAMES_MAX);
        let (late, later) = (names.id("late"), names.id("later"));
        assert_eq!(late, later);
        assert_eq!(names.name(late), OTHERS);
        assert_eq!(names.id("7"), 7);
    }
}
