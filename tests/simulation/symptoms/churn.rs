//! A strategy that replaces one resting order now and then, far from the market.

use serde::Deserialize;
use tradewind_model::Decimal;
use tradewind_model::id::{ClientOrderId, InstrumentId};
use tradewind_model::market::{Interval, Quote};
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::Recovered;
use tradewind_model::order::{OrderKind, OrderRequest, OrderUpdate, Side};
use tradewind_model::stream::Feed;
use tradewind_strategy::{Context, InvalidParams, Schedule, Strategy, TimerKey};

#[derive(Deserialize)]
pub(crate) struct ChurnParams {
    /// Seconds between two replacements.
    every_secs: u64,
    /// How many bars of history it asks for at its start.
    #[serde(default)]
    history: u32,
}

pub(crate) struct Churn {
    params: ChurnParams,
    instrument: InstrumentId,
    price: Option<Price>,
    resting: Option<ClientOrderId>,
}

const TICK: TimerKey = TimerKey(1);

impl Strategy for Churn {
    type Params = ChurnParams;

    fn new(params: ChurnParams, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        Ok(Self { params, instrument: instruments[0].clone(), price: None, resting: None })
    }

    fn on_start(&mut self, _: &Recovered, cx: &mut Context<'_>) {
        cx.subscribe(&self.instrument, Feed::Quote);
        if self.params.history > 0 {
            cx.history(&self.instrument, Interval::Minute1, self.params.history);
        }
        let every = std::time::Duration::from_secs(self.params.every_secs);
        cx.timer(TICK, Schedule::Every(every));
    }

    fn on_quote(&mut self, _: &InstrumentId, quote: &Quote, _: &mut Context<'_>) {
        let far = (quote.bid.get() * Decimal::new(9, 1)).round();
        self.price = Price::new(far).ok();
    }

    fn on_timer(&mut self, _: TimerKey, cx: &mut Context<'_>) {
        if let Some(order) = self.resting.take() {
            // One that has just ended is no error here.
            cx.cancel(order).ok();
        }
        let (Some(price), Ok(qty)) = (self.price, "0.001".parse::<Quantity>()) else { return };
        let kind = OrderKind::PostOnly { price, qty };
        let request =
            OrderRequest { instrument: self.instrument.clone(), side: Side::Buy, kind, tag: 0 };
        self.resting = cx.submit(request).ok();
    }

    fn on_order(&mut self, _: &OrderUpdate, _: &mut Context<'_>) {}
}
