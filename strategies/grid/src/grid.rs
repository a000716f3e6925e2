//! The grid as a strategy: what it does with each piece of news.
//!
//! News changes what is known of a cell, and a pass over all cells follows; everything about
//! *which* order is next lies in [`crate::cell`] and [`crate::placing`].

use tradewind_model::Decimal;
use tradewind_model::balance::Balance;
use tradewind_model::id::{ClientOrderId, InstrumentId};
use tradewind_model::market::Quote;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::{Recovered, VenueStatus};
use tradewind_model::order::{OrderState, OrderUpdate, Side};
use tradewind_model::stream::Feed;
use tradewind_strategy::{Context, InvalidParams, Schedule, Strategy, TimerKey};

use crate::cell::{Cell, Told};
use crate::ladder::Ladder;
use crate::params::{GridParams, Plan, Span};
use crate::placing::{Pass, Purses};

/// Due when a refused order may be asked for again.
const RETRY: TimerKey = TimerKey(0);
/// Where the center of a grid given by its width is kept, with that width.
const CENTER: &str = "center";
/// Where the grid says how it is.
const STATUS: &str = "status";

/// After so many refusals of one order by the venue in a row, the grid says so.
const COMPLAIN_AFTER: u32 = 3;

/// A spot grid on one instrument.
#[derive(Debug)]
pub struct Grid {
    instrument: InstrumentId,
    plan: Plan,
    /// The rungs, once it is known where they lie.
    ladder: Option<Ladder>,
    /// Whether there is nothing that could ever be placed.
    is_stopped: bool,
    cells: Vec<Cell>,
    /// Orders that belong on no rung; nothing is placed before they are gone.
    strays: Vec<ClientOrderId>,
    purses: Purses,
    /// How many quotes have been told.
    quotes: u64,
    /// Whether one of them came since the venue was last in doubt.
    has_quote: bool,
    /// Whether a refusal has been said since an order last worked.
    has_complained: bool,
}

impl Strategy for Grid {
    type Params = GridParams;

    fn new(params: GridParams, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        let [instrument] = instruments else {
            let count = instruments.len();
            let message = format!("instruments names {count}; a grid trades exactly one");
            return Err(InvalidParams::at("instruments", message));
        };
        Ok(Self {
            instrument: instrument.clone(),
            plan: params.plan()?,
            ladder: None,
            is_stopped: false,
            cells: Vec::new(),
            strays: Vec::new(),
            purses: Purses::default(),
            quotes: 0,
            has_quote: false,
            has_complained: false,
        })
    }

    fn on_start(&mut self, recovered: &Recovered, cx: &mut Context<'_>) {
        cx.subscribe(&self.instrument, Feed::Quote);
        match self.plan.span {
            Span::Fixed { .. } => self.raise(Price::ZERO, cx),
            Span::Around { width } => {
                if let Some(center) = recall_center(width, cx) {
                    self.raise(center, cx);
                }
            }
        }
        for update in &recovered.orders {
            self.adopt(update, cx);
        }
    }

    fn on_quote(&mut self, instrument: &InstrumentId, quote: &Quote, cx: &mut Context<'_>) {
        if *instrument != self.instrument {
            return;
        }
        self.quotes += 1;
        self.has_quote = true;
        if let (Span::Around { width }, true, true) =
            (self.plan.span, self.ladder.is_none(), cx.is_live())
        {
            let center = quote.mid();
            self.raise(center, cx);
            if self.ladder.is_some() {
                cx.remember(CENTER, &format!("{} {center}", width.normalize()));
            }
        }
        self.place(cx);
    }

    fn on_order(&mut self, update: &OrderUpdate, cx: &mut Context<'_>) {
        if let Some(stray) = self.strays.iter().position(|stray| *stray == update.client_order_id) {
            if update.state.is_terminal() {
                self.strays.swap_remove(stray);
            }
        } else if !self.apply(update, cx) && !update.state.is_terminal() {
            self.adopt(update, cx);
        }
        self.place(cx);
    }

    fn on_balance(&mut self, balance: &Balance, cx: &mut Context<'_>) {
        if let Some(ladder) = &self.ladder {
            let instrument = ladder.instrument();
            if balance.asset == instrument.quote {
                self.purses.buys.tell();
            }
            if balance.asset == instrument.base {
                self.purses.sells.tell();
            }
        }
        self.place(cx);
    }

    fn on_timer(&mut self, _key: TimerKey, cx: &mut Context<'_>) {
        self.place(cx);
    }

    fn on_venue(&mut self, status: &VenueStatus, cx: &mut Context<'_>) {
        match status {
            VenueStatus::Live => self.place(cx),
            // What the market did meanwhile is not known; wait for a quote of the time after.
            VenueStatus::Stale { .. } | VenueStatus::Shut { .. } => self.has_quote = false,
            // Another market: what was seen of the one before is not to be traded on.
            VenueStatus::Moved { instrument, .. } if *instrument == self.instrument => {
                self.has_quote = false;
            }
            VenueStatus::Moved { .. } => {}
        }
    }
}

