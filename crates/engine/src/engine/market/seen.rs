//! Which trades were told already, where two sockets tell the same ones.
//!
//! A symbol's trades are numbered without gaps, and each socket tells them in order; but the two
//! are not equally fast, so one may tell a number before the other has told those below. What was
//! skipped is remembered, and told when it comes; everything else that is not newer is a repeat.

use std::collections::BTreeSet;

/// Skipped numbers that are remembered, the newest of them: more than come in the moments by which
/// one socket lags behind the other.
const SKIPPED_MAX: usize = 1_024;

/// The trades of one symbol that were told.
#[derive(Clone, Debug, Default)]
pub(super) struct SeenTrades {
    last: Option<u64>,
    skipped: BTreeSet<u64>,
}

impl SeenTrades {
    /// Notes a trade. True when it was not told yet.
    pub(super) fn note(&mut self, id: u64) -> bool {
        let Some(last) = self.last else {
            self.last = Some(id);
            return true;
        };
        if id <= last {
            return self.skipped.remove(&id);
        }
        let oldest = id.saturating_sub(SKIPPED_MAX as u64).max(last + 1);
        self.skipped.extend(oldest..id);
        while self.skipped.len() > SKIPPED_MAX {
            self.skipped.pop_first();
        }
        self.last = Some(id);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ids: &[u64]) -> Vec<u64> {
        let mut seen = SeenTrades::default();
        ids.iter().copied().filter(|id| seen.note(*id)).collect()
    }

    #[test]
    fn each_is_told_once_whichever_socket_is_faster() {
        assert_eq!(told(&[7, 8, 8, 7, 9]), [7, 8, 9]);
        assert_eq!(told(&[7, 10, 8, 10, 9, 8, 9, 11]), [7, 10, 8, 9, 11]);
    }

    #[test]
    fn what_came_before_the_first_is_old() {
        assert_eq!(told(&[7, 6, 5, 8]), [7, 8]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut seen = SeenTrades::default();
        seen.note(1);
        seen.note(1_000_000);
        assert_eq!(seen.skipped.len(), SKIPPED_MAX);
        assert!(seen.note(999_999) && !seen.note(2), "the newest are");
    }
}
