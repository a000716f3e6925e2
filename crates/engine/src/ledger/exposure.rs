//! What may become of a position, by all that is not over.

use tradewind_model::Decimal;
use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId};
use tradewind_model::money::Quantity;
use tradewind_model::order::{OrderState, Side};

use super::Ledger;
use crate::order::Order;

/// Whose position: a strategy's, of an instrument.
pub(crate) type Holding = (StrategyId, InstrumentId);

/// Whether orders that have not left count like those that may rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// They will leave.
    Counts,
    /// Each is looked at again before it leaves.
    Ignored,
}

impl Ledger {
    /// Orders that were not filed: not over, or with something still to be told.
    pub(crate) fn unfiled(&self) -> impl Iterator<Item = &Order> {
        self.unfiled.iter().filter_map(|id| self.orders.get(id))
    }

    /// Base asset that a strategy holds by its own fills; below zero when it has sold more.
    pub(crate) fn base_held(&self, holding: &Holding) -> Decimal {
        self.positions.get(holding).map(|position| position.base).unwrap_or_default()
    }

    /// What can be traded on a side so that a position comes nearer to zero and never past it,
    /// whatever becomes of the other orders: one in doubt may have traded whole, and may not be
    /// there at all.
    pub(crate) fn room_to_reduce(
        &self,
        holding: &Holding,
        side: Side,
        but: Option<ClientOrderId>,
        waiting: Waiting,
    ) -> Quantity {
        let base = self.base_held(holding);
        let mut room = match side {
            Side::Buy => -base,
            Side::Sell => base,
        };
        let same = |order: &&Order| {
            order.side == side && (order.strategy, &order.instrument) == (holding.0, &holding.1)
        };
        for order in self.unfiled().filter(same) {
            // Trades that were told of and are not booked.
            room -= order.cum_qty.saturating_sub(order.booked_qty()).get();
            if Some(order.id) == but || order.state.is_terminal() {
                continue;
            }
            if order.state == OrderState::Pending && waiting == Waiting::Ignored {
                continue;
            }
            if order.qty.is_zero() {
                // How much it trades is for the venue to say.
                return Quantity::ZERO;
            }
            room -= order.leaves_qty().get();
        }
        Quantity::new(room.max(Decimal::ZERO)).unwrap_or_default()
    }

    /// What a position comes to if every open order of one side trades whole and none of the
    /// other; `but` is left out.
    pub(crate) fn furthest(
        &self,
        is_its: impl Fn(&Order) -> bool,
        held: Decimal,
        side: Side,
        but: ClientOrderId,
    ) -> Decimal {
        let open = self.open().filter(|order| order.side == side && order.id != but);
        let all = open.filter(|order| is_its(order));
        let all = all.fold(Decimal::ZERO, |sum, order| sum + order.leaves_qty().get());
        match side {
            Side::Buy => held + all,
            Side::Sell => held - all,
        }
    }
}
