//! The rules for pairs of orders of which at most one trades.

use rust_decimal::Decimal;

use super::{Filter, FilterBreach, FilterContext, Instrument};
use crate::money::Price;
use crate::order::{Oco, OcoTake, Side};

impl Instrument {
    /// Checks a pair against every rule that can be checked before it is sent: those of its two
    /// orders, of which each counts, and those of the pair. Where the last trade lies between
    /// them is for the venue to see.
    ///
    /// # Errors
    /// The first rule that the venue would refuse it by, with the nearest legal value where the
    /// rule has one.
    pub fn check_pair(
        &self,
        side: Side,
        pair: &Oco,
        context: &FilterContext,
    ) -> Result<(), FilterBreach> {
        check_sides(side, pair)?;
        self.check(side, &pair.take_kind(), context)?;
        let is_triggered = matches!(pair.take, OcoTake::Triggered { .. });
        let beside = FilterContext {
            open_orders: context.open_orders.saturating_add(1),
            open_orders_all_symbols: context.open_orders_all_symbols.saturating_add(1),
            open_triggered: context.open_triggered.saturating_add(u32::from(is_triggered)),
            open_triggered_all_symbols: context
                .open_triggered_all_symbols
                .saturating_add(u32::from(is_triggered)),
            ..*context
        };
        self.check(side, &pair.stop_kind(), &beside)?;
        self.filters.iter().try_for_each(|filter| filter.check_lists(context))
    }
}

/// The profit is above a sell's stop and below a buy's (rest-api.md, order list OCO, read
/// 2026-11).
fn check_sides(side: Side, pair: &Oco) -> Result<(), FilterBreach> {
    let take = match pair.take {
        OcoTake::PostOnly { price } | OcoTake::Triggered { at: price, .. } => price,
    };
    let (is_legal, relation) = match side {
        Side::Sell => (take > pair.stop.at, "above"),
        Side::Buy => (take < pair.stop.at, "below"),
    };
    if is_legal {
        return Ok(());
    }
    Err(FilterBreach {
        filter: "OCO".to_owned(),
        rule: format!("the profit of a {side} is {relation} its stop at {}", pair.stop.at),
        value: Price::get(take).normalize(),
        nearest: None,
    })
}

impl Filter {
    fn check_lists(&self, context: &FilterContext) -> Result<(), FilterBreach> {
        let (most, open) = match self {
            Self::MaxNumOrderLists(most) => (*most, context.open_lists),
            Self::ExchangeMaxNumOrderLists(most) => (*most, context.open_lists_all_symbols),
            Self::Price(_)
            | Self::PercentPrice(_)
            | Self::PercentPriceBySide { .. }
            | Self::LotSize(_)
            | Self::MarketLotSize(_)
            | Self::MinNotional { .. }
            | Self::Notional { .. }
            | Self::IcebergParts(_)
            | Self::MaxNumOrders(_)
            | Self::MaxNumAlgoOrders(_)
            | Self::MaxNumIcebergOrders(_)
            | Self::MaxNumOrderAmends(_)
            | Self::MaxPosition(_)
            | Self::TrailingDelta { .. }
            | Self::ExchangeMaxNumOrders(_)
            | Self::ExchangeMaxNumAlgoOrders(_)
            | Self::ExchangeMaxNumIcebergOrders(_)
            | Self::MaxAsset { .. }
            | Self::MarketByGiven { .. }
            | Self::Unknown(_) => return Ok(()),
        };
        if open < most {
            return Ok(());
        }
        Err(FilterBreach {
            filter: self.name().to_owned(),
            rule: format!("at most {most} lists of orders are open at a time"),
            value: Decimal::from(open.saturating_add(1)),
            nearest: Some(Decimal::from(most)),
        })
    }
}
