//! A strategy that trades in bursts: it rests orders far from the market and takes them back, and
//! now and then takes what there is.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use tradewind::prelude::*;
use tradewind_lab::Chance;

use crate::wishes::Wishes;

/// Its name in a registry.
pub(crate) const KIND: &str = "bursts";

const NEXT_ORDER: TimerKey = TimerKey(0);
const NEXT_CANCEL: TimerKey = TimerKey(1);

/// Mean length of a burst, and of the calm between two. In a burst orders come four times as
/// often as in the mean, and half as often in the calm; a seventh of the time is burst.
const BURST: Duration = Duration::from_secs(2);
const CALM: Duration = Duration::from_secs(12);
/// Mean time that an order rests before it is taken back.
const RESTS: Duration = Duration::from_secs(3);
/// One order in so many takes instead of resting.
const TAKES: u64 = 20;

/// Parameters.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Params {
    /// Mean time between two orders, in microseconds.
    every_us: u64,
    seed: u64,
}

/// The strategy.
#[derive(Debug)]
pub(crate) struct Bursts {
    every: Duration,
    chance: Chance,
    instrument: InstrumentId,
    wishes: Wishes,
    mood_ends: Timestamp,
    is_burst: bool,
    /// Orders at rest, by when they are to be taken back.
    due: BTreeSet<(Timestamp, ClientOrderId)>,
    /// Orders that rest and have their time in `due`.
    known: BTreeSet<ClientOrderId>,
    is_timed: bool,
    sells: bool,
}

/// A registry that knows this strategy, which writes into `wishes`.
pub(crate) fn registry(wishes: &Wishes) -> Registry {
    let wishes = wishes.clone();
    Registry::new().with_maker::<Bursts>(KIND, move |params, instruments| {
        Bursts::new(params, instruments).map(|made| Bursts { wishes: wishes.clone(), ..made })
    })
}

/// Its parameters, as TOML.
pub(crate) fn params(every: Duration, seed: u64) -> String {
    format!("every_us = {}\nseed = {seed}\n", every.as_micros())
}

impl Bursts {
    fn wait(&mut self, now: Timestamp) -> Duration {
        if now >= self.mood_ends {
            self.is_burst = !self.is_burst;
            let mean = if self.is_burst { BURST } else { CALM };
            self.mood_ends = now + self.chance.wait(mean);
        }
        let mean = if self.is_burst { self.every / 4 } else { self.every * 2 };
        self.chance.wait(mean)
    }

    fn trade(&mut self, cx: &mut Context<'_>) {
        let Some(quote) = cx.quote(&self.instrument).cloned() else { return };
        self.sells = !self.sells;
        let (side, touch) =
            if self.sells { (Side::Sell, quote.bid) } else { (Side::Buy, quote.ask) };
        let takes = self.chance.below(TAKES) == 0;
        // A hundredth through the touch, so that it trades; or a twentieth away from it.
        let percent = match (takes, side) {
            (true, Side::Buy) => 101,
            (true, Side::Sell) => 99,
            (false, Side::Buy) => 95,
            (false, Side::Sell) => 105,
        };
        let price = touch.get() * Decimal::new(percent, 2);
        let (Ok(price), Ok(qty)) = (Price::new(price), Quantity::new(Decimal::new(1, 3))) else {
            return;
        };
        let (price, qty) = cx.quantize(&self.instrument, side, price, qty);
        let kind = if takes {
            OrderKind::Limit { price, qty, time_in_force: TimeInForce::ImmediateOrCancel }
        } else {
            OrderKind::PostOnly { price, qty }
        };
        let request = OrderRequest { instrument: self.instrument.clone(), side, kind, tag: 0 };
        match cx.submit(request) {
            Ok(id) => self.wishes.order(id, cx.now()),
            Err(denied) => self.wishes.denied(&denied),
        }
    }

    /// Sets the timer to the first order that is to be taken back.
    fn set_cancel_timer(&mut self, cx: &mut Context<'_>) {
        match self.due.first() {
            Some((at, _)) => {
                cx.timer(NEXT_CANCEL, Schedule::At(*at));
            }
            None => cx.clear_timer(NEXT_CANCEL),
        }
    }

    fn take_back(&mut self, cx: &mut Context<'_>) {
        while let Some((at, id)) = self.due.first().copied()
            && at <= cx.now()
        {
            self.due.pop_first();
            // One that is over by now needs no cancel.
            if cx.order(id).is_some() && cx.cancel(id).is_ok() {
                self.wishes.cancel(id, cx.now());
            }
        }
        self.set_cancel_timer(cx);
    }
}

impl Strategy for Bursts {
    type Params = Params;

    fn new(params: Params, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        let instrument = instruments.first().cloned();
        let instrument = instrument
            .ok_or_else(|| InvalidParams::at("every_us", "there is no instrument; name one"))?;
        Ok(Self {
            every: Duration::from_micros(params.every_us),
            chance: Chance::new(params.seed, 11),
            instrument,
            wishes: Wishes::default(),
            mood_ends: Timestamp::EPOCH,
            is_burst: false,
            due: BTreeSet::new(),
            known: BTreeSet::new(),
            is_timed: false,
            sells: false,
        })
    }

    fn on_start(&mut self, _recovered: &Recovered, cx: &mut Context<'_>) {
        cx.subscribe(&self.instrument, Feed::Quote);
    }

    fn on_venue(&mut self, status: &VenueStatus, cx: &mut Context<'_>) {
        if *status == VenueStatus::Live && !self.is_timed {
            self.is_timed = true;
            let wait = self.wait(cx.now());
            cx.timer(NEXT_ORDER, Schedule::At(cx.now() + wait));
        }
    }

    fn on_timer(&mut self, key: TimerKey, cx: &mut Context<'_>) {
        if key == NEXT_CANCEL {
            self.take_back(cx);
            return;
        }
        self.trade(cx);
        let wait = self.wait(cx.now());
        cx.timer(NEXT_ORDER, Schedule::At(cx.now() + wait));
    }

    fn on_order(&mut self, update: &OrderUpdate, cx: &mut Context<'_>) {
        let id = update.client_order_id;
        if let Some(denied) = &update.denied {
            self.wishes.denied(denied);
        }
        if update.state.is_terminal() {
            self.known.remove(&id);
        } else if update.state == OrderState::Open && self.known.insert(id) {
            self.due.insert((cx.now() + self.chance.wait(RESTS), id));
            self.set_cancel_timer(cx);
        }
    }
}
