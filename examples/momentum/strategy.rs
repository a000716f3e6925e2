//! Long while the short average of closes is above the long one, flat otherwise.
//!
//! It shows what a strategy on bars needs: history before the venue is live, closed bars after,
//! a model on another thread that answers through the mailbox, and a timer for when it does not.

use std::time::Duration;

use serde::Deserialize;
use tradewind_model::Decimal;
use tradewind_model::id::{ClientOrderId, InstrumentId};
use tradewind_model::market::{Bar, Interval};
use tradewind_model::money::Quantity;
use tradewind_model::notice::{Recovered, VenueStatus};
use tradewind_model::order::{
    MarketQuantity, OrderKind, OrderRequest, OrderState, OrderUpdate, Side,
};
use tradewind_model::stream::Feed;
use tradewind_model::time::Timestamp;
use tradewind_strategy::{Context, InvalidParams, Message, Schedule, Strategy, TimerKey};

use crate::model::{Answer, Model, Question, Trend};

/// Due when the model should have answered.
const OVERDUE: TimerKey = TimerKey(0);
/// How long an answer about a bar is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The parameters of [`Momentum`].
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MomentumParams {
    /// The length of its bars.
    interval: Interval,
    /// Bars in the short average.
    fast: usize,
    /// Bars in the long average; 500 at most.
    slow: usize,
    /// What it holds when long, in base asset.
    qty: Quantity,
}

/// A trend follower on one instrument.
pub(crate) struct Momentum {
    instrument: InstrumentId,
    params: MomentumParams,
    model: Option<Model>,
    /// The bar the model was last asked about.
    asked: Option<Timestamp>,
    trend: Trend,
    /// The order under way: one at a time.
    order: Option<ClientOrderId>,
}

impl Strategy for Momentum {
    type Params = MomentumParams;

    fn new(params: MomentumParams, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        let [instrument] = instruments else {
            let message = "name exactly one instrument; momentum trades no other";
            return Err(InvalidParams::at("instruments", message));
        };
        let MomentumParams { fast, slow, qty, .. } = params;
        if fast == 0 || fast >= slow || slow > 500 {
            let message = format!("fast {fast} and slow {slow}: give 1 ≤ fast < slow ≤ 500");
            return Err(InvalidParams::at("fast", message));
        }
        if qty.is_zero() {
            return Err(InvalidParams::at("qty", "qty is 0; give what to hold"));
        }
        Ok(Self {
            instrument: instrument.clone(),
            params,
            model: None,
            asked: None,
            trend: Trend::Down,
            order: None,
        })
    }

    fn on_start(&mut self, recovered: &Recovered, cx: &mut Context<'_>) {
        let MomentumParams { interval, fast, slow, .. } = self.params;
        self.model = Some(Model::start(fast, slow, cx.mailbox()));
        self.order = recovered.orders.first().map(|order| order.client_order_id);
        cx.subscribe(&self.instrument, Feed::Bar(interval));
        let bars = u32::try_from(slow).expect("slow is 500 at most");
        cx.history(&self.instrument, interval, bars);
    }

    fn on_bar(&mut self, _instrument: &InstrumentId, bar: &Bar, cx: &mut Context<'_>) {
        if !bar.is_closed {
            return;
        }
        self.asked = Some(bar.open_at);
        let question = Question { bar: bar.open_at, close: bar.close };
        if let Some(model) = &self.model
            && model.ask(question)
        {
            let by = cx.now() + PATIENCE;
            cx.timer(OVERDUE, Schedule::At(by));
        } else {
            self.follow(Trend::Down, cx);
        }
    }

    fn on_message(&mut self, message: &Message, cx: &mut Context<'_>) {
        // An answer about an older bar is no news any more.
        if let Some(answer) = Answer::parse(message)
            && Some(answer.bar) == self.asked
        {
            cx.clear_timer(OVERDUE);
            self.follow(answer.trend, cx);
        }
    }

    fn on_timer(&mut self, _key: TimerKey, cx: &mut Context<'_>) {
        // Without a model there is no reason to hold anything.
        self.follow(Trend::Down, cx);
    }

    fn on_order(&mut self, update: &OrderUpdate, cx: &mut Context<'_>) {
        if Some(update.client_order_id) == self.order && update.state.is_terminal() {
            self.order = None;
            // What was refused is not asked for again before the next bar.
            if update.state == OrderState::Filled {
                self.steer(cx);
            }
        }
    }

    fn on_venue(&mut self, status: &VenueStatus, cx: &mut Context<'_>) {
        if *status == VenueStatus::Live {
            self.steer(cx);
        }
    }

    fn on_stop(&mut self, _cx: &mut Context<'_>) {
        self.model = None;
    }
}

impl Momentum {
    fn follow(&mut self, trend: Trend, cx: &mut Context<'_>) {
        self.trend = trend;
        self.steer(cx);
    }

    /// One order towards what the trend wants, if none is under way.
    fn steer(&mut self, cx: &mut Context<'_>) {
        if self.order.is_some() || !cx.is_live() {
            return;
        }
        // Fees may have nibbled at it, so long is whatever is nearer to `qty` than to nothing.
        let position = cx.position(&self.instrument);
        let is_long = position * Decimal::TWO >= self.params.qty.get();
        let (side, qty) = match (self.trend, is_long) {
            (Trend::Up, false) => (Side::Buy, self.params.qty),
            (Trend::Down, true) => (Side::Sell, Quantity::new(position).unwrap_or_default()),
            (Trend::Up, true) | (Trend::Down, false) => return,
        };
        let qty =
            cx.instrument(&self.instrument).map_or(qty, |instrument| instrument.quantize_qty(qty));
        let request = OrderRequest {
            instrument: self.instrument.clone(),
            side,
            kind: OrderKind::Market(MarketQuantity::Base(qty)),
            tag: 0,
        };
        // A denial here is the same at the next call; the next bar brings another chance.
        self.order = cx.submit(request).ok();
    }
}
