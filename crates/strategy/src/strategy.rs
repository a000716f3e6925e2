//! What a strategy plug-in is.

use serde::de::DeserializeOwned;
use tradewind_model::balance::Balance;
use tradewind_model::id::InstrumentId;
use tradewind_model::market::{Bar, Book, Quote, Trade};
use tradewind_model::notice::{Recovered, VenueStatus};
use tradewind_model::order::OrderUpdate;
use tradewind_model::setback::Setback;

use crate::context::Context;
use crate::mailbox::Message;
use crate::params::InvalidParams;
use crate::timer::TimerKey;

/// A trading strategy.
///
/// Every callback but [`Strategy::new`] and [`Strategy::on_order`] may be left out. Between
/// callbacks nothing of the strategy runs; work that takes long (a model's inference, a request to
/// somewhere else) belongs on a thread or task of its own that answers through
/// [`Context::mailbox`].
pub trait Strategy: Send + Sized + 'static {
    /// The `params` table of its configuration. A key that is not read is an error that names the
    /// line, whether or not the type says `deny_unknown_fields`.
    type Params: DeserializeOwned;

    /// Makes one from its parameters, for the instruments that the configuration names.
    ///
    /// # Errors
    /// When the parameters make no sense; name the key, and the line is added.
    fn new(params: Self::Params, instruments: &[InstrumentId]) -> Result<Self, InvalidParams>;

    /// The beginning. What was left of an earlier life is in `recovered`; feeds, history and
    /// timers are asked for here. No order is accepted before [`VenueStatus::Live`].
    fn on_start(&mut self, _recovered: &Recovered, _cx: &mut Context<'_>) {}

    /// A new best bid or ask. Under load only the latest is told.
    fn on_quote(&mut self, _instrument: &InstrumentId, _quote: &Quote, _cx: &mut Context<'_>) {}

    /// A trade of anybody's.
    fn on_trade(&mut self, _instrument: &InstrumentId, _trade: &Trade, _cx: &mut Context<'_>) {}

    /// The best levels of a book. Under load only the latest is told.
    fn on_book(&mut self, _instrument: &InstrumentId, _book: &Book, _cx: &mut Context<'_>) {}

    /// A bar. History comes first, oldest first and closed, before the venue is live; then the
    /// open bar at each change, and each bar once closed.
    fn on_bar(&mut self, _instrument: &InstrumentId, _bar: &Bar, _cx: &mut Context<'_>) {}

    /// News of one of its orders. Each fill comes exactly once; states only move forward.
    fn on_order(&mut self, update: &OrderUpdate, cx: &mut Context<'_>);

    /// Something it asked for about one of its orders did not come about, or a stop of its was lost:
    /// it has less than it may think it has. What became of each order is told by
    /// [`Strategy::on_order`], before this.
    fn on_setback(&mut self, _setback: &Setback, _cx: &mut Context<'_>) {}

    /// A balance of the account may have changed.
    fn on_balance(&mut self, _balance: &Balance, _cx: &mut Context<'_>) {}

    /// A timer is due.
    fn on_timer(&mut self, _key: TimerKey, _cx: &mut Context<'_>) {}

    /// The venue is live, stale, or has shut its door.
    fn on_venue(&mut self, _status: &VenueStatus, _cx: &mut Context<'_>) {}

    /// Something came in through the mailbox.
    fn on_message(&mut self, _message: &Message, _cx: &mut Context<'_>) {}

    /// The end. What is asked for in here is still done, new orders excepted; its open orders are
    /// canceled or left afterwards, as the configuration says.
    fn on_stop(&mut self, _cx: &mut Context<'_>) {}
}

/// A strategy without its type: what the host drives.
pub(crate) trait Plugin: Send {
    fn on_start(&mut self, recovered: &Recovered, cx: &mut Context<'_>);
    fn on_quote(&mut self, instrument: &InstrumentId, quote: &Quote, cx: &mut Context<'_>);
    fn on_trade(&mut self, instrument: &InstrumentId, trade: &Trade, cx: &mut Context<'_>);
    fn on_book(&mut self, instrument: &InstrumentId, book: &Book, cx: &mut Context<'_>);
    fn on_bar(&mut self, instrument: &InstrumentId, bar: &Bar, cx: &mut Context<'_>);
    fn on_order(&mut self, update: &OrderUpdate, cx: &mut Context<'_>);
    fn on_setback(&mut self, setback: &Setback, cx: &mut Context<'_>);
    fn on_balance(&mut self, balance: &Balance, cx: &mut Context<'_>);
    fn on_timer(&mut self, key: TimerKey, cx: &mut Context<'_>);
    fn on_venue(&mut self, status: &VenueStatus, cx: &mut Context<'_>);
    fn on_message(&mut self, message: &Message, cx: &mut Context<'_>);
    fn on_stop(&mut self, cx: &mut Context<'_>);
}

impl<S: Strategy> Plugin for S {
    fn on_start(&mut self, recovered: &Recovered, cx: &mut Context<'_>) {
        Strategy::on_start(self, recovered, cx);
    }

    fn on_quote(&mut self, instrument: &InstrumentId, quote: &Quote, cx: &mut Context<'_>) {
        Strategy::on_quote(self, instrument, quote, cx);
    }

    fn on_trade(&mut self, instrument: &InstrumentId, trade: &Trade, cx: &mut Context<'_>) {
        Strategy::on_trade(self, instrument, trade, cx);
    }

    fn on_book(&mut self, instrument: &InstrumentId, book: &Book, cx: &mut Context<'_>) {
        Strategy::on_book(self, instrument, book, cx);
    }

    fn on_bar(&mut self, instrument: &InstrumentId, bar: &Bar, cx: &mut Context<'_>) {
        Strategy::on_bar(self, instrument, bar, cx);
    }

    fn on_order(&mut self, update: &OrderUpdate, cx: &mut Context<'_>) {
        Strategy::on_order(self, update, cx);
    }

    fn on_setback(&mut self, setback: &Setback, cx: &mut Context<'_>) {
        Strategy::on_setback(self, setback, cx);
    }

    fn on_balance(&mut self, balance: &Balance, cx: &mut Context<'_>) {
        Strategy::on_balance(self, balance, cx);
    }

    fn on_timer(&mut self, key: TimerKey, cx: &mut Context<'_>) {
        Strategy::on_timer(self, key, cx);
    }

    fn on_venue(&mut self, status: &VenueStatus, cx: &mut Context<'_>) {
        Strategy::on_venue(self, status, cx);
    }

    fn on_message(&mut self, message: &Message, cx: &mut Context<'_>) {
        Strategy::on_message(self, message, cx);
    }

    fn on_stop(&mut self, cx: &mut Context<'_>) {
        Strategy::on_stop(self, cx);
    }
}
