//! What an answer that is no success proves.
//!
//! The code in the body decides, and the status only where there is none: the venue refuses with
//! status 400, tells of batches that failed with 200, and its words come in the reader's language.
//! The classifier errs to one side. A code that is not in the table, or that the venue itself says
//! leaves the matter open, is no refusal: what it was about has to be asked for.

mod table;

use std::time::Duration;

use http::HeaderMap;
use tradewind_model::call::CallKind;
use tradewind_model::outcome::{Fate, NotTaken, Refusal, Throttle, Unknown};
use tradewind_model::tariff::LimitKind;

use self::table::Meaning;
use crate::excerpt::excerpt;
use crate::limits::{self, ADDRESS_AWAY};
use crate::number::{Malformed, Word};

/// The code of a success.
const SUCCESS: &str = "00000";
/// The code, and the status, of a call beyond a limit.
const TOO_MANY: &str = "429";
/// The code of an account that has been moved to the other kind.
const UNIFIED_ACCOUNT: &str = "40085";

/// How long to leave one kind of call alone that was turned away: its second, and one more, since
/// it is not documented where seconds begin.
const PATH_AWAY: Duration = Duration::from_secs(2);
/// How long to ask a socket for nothing that has been asked for too much: who asks on is cut off.
const SOCKET_AWAY: Duration = Duration::from_secs(60);

/// An error as the venue writes it, in a body or inside a frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct VenueError {
    code: Word,
    message: String,
}

impl VenueError {
    pub(crate) fn new(code: Word, message: &Word) -> Self {
        Self { code, message: excerpt(message.as_str()) }
    }

    /// Whether it is none: the code is that of a success. A frame says 0 for it.
    pub(crate) fn is_success(&self) -> bool {
        matches!(self.code.as_str(), SUCCESS | "0")
    }

    /// The code as a number; none for one that is none.
    pub(crate) fn code(&self) -> Option<i64> {
        self.code.as_str().parse().ok()
    }

    /// The venue's words, shortened; for one code ours, since it is answered to everything that is
    /// signed and says nothing of the way out.
    fn message(&self) -> String {
        if self.code.as_str() == UNIFIED_ACCOUNT {
            "this is a unified trading account, which Bitget does not serve over the interface for \
             classic accounts that is spoken here; use the key of a classic account, or have this \
             one switched back to classic on Bitget's account page"
                .to_owned()
        } else {
            self.message.clone()
        }
    }

    /// What is known when nothing is.
    pub(crate) fn unknown(&self, status: u16) -> Unknown {
        Unknown::Venue { status, code: self.code(), message: self.message() }
    }

    /// Whether the message says how many decimals there may be: the one thing that is read in one,
    /// since its code stands for other things in the hours of a release.
    fn names_a_scale(&self) -> bool {
        self.message.contains("checkScale=") || self.message.contains("checkBDScale")
    }
}

/// The fate of a call over REST that was answered with an error of the venue's own.
pub(crate) fn fate(kind: CallKind, status: u16, error: &VenueError, headers: &HeaderMap) -> Fate {
    if error.code.as_str() == TOO_MANY || status == 429 {
        let (limit, away) = over(kind, headers);
        return turned_away(limit, away, error);
    }
    // What a code of its own turns away is no matter of the path's second, however much is left of it.
    judged(status, error, || (limits::path(kind), PATH_AWAY))
}

/// The fate of a message on a socket that was answered with an error, or of a part of one. None of
/// what a socket is asked for changes anything, so what is not known is not done.
pub(crate) fn frame_fate(kind: CallKind, error: &VenueError) -> Fate {
    judged(400, error, || (limits::path(kind), SOCKET_AWAY))
}

fn judged(status: u16, error: &VenueError, over: impl FnOnce() -> (LimitKind, Duration)) -> Fate {
    let meaning = match error.code() {
        // A service that has failed knows nothing, whatever it says.
        Some(code) if status < 500 => table::meaning(code, error.names_a_scale()),
        _ => Meaning::Open,
    };
    match meaning {
        Meaning::Refused(kind) => Fate::Refused(Refusal {
            kind,
            code: error.code().unwrap_or_default(),
            message: error.message(),
        }),
        Meaning::Throttled => {
            let (limit, away) = over();
            turned_away(limit, away, error)
        }
        Meaning::Open => Fate::Unknown(error.unknown(status)),
    }
}

/// The fate of a call that was answered without a code: by something in front of the venue.
pub(crate) fn wordless_fate(status: u16, body: &[u8]) -> Fate {
    let message = excerpt(&String::from_utf8_lossy(body));
    match status {
        429 => Fate::NotTaken(NotTaken::Throttled(Throttle {
            kind: None,
            is_ban: false,
            retry_after: Some(ADDRESS_AWAY),
            retry_at: None,
            message,
        })),
        _ => Fate::Unknown(Unknown::Venue { status, code: None, message }),
    }
}

/// The fate of a call whose answer says success and cannot be read.
pub(crate) fn unreadable(problem: &Malformed) -> Fate {
    Fate::Unknown(Unknown::Unreadable(problem.to_string()))
}

/// Which limit has turned a call away, and for how long. The venue does not say: that of the call's
/// own path, or that of all requests of an address. When it says at the same time that there is room
/// left for the path, it was the other one. When not, either may be meant, and what is turned away
/// next tells ([`address_away`](tradewind_model::manners::Manners::address_away)).
fn over(kind: CallKind, headers: &HeaderMap) -> (LimitKind, Duration) {
    let is_of_path = limits::remaining(headers).is_none_or(|left| left == 0);
    match (kind, is_of_path) {
        // A handshake is counted by no path.
        (CallKind::OpenStream, _) => (LimitKind::Connections, ADDRESS_AWAY),
        (kind, true) => (limits::path(kind), PATH_AWAY),
        (_, false) => (LimitKind::RawRequests, ADDRESS_AWAY),
    }
}

fn turned_away(kind: LimitKind, away: Duration, error: &VenueError) -> Fate {
    Fate::NotTaken(NotTaken::Throttled(Throttle {
        kind: Some(kind),
        // Everything that comes from a place which is shut out is turned away.
        is_ban: kind == LimitKind::RawRequests,
        retry_after: Some(away),
        retry_at: None,
        message: error.message.clone(),
    }))
}

#[cfg(test)]
mod tests;
