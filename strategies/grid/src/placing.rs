//! One pass over the grid: which orders are missing, and which of them may be asked for now.
//!
//! A pass follows every piece of news and asks for nothing twice, so that no callback has to know
//! what follows from it. The hard part is who goes first when funds are short: cells that hold
//! something before cells that have not begun, and in each of the two groups those nearest the
//! price. What a cell that holds something still needs is kept back from those that have not.

use tradewind_model::Decimal;
use tradewind_model::market::Quote;
use tradewind_model::money::Quantity;
use tradewind_model::order::{Denied, Side};
use tradewind_model::time::Timestamp;
use tradewind_strategy::Context;

use crate::cell::{Cell, Phase, Placed, Ready, Told};
use crate::funds::{Held, Purse};
use crate::ladder::Ladder;

/// The most orders under way without word from the venue: a whole grid at once would be a burst
/// against its order limits, for rungs that are not needed for a while.
pub(crate) const ASKED_MAX: usize = 20;

/// The funds of both sides: what buys spend and what sells spend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Purses {
    pub(crate) buys: Purse,
    pub(crate) sells: Purse,
}

impl Purses {
    pub(crate) fn of(&mut self, side: Side) -> &mut Purse {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }
}

/// An order that is missing.
#[derive(Clone, Copy, Debug)]
struct Want {
    cell: usize,
    side: Side,
    qty: Quantity,
}

impl Want {
    fn rung(&self) -> usize {
        match self.side {
            Side::Buy => self.cell,
            Side::Sell => self.cell + 1,
        }
    }
}

/// What came of a pass.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// When to look again, if nothing is told before.
    pub(crate) retry_at: Option<Timestamp>,
    /// An order that was refused on the spot.
    pub(crate) refused: Option<Denied>,
}

/// A pass under way.
pub(crate) struct Pass<'p> {
    ladder: &'p Ladder,
    cells: &'p mut [Cell],
    purses: &'p Purses,
    quote: Quote,
    quotes: u64,
    now: Timestamp,
    /// What is left for buys, in quote asset.
    free_quote: Decimal,
    /// What is left for sells, in base asset.
    free_base: Decimal,
    asked: usize,
    highest_buy: Option<usize>,
    lowest_sell: Option<usize>,
    passed: Passed,
}

impl<'p> Pass<'p> {
    pub(crate) fn new(
        ladder: &'p Ladder,
        cells: &'p mut [Cell],
        purses: &'p Purses,
        (quote, quotes): (Quote, u64),
        cx: &Context<'_>,
    ) -> Self {
        let (mut buys, mut sells, mut asked) = (Held::default(), Held::default(), 0);
        let (mut highest_buy, mut lowest_sell) = (None, None);
        for (index, cell) in cells.iter().enumerate() {
            if let Some(order) = cell.buy.live() {
                let value = ladder.price(index) * order.leaves();
                asked += count(&mut buys, order, value.get());
                highest_buy = Some(index);
            }
            if let Some(order) = cell.sell.live() {
                asked += count(&mut sells, order, order.leaves().get());
                lowest_sell = lowest_sell.or(Some(index + 1));
            }
        }
        let now = cx.now();
        let instrument = ladder.instrument();
        let quote_balance = cx.balance(&instrument.quote);
        let base_balance = cx.balance(&instrument.base);
        Self {
            free_quote: purses.buys.free(now, &quote_balance, buys),
            free_base: purses.sells.free(now, &base_balance, sells),
            ladder,
            cells,
            purses,
            quote,
            quotes,
            now,
            asked,
            highest_buy,
            lowest_sell,
            passed: Passed::default(),
        }
    }

    /// Asks for all that may be asked for.
    pub(crate) fn run(mut self, cx: &mut Context<'_>) -> Passed {
        let nearest = self.ladder.nearest(&self.quote);
        let (staked, fresh) = self.wants(nearest);
        for want in staked {
            self.attempt(want, cx);
        }
        self.keep_back();
        for want in fresh {
            self.attempt(want, cx);
        }
        self.passed
    }

    /// The missing orders of cells that have traded, and of those that have not; nearest the price
    /// first.
    fn wants(&self, nearest: usize) -> (Vec<Want>, Vec<Want>) {
        let (mut staked, mut fresh) = (Vec::new(), Vec::new());
        for (cell, state) in self.cells.iter().enumerate() {
            if state.is_staked {
                let owed = state.owed(cell, self.ladder).into_iter().flatten();
                staked.extend(owed.map(|(side, qty)| Want { cell, side, qty }));
            } else if state.is_idle() {
                fresh.extend(self.beginning(cell, nearest));
            }
        }
        for wants in [&mut staked, &mut fresh] {
            wants.sort_by_key(|want| want.rung().abs_diff(nearest));
        }
        (staked, fresh)
    }

    /// The first order of a cell: a buy below the bid, a sell above the ask, none on the rung
    /// nearest the price.
    fn beginning(&self, cell: usize, nearest: usize) -> Option<Want> {
        self.ladder.check_round(cell).ok()?;
        let side = if cell < nearest { Side::Buy } else { Side::Sell };
        let want = Want { cell, side, qty: self.ladder.qty() };
        let price = self.ladder.price(want.rung());
        let is_clear = match side {
            Side::Buy => price < self.quote.bid,
            Side::Sell => price > self.quote.ask,
        };
        is_clear.then_some(want)
    }

