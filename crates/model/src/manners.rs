//! What a venue expects of those who hold its sockets and read its lists.
//!
//! The engine does it; an adapter says what it is. The default is what needs nothing of all this: a
//! socket is told in its handshake what to carry, answers carry the number of what they answer, and
//! lists are told from a point on, oldest first (Binance spot, read 2026-11).

use std::time::Duration;

use crate::stream::AccountPart;

/// How a venue is dealt with, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// Whether an account's socket has to say whose it is
    /// ([`Call::Authenticate`](crate::call::Call::Authenticate)) before it may ask for anything.
    pub authenticates: bool,
    /// What a subscription to the account's events is answered for, each part by itself; none where
    /// one answer stands for all of it.
    pub account_parts: &'static [AccountPart],
    /// How a socket learns which feeds to carry.
    pub feeds: FeedsAsked,
    /// How often a socket gives a sign of life
    /// ([`Call::PingStream`](crate::call::Call::PingStream)): as the venue wants it, less what a
    /// message may wait here. None where answering the venue's own pings is enough.
    pub ping_every: Option<Duration>,
    /// A socket is replaced at this age at the latest. Venues close them a while later.
    pub socket_age_max: Duration,
    /// How long after a cancel of an order another of the same one may be asked for: as the venue
    /// has it, and what the way there may differ by. None where it does not mind.
    pub cancel_every: Option<Duration>,
    /// How long an address is shut out that has asked too much, at a venue whose answers then look
    /// like those about a single kind of call. None where they say what they are about.
    pub address_away: Option<Duration>,
    /// Where a whole book comes from.
    pub books: BookSource,
    /// Whether it says of a bar that it is over. Where not, one is over when the next begins.
    pub closes_bars: bool,
    /// Whether its lists of trades go back to the first; where not, that it lists none says nothing
    /// of whether it was reset.
    pub keeps_trades: bool,
    /// How many rows a page has of a list that is told from the newest on; none where lists are
    /// told from a point on.
    pub page_rows: Option<u32>,
}

/// How a socket learns which feeds to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedsAsked {
    /// By its handshake, and by messages for what is wanted later.
    InHandshake,
    /// By messages alone, each of which names so many at the most.
    ByMessage(usize),
}

/// Where a whole book comes from, to be changed from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookSource {
    /// From a read; the changes on the stream are numbered like it.
    Snapshot,
    /// From the stream itself, which begins with it. Another is had by asking for the feed anew.
    Stream,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            authenticates: false,
            account_parts: &[],
            feeds: FeedsAsked::InHandshake,
            ping_every: None,
            // Binance closes a socket at 24 hours (web-socket-api.md and web-socket-streams.md,
            // general information, read 2026-11).
            socket_age_max: Duration::from_secs(23 * 3_600),
            cancel_every: None,
            address_away: None,
            books: BookSource::Snapshot,
            closes_bars: true,
            keeps_trades: true,
            page_rows: None,
        }
    }
}
