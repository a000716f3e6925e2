//! A strategy that fails takes nobody with it.
//!
//! That one has panicked, hangs or does not keep up is seen by whoever runs it. From then on nothing
//! that it asks for is done, what waits of its is denied, and what rests follows its policy. The
//! venue's word on its orders is followed to their end, and its fills are booked as ever; only
//! nobody is told of them.

use tradewind_model::id::StrategyId;
use tradewind_model::time::Timestamp;

use super::Engine;
use crate::incident::Incident;
use crate::operator::{OnFailure, StrategyFailure};

impl Engine {
    /// A strategy has failed.
    pub(super) fn strategy_lost(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        how: StrategyFailure,
    ) {
        if !self.cut_off(strategy) {
            return;
        }
        let setup = self.config.strategies.iter().find(|setup| setup.id == strategy);
        let on_failure = setup.map(|setup| setup.on_failure).unwrap_or_default();
        self.tell(Incident::StrategyLost { strategy, how, on_failure });
        self.market.forget(strategy);
        self.strategy_started(now, strategy);
        match on_failure {
            OnFailure::Cancel => self.cancel_all_of(now, strategy),
            // What waits is denied like all that it asks for.
            OnFailure::Leave => {}
        }
    }
}
