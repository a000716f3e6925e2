//! Everything an operator may want to see, at one moment.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::balance::Balance;
use tradewind_model::id::{Asset, ClientOrderId, InstrumentId, StrategyId};
use tradewind_model::market::Quote;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{OrderState, OrderUpdate};
use tradewind_model::position::Position;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;

use crate::engine::Engine;
use crate::journal::Trading;

/// How a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamView {
    /// Which one.
    pub kind: StreamKind,
    /// Whether it carries what it should.
    pub is_live: bool,
    /// Since when nothing can have been missed; none while something can.
    pub whole_since: Option<Timestamp>,
    /// When its socket last said something new, pings included.
    pub heard_at: Timestamp,
    /// Sockets that stand: two while one takes the other's place.
    pub standing: usize,
    /// Handshakes that are queued or on the wire: one at the most.
    pub opening: usize,
}

/// What has happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Orders whose bytes left.
    pub orders_sent: u64,
    /// Orders the venue said it has.
    pub orders_accepted: u64,
    /// Orders that traded completely.
    pub orders_filled: u64,
    /// Orders canceled.
    pub orders_canceled: u64,
    /// Orders the venue refused.
    pub orders_rejected: u64,
    /// Orders the venue ended.
    pub orders_expired: u64,
    /// Orders that never left.
    pub orders_denied: u64,
    /// Orders whose answer was lost.
    pub orders_in_doubt: u64,
    /// Orders in doubt of which it was concluded that the venue never had them.
    pub orders_not_placed: u64,
    /// Orders that were sent once more by themselves, because the venue never had them.
    pub orders_resent: u64,
    /// Orders of that kind that turned up all the same.
    pub orders_turned_up: u64,
    /// Trades booked.
    pub fills: u64,
    /// Statements about orders that are not ours.
    pub foreign_reports: u64,
    /// Calls a limit turned away.
    pub http_429: u64,
    /// Calls a ban turned away.
    pub http_418: u64,
    /// Sockets lost.
    pub streams_lost: u64,
    /// Sockets replaced without a gap.
    pub streams_rotated: u64,
    /// Sockets that stood and kept an order's news to themselves; they are among those lost.
    pub streams_mute: u64,
    /// Messages that could not be read.
    pub unreadable_messages: u64,
    /// Wishes of strategies that have failed, which were not done.
    pub commands_dropped: u64,
    /// Rows of lists that could not be read and were left out.
    pub unreadable_rows: u64,
    /// Reports with a word that is not known here.
    pub unknown_words: u64,
    /// Books that did not come out as at the venue, or missed a change, and were begun anew.
    pub books_renewed: u64,
    /// Answers without a number that nobody waited for.
    pub unclaimed_answers: u64,
    /// Times the account held more or less of an asset than our trades explain.
    pub books_differed: u64,
    /// Questions from outside.
    pub reads: ReadCounters,
}

/// What became of questions from outside. Each is in one of `answered`, `failed` and the five that
/// were shed, or still waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadCounters {
    /// Questions.
    pub asked: u64,
    /// Those that have an answer of the venue's.
    pub answered: u64,
    /// Those of them whose answer was there already.
    pub cached: u64,
    /// Questions that joined a call which somebody else had caused.
    pub coalesced: u64,
    /// Those shed because the queue of their class was full.
    pub shed_full: u64,
    /// Those shed because they could not leave in time.
    pub shed_late: u64,
    /// Those shed because what they need is shut for longer than they may wait.
    pub shed_shut: u64,
    /// Those shed because as many waited as may.
    pub shed_crowded: u64,
    /// Those shed because a limit never holds them.
    pub shed_never: u64,
    /// Those that the venue refused, or that no answer came to.
    pub failed: u64,
}

impl ReadCounters {
    /// All that were shed, whatever the reason.
    #[must_use]
    pub const fn shed(&self) -> u64 {
        self.shed_full + self.shed_late + self.shed_shut + self.shed_crowded + self.shed_never
    }
}

impl std::fmt::Display for ReadCounters {
    /// In one line: `12 asked, 9 answered (2 cached, 4 coalesced), 3 shed (3 too late), 0 failed`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { asked, answered, cached, coalesced, failed, .. } = self;
        write!(f, "{asked} asked, {answered} answered ({cached} cached, {coalesced} coalesced), ")?;
        write!(f, "{} shed", self.shed())?;
        let reasons = [
            (self.shed_full, "queue full"),
            (self.shed_late, "too late"),
            (self.shed_shut, "shut"),
            (self.shed_crowded, "crowded"),
            (self.shed_never, "never fits"),
        ];
        let reasons = reasons.into_iter().filter(|(count, _)| *count > 0);
        let reasons: Vec<_> = reasons.map(|(count, reason)| format!("{count} {reason}")).collect();
        if !reasons.is_empty() {
            write!(f, " ({})", reasons.join(", "))?;
        }
        write!(f, ", {failed} failed")
    }
}

