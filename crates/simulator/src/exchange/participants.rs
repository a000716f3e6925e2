//! The other participants of a symbol: makers that follow the fair price, and takers.
//!
//! All they do goes through the same book as everybody's orders. A maker whose new bid is above an
//! account's ask does not rest, it buys: that is how a grid around the price gets filled, and
//! partially when its order is the larger one. Each step they do a bounded number of things, and
//! the path of the fair price never depends on what accounts do.

use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::SymbolStatus;
use super::book::{Order, Owner};
use super::clearing::Clearing;
use super::config::{MarketConfig, Model};
use super::filters::floor_to;
use super::listing::Listing;
use super::order::{OrderKind, OrderView, Side, TimeInForce};
use super::path::Path;
use super::random::Random;

/// Most resting orders of the makers on one side.
const LEVELS_MAX: u32 = 200;
/// Most orders a step adds to the depth of one side.
const DEEPER_PER_STEP: usize = 2;
/// Most steps on the way to a point in time; a longer way is taken in longer steps.
pub(super) const STEPS_MAX: u32 = 2_000;

#[derive(Debug)]
pub(super) struct Participants {
    config: MarketConfig,
    tick: Decimal,
    qty_step: Decimal,
    path: Path,
    random: Random,
    fair: Decimal,
    /// The makers' orders, as (price, order id); some may be gone.
    bids: Vec<(Decimal, u64)>,
    asks: Vec<(Decimal, u64)>,
    last_step: Timestamp,
}

impl Participants {
    pub(super) fn new(
        config: &MarketConfig,
        tick: Decimal,
        qty_step: Decimal,
        seed: u64,
        time: Timestamp,
    ) -> Self {
        let mut config = *config;
        config.step = config.step.max(Duration::from_millis(1));
        config.levels = config.levels.min(LEVELS_MAX);
        Self {
            tick,
            qty_step,
            path: Path::new(&config, Random::for_purpose(seed, 1)),
            random: Random::for_purpose(seed, 2),
            fair: config.start_price,
            bids: Vec::new(),
            asks: Vec::new(),
            last_step: time,
            config,
        }
    }

    /// When they act next, if ever.
    pub(super) fn next_step(&self) -> Option<Timestamp> {
        self.next_step_by(self.config.step)
    }

    /// When they act next if they take steps this long.
    pub(super) fn next_step_by(&self, stride: Duration) -> Option<Timestamp> {
        (self.config.model != Model::Still).then(|| self.last_step + stride)
    }

    /// How long a step must be so that the way to `now` is not too many of them.
    pub(super) fn stride(&self, now: Timestamp) -> Duration {
        self.config.step.max(now.since(self.last_step) / STEPS_MAX)
    }

    /// The price they believe in.
    #[cfg(test)]
    pub(super) const fn fair(&self) -> Decimal {
        self.fair
    }

    const fn ladder(&mut self, side: Side) -> &mut Vec<(Decimal, u64)> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// A price distance in whole ticks, at least one.
    fn distance(&self, ppm: u32) -> Decimal {
        let exact = self.fair * Decimal::new(i64::from(ppm), 6);
        floor_to(exact, self.tick).max(self.tick)
    }

    /// Where the best bid and ask belong.
    fn targets(&self) -> (Decimal, Decimal) {
        let spread = self.distance(self.config.spread_ppm);
        let bid = floor_to(self.fair - spread / Decimal::TWO, self.tick).max(self.tick);
        (bid, bid + spread)
    }

    /// Between half and one and a half of a mean quantity, in whole steps.
    fn qty(&mut self, mean: Decimal) -> Decimal {
        let percent = 50 + self.random.below(101);
        let exact = mean * Decimal::from(percent) / Decimal::ONE_HUNDRED;
        floor_to(exact, self.qty_step).max(self.qty_step)
    }
}

impl Listing {
    /// Puts up the whole ladder around the start price.
    pub(super) fn open(&mut self, clearing: &mut Clearing, now: Timestamp) {
        let (bid, ask) = self.participants.targets();
        for (side, best) in [(Side::Buy, bid), (Side::Sell, ask)] {
            if self.participants.config.levels > 0 {
                self.quote(clearing, side, best, now);
            }
            for _ in 1..self.participants.config.levels {
                self.deepen(clearing, side, now);
            }
        }
        self.tell_ticker(clearing);
    }

