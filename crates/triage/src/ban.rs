//! Bans: 418, which the venue answers while an address is shut and calls keep coming.

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

use crate::attempt::{Answer, Log};

/// The bans in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bans {
    /// How many attempts were answered 418.
    pub answers: u64,
    /// The first and the last of them.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Which doors, by name.
    pub doors: Vec<String>,
    /// How many attempts left by those doors between the first and the last 418 of each. Every one
    /// of them may have lengthened the ban.
    pub attempts_during: u64,
    /// How many attempts in all left to a scope that we ourselves knew to be shut.
    pub sent_while_shut: u64,
}

/// The bans in the log.
pub(crate) fn find(log: &Log) -> Bans {
    let sent_while_shut = log.attempts.iter().filter(|attempt| attempt.left_shut_scope).count();
    let mut bans = Bans { sent_while_shut: sent_while_shut as u64, ..Bans::default() };
    for door in 0..log.doors.len() {
        let mut banned = log.attempts.iter().filter(|attempt| {
            attempt.answer == Answer::Banned && usize::from(attempt.door) == door
        });
        let Some(first) = banned.next() else { continue };
        let (count, last) = banned.fold((1, first), |(count, _), ban| (count + 1, ban));
        bans.answers += count;
        bans.doors.push(log.doors.name(first.door).to_owned());
        bans.attempts_during += log
            .between(first.at_ms + 1, last.at_ms + 1)
            .iter()
            .filter(|attempt| attempt.door == first.door)
            .count() as u64;
        let (from, until) =
            (Timestamp::from_millis(first.at_ms), Timestamp::from_millis(last.at_ms));
        bans.span =
            Some(bans.span.map_or((from, until), |(start, end)| (start.min(from), end.max(until))));
    }
    bans
}