/// What a strategy has made of an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionView {
    /// Which strategy.
    pub strategy: StrategyId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Base asset held: bought less sold less fees in it.
    pub base: Decimal,
    /// Quote asset gained: brought in less spent less fees in it.
    pub quote: Decimal,
    /// What `base` has cost in quote asset, at the average; of its sign.
    pub cost: Decimal,
    /// What was made in quote asset by trades that brought the position nearer to zero, less all
    /// fees in whatever asset they were paid. None while a fee's asset has no price.
    pub realized: Option<Decimal>,
    /// What would be made besides if the position were traded at the middle of the market. None
    /// while there is a position and no price.
    pub unrealized: Option<Decimal>,
    /// Both together. None while one of them is not known.
    pub profit: Option<Decimal>,
    /// Fees by asset, those already in `base` and `quote` included.
    pub fees: BTreeMap<Asset, Decimal>,
    /// All fees in quote asset, at the middle of the market. None while one has no price.
    pub fees_in_quote: Option<Decimal>,
    /// Trades.
    pub fills: u64,
    /// What of all that was there before this process began.
    pub inherited: Position,
}

/// Everything, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// When.
    pub at: Timestamp,
    /// Venue's clock less ours, in nanoseconds.
    pub clock_offset_nanos: i64,
    /// How far the venue can be trusted.
    pub status: VenueStatus,
    /// What has happened so far.
    pub counters: Counters,
    /// Orders that are not over, by name.
    pub open_orders: Vec<OrderUpdate>,
    /// Orders whose fate is not known.
    pub in_doubt: Vec<ClientOrderId>,
    /// What strategies have made, by strategy and instrument.
    pub positions: Vec<PositionView>,
    /// Best bid and ask of what is followed.
    pub quotes: BTreeMap<InstrumentId, Quote>,
    /// The account's balances, ordered by asset.
    pub balances: Vec<Balance>,
    /// What of trading is not allowed, by scope; nothing when all is.
    pub trading: Vec<TradingView>,
    /// Strategies that have failed: what they ask for is not done any more.
    pub cut_off: Vec<StrategyId>,
    /// How each kind of stream stands.
    pub streams: [StreamView; 2],
    /// What waits for its time, by name: retries, questions, sockets.
    pub timers: usize,
    /// Calls that have not come to their end.
    pub calls: usize,
    /// Limits, queue, what is on the wire.
    pub scheduler: tradewind_scheduler::Snapshot,
}

/// How much trading is allowed of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradingView {
    /// How much, of what, and who said so.
    pub trading: Trading,
    /// Since when, by our clock.
    pub since: Timestamp,
    /// Whether it outlives the process by now.
    pub is_durable: bool,
}

impl Snapshot {
    pub(crate) fn of(engine: &Engine, now: Timestamp) -> Self {
        let open: Vec<_> = engine.ledger().open().collect();
        let in_doubt = open.iter().filter(|order| order.state == OrderState::InDoubt);
        Self {
            at: now,
            clock_offset_nanos: engine.clock_offset_nanos(),
            status: engine.told().clone(),
            counters: engine.counters().clone(),
            in_doubt: in_doubt.map(|order| order.id).collect(),
            open_orders: open.iter().map(|order| order.update(None, None)).collect(),
            positions: positions(engine),
            quotes: engine.quotes(),
            balances: engine.ledger().balances().cloned().collect(),
            trading: engine.trading_views(),
            cut_off: engine.cut_off_strategies(),
            streams: engine.streams(),
            timers: engine.waiting().0,
            calls: engine.waiting().1,
            scheduler: engine.scheduler().snapshot(now),
        }
    }
}

fn positions(engine: &Engine) -> Vec<PositionView> {
    let all = engine.ledger().positions().iter();
    all.map(|((strategy, id), position)| position_view(engine, *strategy, id, position)).collect()
}

fn position_view(
    engine: &Engine,
    strategy: StrategyId,
    id: &InstrumentId,
    position: &Position,
) -> PositionView {
    let instrument = engine.instruments().get(id);
    let price = instrument.and_then(|one| engine.rate(&one.base, &one.quote));
    // What is nothing is worth nothing, whatever the price.
    let worth = |amount: Decimal, price: Option<Decimal>| match price {
        _ if amount.is_zero() => Some(Decimal::ZERO),
        price => price.map(|price| amount.saturating_mul(price)),
    };
    let fee = |(asset, fee): (&Asset, &Decimal)| {
        let rate = instrument.and_then(|one| engine.rate(asset, &one.quote));
        worth(*fee, rate)
    };
    let is_elsewhere = |(asset, _): &(&Asset, &Decimal)| {
        instrument.is_none_or(|one| ![&one.base, &one.quote].contains(asset))
    };
    let elsewhere: Option<Decimal> = position.fees.iter().filter(is_elsewhere).map(fee).sum();
    let realized = elsewhere.map(|fees| position.realized().saturating_sub(fees));
    let unrealized = worth(position.base, price).map(|worth| worth - position.cost);
    PositionView {
        strategy,
        instrument: id.clone(),
        base: position.base,
        quote: position.quote,
        cost: position.cost,
        realized,
        unrealized,
        profit: realized.zip(unrealized).map(|(made, open)| made + open),
        fees_in_quote: position.fees.iter().map(fee).sum(),
        fees: position.fees.clone(),
        fills: position.fills,
        inherited: engine.ledger().inherited(&(strategy, id.clone())),
    }
}
