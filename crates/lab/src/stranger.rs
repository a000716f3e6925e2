//! Somebody else on the same address.
//!
//! A venue counts by address, so a script of a colleague, another bot behind the same router or a
//! dashboard left open uses up the same windows, and nobody tells us. A stranger sends plain reads
//! straight to the venue's front: a steady random stream, and now and then many at once. It heeds
//! nothing it is told.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use tradewind_model::call::Call;
use tradewind_model::time::Timestamp;

use crate::chance::Chance;

/// The `User-Agent` of every stranger, by which the venue can be told to tell them apart
/// ([`AnyVenue::tell_apart`](tradewind_simulator::venue::AnyVenue::tell_apart)).
pub const STRANGER_AGENT: &str = "stranger";

/// One stranger of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StrangerId(pub(crate) usize);

/// Many requests at once, now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Mean time between two of them; they come at random, independently of each other.
    pub every: Duration,
    /// Requests in each.
    pub size: u32,
}

/// What a stranger does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// From where.
    pub peer: IpAddr,
    /// What it asks, in turn; only calls that need no key.
    pub calls: Vec<Call>,
    /// Mean time between two requests, which come at random, independently of each other; none
    /// when there are only bursts.
    pub every: Option<Duration>,
    /// Bursts on top of that.
    pub burst: Option<Burst>,
    /// Of its randomness.
    pub seed: u64,
}

/// A stranger at work.
#[derive(Debug)]
pub(crate) struct Intruder {
    pub(crate) peer: IpAddr,
    requests: Vec<http::Request<Bytes>>,
    every: Option<Duration>,
    burst: Option<Burst>,
    chance: Chance,
    turn: usize,
    next_request: Timestamp,
    next_burst: Timestamp,
}

impl Intruder {
    pub(crate) fn new(
        stranger: &Stranger,
        requests: Vec<http::Request<Bytes>>,
        now: Timestamp,
    ) -> Self {
        let mut chance = Chance::new(stranger.seed, 2);
        let has_any = !requests.is_empty();
        let every = stranger.every.filter(|_| has_any);
        let burst = stranger.burst.filter(|_| has_any);
        let next_request = every.map_or(Timestamp::MAX, |every| now + chance.wait(every));
        let next_burst = burst.map_or(Timestamp::MAX, |burst| now + chance.wait(burst.every));
        Self {
            peer: stranger.peer,
            requests,
            every,
            burst,
            chance,
            turn: 0,
            next_request,
            next_burst,
        }
    }

    /// When it next sends something.
    pub(crate) fn wakeup(&self) -> Timestamp {
        self.next_request.min(self.next_burst)
    }

    /// How many requests it sends now.
    pub(crate) fn due(&mut self, now: Timestamp) -> u32 {
        let mut count = 0;
        if let Some(every) = self.every
            && self.next_request <= now
        {
            self.next_request = now + self.chance.wait(every).max(Duration::from_nanos(1));
            count += 1;
        }
        if let Some(burst) = self.burst
            && self.next_burst <= now
        {
            self.next_burst = now + self.chance.wait(burst.every).max(Duration::from_nanos(1));
            count += burst.size;
        }
        count
    }

    /// The next thing it asks.
    pub(crate) fn next(&mut self) -> &http::Request<Bytes> {
        self.turn = (self.turn + 1) % self.requests.len().max(1);
        &self.requests[self.turn]
    }

    /// It goes away.
    pub(crate) fn stop(&mut self) {
        (self.every, self.burst) = (None, None);
        (self.next_request, self.next_burst) = (Timestamp::MAX, Timestamp::MAX);
    }
}
