//! All that a strategy can see and do.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::balance::{Balance, Fees};
use tradewind_model::call::WhenNotCanceled;
use tradewind_model::id::{Asset, ClientOrderId, ClientOrderIds, InstrumentId};
use tradewind_model::instrument::{FilterContext, Instrument, Offer};
use tradewind_model::market::{Interval, Quote};
use tradewind_model::money::{Notional, Price, Quantity};
use tradewind_model::notice::{Command, Recovered, VenueStatus, Whose};
use tradewind_model::order::{
    Denied, Link, MarketQuantity, OcoRequest, OrderKind, OrderRequest, OrderState, OrderUpdate,
    Side,
};
use tradewind_model::position::Position;
use tradewind_model::stream::Feed;
use tradewind_model::time::Timestamp;

use crate::mailbox::Mailbox;
use crate::timer::{Schedule, TimerKey, Timers};

/// What a strategy has been told so far: exactly as far as its callbacks have come, so that what
/// it reads never runs ahead of what it was called with.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) instruments: BTreeMap<InstrumentId, Instrument>,
    pub(crate) orders: BTreeMap<ClientOrderId, OrderUpdate>,
    pub(crate) positions: BTreeMap<InstrumentId, Position>,
    pub(crate) balances: BTreeMap<Asset, Balance>,
    pub(crate) quotes: BTreeMap<InstrumentId, Quote>,
    pub(crate) fees: Fees,
    pub(crate) status: VenueStatus,
    pub(crate) store: BTreeMap<String, String>,
}

impl View {
    pub(crate) fn new() -> Self {
        Self {
            instruments: BTreeMap::new(),
            orders: BTreeMap::new(),
            positions: BTreeMap::new(),
            balances: BTreeMap::new(),
            quotes: BTreeMap::new(),
            fees: Fees::default(),
            status: VenueStatus::Stale { reason: "starting".to_owned() },
            store: BTreeMap::new(),
        }
    }

    pub(crate) fn recover(&mut self, recovered: &Recovered) {
        let instruments = recovered.instruments.iter();
        self.instruments = instruments.map(|one| (one.id.clone(), one.clone())).collect();
        self.orders =
            recovered.orders.iter().map(|one| (one.client_order_id, one.clone())).collect();
        self.positions = recovered.positions.clone();
        self.balances =
            recovered.balances.iter().map(|one| (one.asset.clone(), one.clone())).collect();
        self.fees = recovered.fees;
        self.store = recovered.store.clone();
    }

    /// Books an order's news, and its fill into the position.
    pub(crate) fn order(&mut self, update: &OrderUpdate) {
        if let Some(fill) = &update.fill
            && let Some(one) = self.instruments.get(&update.instrument)
        {
            let position = self.positions.entry(update.instrument.clone()).or_default();
            position.book(update.side, fill, &one.base, &one.quote);
        }
        if update.state.is_terminal() {
            self.orders.remove(&update.client_order_id);
        } else {
            self.orders.insert(update.client_order_id, update.clone());
        }
    }
}

/// The names of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairIds {
    /// Of both together.
    pub pair: ClientOrderId,
    /// Of the order that takes the profit.
    pub take: ClientOrderId,
    /// Of the order that stops the loss.
    pub stop: ClientOrderId,
}

/// How little and how much may be held in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// At the least: negative when more may be sold than is held.
    pub least: Decimal,
    /// At the most.
    pub most: Decimal,
}

/// All that a strategy can see and do, during one callback.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) now: Timestamp,
    pub(crate) view: &'a mut View,
    pub(crate) ids: &'a mut ClientOrderIds,
    pub(crate) timers: &'a mut Timers,
    pub(crate) commands: &'a mut Vec<Command>,
    pub(crate) mailbox: &'a Mailbox,
}

