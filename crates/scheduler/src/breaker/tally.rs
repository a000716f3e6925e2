//! The last ten seconds of one group's calls.

use tradewind_model::Timestamp;

use crate::breaker::Outage;

/// How many seconds are looked at.
const SECONDS: usize = 10;
/// Below so many calls, a share of failures says nothing.
const CALLS_MIN: u32 = 10;
/// So many failures without a success between them say enough.
const IN_A_ROW: u32 = 5;
const OUTAGES: usize = 4;

/// How calls went, second by second.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    seconds: [Second; SECONDS],
    in_a_row: [u32; OUTAGES],
}

#[derive(Clone, Copy, Debug, Default)]
struct Second {
    at: u64,
    calls: u32,
    failures: [u32; OUTAGES],
}

impl Tally {
    /// Counts a call. Tells of the outage that is shown by now, if one is.
    pub(super) fn note(&mut self, now: Timestamp, outage: Option<Outage>) -> Option<Outage> {
        let at = now.as_secs();
        let place = usize::try_from(at % SECONDS as u64).unwrap_or(0);
        let second = &mut self.seconds[place];
        if second.at != at {
            *second = Second { at, ..Second::default() };
        }
        second.calls += 1;
        let Some(outage) = outage else {
            self.in_a_row = [0; OUTAGES];
            return None;
        };
        let index = outage.index();
        second.failures[index] += 1;
        self.in_a_row[index] += 1;
        let recent = self.seconds.iter().filter(|second| second.at + SECONDS as u64 > at);
        let (calls, failures) = recent.fold((0, 0), |(calls, failures), second| {
            (calls + second.calls, failures + second.failures[index])
        });
        let is_shown =
            self.in_a_row[index] >= IN_A_ROW || (calls >= CALLS_MIN && failures * 2 >= calls);
        is_shown.then_some(outage)
    }
}
