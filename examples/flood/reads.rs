//! What became of reads, by the answers that their callers got.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_engine::{Answer, ReadFailed, Urgency};
use tradewind_scheduler::{Never, Shed};

/// A count of answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    pub(crate) asked: u64,
    pub(crate) answered: u64,
    /// Questions that joined a request which another had caused.
    pub(crate) coalesced: u64,
    /// Those that have no answer for another reason, by what the caller was told.
    pub(crate) failed: BTreeMap<&'static str, u64>,
    /// Those that never left, by what the caller was told.
    pub(crate) shed: BTreeMap<&'static str, u64>,
    /// From the question to its answer, of those that have one.
    pub(crate) query_waits: Vec<Duration>,
    pub(crate) background_waits: Vec<Duration>,
}

impl Reads {
    /// Somebody has their answer.
    pub(crate) fn note(&mut self, urgency: Urgency, waited: Duration, answer: &Answer) {
        match answer {
            Ok(_) => {
                self.answered += 1;
                match urgency {
                    Urgency::Query => self.query_waits.push(waited),
                    Urgency::Background => self.background_waits.push(waited),
                }
            }
            Err(ReadFailed::Shed(shed)) => *self.shed.entry(name(shed)).or_default() += 1,
            Err(ReadFailed::NotARead(_)) => self.failed("not_a_read"),
            Err(ReadFailed::Unsupported { .. }) => self.failed("unsupported"),
            Err(ReadFailed::Refused(_)) => self.failed("refused"),
            Err(ReadFailed::RefusedAlike(_)) => self.failed("refused_alike"),
            Err(ReadFailed::NotTaken(_)) => self.failed("not_taken"),
            Err(ReadFailed::Unknown(_)) => self.failed("unknown"),
            Err(ReadFailed::Ended) => self.failed("ended"),
        }
    }

    fn failed(&mut self, why: &'static str) {
        *self.failed.entry(why).or_default() += 1;
    }
}

const fn name(shed: &Shed) -> &'static str {
    match shed {
        Shed::Refused(Never::QueueFull { .. }) => "full",
        Shed::Refused(Never::Exceeds { .. } | Never::Duplicate { .. }) => "never",
        Shed::TooLate { .. } => "too_late",
        Shed::Shut { .. } => "shut",
        Shed::Crowded { .. } => "crowded",
    }
}