impl Context<'_> {
    /// The most commands one callback can give; past it they are denied.
    pub const COMMANDS_MAX: usize = 1_024;
    /// The longest key and value of the store, in bytes together.
    pub const STORE_ENTRY_MAX: usize = 64 * 1_024;
    /// The most keys of the store.
    pub const STORE_KEYS_MAX: usize = 1_024;

    /// The time of this callback: the only clock a strategy has.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether the venue is live: history has been told, streams are up, orders are accepted.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.view.status == VenueStatus::Live
    }

    /// Follows a feed of an instrument from now on. Asking again changes nothing.
    pub fn subscribe(&mut self, instrument: &InstrumentId, feed: Feed) {
        self.command(Command::Subscribe { instrument: instrument.clone(), feed });
    }

    /// Asks for the newest `bars` closed bars (at most 1,000). They come through `on_bar`, oldest
    /// first; when asked for in `on_start`, before the venue is live.
    pub fn history(&mut self, instrument: &InstrumentId, interval: Interval, bars: u32) {
        self.command(Command::History { instrument: instrument.clone(), interval, bars });
    }

    /// Sets a timer, in place of the one of the same key. False when there are 1,024 already.
    pub fn timer(&mut self, key: TimerKey, schedule: Schedule) -> bool {
        self.timers.set(self.now, key, schedule)
    }

    /// Takes a timer back.
    pub fn clear_timer(&mut self, key: TimerKey) {
        self.timers.clear(key);
    }

    /// Places an order. What can be known to be wrong is denied here and now; everything after
    /// comes through `on_order`, a later denial included.
    ///
    /// # Errors
    /// When the instrument is not the strategy's, the venue would refuse the order by a filter,
    /// the venue is not live, or the callback has given too many commands.
    pub fn submit(&mut self, request: OrderRequest) -> Result<ClientOrderId, Denied> {
        self.check(&request)?;
        let client_order_id = self.ids.next();
        let waiting = self.waiting(client_order_id, &request, Link::Alone);
        self.try_command(Command::Submit { client_order_id, request })?;
        self.view.orders.insert(client_order_id, waiting);
        Ok(client_order_id)
    }

    /// Places two orders of which at most one trades: one to take a profit, one to stop a loss.
    /// The venue ends one as soon as the other begins to trade or is set off, and canceling one
    /// cancels both. What becomes of each comes through `on_order`.
    ///
    /// # Errors
    /// As for [`Context::submit`], and when the venue offers no pairs on the instrument.
    pub fn submit_pair(&mut self, request: OcoRequest) -> Result<PairIds, Denied> {
        let instrument = self.tradable(&request.instrument)?;
        if !instrument.offers(Offer::Oco) {
            return Err(Denied::Unsupported(format!("{} takes no pairs", instrument.symbol)));
        }
        instrument.check_pair(request.side, &request.pair, &self.context(&request.instrument))?;
        let (pair_id, take_id, stop_id) = (self.ids.next(), self.ids.next(), self.ids.next());
        let waiting = [(take_id, request.take(), stop_id), (stop_id, request.stop(), take_id)];
        self.try_command(Command::SubmitPair { pair_id, take_id, stop_id, request })?;
        for (id, half, other) in waiting {
            let link = Link::Half { pair: pair_id, other };
            self.view.orders.insert(id, self.waiting(id, &half, link));
        }
        Ok(PairIds { pair: pair_id, take: take_id, stop: stop_id })
    }

    /// Allows an order that was just submitted to be sent once more by itself, should it be certain
    /// that the venue never had it: the same wish under the same name, once, and only while its
    /// time has not passed. It is done for what can do nothing but rest, which is a post-only order
    /// or a limit order away from the market; for any other this changes nothing.
    ///
    /// # Errors
    /// When the callback has given too many commands.
    pub fn allow_resend(&mut self, client_order_id: ClientOrderId) -> Result<(), Denied> {
        self.try_command(Command::AllowResend { client_order_id })
    }

    /// Cancels an order; what becomes of it comes through `on_order`.
    ///
    /// # Errors
    /// When no order of this name is open.
    pub fn cancel(&mut self, client_order_id: ClientOrderId) -> Result<(), Denied> {
        self.try_command(Command::Cancel { client_order_id })
    }

    /// Cancels an order and places another in its stead: in one request where the venue has one
    /// and the first has not begun to trade, else the second once the first is known to be gone.
    /// The new quantity is the total wanted: what the first has filled by then is taken off. When
    /// the first fills completely, or cannot be canceled, the second is denied; when the first is
    /// gone and the second is not there, [`Strategy::on_setback`] is told.
    ///
    /// # Errors
    /// As for [`Context::submit`].
    ///
    /// [`Strategy::on_setback`]: crate::Strategy::on_setback
    pub fn replace(
        &mut self,
        client_order_id: ClientOrderId,
        request: OrderRequest,
    ) -> Result<ClientOrderId, Denied> {
        self.replace_when(client_order_id, request, WhenNotCanceled::Stop)
    }

    /// The same, and says what is to be done when the first order cannot be canceled, because it
    /// has just filled for example. With [`WhenNotCanceled::PlaceAnyway`] the quantity is that of
    /// the new order alone: both may come to trade, and the account has to cover both.
    ///
    /// # Errors
    /// As for [`Context::submit`].
    pub fn replace_when(
        &mut self,
        client_order_id: ClientOrderId,
        request: OrderRequest,
        when_not_canceled: WhenNotCanceled,
    ) -> Result<ClientOrderId, Denied> {
        self.check(&request)?;
        let replacement_id = self.ids.next();
        let link = Link::Instead { of: client_order_id };
        let waiting = self.waiting(replacement_id, &request, link);
        let command =
            Command::Replace { client_order_id, replacement_id, request, when_not_canceled };
        self.try_command(command)?;
        self.view.orders.insert(replacement_id, waiting);
        Ok(replacement_id)
    }

    /// Lowers the quantity of an order to `qty`, what has traded included; the order keeps its
    /// place in the queue. Its new quantity comes through `on_order`; should the venue refuse it,
    /// `on_setback` is told and the order is as it was.
    ///
    /// # Errors
    /// When no order of this name rests, the quantity is no lower than it is or is not above what
    /// has traded, or the venue offers no such thing on the instrument.
    pub fn amend(&mut self, client_order_id: ClientOrderId, qty: Quantity) -> Result<(), Denied> {
        let Some(order) = self.view.orders.get(&client_order_id) else {
            return Err(Denied::NotOpen(client_order_id));
        };
        let whole = order.cum_qty + order.leaves_qty;
        if qty >= whole || qty <= order.cum_qty {
            let traded = order.cum_qty;
            return Err(Denied::NotLower { wanted: qty, qty: whole, traded });
        }
        let instrument = self.instrument(&order.instrument);
        if !instrument.is_some_and(|instrument| instrument.offers(Offer::Amend)) {
            let words = format!("{} amends no orders", order.instrument);
            return Err(Denied::Unsupported(words));
        }
        self.try_command(Command::Amend { client_order_id, qty })
    }

    /// Cancels the strategy's own orders on an instrument, each by its name. Nobody else's are
    /// touched.
    ///
    /// # Errors
    /// When the callback has given too many commands.
    pub fn cancel_all(&mut self, instrument: &InstrumentId) -> Result<(), Denied> {
        let (instrument, whose) = (instrument.clone(), Whose::Own);
        self.try_command(Command::CancelAll { instrument, whose })
    }

    /// Cancels every order of the account on an instrument, whoever placed it: other strategies,
    /// other processes and people too.
    ///
    /// # Errors
    /// When the callback has given too many commands.
    pub fn cancel_everybodys(&mut self, instrument: &InstrumentId) -> Result<(), Denied> {
        let (instrument, whose) = (instrument.clone(), Whose::Everybodys);
        self.try_command(Command::CancelAll { instrument, whose })
    }

    /// What is held of an instrument by this strategy's own fills: negative when more was sold
    /// than bought; fees in the base asset are taken off.
    #[must_use]
    pub fn position(&self, instrument: &InstrumentId) -> Decimal {
        self.view.positions.get(instrument).map(|one| one.base).unwrap_or_default()
    }

    /// What this strategy's own trades in an instrument have come to: what is held, its average
    /// cost, what was made and what fees were paid; over restarts.
    #[must_use]
    pub fn holding(&self, instrument: &InstrumentId) -> Position {
        self.view.positions.get(instrument).cloned().unwrap_or_default()
    }

    /// What may be held of an instrument once every order of this strategy has come to its end: at
    /// the least, when all that may be sold is, and at the most, when all that may be bought is.
    /// An order in doubt counts both ways, with all of it and with nothing.
    #[must_use]
    pub fn exposure(&self, instrument: &InstrumentId) -> Exposure {
        let position = self.position(instrument);
        let mut exposure = Exposure { least: position, most: position };
        let own = self.open_orders().filter(|order| order.instrument == *instrument);
        for order in own.filter(|order| self.counts(order)) {
            let leaves = self.leaves(order);
            match order.side {
                Side::Buy => exposure.most = exposure.most.saturating_add(leaves),
                Side::Sell => exposure.least = exposure.least.saturating_sub(leaves),
            }
        }
        exposure
    }

    /// What of a balance no order of this strategy has taken or may have taken: what is free, less
    /// what orders need of which the venue has not said that it has them.
    #[must_use]
    pub fn available(&self, asset: &Asset) -> Decimal {
        let unsaid = self.open_orders().filter(|order| order.state.is_unacknowledged());
        let unsaid = unsaid.filter(|order| self.counts(order));
        let needed = unsaid.filter_map(|order| {
            let instrument = self.instrument(&order.instrument)?;
            match order.side {
                Side::Buy if instrument.quote == *asset => self.costs(order),
                Side::Sell if instrument.base == *asset => Some(self.leaves(order)),
                Side::Buy | Side::Sell => None,
            }
        });
        let free = self.view.balances.get(asset).map(|one| one.free).unwrap_or_default();
        needed.fold(free, Decimal::saturating_sub).max(Decimal::ZERO)
    }

    /// The account's balance of an asset, as last told; shared with every other strategy on it.
    #[must_use]
    pub fn balance(&self, asset: &Asset) -> Balance {
        self.view.balances.get(asset).cloned().unwrap_or_else(|| Balance {
            asset: asset.clone(),
            free: Decimal::ZERO,
            locked: Decimal::ZERO,
        })
    }

    /// The strategy's orders that are not over, by name; those just submitted among them.
    pub fn open_orders(&self) -> impl Iterator<Item = &OrderUpdate> {
        self.view.orders.values()
    }

    /// One of the strategy's orders that are not over.
    #[must_use]
    pub fn order(&self, client_order_id: ClientOrderId) -> Option<&OrderUpdate> {
        self.view.orders.get(&client_order_id)
    }

    /// An instrument's rules.
    #[must_use]
    pub fn instrument(&self, id: &InstrumentId) -> Option<&Instrument> {
        self.view.instruments.get(id)
    }

    /// The strategy's instruments, by name.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.view.instruments.values()
    }

    /// The latest quote of an instrument whose quotes are subscribed to.
    #[must_use]
    pub fn quote(&self, instrument: &InstrumentId) -> Option<&Quote> {
        self.view.quotes.get(instrument)
    }

    /// Price and quantity as the venue takes them: buys rounded down and sells up to the tick,
    /// quantities down to the step. As they were for an instrument that is not the strategy's.
    #[must_use]
    pub fn quantize(
        &self,
        instrument: &InstrumentId,
        side: Side,
        price: Price,
        qty: Quantity,
    ) -> (Price, Quantity) {
        self.instrument(instrument).map_or((price, qty), |instrument| {
            (instrument.quantize_price(side, price), instrument.quantize_qty(qty))
        })
    }

    /// What trades cost.
    #[must_use]
    pub fn fees(&self) -> Fees {
        self.view.fees
    }

    /// What was kept under a key.
    #[must_use]
    pub fn recall(&self, key: &str) -> Option<&str> {
        self.view.store.get(key).map(String::as_str)
    }

    /// Keeps a value under a key, over a restart of the strategy. False when it is too large, or
    /// there are too many.
    pub fn remember(&mut self, key: &str, value: &str) -> bool {
        let is_new = !self.view.store.contains_key(key);
        if key.len() + value.len() > Self::STORE_ENTRY_MAX
            || is_new && self.view.store.len() >= Self::STORE_KEYS_MAX
        {
            return false;
        }
        self.view.store.insert(key.to_owned(), value.to_owned());
        self.command(Command::Remember { key: key.to_owned(), value: Some(value.to_owned()) });
        true
    }

    /// Forgets what was kept under a key.
    pub fn forget(&mut self, key: &str) {
        if self.view.store.remove(key).is_some() {
            self.command(Command::Remember { key: key.to_owned(), value: None });
        }
    }

    /// A sender to this strategy, for work done on other threads or tasks.
    #[must_use]
    pub fn mailbox(&self) -> Mailbox {
        self.mailbox.clone()
    }

    /// What of an order can still trade, in base asset; as the market stands for one that is sized
    /// in quote asset, and nothing while that is not known.
    fn leaves(&self, order: &OrderUpdate) -> Decimal {
        let OrderKind::Market(MarketQuantity::Quote(value)) = &order.kind else {
            return order.leaves_qty.get();
        };
        let left = value.get().saturating_sub(order.cum_quote.get());
        let price = self.quote(&order.instrument).map(|quote| quote.mid().get());
        price.and_then(|price| left.checked_div(price)).unwrap_or_default()
    }

    /// Whether an order counts towards what may be held: of a pair, of which one trades at the
    /// most, only the half with more to trade, and of alike ones the dearer.
    fn counts(&self, order: &OrderUpdate) -> bool {
        let other = order.link.half().and_then(|(_, other)| self.view.orders.get(&other));
        let size = |one: &OrderUpdate| (one.leaves_qty, self.costs(one), one.client_order_id);
        other.is_none_or(|other| size(order) >= size(other))
    }

    /// What of an order can still be spent, in quote asset; none while that is not known.
    fn costs(&self, order: &OrderUpdate) -> Option<Decimal> {
        if let OrderKind::Market(MarketQuantity::Quote(value)) = &order.kind {
            return Some(value.get());
        }
        let ask = || self.quote(&order.instrument).map(|quote| quote.ask);
        let price = order.kind.price().or_else(ask)?;
        Some(price.get().saturating_mul(order.leaves_qty.get()))
    }

    /// An instrument on which new orders are taken now.
    fn tradable(&self, id: &InstrumentId) -> Result<&Instrument, Denied> {
        let instrument =
            self.instrument(id).ok_or_else(|| Denied::UnknownInstrument(id.clone()))?;
        if let VenueStatus::Stale { reason } | VenueStatus::Shut { reason, .. } = &self.view.status
        {
            return Err(Denied::Closed(reason.clone()));
        }
        Ok(instrument)
    }

    /// What can be known of the market and of the orders that are there.
    fn context(&self, id: &InstrumentId) -> FilterContext {
        let reference_price = self.quote(id).map(Quote::mid);
        FilterContext { reference_price, ..FilterContext::default() }
    }

    fn check(&self, request: &OrderRequest) -> Result<(), Denied> {
        let instrument = self.tradable(&request.instrument)?;
        instrument.check(request.side, &request.kind, &self.context(&request.instrument))?;
        Ok(())
    }

    /// How an order looks before anything is heard of it.
    fn waiting(
        &self,
        client_order_id: ClientOrderId,
        request: &OrderRequest,
        link: Link,
    ) -> OrderUpdate {
        let qty = request.kind.qty().unwrap_or_default();
        OrderUpdate {
            client_order_id,
            venue_order_id: None,
            instrument: request.instrument.clone(),
            side: request.side,
            kind: request.kind,
            tag: request.tag,
            link,
            state: OrderState::Pending,
            cum_qty: Quantity::ZERO,
            cum_quote: Notional::ZERO,
            leaves_qty: qty,
            fill: None,
            reason: None,
            denied: None,
            refusal: None,
            at: self.now,
        }
    }

    fn command(&mut self, command: Command) {
        // What is not an order is bounded by what it names: feeds, keys, histories.
        self.commands.push(command);
    }

    fn try_command(&mut self, command: Command) -> Result<(), Denied> {
        if self.commands.len() >= Self::COMMANDS_MAX {
            return Err(Denied::Full("the list of commands of one callback".to_owned()));
        }
        self.commands.push(command);
        Ok(())
    }
}
