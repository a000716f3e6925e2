//! Things that belong to a call, found by its id or by the place where they were put.

use tradewind_model::id::CallId;

use crate::table::Table;

/// Where a thing was put; another may be there once it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u32);

/// One thing a call. It takes the memory of the most that there ever were at once.
#[derive(Debug)]
pub(crate) struct ByCall<T> {
    places: Table,
    things: Vec<Option<T>>,
    vacant: Vec<Place>,
}

impl<T> ByCall<T> {
    pub(crate) fn new() -> Self {
        Self { places: Table::new(), things: Vec::new(), vacant: Vec::new() }
    }

    pub(crate) fn contains(&self, call: CallId) -> bool {
        self.places.find(call.0, |_| true).is_some()
    }

    /// The thing of a call.
    pub(crate) fn get(&self, call: CallId) -> Option<&T> {
        let place = self.places.find(call.0, |_| true)?;
        self.at(Place(place))
    }

    /// The thing at a place.
    pub(crate) fn at(&self, place: Place) -> Option<&T> {
        self.things.get(place.0 as usize)?.as_ref()
    }

    /// Puts a thing in, for a call that has none.
    pub(crate) fn insert(&mut self, call: CallId, thing: T) -> Place {
        debug_assert!(!self.contains(call), "{call} has one already");
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.things.push(None);
            let last = u32::try_from(self.things.len() - 1);
            Place(last.expect("memory does not hold so many"))
        });
        self.things[place.0 as usize] = Some(thing);
        self.places.insert(call.0, place.0);
        place
    }

    /// Takes the thing of a call out.
    pub(crate) fn remove(&mut self, call: CallId) -> Option<T> {
        let place = self.places.remove(call.0, |_| true)?;
        self.vacant.push(Place(place));
        self.things.get_mut(place as usize)?.take()
    }

    /// As [`remove`](Self::remove), where nobody wants to see the thing.
    pub(crate) fn discard(&mut self, call: CallId) {
        if let Some(place) = self.places.remove(call.0, |_| true) {
            self.vacant.push(Place(place));
            self.things[place as usize] = None;
        }
    }
}
