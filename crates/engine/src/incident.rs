//! What an operator is told, in words, and which of it wakes somebody.

use std::time::Duration;

use tradewind_model::Decimal;
use tradewind_model::id::{Asset, ClientOrderId, StrategyId, Symbol, VenueId};
use tradewind_model::outcome::Throttle;
use tradewind_model::setback::Setback;
use tradewind_model::stream::StreamKind;
use tradewind_model::tariff::Weight;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{TradingScope, TradingState};
use tradewind_scheduler::{RefusedAlike, ScopeKey, ShutReason};

use crate::journal::StorageFault;
use crate::operator::{OnFailure, Remainder, StrategyFailure};

/// Something an operator may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// Everything is known and flows; orders are accepted.
    Live,
    /// Something may have happened that is not known yet.
    Stale {
        /// Why.
        reason: String,
    },
    /// A stream was lost and will be opened again.
    StreamLost {
        /// Which one.
        kind: StreamKind,
        /// Why.
        reason: String,
        /// When it is tried again.
        retry_at: Timestamp,
    },
    /// A stream has been down for long. Told once, until it has stood for a while.
    StreamStaysDown {
        /// Which one.
        kind: StreamKind,
        /// For how long.
        lasting: Duration,
        /// Why it could not be opened lately.
        reason: String,
    },
    /// A stream has another socket now, and nothing was missed.
    StreamRotated {
        /// Which one.
        kind: StreamKind,
    },
    /// A socket that was to replace another has come to nothing; the other still stands.
    RotationFailed {
        /// Of which stream.
        kind: StreamKind,
        /// Why.
        reason: String,
        /// When it is tried again.
        retry_at: Timestamp,
    },
    /// What may have happened to these orders during a gap is being asked.
    Resyncing {
        /// How many.
        orders: usize,
        /// The most that the questions weigh, if they are answered.
        weight: Weight,
    },
    /// A message on a stream could not be read; it was passed over.
    Unreadable {
        /// On which stream.
        kind: StreamKind,
        /// What is wrong.
        problem: String,
    },
    /// The venue turned a call away.
    Throttled {
        /// What it said.
        throttle: Throttle,
        /// Until when nothing is sent, by our clock.
        until: Timestamp,
    },
    /// Something was shut though no limit was hit: the venue's edge or our key.
    Shut {
        /// What.
        scope: ScopeKey,
        /// Why.
        reason: ShutReason,
    },
    /// Something is shut because another life of this process, or a process beside it, was told
    /// so.
    ShutElsewhere {
        /// What.
        scope: ScopeKey,
        /// Why.
        reason: ShutReason,
        /// Until when, by our clock; with none, until a person clears it.
        until: Option<Timestamp>,
    },
    /// The answer to an order was lost. It is being asked about.
    InDoubt {
        /// Which order.
        client_order_id: ClientOrderId,
        /// How the answer was lost.
        reason: String,
    },
    /// An order that could not be canceled so far.
    CancelFailing {
        /// Which order.
        client_order_id: ClientOrderId,
        /// How often it was tried.
        attempts: u32,
        /// What came back.
        reason: String,
    },
    /// A strategy has used a name twice; the second order was not taken.
    DuplicateId {
        /// Which name.
        client_order_id: ClientOrderId,
    },
    /// The account holds more or less of an asset than our trades explain.
    BooksDiffer {
        /// Which asset.
        asset: Asset,
        /// By how much more; negative when less.
        by: Decimal,
    },
    /// Orders on the account that are not ours. They are left alone.
    ForeignOrders {
        /// How many were seen at once.
        count: usize,
    },
    /// The venue has not told what has to be known before the first order, and others carry on
    /// meanwhile: it is asked for as long as it takes.
    NotStarted {
        /// What is missing.
        what: String,
        /// Why, as far as it is known.
        message: String,
    },
    /// The venue refused our time; its clock is read anew.
    ClockRefused,
    /// A call was on its way for longer than the venue may take it. Its clock is as it was.
    LateOnTheWay {
        /// From when it left until its refusal arrived.
        took: Duration,
    },
    /// The venue refused our time again, right after its clock had been read: the account is left
    /// alone until somebody has looked.
    ClockRefusedAgain {
        /// The venue's words.
        message: String,
    },
    /// A reading of the venue's clock contradicts the others; it is read again.
    ClockContradicted {
        /// What lies between them, beyond all doubt.
        by: Duration,
    },
    /// The wall's clock has moved against ours: the machine may have slept. Everything is asked
    /// anew before anything is traded.
    ClockJumped {
        /// By how many nanoseconds.
        nanos: i64,
    },
    /// The same request was refused time and again; it is made once a minute from now on.
    RefusedAlike {
        /// Whose; none when somebody outside asks.
        strategy: Option<StrategyId>,
        /// What.
        what: String,
        /// How the venue refused it.
        alike: RefusedAlike,
    },
    /// An order has been in doubt for long.
    DoubtLasts {
        /// Which order.
        client_order_id: ClientOrderId,
        /// For how long.
        lasting: Duration,
    },
    /// An order has been in doubt for so long that no new risk is taken.
    DoubtCloses {
        /// Which order.
        client_order_id: ClientOrderId,
        /// For how long.
        lasting: Duration,
    },
    /// The venue has forgotten everything that earlier lives know. Nothing is traded.
    VenueReset {
        /// The venue.
        venue: VenueId,
        /// How many orders rested there.
        orders: usize,
    },
    /// An order that the venue never had is sent once more, as its strategy has allowed.
    Resent {
        /// Which order.
        client_order_id: ClientOrderId,
    },
    /// An order that rested is not known to the venue any more.
    NotFound {
        /// Which order.
        client_order_id: ClientOrderId,
    },
    /// It was concluded that the venue never had an order whose answer was lost.
    NotPlaced {
        /// Which order.
        client_order_id: ClientOrderId,
    },
    /// An order of which that was concluded has turned up.
    TurnedUp {
        /// Which order.
        client_order_id: ClientOrderId,
    },
    /// An order of ours was found at the venue that is not written down here.
    Adopted {
        /// Which order.
        client_order_id: ClientOrderId,
    },
    /// A loss that was to be stopped is not any more.
    ProtectionLost {
        /// What was lost, and why.
        setback: Box<Setback>,
    },
    /// Everybody's orders on a symbol were to be canceled, and it is not known whether they were.
    NotCleared {
        /// On which symbol.
        symbol: Symbol,
        /// What came back.
        reason: String,
    },
    /// Orders of earlier lives that no strategy of this one has placed.
    Orphans {
        /// How many.
        count: usize,
    },
    /// Trades on the account whose order the venue does not list.
    Unidentified {
        /// On which symbol.
        symbol: Symbol,
        /// Of how many orders.
        orders: usize,
    },
    /// What has to be written down cannot be: no new risk is taken.
    StorageFailed {
        /// What is wrong, and the way out.
        fault: StorageFault,
    },
    /// What has to be written down can be again.
    StorageRestored,
    /// How much trading is allowed has changed.
    TradingSet {
        /// Of what.
        scope: TradingScope,
        /// How much.
        state: TradingState,
        /// Who said so, and why.
        reason: String,
    },
    /// Positions were to be closed, and nothing more can be.
    Flattened {
        /// What could not be closed.
        left: Vec<Remainder>,
    },
    /// More is lost than may be: orders may only reduce until somebody resumes.
    LossLimit {
        /// By whom.
        scope: TradingScope,
        /// What may be lost, in quote asset.
        most: Decimal,
        /// What is lost.
        lost: Decimal,
    },
    /// More is in doubt than may be: no new risk is taken until it is less.
    Unresolved {
        /// Whose orders.
        scope: TradingScope,
        /// The limit's name.
        limit: String,
        /// The most.
        most: Decimal,
        /// What it is.
        value: Decimal,
    },
    /// A strategy has failed and is cut off; the others go on.
    StrategyLost {
        /// Which one.
        strategy: StrategyId,
        /// How.
        how: StrategyFailure,
        /// What becomes of its orders.
        on_failure: OnFailure,
    },
    /// This process did not run for a while. Everything is asked anew before anything is traded.
    Paused {
        /// For how long, at least.
        lasting: Duration,
    },
    /// The venue answers nothing.
    Unanswered {
        /// For how long.
        lasting: Duration,
    },
    /// The venue answers again.
    Answering,
    /// A read that somebody waits for has failed; it is tried again.
    ReadFailed {
        /// What was asked.
        what: String,
        /// What came back.
        reason: String,
    },
    /// The venue gives the same page of a list again and again. What the rest of it would have told
    /// is not known.
    ListRepeats {
        /// What was asked.
        what: String,
    },
}

