//! A strategy that does nothing but note what it is told.

use std::cell::RefCell;

use serde::Deserialize;
use tradewind_model::id::{ClientOrderId, InstrumentId};
use tradewind_model::market::{Bar, Book, Interval, Quote, Trade};
use tradewind_model::notice::{Recovered, VenueStatus};
use tradewind_model::order::OrderUpdate;
use tradewind_model::setback::Setback;
use tradewind_model::stream::Feed;
use tradewind_strategy::{Context, InvalidParams, Registry, Strategy};

/// What a probe was told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Started(Recovered),
    Quote(Quote),
    Trade(Trade),
    Book(Book),
    Bar(Bar),
    Order(Box<OrderUpdate>),
    Setback(Box<Setback>),
    Venue(VenueStatus),
    Stopped,
}

thread_local! {
    // A world and its strategies live on one thread, and each test has its own.
    static TOLD: RefCell<Vec<Told>> = const { RefCell::new(Vec::new()) };
}

/// Everything the probes of this thread were told since the last call.
pub(crate) fn told() -> Vec<Told> {
    TOLD.take()
}

/// The news of one order among `told`.
pub(crate) fn of_order(told: &[Told], id: ClientOrderId) -> Vec<OrderUpdate> {
    let updates = told.iter().filter_map(|one| {
        let Told::Order(update) = one else { return None };
        Some(update.as_ref().clone()).filter(|update| update.client_order_id == id)
    });
    updates.collect()
}

/// The setbacks among `told`.
pub(crate) fn setbacks(told: &[Told]) -> Vec<Setback> {
    let setbacks = told.iter().filter_map(|one| {
        let Told::Setback(setback) = one else { return None };
        Some(setback.as_ref().clone())
    });
    setbacks.collect()
}

#[derive(Deserialize)]
pub(crate) struct ProbeParams {
    /// Which feeds to follow.
    #[serde(default)]
    feeds: Vec<String>,
    /// How many bars of history to ask for.
    #[serde(default)]
    history: u32,
}

pub(crate) struct Probe {
    params: ProbeParams,
    instrument: InstrumentId,
}

pub(crate) fn registry() -> Registry {
    Registry::new().with::<Probe>("probe")
}

fn note(told: Told) {
    TOLD.with_borrow_mut(|all| all.push(told));
}

impl Strategy for Probe {
    type Params = ProbeParams;

    fn new(params: ProbeParams, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
        Ok(Self { params, instrument: instruments[0].clone() })
    }

    fn on_start(&mut self, recovered: &Recovered, cx: &mut Context<'_>) {
        note(Told::Started(recovered.clone()));
        for feed in &self.params.feeds {
            let feed = match feed.as_str() {
                "quote" => Feed::Quote,
                "trade" => Feed::Trade,
                "book" => Feed::Book(5),
                interval => Feed::Bar(interval.parse().unwrap()),
            };
            cx.subscribe(&self.instrument, feed);
        }
        if self.params.history > 0 {
            cx.history(&self.instrument, Interval::Minute1, self.params.history);
        }
    }

    fn on_quote(&mut self, _instrument: &InstrumentId, quote: &Quote, _cx: &mut Context<'_>) {
        note(Told::Quote(quote.clone()));
    }

    fn on_trade(&mut self, _instrument: &InstrumentId, trade: &Trade, _cx: &mut Context<'_>) {
        note(Told::Trade(trade.clone()));
    }

    fn on_book(&mut self, _instrument: &InstrumentId, book: &Book, _cx: &mut Context<'_>) {
        note(Told::Book(book.clone()));
    }

    fn on_bar(&mut self, _instrument: &InstrumentId, bar: &Bar, _cx: &mut Context<'_>) {
        note(Told::Bar(bar.clone()));
    }

    fn on_order(&mut self, update: &OrderUpdate, _cx: &mut Context<'_>) {
        note(Told::Order(Box::new(update.clone())));
    }

    fn on_setback(&mut self, setback: &Setback, _cx: &mut Context<'_>) {
        note(Told::Setback(Box::new(setback.clone())));
    }

    fn on_venue(&mut self, status: &VenueStatus, _cx: &mut Context<'_>) {
        note(Told::Venue(status.clone()));
    }

    fn on_stop(&mut self, _cx: &mut Context<'_>) {
        note(Told::Stopped);
    }
}
