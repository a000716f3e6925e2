//! What goes wrong at the venue, by a script.
//!
//! A [`Rule`] says which requests, which of them and how often, and what becomes of them: lost on
//! the way in or out, held back, cut off, answered by something in front of the venue, or done and
//! reported as if it had not been. The hardest of these are the ones where the venue's word and
//! the venue's books disagree, because there a client can only ask.
//!
//! The same rules cover what the venue sends by itself: such a message is named
//! `push NAME`, as in `push executionReport` or `push btcusdt@trade`.

mod canned;
mod late;
mod script;

use std::net::IpAddr;
use std::time::Duration;

use super::Door;

pub use self::canned::Canned;

pub(crate) use self::late::{Late, Overdue};
pub(crate) use self::script::Script;

/// Which requests a rule is about. What is none matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The way in.
    pub door: Option<Door>,
    /// What is asked, as the ledger names it: `POST /api/v3/order`, `order.place`, `SUBSCRIBE`,
    /// `handshake`. A star at the end stands for any rest: `GET *`.
    pub what: Option<String>,
    /// From where.
    pub peer: Option<IpAddr>,
}

impl Pattern {
    /// Requests by what they ask, whoever does.
    #[must_use]
    pub fn what(what: &str) -> Self {
        Self { what: Some(what.to_owned()), ..Self::default() }
    }

    fn matches(&self, door: Door, what: &str, peer: IpAddr) -> bool {
        let is_asked = |wanted: &str| match wanted.strip_suffix('*') {
            Some(start) => what.starts_with(start),
            None => what == wanted,
        };
        self.door.is_none_or(|wanted| wanted == door)
            && self.what.as_deref().is_none_or(is_asked)
            && self.peer.is_none_or(|wanted| wanted == peer)
    }
}

/// What becomes of a request.
///
/// Where a fault has no meaning it does nothing: what the venue sends by itself cannot be
/// answered, and a control message of the market streams is only ever lost or reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never reaches the venue, and nobody says so.
    RequestLost,
    /// The connection is reset before the venue has seen it.
    RequestReset,
    /// It waits in front of the venue for so long, and is done then; or never, when that is longer
    /// than the venue works on anything
    /// (`processing_max` of the venue's front).
    RequestHeld(Duration),
    /// It is not done; the answer is this one.
    Answered(Canned),
    /// It is done; the answer says this instead.
    Misreported(Canned),
    /// It is done, and nobody says so.
    AnswerLost,
    /// It is done, and the connection is reset instead of an answer.
    AnswerReset,
    /// It is done, and the answer comes so much later; what the venue sends meanwhile overtakes
    /// it.
    AnswerHeld(Duration),
    /// It is done, and of the answer's body only so many bytes come.
    AnswerCut(usize),
    /// It is done once and told so many times more.
    AnswerRepeated(u32),
}

/// One line of the script. Of several that match, the first that applies does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which requests.
    pub of: Pattern,
    /// What becomes of them.
    pub fault: Fault,
    /// So many that match are left alone first.
    pub after: u64,
    /// So many are struck at the most.
    pub times: u64,
    /// In so many of a thousand cases.
    pub permille: u64,
}

impl Rule {
    /// Strikes every request of the pattern.
    #[must_use]
    pub const fn always(of: Pattern, fault: Fault) -> Self {
        Self { of, fault, after: 0, times: u64::MAX, permille: 1_000 }
    }

    /// Strikes the next request of the pattern and no other.
    #[must_use]
    pub const fn once(of: Pattern, fault: Fault) -> Self {
        Self { of, fault, after: 0, times: 1, permille: 1_000 }
    }

    /// Strikes so many of a thousand, by chance.
    #[must_use]
    pub const fn sometimes(of: Pattern, permille: u64, fault: Fault) -> Self {
        Self { of, fault, after: 0, times: u64::MAX, permille }
    }
}

/// A line of the script, to be taken out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(pub(crate) u64);

/// What reaches a client of what it asked.
#[derive(Clone, Debug)]
pub enum Delivery<T> {
    /// An answer, so long after the venue was done.
    Answer {
        /// What it says.
        answer: T,
        /// How late it leaves.
        after: Duration,
    },
    /// Nothing; the connection stands.
    Silence,
    /// Nothing; the connection is reset.
    Reset,
    /// The request waits in front of the venue. Hand it over again after so long, past the script.
    Held(Duration),
}

impl<T> Delivery<T> {
    pub(crate) const fn at_once(answer: T) -> Self {
        Self::Answer { answer, after: Duration::ZERO }
    }
}