/// Who should wake up. An incident of the highest level is an alert; each is told once for what it
/// is about, when that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Info,
    /// Look at it today.
    Warn,
    /// Wake somebody.
    Error,
}

impl Incident {
    /// Whether somebody is to be woken.
    #[must_use]
    pub const fn is_alert(&self) -> bool {
        matches!(self.level(), Level::Error)
    }

    /// Who should wake up.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::Live
            | Self::StorageRestored
            | Self::Answering
            | Self::StreamRotated { .. }
            | Self::Resyncing { .. } => Level::Info,
            Self::TradingSet { state: TradingState::Running, .. } => Level::Info,
            Self::Stale { .. }
            | Self::StreamLost { .. }
            | Self::RotationFailed { .. }
            | Self::ShutElsewhere { .. }
            | Self::Unreadable { .. }
            | Self::InDoubt { .. }
            | Self::NotPlaced { .. }
            | Self::Resent { .. }
            | Self::Adopted { .. }
            | Self::Orphans { .. }
            | Self::Unidentified { .. }
            | Self::ForeignOrders { .. }
            | Self::BooksDiffer { .. }
            | Self::ClockRefused
            | Self::LateOnTheWay { .. }
            | Self::ClockContradicted { .. }
            | Self::TradingSet { .. }
            | Self::Flattened { .. }
            | Self::ReadFailed { .. } => Level::Warn,
            Self::Throttled { .. }
            | Self::NotStarted { .. }
            | Self::StreamStaysDown { .. }
            | Self::Shut { .. }
            | Self::CancelFailing { .. }
            | Self::ClockRefusedAgain { .. }
            | Self::RefusedAlike { .. }
            | Self::StorageFailed { .. }
            | Self::ClockJumped { .. }
            | Self::Paused { .. }
            | Self::Unanswered { .. }
            | Self::LossLimit { .. }
            | Self::Unresolved { .. }
            | Self::StrategyLost { .. }
            | Self::DoubtLasts { .. }
            | Self::ListRepeats { .. }
            | Self::DoubtCloses { .. }
            | Self::NotFound { .. }
            | Self::ProtectionLost { .. }
            | Self::NotCleared { .. }
            | Self::VenueReset { .. }
            | Self::TurnedUp { .. }
            | Self::DuplicateId { .. } => Level::Error,
        }
    }
}