    /// Keeps what staked cells hold, or need to buy with, from cells that have not begun.
    fn keep_back(&mut self) {
        for (index, cell) in self.cells.iter().enumerate() {
            if !cell.is_staked {
                continue;
            }
            let leaves = |order: &Placed| order.leaves();
            let in_sell = cell.sell.live().map_or(Quantity::ZERO, leaves);
            let in_buy = cell.buy.live().map_or(Quantity::ZERO, leaves);
            let base = cell.held.saturating_sub(in_sell);
            let money = self.ladder.qty().saturating_sub(cell.held + in_buy);
            let value = self.ladder.price(index) * money;
            self.free_base = self.free_base.saturating_sub(base.get());
            self.free_quote = self.free_quote.saturating_sub(value.get());
        }
    }

    fn attempt(&mut self, want: Want, cx: &mut Context<'_>) {
        if !self.rests(want) || self.crosses_own(want) || self.asked >= ASKED_MAX {
            return;
        }
        let told = Told {
            quotes: self.quotes,
            balances: match want.side {
                Side::Buy => self.purses.buys.told,
                Side::Sell => self.purses.sells.told,
            },
        };
        let slot = self.cells[want.cell].slot(want.side);
        match slot.ready(self.now, told) {
            Ready::Now => {}
            Ready::At(at) => return self.look_again(at),
            Ready::WhenTold => return,
        }
        let Some(qty) = self.covered(want) else {
            let purse = match want.side {
                Side::Buy => &self.purses.buys,
                Side::Sell => &self.purses.sells,
            };
            if let Some(at) = purse.settles_at(self.now) {
                self.look_again(at);
            }
            return;
        };
        match cx.submit(self.ladder.request(want.rung(), want.side, qty)) {
            Ok(id) => {
                self.asked_for(want, Placed { id, qty, cum: Quantity::ZERO, phase: Phase::Asked })
            }
            Err(denied) => {
                let slot = self.cells[want.cell].slot_mut(want.side);
                slot.back_off(self.now, told, Some(&denied));
                if let Ready::At(at) = slot.ready(self.now, told) {
                    self.look_again(at);
                }
                self.passed.refused = Some(denied);
            }
        }
    }

    fn asked_for(&mut self, want: Want, order: Placed) {
        let rung = want.rung();
        match want.side {
            Side::Buy => {
                let value = self.ladder.price(rung) * order.qty;
                self.free_quote = self.free_quote.saturating_sub(value.get());
                self.highest_buy = self.highest_buy.max(Some(rung));
            }
            Side::Sell => {
                self.free_base = self.free_base.saturating_sub(order.qty.get());
                self.lowest_sell = Some(self.lowest_sell.map_or(rung, |low| low.min(rung)));
            }
        }
        self.asked += 1;
        let cell = &mut self.cells[want.cell];
        if !cell.is_staked && want.side == Side::Sell {
            cell.held = order.qty;
        }
        cell.slot_mut(want.side).put(order);
    }

    /// Whether the order would rest, as the last quote has it; one that need not may trade.
    fn rests(&self, want: Want) -> bool {
        let price = self.ladder.price(want.rung());
        !self.ladder.post_only()
            || match want.side {
                Side::Buy => price < self.quote.ask,
                Side::Sell => price > self.quote.bid,
            }
    }

    /// Whether the order would meet one of the grid's own. No two orders on one rung follows.
    fn crosses_own(&self, want: Want) -> bool {
        match want.side {
            Side::Buy => self.lowest_sell.is_some_and(|low| want.rung() >= low),
            Side::Sell => self.highest_buy.is_some_and(|high| want.rung() <= high),
        }
    }

    /// As much of what is wanted as the funds cover: all of it, or, where fees have eaten of what
    /// was bought, what they have left.
    fn covered(&self, want: Want) -> Option<Quantity> {
        match want.side {
            Side::Buy => {
                let value = self.ladder.price(want.rung()) * want.qty;
                (value.get() <= self.free_quote).then_some(want.qty)
            }
            Side::Sell if want.qty.get() <= self.free_base => Some(want.qty),
            Side::Sell => {
                let cell = &self.cells[want.cell];
                let net = cell.held.get().saturating_sub(cell.fees).min(want.qty.get());
                let net = self.ladder.quantize(Quantity::new(net).ok()?);
                let is_covered = cell.is_staked && net.get() <= self.free_base;
                (is_covered && self.ladder.takes(want.rung(), Side::Sell, net)).then_some(net)
            }
        }
    }

    fn look_again(&mut self, at: Timestamp) {
        let earlier = self.passed.retry_at.map_or(at, |other| other.min(at));
        self.passed.retry_at = Some(earlier);
    }
}

/// Adds an order to what is held; one when the venue has not answered it.
fn count(held: &mut Held, order: &Placed, value: Decimal) -> usize {
    held.live = held.live.saturating_add(value);
    if order.phase == Phase::Asked {
        held.asked = held.asked.saturating_add(value);
        1
    } else {
        0
    }
}
