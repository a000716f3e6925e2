//! One running strategy, as a pure value: notices in, commands out.

use std::fmt;

use tradewind_model::id::{ClientOrderIds, InstrumentId, StrategyId};
use tradewind_model::notice::{Command, Notice, VenueStatus};
use tradewind_model::time::Timestamp;

use crate::context::{Context, View};
use crate::mailbox::{Mailbox, Message};
use crate::params::{InvalidParams, Params};
use crate::registry::Registry;
use crate::strategy::Plugin;
use crate::timer::Timers;

/// Something for a strategy to be called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// From the engine.
    Notice(Notice),
    /// From the mailbox.
    Message(Message),
    /// Nothing new: call the timers that are due.
    Wake,
}

/// A strategy with what it has been told, its timers and its names for new orders.
pub struct Host {
    id: StrategyId,
    plugin: Box<dyn Plugin>,
    view: View,
    ids: ClientOrderIds,
    timers: Timers,
    mailbox: Mailbox,
}

impl Host {
    /// Makes the strategy of a kind.
    ///
    /// # Errors
    /// When there is no such kind, or its parameters are wrong.
    pub fn new(
        registry: &Registry,
        id: StrategyId,
        kind: &str,
        params: &Params<'_>,
        instruments: &[InstrumentId],
        ids: ClientOrderIds,
        mailbox: Mailbox,
    ) -> Result<Self, InvalidParams> {
        let plugin = registry.make(kind, params, instruments)?;
        Ok(Self { id, plugin, view: View::new(), ids, timers: Timers::default(), mailbox })
    }

    /// The strategy's name.
    #[must_use]
    pub fn id(&self) -> StrategyId {
        self.id
    }

    /// When the next timer is due.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        self.timers.next_due()
    }

    /// Calls the strategy, then its timers that are due, and gives back what it asks for, in
    /// order.
    pub fn handle(&mut self, now: Timestamp, input: &Input) -> Vec<Command> {
        let mut commands = Vec::new();
        match input {
            Input::Notice(notice) => self.notice(now, notice, &mut commands),
            Input::Message(message) => {
                self.call(now, &mut commands, |plugin, cx| plugin.on_message(message, cx));
            }
            Input::Wake => {}
        }
        // At most one beat a timer: one that is due again by the time the others have run waits
        // for the next call, so that a strategy with busy timers still hears of its orders.
        for _ in 0..Timers::MAX {
            let Some(key) = self.timers.take_due(now) else {
                break;
            };
            self.call(now, &mut commands, |plugin, cx| plugin.on_timer(key, cx));
        }
        commands
    }

    fn notice(&mut self, now: Timestamp, notice: &Notice, commands: &mut Vec<Command>) {
        match notice {
            Notice::Started(recovered) => {
                self.view.recover(recovered);
                self.call(now, commands, |plugin, cx| plugin.on_start(recovered, cx));
                commands.push(Command::Started);
            }
            Notice::Quote(instrument, quote) => {
                self.view.quotes.insert(instrument.clone(), quote.clone());
                self.call(now, commands, |plugin, cx| plugin.on_quote(instrument, quote, cx));
            }
            Notice::Trade(instrument, trade) => {
                self.call(now, commands, |plugin, cx| plugin.on_trade(instrument, trade, cx));
            }
            Notice::Book(instrument, book) => {
                self.call(now, commands, |plugin, cx| plugin.on_book(instrument, book, cx));
            }
            Notice::Bar(instrument, bar) => {
                self.call(now, commands, |plugin, cx| plugin.on_bar(instrument, bar, cx));
            }
            Notice::Order(update) => {
                self.view.order(update);
                self.call(now, commands, |plugin, cx| plugin.on_order(update, cx));
            }
            Notice::Setback(setback) => {
                self.call(now, commands, |plugin, cx| plugin.on_setback(setback, cx));
            }
            Notice::Balances(balances) => {
                for balance in balances {
                    self.view.balances.insert(balance.asset.clone(), balance.clone());
                }
                for balance in balances {
                    self.call(now, commands, |plugin, cx| plugin.on_balance(balance, cx));
                }
            }
            Notice::Venue(status) => {
                if !matches!(status, VenueStatus::Moved { .. }) {
                    self.view.status = status.clone();
                }
                self.call(now, commands, |plugin, cx| plugin.on_venue(status, cx));
            }
            Notice::Stopping => self.call(now, commands, |plugin, cx| plugin.on_stop(cx)),
        }
    }

    fn call(
        &mut self,
        now: Timestamp,
        commands: &mut Vec<Command>,
        callback: impl FnOnce(&mut dyn Plugin, &mut Context<'_>),
    ) {
        let mut cx = Context {
            now,
            view: &mut self.view,
            ids: &mut self.ids,
            timers: &mut self.timers,
            commands,
            mailbox: &self.mailbox,
        };
        callback(self.plugin.as_mut(), &mut cx);
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
