//! What the engine wants done.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tradewind_model::attempt::AttemptEvent;
use tradewind_model::call::Call;
use tradewind_model::id::{AccountId, ClientOrderId, EgressId, StrategyId, Symbol, VenueId};
use tradewind_model::notice::Notice;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Permit, ShutRecord};

use crate::beginning::Catalog;
use crate::incident::Incident;
use crate::inquiry::Answer;
use crate::journal::Append;
use crate::operator::TradingRefused;

/// Where a call goes: which exchange, in whose name, from which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Route {
    /// The exchange.
    pub venue: VenueId,
    /// The login.
    pub account: AccountId,
    /// The address we leave by.
    pub egress: EgressId,
}

/// The moment a call is to be signed at, and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The venue's clock now.
    pub venue_now: Timestamp,
    /// How late the venue may still accept it.
    pub recv_window: Duration,
    /// When to give up waiting and close the connection.
    pub give_up_at: Timestamp,
}

/// Something to be done, in the order given.
#[derive(Debug)]
pub enum Action {
    /// Send a request and come back with what became of it.
    Send {
        /// Where to.
        route: Route,
        /// The request.
        call: Call,
        /// Leave to send it, and its number.
        permit: Permit,
        /// When to sign it at, and how long to wait.
        timing: Timing,
    },
    /// Open a socket and come back with what became of the handshake.
    Open {
        /// Where to.
        route: Route,
        /// Which stream.
        kind: StreamKind,
        /// The number of this socket of it.
        generation: u32,
        /// The handshake.
        call: Call,
        /// Leave to send it, and its number.
        permit: Permit,
        /// When to sign it at, and how long to wait.
        timing: Timing,
    },
    /// Send a control message on an open socket; its answer comes on that socket.
    Write {
        /// Which stream.
        kind: StreamKind,
        /// Which socket of it; too late if it is gone.
        generation: u32,
        /// The message.
        call: Call,
        /// Leave to send it, and its number.
        permit: Permit,
        /// When to sign it at, and how long to wait.
        timing: Timing,
    },
    /// Close a socket.
    Close {
        /// Which stream.
        kind: StreamKind,
        /// Which socket of it.
        generation: u32,
    },
    /// Tell a strategy.
    Notify {
        /// Which one.
        strategy: StrategyId,
        /// What.
        notice: Notice,
    },
    /// Tell whoever inquired.
    Answer {
        /// Their number for it.
        inquiry: u64,
        /// What they are told.
        answer: Answer,
    },
    /// Keep what is shut for later lives and for processes beside this one: this is all of it. It
    /// comes before any call that leaves after the change.
    KeepShut(Vec<ShutRecord>),
    /// Find out whether anybody has read these instruments lately, and come back with
    /// `Event::CatalogSought`: with what was found, or with none once it is this process's turn to
    /// ask the venue.
    SeekCatalog {
        /// All of these, or none.
        symbols: Vec<Symbol>,
        /// What was read before is too old.
        not_before: Timestamp,
    },
    /// Keep what the venue has told.
    KeepCatalog(Box<Catalog>),
    /// Write these records down and come back with `Event::Journal`. What comes later may rest on
    /// them only once the answer says that they are durable; until then the engine holds it back.
    Append(Append),
    /// The journal's storage has failed a while ago: try it again, and come back with
    /// `Event::Journal`.
    RetryJournal,
    /// Tell whoever commanded how much trading is allowed. Without an error it is durable by now.
    TradingSet {
        /// What they call the command.
        command: u64,
        /// Why it was not carried out.
        result: Result<(), TradingRefused>,
    },
    /// A decision about routes is as safe as it can be: see `Event::Route`.
    Routed {
        /// What whoever decided calls it.
        number: u64,
    },
    /// Log an attempt, whatever became of it.
    Attempt(Box<AttemptEvent>),
    /// Tell the operator.
    Tell(Incident),
    /// Trading has ended, as was asked: no order of ours is open, or it is listed.
    Drained {
        /// Orders whose end is not known.
        unresolved: Vec<ClientOrderId>,
    },
    /// The engine cannot go on.
    Fail(Failure),
}

/// Why the engine cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// An instrument that the venue does not list.
    #[error("{venue} lists no {names}; check the spelling, as in BTC-USDT ({message})")]
    UnknownInstrument {
        /// The venue.
        venue: VenueId,
        /// What was asked for.
        names: String,
        /// The venue's words.
        message: String,
    },
    /// The key is not accepted.
    #[error(
        "{venue} does not accept the key of account {account} ({message}); check key, secret, its rights and the addresses it is bound to"
    )]
    Auth {
        /// The venue.
        venue: VenueId,
        /// The account.
        account: AccountId,
        /// The venue's words.
        message: String,
    },
    /// The venue cannot be reached, or gives no answer that can be used.
    #[error("{venue} gives no usable answer to {what}: {message}")]
    Unreachable {
        /// The venue.
        venue: VenueId,
        /// What was asked.
        what: String,
        /// What came back.
        message: String,
    },
    /// The venue has forgotten everything that earlier lives know of it.
    #[error(
        "{venue} was reset, and the journal is of the time before: `tradewind orders forget --all-of-venue --config FILE` sets it aside and begins another; nothing was traded"
    )]
    VenueReset {
        /// The venue.
        venue: VenueId,
    },
}
