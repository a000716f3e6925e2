//! What an operator has set, held over all routes together.
//!
//! An engine sees one route: what was bought by one and sold by another is two positions to it. So
//! how many orders may be open, and what a position may be worth, is decided here. What a single
//! order may be worth, how much may be lost and how much may be unknown stays with each engine.

use std::collections::BTreeSet;

use tradewind_engine::Route;
use tradewind_model::Decimal;
use tradewind_model::id::{ClientOrderId, StrategyId};
use tradewind_model::order::{Denied, OrderRequest, Side};
use tradewind_model::trading::{TradingLimits, TradingScope};

use super::Router;
use crate::decision::Holding;
use crate::orders::{Key, size};

impl Router {
    /// Whether an order may be placed beside all that there is, by what may be held and by the limits
    /// that hold over all routes. `replaced` is what goes when it comes; its trades are taken off, as
    /// the request is for the total of both.
    ///
    /// # Errors
    /// The limit that it would exceed.
    pub(crate) fn check_beside(
        &self,
        holding: &Holding,
        route: Route,
        request: &OrderRequest,
        replaced: Option<ClientOrderId>,
    ) -> Result<(), Denied> {
        let gone = replaced.map(|id| (route, id));
        let traded = gone.and_then(|key| self.orders.get(&key)).map(|old| old.cum_qty);
        let kind = match (request.kind.qty(), traded) {
            (Some(qty), Some(traded)) => request.kind.with_qty(qty.saturating_sub(traded)),
            (_, None) | (None, _) => request.kind,
        };
        let left = OrderRequest { kind, ..request.clone() };
        self.check_exposure(holding, route, &left, self.policy.most, gone)?;
        self.check_limits(holding, route, &left, gone)
    }

    /// Refuses what would exceed a limit of its strategy, or of all together, as if `gone` were over.
    pub(super) fn check_limits(
        &self,
        holding: &Holding,
        route: Route,
        request: &OrderRequest,
        gone: Option<Key>,
    ) -> Result<(), Denied> {
        let own = self.limits.strategies.get(&holding.strategy);
        let own = own.map(|limits| (Some(holding.strategy), limits));
        for (of, limits) in own.into_iter().chain([(None, &self.limits.all)]) {
            self.check_open_orders(of, limits, gone)?;
            self.check_position((of, limits), holding, route, request, gone)?;
        }
        Ok(())
    }

    fn check_open_orders(
        &self,
        of: Option<StrategyId>,
        limits: &TradingLimits,
        gone: Option<Key>,
    ) -> Result<(), Denied> {
        let Some(most) = limits.max_open_orders else { return Ok(()) };
        let left = self.orders.iter().filter(|(key, _)| Some(**key) != gone);
        let orders = left.map(|(_, placed)| &placed.holding);
        let open = orders.filter(|one| is_of(of, one)).count();
        check(of, "max_open_orders", most.into(), Decimal::from(open.saturating_add(1)))
    }

    fn check_position(
        &self,
        (of, limits): (Option<StrategyId>, &TradingLimits),
        holding: &Holding,
        route: Route,
        request: &OrderRequest,
        gone: Option<Key>,
    ) -> Result<(), Denied> {
        let Some(most) = limits.max_position_notional else { return Ok(()) };
        let market = self.price_at(route, holding);
        let Some(price) = request.kind.price().or(market) else {
            let reason = "there is no price yet to hold it to the limits by".to_owned();
            return Err(Denied::Closed(reason));
        };
        let is_its = |one: &&Holding| is_of(of, one) && one.instrument == holding.instrument;
        let its: BTreeSet<&Holding> = self.orders.holdings().filter(is_its).collect();
        let exposures = its.into_iter().map(|one| self.orders.exposure_without(one, gone));
        let before = exposures.fold(Decimal::ZERO, |sum, exposure| {
            sum.saturating_add(match request.side {
                Side::Buy => exposure.most,
                Side::Sell => -exposure.least,
            })
        });
        // By what it asks for: an order by value has no size but by a price, which there is.
        let qty = size(&request.kind, Some(price)).unwrap_or_default();
        // On its own side of zero: what only brings it nearer is no more of a position.
        let value = before.saturating_add(qty.get()).saturating_mul(price.get());
        check(of, "max_position_notional", most.get(), value)
    }
}

/// Whether it is one strategy's, or that of any.
fn is_of(strategy: Option<StrategyId>, holding: &Holding) -> bool {
    strategy.is_none_or(|strategy| strategy == holding.strategy)
}

fn check(of: Option<StrategyId>, limit: &str, most: Decimal, value: Decimal) -> Result<(), Denied> {
    if value <= most {
        return Ok(());
    }
    let scope = of.map_or(TradingScope::Everything, TradingScope::Strategy);
    Err(Denied::Limit { limit: limit.to_owned(), scope, most, value })
}
