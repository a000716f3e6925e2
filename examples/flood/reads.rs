//! What became of reads, by the answers that their callers got.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::outcome::{Fate, NotTaken};
use tradewind_scheduler::Priority;

/// A count of answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    pub(crate) asked: u64,
    pub(crate) answered: u64,
    /// Those that the venue refused, or whose answer was lost.
    pub(crate) failed: u64,
    /// Those that never left, by what the caller was told.
    pub(crate) shed: BTreeMap<&'static str, u64>,
    /// From the question to its answer, of those that have one.
    pub(crate) query_waits: Vec<Duration>,
    pub(crate) background_waits: Vec<Duration>,
}

impl Reads {
    /// Somebody has their answer.
    pub(crate) fn note(&mut self, priority: Priority, waited: Duration, fate: &Fate) {
        match fate {
            Fate::Done(_) => {
                self.answered += 1;
                match priority {
                    Priority::Critical | Priority::Trade | Priority::Query => {
                        self.query_waits.push(waited);
                    }
                    Priority::Background => self.background_waits.push(waited),
                }
            }
            Fate::NotTaken(NotTaken::NotSent(reason)) => {
                let kind = if reason.contains("full") { "full" } else { "deadline" };
                *self.shed.entry(kind).or_default() += 1;
            }
            Fate::NotTaken(NotTaken::Throttled(_) | NotTaken::Overloaded(_))
            | Fate::Refused(_)
            | Fate::Unknown(_) => self.failed += 1,
        }
    }
}
