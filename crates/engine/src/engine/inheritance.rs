//! What is shut, from an earlier life of this process, and for later ones.
//!
//! The book of it is kept by whoever performs our actions; here is said when it has changed, and
//! what others have entered is heeded as if the venue had said it to us.

use std::time::Duration;

use tradewind_model::time::Timestamp;
use tradewind_scheduler::{ScopeKey, ShutReason, ShutRecord};

use super::{Engine, Timer};
use crate::action::Action;
use crate::incident::Incident;

/// What others were told is left alone for so much longer at the most: their probe may have gone
/// first then, and the probes of many do not go in one moment.
const STAGGER: Duration = Duration::from_secs(1);

/// What was last kept of what is shut.
#[derive(Debug, Default)]
pub(super) struct Kept {
    version: u64,
    records: Vec<ShutRecord>,
}

impl Engine {
    /// Takes over what was known before this process began.
    pub(super) fn inherit(&mut self, now: Timestamp) {
        let records = std::mem::take(&mut self.config.beginning.shut);
        self.kept.records.clone_from(&records);
        self.adopt(now, &records);
        if !self.config.beginning.is_shut_known {
            // Nobody knows for how long, so it is not waited, but asked first.
            let scope = ScopeKey::Egress(self.config.route.egress);
            let lost = ShutRecord {
                scope,
                reason: ShutReason::Forgotten,
                since: now,
                until: Some(now),
                strikes: 0,
            };
            self.scheduler.restore_shut(now, &[lost]);
        }
    }

    /// Leaves alone what others were told to.
    pub(super) fn adopt(&mut self, now: Timestamp, records: &[ShutRecord]) {
        for record in records {
            let stagger = self.jitter.up_to(STAGGER);
            let until = record.until.map(|until| until + stagger);
            let staggered = ShutRecord { until, ..*record };
            let before = self.scheduler.shut_until(now, &record.scope);
            self.scheduler.restore_shut(now, &[staggered]);
            let Some(until) = self.scheduler.shut_until(now, &record.scope) else { continue };
            self.timers.set(Timer::Unshut, until);
            if before.is_none_or(|before| before < until) {
                let (scope, reason) = (record.scope, record.reason);
                let until = Some(until).filter(|until| *until != Timestamp::MAX);
                self.tell(Incident::ShutElsewhere { scope, reason, until });
            }
        }
    }

    /// Has what is shut kept, whenever that is something else than before.
    pub(super) fn keep_shut(&mut self, now: Timestamp) {
        let version = self.scheduler.shut_version();
        if version == self.kept.version {
            return;
        }
        self.kept.version = version;
        let records = self.scheduler.shut_records(now);
        if records != self.kept.records {
            self.kept.records.clone_from(&records);
            self.actions.push_back(Action::KeepShut(records));
        }
    }
}
