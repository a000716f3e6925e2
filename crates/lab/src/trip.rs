//! What each request went through, as nobody inside can know it.
//!
//! The venue's ledger says what arrived and how it was answered; an instance knows when it sent
//! and what it was told. A [`Trip`] says both, by true time, so that a checker can ask the one
//! question that a ban hangs on: what left after the answer that said no was in our hands?

use std::collections::VecDeque;

use tradewind_model::call::CallKind;
use tradewind_model::time::Timestamp;

use crate::instance::InstanceId;

/// One request, handshake or control message, there and back. All times are true times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// Who sent it.
    pub instance: InstanceId,
    /// In which of its lives, counted from 1.
    pub life: u32,
    /// What was asked.
    pub call: CallKind,
    /// When its first byte left.
    pub sent_at: Timestamp,
    /// When the venue had it; none while it is on its way, or when it never arrived.
    pub arrived_at: Option<Timestamp>,
    /// The status it was answered with; 101 for a handshake that succeeded. None while there is
    /// no answer.
    pub status: Option<u16>,
    /// When the answer was in the sender's hands; none when it never was.
    pub told_at: Option<Timestamp>,
    /// What the answer says is to be left alone.
    pub closed: Option<Closed>,
}

/// What an answer says is to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Until when, by true time: the latest of what it names, and of what the venue knows of a ban.
    pub until: Timestamp,
    /// What of it.
    pub covers: Covers,
    /// Until when the venue has shut the whole address out, whatever the answer says; none where it
    /// has not.
    pub shut_until: Option<Timestamp>,
}

/// What an answer that says no is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// All that leaves by the address.
    Everything,
    /// New orders of the account.
    NewOrders,
    /// Calls of one kind.
    Calls(CallKind),
}

impl Covers {
    /// Whether it is about calls of a kind.
    #[must_use]
    pub fn call(self, kind: CallKind) -> bool {
        match self {
            Self::Everything => true,
            Self::NewOrders => kind.places_orders(),
            Self::Calls(of) => of == kind,
        }
    }
}

impl Trip {
    /// Whether the venue has turned it away for a limit or a ban.
    #[must_use]
    pub const fn is_turned_away(&self) -> bool {
        matches!(self.status, Some(429 | 418))
    }
}

/// The newest trips, by number.
#[derive(Debug)]
pub(crate) struct Trips {
    list: VecDeque<Trip>,
    first: u64,
    max: usize,
}

impl Trips {
    pub(crate) const fn new(max: usize) -> Self {
        Self { list: VecDeque::new(), first: 0, max }
    }

    /// Notes that something has left; the number it has from now on.
    pub(crate) fn left(&mut self, trip: Trip) -> u64 {
        if self.list.len() >= self.max && self.list.pop_front().is_some() {
            self.first += 1;
        }
        let number = self.first + self.list.len() as u64;
        if self.max > 0 {
            self.list.push_back(trip);
        }
        number
    }

    /// A trip that is still remembered.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Trip> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.list.get_mut(index)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Trip> {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_numbers_stay() {
        let mut trips = Trips::new(2);
        let trip = |call| Trip {
            instance: InstanceId::default(),
            life: 1,
            call,
            sent_at: Timestamp::EPOCH,
            arrived_at: None,
            status: None,
            told_at: None,
            closed: None,
        };
        let kinds = [CallKind::Ping, CallKind::Depth, CallKind::Account];
        let numbers = kinds.map(|kind| trips.left(trip(kind)));
        assert!(trips.get_mut(numbers[0]).is_none());
        assert_eq!(trips.get_mut(numbers[1]).unwrap().call, CallKind::Depth);
        assert_eq!(trips.get_mut(numbers[2]).unwrap().call, CallKind::Account);
        assert_eq!(trips.iter().count(), 2);
    }
}