impl std::fmt::Display for Incident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Live => f.write_str("live: orders are accepted"),
            Self::Stale { reason } => write!(f, "stale: {reason}; new orders are denied"),
            Self::StreamLost { kind, reason, retry_at } => {
                write!(f, "{kind:?} stream lost ({reason}); next try at {retry_at}")
            }
            Self::StreamStaysDown { kind, lasting, reason } => write!(
                f,
                "{kind:?} stream down for {} s ({reason}); see to the network, new orders are denied",
                lasting.as_secs()
            ),
            Self::StreamRotated { kind } => {
                write!(f, "{kind:?} stream moved to a new socket without a gap")
            }
            Self::RotationFailed { kind, reason, retry_at } => write!(
                f,
                "no new socket for the {kind:?} stream yet ({reason}), the old one stands; next try \
                 at {retry_at}"
            ),
            Self::Resyncing { orders, weight } => {
                write!(f, "asking what became of {orders} orders during a gap, for {weight} weight")
            }
            Self::Unreadable { kind, problem } => {
                write!(f, "message on the {kind:?} stream passed over: {problem}")
            }
            Self::Throttled { throttle, until } => {
                let what = if throttle.is_ban { "banned" } else { "turned away" };
                write!(f, "{what} by the venue, silent until {until}: {}", throttle.message)
            }
            Self::Shut { scope, reason } => match reason {
                ShutReason::Auth => write!(
                    f,
                    "{scope} is shut: {reason}; see to the key and its rights, then clear it"
                ),
                ShutReason::Throttled
                | ShutReason::Forgotten
                | ShutReason::Edge
                | ShutReason::Banned => {
                    write!(f, "{scope} is shut: {reason}")
                }
            },
            Self::ShutElsewhere { scope, reason, until } => {
                write!(f, "{scope} was shut by what another process was told ({reason}); silent ")?;
                match until {
                    Some(until) => write!(f, "until {until}"),
                    None => f.write_str("until somebody has seen to the key and clears it"),
                }
            }
            Self::InDoubt { client_order_id, reason } => {
                write!(f, "order {client_order_id} is in doubt ({reason}); asking the venue")
            }
            Self::CancelFailing { client_order_id, attempts, reason } => {
                write!(f, "order {client_order_id} not canceled after {attempts} tries: {reason}")
            }
            Self::DuplicateId { client_order_id } => {
                write!(f, "order id {client_order_id} was used before; the second order is dropped")
            }
            Self::BooksDiffer { asset, by } => {
                let (by, how) =
                    (by.abs().normalize(), if by.is_sign_negative() { "less" } else { "more" });
                write!(
                    f,
                    "the account holds {by} {asset} {how} than our trades explain; a deposit, a \
                     withdrawal or a trade by hand would, and else look at its history"
                )
            }
            Self::ForeignOrders { count } => {
                write!(f, "{count} open orders on the account are not ours; left alone")
            }
            Self::ClockRefused => f.write_str("the venue refused our time; reading its clock"),
            Self::NotStarted { what, message } => write!(
                f,
                "not started: {what}: {message}; asked for on and on, while the strategies run \
                 elsewhere"
            ),
            Self::LateOnTheWay { took } => write!(
                f,
                "a call was refused as too old, {} ms after it had left: the way to the venue is \
                 slow",
                took.as_millis()
            ),
            Self::ClockRefusedAgain { message } => write!(
                f,
                "the venue refuses our time though its clock was just read ({message}); see to \
                 this machine's clock, then clear the account"
            ),
            Self::ClockContradicted { by } => {
                write!(f, "readings of the venue's clock are {by:?} apart; reading it again")
            }
            Self::ClockJumped { nanos } => {
                let (by, way) = (Duration::from_nanos(nanos.unsigned_abs()), nanos.signum());
                let way = if way < 0 { "back" } else { "ahead" };
                write!(
                    f,
                    "the wall's clock went {way} by {by:?}; the machine may have slept, so \
                     everything is asked anew"
                )
            }
            Self::RefusedAlike { strategy, what, alike } => {
                match strategy {
                    Some(strategy) => write!(f, "strategy {strategy}: ")?,
                    None => f.write_str("an inquiry: ")?,
                }
                write!(f, "{what} was {alike}")
            }
            Self::DoubtLasts { client_order_id, lasting } => write!(
                f,
                "order {client_order_id} has been in doubt for {} s; look for it at the venue",
                lasting.as_secs()
            ),
            Self::DoubtCloses { client_order_id, lasting } => write!(
                f,
                "order {client_order_id} has been in doubt for {} s: new orders are denied until \
                 the venue has told of it, cancels pass",
                lasting.as_secs()
            ),
            Self::NotFound { client_order_id } => write!(
                f,
                "order {client_order_id} rested, and the venue knows none of that name; look for it \
                 there, and if it is gone, stop this process and say so: `tradewind orders forget \
                 {client_order_id} --config FILE`"
            ),
            Self::VenueReset { venue, orders } => write!(
                f,
                "{venue} was reset: it knows nothing of {orders} orders that rested there, nor of \
                 anything later; nothing is traded"
            ),
            Self::Resent { client_order_id } => write!(
                f,
                "order {client_order_id} was never placed, and is sent once more under its name"
            ),
            Self::NotPlaced { client_order_id } => {
                write!(f, "order {client_order_id} was never placed: the venue has no trace of it")
            }
            Self::TurnedUp { client_order_id } => write!(
                f,
                "order {client_order_id} has turned up after it was ruled out; what is left of it \
                 is canceled"
            ),
            Self::Adopted { client_order_id } => write!(
                f,
                "order {client_order_id} is ours by its name and not written down; taken in"
            ),
            Self::ProtectionLost { setback } => write!(f, "{setback}"),
            Self::NotCleared { symbol, reason } => write!(
                f,
                "not all orders on {symbol} may be canceled ({reason}); ours are canceled one by \
                 one, see to the others"
            ),
            Self::Orphans { count } => write!(
                f,
                "{count} orders were placed by strategies that are not in the configuration; they \
                 are followed, and nobody acts on them"
            ),
            Self::Unidentified { symbol, orders } => write!(
                f,
                "{orders} orders on {symbol} have traded and are not listed by the venue; whose \
                 they are is not known"
            ),
            Self::StorageFailed { fault } => {
                write!(f, "{fault}; new orders are denied until then, cancels pass")
            }
            Self::StorageRestored => f.write_str("the journal can be written again"),
            Self::TradingSet { scope, state: TradingState::Running, reason } => {
                write!(f, "trading is running again for {scope} ({reason})")
            }
            Self::TradingSet { scope, state, reason } => write!(
                f,
                "trading is {state} for {scope} ({reason}); only a command resumes: `tradewind \
                 resume`"
            ),
            Self::Flattened { left } if left.is_empty() => f.write_str("all positions are closed"),
            Self::Flattened { left } => {
                f.write_str("positions are closed as far as they can be; left are")?;
                for one in left {
                    let Remainder { strategy, instrument, base, reason } = one;
                    write!(f, " {} of {instrument} by {strategy} ({reason})", base.normalize())?;
                }
                Ok(())
            }
            Self::LossLimit { scope, most, lost } => write!(
                f,
                "limits.max_loss is {} for {scope}, and {} is lost: orders may only reduce; look \
                 into it, raise the limit, then resume",
                most.normalize(),
                lost.normalize()
            ),
            Self::Unresolved { scope, limit, most, value } => write!(
                f,
                "limits.{limit} is {} for {scope}, and {} is in doubt: new orders are denied until \
                 it is less, cancels pass",
                most.normalize(),
                value.normalize()
            ),
            Self::StrategyLost { strategy, how, on_failure } => {
                let orders = match on_failure {
                    OnFailure::Cancel => "its orders are canceled",
                    OnFailure::Leave => "its orders are left where they rest",
                };
                write!(f, "strategy {strategy} is cut off ({how}); {orders}, the others go on")
            }
            Self::Paused { lasting } => write!(
                f,
                "this process did not run for {} s, so everything is asked anew",
                lasting.as_secs()
            ),
            Self::Unanswered { lasting } => write!(
                f,
                "the venue has answered nothing for {} s; it goes on being asked",
                lasting.as_secs()
            ),
            Self::Answering => f.write_str("the venue answers again"),
            Self::ReadFailed { what, reason } => write!(f, "{what} failed: {reason}; trying again"),
            Self::ListRepeats { what } => write!(
                f,
                "{what}: the venue repeats a page, and the rest of the list is not known; compare \
                 the account's orders and trades with the books"
            ),
        }
    }
}
