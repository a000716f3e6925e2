//! How far the venue can be trusted now, told to strategies whenever it changes.

use tradewind_model::balance::Balance;
use tradewind_model::notice::{Notice, VenueStatus};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::ScopeKey;

use super::Engine;
use crate::incident::Incident;

impl Engine {
    fn status(&self, now: Timestamp) -> VenueStatus {
        if let Some((until, scope)) = self.longest_shut(now) {
            let until_text = if until == Timestamp::MAX {
                "somebody clears it".to_owned()
            } else {
                until.to_string()
            };
            return VenueStatus::Shut {
                until,
                reason: format!("{scope} is shut until {until_text}"),
            };
        }
        match self.missing() {
            None => VenueStatus::Live,
            Some(reason) => VenueStatus::Stale { reason: reason.to_owned() },
        }
    }

    /// Whether what is sent from here goes through this.
    pub(super) fn is_behind(&self, scope: &ScopeKey) -> bool {
        let route = self.config.route;
        match scope {
            ScopeKey::Egress(egress) | ScopeKey::Group(egress, _) => *egress == route.egress,
            ScopeKey::Account(account) | ScopeKey::NewOrders(account) => *account == route.account,
        }
    }

    /// What is shut longest, and until when: the far end of time when a person must open it.
    pub(super) fn longest_shut(&self, now: Timestamp) -> Option<(Timestamp, ScopeKey)> {
        let egress = ScopeKey::Egress(self.config.route.egress);
        let account = ScopeKey::Account(self.config.route.account);
        let orders = ScopeKey::NewOrders(self.config.route.account);
        let shut = [egress, account, orders]
            .into_iter()
            .filter_map(|scope| self.scheduler.shut_until(now, &scope).map(|until| (until, scope)));
        shut.max_by_key(|(until, _)| *until)
    }

    /// Tells everybody when the status has changed.
    pub(super) fn refresh_status(&mut self, now: Timestamp) {
        let status = self.status(now);
        if status == self.told {
            return;
        }
        let was_live = std::mem::replace(&mut self.told, status.clone()) == VenueStatus::Live;
        match &status {
            VenueStatus::Live => {
                self.startup_complete();
                self.tell(Incident::Live);
            }
            VenueStatus::Stale { reason } if was_live => {
                self.tell(Incident::Stale { reason: reason.clone() });
            }
            // While starting, one reason after the other; a shut scope was told when it was shut.
            VenueStatus::Stale { .. } | VenueStatus::Shut { .. } | VenueStatus::Moved { .. } => {}
        }
        self.notify_all(|| Notice::Venue(status.clone()));
    }

    /// Tells every strategy of balances that may have changed.
    pub(super) fn tell_balances(&mut self, balances: &[Balance]) {
        self.notify_all(|| Notice::Balances(balances.to_vec()));
    }

    /// Tells every strategy, once they have begun: nothing comes before their beginning.
    pub(super) fn notify_all(&mut self, notice: impl Fn() -> Notice) {
        if self.startup.has_begun_strategies {
            let strategies: Vec<_> = self.members.keys().copied().collect();
            for strategy in strategies {
                self.notify(strategy, notice());
            }
        }
    }
}