impl Grid {
    /// Puts up the rungs, or says why there can be none.
    fn raise(&mut self, center: Price, cx: &mut Context<'_>) {
        if self.is_stopped {
            return;
        }
        let raised = match cx.instrument(&self.instrument) {
            Some(instrument) => Ladder::new(&self.plan, self.plan.span.ends(center), instrument),
            None => Err(format!("{} is unknown at this venue", self.instrument)),
        };
        match raised {
            Ok(ladder) => {
                say(&working(&ladder), cx);
                self.cells = vec![Cell::default(); ladder.cells()];
                self.ladder = Some(ladder);
            }
            Err(reason) => {
                say(&format!("stopped: {reason}"), cx);
                self.is_stopped = true;
            }
        }
    }

    /// Takes an order to the rung it was placed for; cancels one that fits none, because it was
    /// placed with other parameters.
    fn adopt(&mut self, update: &OrderUpdate, cx: &mut Context<'_>) {
        if let Some((index, qty)) = self.place_of(update) {
            self.cells[index].adopt(update, qty);
            return;
        }
        self.strays.push(update.client_order_id);
        // Denied only when the order is over by now, and then that news is on its way.
        let _ = cx.cancel(update.client_order_id);
    }

    /// The cell whose free slot an order belongs into, and its quantity.
    fn place_of(&self, update: &OrderUpdate) -> Option<(usize, Quantity)> {
        let ladder = self.ladder.as_ref()?;
        let index = self.cell_of(update)?;
        let rung = usize::try_from(update.tag).ok()?;
        let fits = update.instrument == self.instrument
            && update.kind.price() == Some(ladder.price(rung))
            && self.cells[index].slot(update.side).live().is_none();
        fits.then_some((index, update.kind.qty()?))
    }

    /// The cell that an order's tag and side name.
    fn cell_of(&self, update: &OrderUpdate) -> Option<usize> {
        let rung = usize::try_from(update.tag).ok()?;
        let index = match update.side {
            Side::Buy => rung,
            Side::Sell => rung.checked_sub(1)?,
        };
        (index < self.cells.len()).then_some(index)
    }

    /// Books news of one of the grid's orders; false when it is none of them.
    fn apply(&mut self, update: &OrderUpdate, cx: &mut Context<'_>) -> bool {
        let Some(index) = self.cell_of(update) else {
            return false;
        };
        let Some(ladder) = &self.ladder else {
            return false;
        };
        let cell = &mut self.cells[index];
        if !cell.slot(update.side).is_of(update.client_order_id) {
            return false;
        }
        let purse = self.purses.of(update.side);
        let told = Told { quotes: self.quotes, balances: purse.told };
        let traded = cell.apply(update, &ladder.instrument().base, cx.now(), told);
        let spent: Decimal = match update.side {
            Side::Buy => (ladder.price(index) * traded).get(),
            Side::Sell => traded.get(),
        };
        purse.spend(cx.now(), spent);
        let is_stubborn = cell.slot(update.side).failures() >= COMPLAIN_AFTER;
        match (&update.denied, &update.reason, update.state) {
            (Some(denied), ..) => complain(&mut self.has_complained, &denied.to_string(), cx),
            // One refusal is in the nature of post-only orders.
            (None, Some(reason), OrderState::Rejected) if is_stubborn => {
                complain(&mut self.has_complained, reason, cx);
            }
            _ if self.has_complained && !traded.is_zero() => {
                self.has_complained = false;
                say(&working(ladder), cx);
            }
            _ => {}
        }
        true
    }

    /// Asks for every order that is missing and may be asked for now.
    fn place(&mut self, cx: &mut Context<'_>) {
        let (Some(ladder), true) = (&self.ladder, self.strays.is_empty()) else {
            return;
        };
        let Some(quote) = cx.quote(&self.instrument).cloned() else {
            return;
        };
        if !self.has_quote || !cx.is_live() {
            return;
        }
        let quote = (quote, self.quotes);
        let passed = Pass::new(ladder, &mut self.cells, &self.purses, quote, cx).run(cx);
        match passed.retry_at {
            Some(at) => {
                cx.timer(RETRY, Schedule::At(at));
            }
            None => cx.clear_timer(RETRY),
        }
        if let Some(denied) = passed.refused {
            complain(&mut self.has_complained, &denied.to_string(), cx);
        }
    }
}

fn working(ladder: &Ladder) -> String {
    match ladder.flaw() {
        Some(flaw) => format!("working, but {flaw}"),
        None => "working".to_owned(),
    }
}

/// Says why an order was refused: the first time, and again only after orders have traded.
fn complain(has_complained: &mut bool, reason: &str, cx: &mut Context<'_>) {
    if !*has_complained {
        *has_complained = true;
        say(&format!("working, but an order was refused: {reason}"), cx);
    }
}

/// Keeps how the grid is where an operator finds it, if that is news.
fn say(status: &str, cx: &mut Context<'_>) {
    if cx.recall(STATUS) != Some(status) {
        cx.remember(STATUS, status);
    }
}

/// The center that a grid of this width was given before.
fn recall_center(width: Decimal, cx: &Context<'_>) -> Option<Price> {
    let (kept_width, center) = cx.recall(CENTER)?.split_once(' ')?;
    let kept_width: Decimal = kept_width.parse().ok()?;
    (kept_width == width).then_some(center)?.parse().ok()
}

#[cfg(test)]
mod tests;
