//! Times in which nothing happened: this process was stopped, or the venue answered nothing.
//!
//! Whoever runs the engine calls it when it asks to be called. When that comes late by seconds,
//! this process did not run: it was stopped, starved or swapped out. Its clock is right, but what
//! it knows of the market and of its orders is as old as the pause, and the venue may have closed
//! its sockets long ago. So everything is asked anew before anything is traded, as after a sleep.
//!
//! When the venue answers nothing for long, somebody is told once, by whatever it shows: not once
//! more for each order that is in doubt because of it.

use std::time::Duration;

use tradewind_model::outcome::{Fate, NotTaken, Unknown};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;

use super::Engine;
use super::streams::Loss;
use crate::incident::Incident;

/// So late a call may be on a machine that is only busy.
const LATE_MAX: Duration = Duration::from_secs(5);
/// How long the venue may answer nothing before somebody is told: longer than a restart of a
/// gateway takes, and two calls that nobody answers.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How long all has to be well before another silence is another trouble.
const CALM: Duration = Duration::from_secs(300);

/// What is known of both.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    /// When the engine had asked to be called, at the latest.
    due: Option<Timestamp>,
    /// When the first call left of those that came to nothing, if none was answered since.
    unanswered_since: Option<Timestamp>,
    is_silence_told: bool,
    /// Until when another silence is the same trouble, of which somebody was told.
    same_until: Option<Timestamp>,
}

impl Engine {
    /// Nothing is left to do until then.
    pub(super) fn expect_call(&mut self, now: Timestamp) {
        self.pauses.due = self.wakeup().map(|due| due.max(now));
    }

    /// The engine is called.
    pub(super) fn note_call(&mut self, now: Timestamp) {
        let late = self.pauses.due.map(|due| now.since(due)).unwrap_or_default();
        if late <= LATE_MAX {
            return;
        }
        self.pauses.due = None;
        self.tell(Incident::Paused { lasting: late });
        for kind in [StreamKind::Account, StreamKind::Market] {
            let standing: Vec<_> = self.stream(kind).standing().collect();
            for generation in standing {
                self.stream_lost(now, kind, generation, Loss::broken("this process was stopped"));
            }
        }
    }

    /// Takes in whether a call that left at `sent_at` was answered.
    pub(super) fn note_silence(&mut self, now: Timestamp, sent_at: Timestamp, fate: &Fate) {
        let is_silence = match fate {
            Fate::Unknown(Unknown::Timeout | Unknown::Broken(_))
            | Fate::NotTaken(NotTaken::NotSent(_)) => true,
            Fate::Unknown(Unknown::Venue { .. } | Unknown::Unreadable(_))
            | Fate::NotTaken(
                NotTaken::Throttled(_) | NotTaken::Overloaded(_) | NotTaken::NotAttempted(_),
            )
            | Fate::Done(_)
            | Fate::Refused(_) => false,
        };
        if !is_silence {
            self.pauses.unanswered_since = None;
            if std::mem::take(&mut self.pauses.is_silence_told) {
                self.tell(Incident::Answering);
            }
            return;
        }
        let since = *self.pauses.unanswered_since.get_or_insert(sent_at);
        let lasting = now.since(since);
        if lasting < SILENCE_MAX {
            return;
        }
        let is_known = std::mem::replace(&mut self.pauses.is_silence_told, true);
        let is_same = self.pauses.same_until.is_some_and(|until| now < until);
        if !is_known && !is_same {
            self.tell(Incident::Unanswered { lasting });
        }
        self.pauses.same_until = Some(now + CALM);
    }

    /// Whether it was told that the venue answers nothing: what comes of that is no news.
    pub(super) const fn is_silence_told(&self) -> bool {
        self.pauses.is_silence_told
    }

    /// Whether that was told, now or a moment ago.
    pub(super) fn was_silence_told(&self, now: Timestamp) -> bool {
        self.pauses.is_silence_told || self.pauses.same_until.is_some_and(|until| now < until)
    }
}
