//! The rungs: their prices, and which orders on them the instrument's rules allow.
//!
//! A rung has one price for both sides, already on the tick, so that a sell on it is exactly as
//! far above the buy below as the grid says.

use tradewind_model::Decimal;
use tradewind_model::instrument::{Filter, FilterBreach, FilterContext, Instrument};
use tradewind_model::market::Quote;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::order::{OrderKind, OrderRequest, Side, TimeInForce};

use crate::params::Plan;

/// The rungs of a grid, lowest first.
#[derive(Debug)]
pub(crate) struct Ladder {
    instrument: Instrument,
    prices: Vec<Price>,
    qty: Quantity,
    post_only: bool,
    flaw: Option<String>,
}

impl Ladder {
    /// Rungs evenly spaced between two prices.
    ///
    /// # Errors
    /// Why not one order of it could be placed, and the way out.
    pub(crate) fn new(
        plan: &Plan,
        (lower, upper): (Price, Price),
        instrument: &Instrument,
    ) -> Result<Self, String> {
        let steps = Decimal::from(plan.levels - 1);
        let range = upper.get().saturating_sub(lower.get());
        let prices: Vec<Price> = (0..plan.levels)
            .map(|rung| {
                let above = range.saturating_mul(Decimal::from(rung)) / steps;
                let price = Price::new(lower.get().saturating_add(above)).unwrap_or(lower);
                instrument.quantize_price(Side::Buy, price)
            })
            .collect();
        let mut ladder = Self {
            instrument: instrument.clone(),
            prices,
            qty: instrument.quantize_qty(plan.qty),
            post_only: plan.post_only,
            flaw: None,
        };
        ladder.judge(plan)?;
        Ok(ladder)
    }

    fn judge(&mut self, plan: &Plan) -> Result<(), String> {
        let id = &self.instrument.id;
        if self.post_only && !self.instrument.takes_post_only {
            return Err(format!("{id} takes no post-only orders; set post_only = false"));
        }
        if self.qty.is_zero() {
            return Err(format!(
                "qty {} is below {id}'s step of {}; raise qty",
                plan.qty,
                self.instrument.step().normalize()
            ));
        }
        if self.prices.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(format!(
                "two rungs fall on one price, {id}'s tick being {}; lower levels or widen the range",
                self.instrument.tick().normalize()
            ));
        }
        for filter in &self.instrument.filters {
            if let Filter::MaxNumOrders(most) = filter
                && *most < plan.levels - 1
            {
                return Err(format!(
                    "{id} takes {most} open orders at most; lower levels to {}",
                    most.saturating_add(1)
                ));
            }
        }
        let breaches: Vec<FilterBreach> =
            (0..self.cells()).filter_map(|cell| self.check_round(cell).err()).collect();
        let Some(first) = breaches.first() else {
            return Ok(());
        };
        let (out, all) = (breaches.len(), self.cells());
        if out == all {
            return Err(format!(
                "{id} would take no order of this grid: {first}; change qty or the range"
            ));
        }
        self.flaw =
            Some(format!("{out} of {all} rounds are left out, the first because of {first}"));
        Ok(())
    }

    /// Whether a cell can both buy and sell a whole `qty`; one that could not do both would end
    /// with what it cannot get rid of.
    pub(crate) fn check_round(&self, cell: usize) -> Result<(), FilterBreach> {
        self.check(cell, Side::Buy, self.qty)?;
        self.check(cell + 1, Side::Sell, self.qty)
    }

    /// What of the grid cannot be placed, if not all of it can.
    pub(crate) fn flaw(&self) -> Option<&str> {
        self.flaw.as_deref()
    }

    /// How many spaces there are between neighboring rungs.
    pub(crate) fn cells(&self) -> usize {
        self.prices.len() - 1
    }

    pub(crate) fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    pub(crate) fn qty(&self) -> Quantity {
        self.qty
    }

    pub(crate) fn post_only(&self) -> bool {
        self.post_only
    }

    pub(crate) fn price(&self, rung: usize) -> Price {
        self.prices[rung]
    }

    pub(crate) fn quantize(&self, qty: Quantity) -> Quantity {
        self.instrument.quantize_qty(qty)
    }

    /// The rung nearest the middle of a quote; of two, the lower.
    pub(crate) fn nearest(&self, quote: &Quote) -> usize {
        let mid = quote.mid();
        let distances = self.prices.iter().map(|price| price.distance(mid));
        let nearest = distances.enumerate().min_by_key(|(_, distance)| *distance);
        nearest.map_or(0, |(rung, _)| rung)
    }

    pub(crate) fn kind(&self, rung: usize, qty: Quantity) -> OrderKind {
        let price = self.price(rung);
        if self.post_only {
            OrderKind::PostOnly { price, qty }
        } else {
            OrderKind::Limit { price, qty, time_in_force: TimeInForce::GoodTillCanceled }
        }
    }

    pub(crate) fn request(&self, rung: usize, side: Side, qty: Quantity) -> OrderRequest {
        OrderRequest {
            instrument: self.instrument.id.clone(),
            side,
            kind: self.kind(rung, qty),
            tag: u32::try_from(rung).expect("there are 200 rungs at most"),
        }
    }

    /// Whether the rules that depend on nothing but the order allow it.
    ///
    /// # Errors
    /// The first rule that does not.
    fn check(&self, rung: usize, side: Side, qty: Quantity) -> Result<(), FilterBreach> {
        let kind = self.kind(rung, qty);
        self.instrument.check(side, &kind, &FilterContext::default())
    }

    /// Whether there is an order to be made of a quantity on a rung.
    pub(crate) fn takes(&self, rung: usize, side: Side, qty: Quantity) -> bool {
        !qty.is_zero() && self.check(rung, side, qty).is_ok()
    }
}