    /// One step of the participants, `stride` after the one before.
    pub(super) fn step(&mut self, clearing: &mut Clearing, stride: Duration) {
        let participants = &mut self.participants;
        let now = participants.last_step + stride;
        participants.last_step = now;
        let factor = Decimal::new(participants.path.step(stride), 9);
        let fair = participants.config.start_price * factor;
        participants.fair = floor_to(fair, participants.tick).max(participants.tick * Decimal::TWO);

        // The bars of a coarsely played gap are worth telling, those within one step are not.
        self.roll(clearing, now, stride);
        if self.status == SymbolStatus::Trading {
            let (bid, ask) = self.participants.targets();
            self.withdraw(clearing, Side::Buy, bid, now);
            self.withdraw(clearing, Side::Sell, ask, now);
            // Who moves first is drawn, so that neither side has an edge.
            let first = if self.participants.random.chance(50) { Side::Buy } else { Side::Sell };
            for side in [first, first.opposite()] {
                let best = if side == Side::Buy { bid } else { ask };
                self.follow(clearing, side, best, now);
            }
            self.flow(clearing, bid, ask, now);
            self.tell_ticker(clearing);
            clearing.report_balances(now);
        }
    }

    /// Cancels the makers' orders that are better than the best price should be.
    fn withdraw(&mut self, clearing: &mut Clearing, side: Side, best: Decimal, now: Timestamp) {
        let mut ladder = std::mem::take(self.participants.ladder(side));
        ladder.retain(|&(price, id)| {
            let is_stale = match side {
                Side::Buy => price > best,
                Side::Sell => price < best,
            };
            if is_stale {
                self.pull(clearing, id, now);
            }
            !is_stale && self.book.get(id).is_some()
        });
        *self.participants.ladder(side) = ladder;
    }

    /// Puts an order at the best price and fills up the depth behind it.
    fn follow(&mut self, clearing: &mut Clearing, side: Side, best: Decimal, now: Timestamp) {
        let levels = usize::try_from(self.participants.config.levels).unwrap_or(usize::MAX);
        if levels == 0 {
            return;
        }
        if !self.participants.ladder(side).iter().any(|&(price, _)| price == best) {
            self.quote(clearing, side, best, now);
        }
        while self.participants.ladder(side).len() > levels {
            let Some(index) = self.deepest(side) else {
                break;
            };
            let (_, id) = self.participants.ladder(side).swap_remove(index);
            self.pull(clearing, id, now);
        }
        let missing = levels - self.participants.ladder(side).len();
        for _ in 0..missing.min(DEEPER_PER_STEP) {
            self.deepen(clearing, side, now);
        }
    }

    /// Adds an order behind the deepest one.
    fn deepen(&mut self, clearing: &mut Clearing, side: Side, now: Timestamp) {
        let gap = self.participants.distance(self.participants.config.level_gap_ppm);
        let Some(index) = self.deepest(side) else {
            return;
        };
        let (worst, _) = self.participants.ladder(side)[index];
        let price = match side {
            Side::Buy => worst - gap,
            Side::Sell => worst + gap,
        };
        if price >= self.participants.tick {
            self.quote(clearing, side, price, now);
        }
    }

    /// The index of the order farthest from the fair price.
    fn deepest(&mut self, side: Side) -> Option<usize> {
        let ladder = self.participants.ladder(side).iter().enumerate();
        let by_price = ladder.map(|(index, &(price, _))| (price, index));
        match side {
            Side::Buy => by_price.min(),
            Side::Sell => by_price.max(),
        }
        .map(|(_, index)| index)
    }

    /// A maker's order: it takes what is in its way and rests with what is left.
    fn quote(&mut self, clearing: &mut Clearing, side: Side, price: Decimal, now: Timestamp) {
        let qty = self.participants.qty(self.participants.config.level_qty);
        let order = self.house_order(side, price, qty, TimeInForce::Gtc, now);
        let id = order.view.order_id;
        self.meet(clearing, order, false, now);
        if self.book.get(id).is_some() {
            self.participants.ladder(side).push((price, id));
        }
    }

    /// Sometimes, somebody who takes, at a price not far from the fair one.
    fn flow(&mut self, clearing: &mut Clearing, bid: Decimal, ask: Decimal, now: Timestamp) {
        let participants = &mut self.participants;
        if !participants.random.chance(participants.config.taker_percent) {
            return;
        }
        let side = if participants.random.chance(50) { Side::Buy } else { Side::Sell };
        let qty = participants.qty(participants.config.taker_qty);
        let slack = participants.distance(participants.config.level_gap_ppm);
        let price = match side {
            Side::Buy => ask + slack,
            Side::Sell => (bid - slack).max(participants.tick),
        };
        let order = self.house_order(side, price, qty, TimeInForce::Ioc, now);
        self.meet(clearing, order, false, now);
    }

    fn house_order(
        &mut self,
        side: Side,
        price: Decimal,
        qty: Decimal,
        tif: TimeInForce,
        now: Timestamp,
    ) -> Order {
        let (symbol, order_id) = (Arc::clone(&self.terms.symbol), self.take_order_id());
        let kind = OrderKind::Limit { price, qty, tif };
        let view = OrderView::accepted(symbol, order_id, side, kind, qty, now);
        Order { owner: Owner::House, view, locked: Decimal::ZERO, arrival: order_id }
    }
}
