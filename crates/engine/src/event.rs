//! What the engine is told.

use tradewind_model::call::Call;
use tradewind_model::id::{CallId, ClientOrderId, StrategyId};
use tradewind_model::notice::Command;
use tradewind_model::outcome::Outcome;
use tradewind_model::report::OrderName;
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::ShutRecord;

use crate::beginning::Catalog;
use crate::inquiry::Terms;
use crate::journal::{self, Routed, Trading};
use crate::operator::StrategyFailure;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A strategy wants something.
    Command {
        /// Which one.
        strategy: StrategyId,
        /// What.
        command: Command,
    },
    /// A call has come to its end. For the handshake of a stream, `Done` means that the socket
    /// stands.
    Replied {
        /// Which call.
        call: CallId,
        /// What became of it.
        outcome: Outcome,
    },
    /// Something on a stream.
    Stream {
        /// Which one.
        kind: StreamKind,
        /// Which socket of it: news of an earlier one is too late.
        generation: u32,
        /// What.
        event: SocketEvent,
    },
    /// A strategy has failed: nothing that it asks for is done any more and nothing waits for it;
    /// its orders follow its policy.
    StrategyLost {
        /// Which one.
        strategy: StrategyId,
        /// How.
        how: StrategyFailure,
    },
    /// An operator changes how much trading is allowed.
    Trading {
        /// What whoever asked calls it, to be answered by `Action::TradingSet`; with none, nobody
        /// waits for an answer.
        command: Option<u64>,
        /// What is allowed, of what, and why.
        trading: Trading,
    },
    /// Somebody outside wants to know something. The answer comes as `Action::Answer`, by the
    /// deadline in the terms.
    Inquire {
        /// Their number for it, never used before.
        inquiry: u64,
        /// What; only calls that read are made.
        call: Call,
        /// On what terms.
        terms: Terms,
    },
    /// The wall's clock has moved against the one that `now` is read from, by more than drift
    /// explains: mostly because the machine slept while that one stood still.
    ClockJumped {
        /// By how many nanoseconds; negative when the wall's clock went back.
        nanos: i64,
    },
    /// Another process, which shares an address or the account with this one, was told to leave
    /// something alone.
    ShutElsewhere(Vec<ShutRecord>),
    /// What `Action::SeekCatalog` has come to: what somebody has read, or none when this process
    /// is to ask the venue itself.
    CatalogSought(Option<Box<Catalog>>),
    /// What became of an `Action::Append`, or of the journal.
    Journal(journal::Answer),
    /// A person has seen to the account's key: one signed read may try it.
    ClearAccount,
    /// Another engine serves the same strategies by now: this one may take as long as it needs to
    /// begin, where alone it would fail at its timeout. What is refused for good fails all the same.
    StartPatiently,
    /// An operator wants another socket for a stream. It is the same as a planned change: the new
    /// one is up before the old one goes, and one that is on its way already is the one.
    Reconnect {
        /// For which one.
        kind: StreamKind,
    },
    /// A decision about routes is to be written down. `Action::Routed` says when it is durable; with
    /// no journal, or one that fails, at once: whoever decides is not kept from carrying on.
    Route {
        /// What whoever decides calls it.
        number: u64,
        /// The decision, or what is not decided any more.
        entry: Routing,
    },
    /// An order is to be taken back if it has not left; it ends as `Denied::Recalled` then. One that
    /// has left goes on as if nobody had asked.
    Recall {
        /// Its name.
        client_order_id: ClientOrderId,
    },
    /// What rests at the venue and what has traded is to be asked for, as after a gap in the
    /// account's events. Until it is known the engine is stale.
    Resync,
    /// Trading is to end: new orders are refused, own orders canceled.
    Stop {
        /// By when to give up waiting.
        deadline: Timestamp,
    },
}

/// A decision about routes, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routing {
    /// It holds from now on.
    Made(Box<Routed>),
    /// What was decided about this subject holds no more.
    Over {
        /// See [`Routed::subject`].
        subject: String,
    },
}

/// Something on a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// A message was decoded.
    Message(Box<StreamEvent>),
    /// A sign of life that says nothing: a ping.
    Heard,
    /// A message that could not be read.
    Unreadable {
        /// What is wrong with it, without its secrets.
        problem: String,
        /// The order that it is about, where that much could be read.
        order: Option<Box<OrderName>>,
    },
    /// The socket is gone.
    Lost(String),
}
