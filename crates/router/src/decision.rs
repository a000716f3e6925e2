//! What was decided, and why: fit to be written down, and to be told.
//!
//! A decision is handed out before anything that follows from it. Whoever keeps them in order can
//! make a router that stands where this one stood; see [`crate::Router::remember`].

use std::fmt;

use serde::{Deserialize, Serialize};
use tradewind_engine::Route;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId};
use tradewind_model::order::Denied;
use tradewind_model::outcome::RefusalKind;
use tradewind_scheduler::{ScopeKey, ShutReason};

use crate::way::ToEndpoint;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: DecisionKind,
    /// From which route; none where there was none before.
    pub from: Option<Route>,
    /// To which route; none where there is none.
    pub to: Option<Route>,
    /// Why.
    pub reason: Reason,
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// The route that is home to a strategy on an instrument.
    Assigned(Holding),
    /// Another home, while there was nothing to leave behind.
    Reassigned(Holding),
    /// New intents go elsewhere.
    FailedOver(Holding),
    /// They go home again.
    FailedBack(Holding),
    /// They can go nowhere for now.
    Stranded(Holding),
    /// A wish that was provably not placed goes elsewhere, under its own name.
    Moved(ClientOrderId),
    /// An order that rests where it cannot be reached is placed once more elsewhere.
    Mirrored {
        /// The order.
        original: ClientOrderId,
        /// The one that was placed for it.
        mirror: ClientOrderId,
    },
    /// It is not.
    NotMirrored(ClientOrderId),
    /// Of an order and its mirror one is not needed any more, and is canceled.
    MirrorEnded {
        /// The order.
        original: ClientOrderId,
        /// The one that was placed for it.
        mirror: ClientOrderId,
        /// Which of them is canceled; none when it was over already.
        canceled: Option<ClientOrderId>,
    },
    /// A route is open again; what rests there is asked about before anything else.
    Reopening,
    /// What rests there is known.
    Reopened,
    /// An order that rested there while it was shut is canceled first.
    CanceledFirst(ClientOrderId),
    /// An order is where it was ruled out; what is left of it is canceled.
    TurnedUp(ClientOrderId),
    /// Calls go to another base URL.
    Endpoint(ToEndpoint),
}

/// What has a route: a strategy on an instrument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holding {
    /// The strategy.
    pub strategy: StrategyId,
    /// The instrument.
    pub instrument: InstrumentId,
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.instrument, self.strategy)
    }
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It has the most capital that is not in use.
    #[error("it has the most capital to spare")]
    Capital,
    /// The venue has shut something.
    #[error("{scope} is shut ({why}){}", until_text(*until))]
    Shut {
        /// What.
        scope: ScopeKey,
        /// Why.
        why: ShutReason,
        /// Until when, at the earliest.
        until: Option<Timestamp>,
    },
    /// The account lives behind something shut by another route.
    #[error("{scope} is shut, and the account lives behind it too, by {}", .route.egress)]
    Behind {
        /// What.
        scope: ScopeKey,
        /// Which other route.
        route: Route,
    },
    /// Calls keep failing.
    #[error("{group:?} calls keep failing ({outage})")]
    Breaker {
        /// Which calls.
        group: EndpointGroup,
        /// How: `transport`, `timeout`, `server`, `overload`.
        outage: String,
    },
    /// What it tells is not up to date.
    #[error("stale: {0}")]
    Stale(String),
    /// What rests there is not known yet.
    #[error("it has just opened, and what rests there is asked about first")]
    Reconciling,
    /// It has been healthy for long enough.
    #[error("healthy since {0}")]
    Healthy(Timestamp),
    /// There has been a move already.
    #[error("there was a move at {at}; the next may come at {next}")]
    TooSoon {
        /// When.
        at: Timestamp,
        /// When there may be another.
        next: Timestamp,
    },
    /// No other route can take it.
    #[error("no other route can be used")]
    Nowhere,
    /// It was never sent.
    #[error("never sent: {0}")]
    NeverSent(Denied),
    /// It was called back before it left.
    #[error("called back before it was sent")]
    Recalled,
    /// The venue has refused it.
    #[error("refused by the venue ({0:?})")]
    Refused(RefusalKind),
    /// It does not fit there.
    #[error("it does not fit there: {0}")]
    Unfit(Denied),
    /// What all orders may come to would be more than is allowed.
    #[error("exposure would be more than allowed: {0}")]
    Exposure(Denied),
    /// A bad connection.
    #[error("{0} transport faults")]
    Faults(u32),
    /// By the configured policy.
    #[error("by policy, once it is open")]
    Policy,
    /// The other one of an order and its mirror has traded, or is over.
    #[error("the other one has traded or is over")]
    OtherOver,
    /// It is where it should not be.
    #[error("reported where it was ruled out")]
    Reported,
}

fn until_text(until: Option<Timestamp>) -> String {
    until.map_or_else(String::new, |until| format!(" until {until}"))
}

impl fmt::Display for Decision {
    /// What was decided and why, in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |route: &Option<Route>| match route {
            Some(route) => format!("{}/{}/{}", route.venue, route.account, route.egress),
            None => "nowhere".to_owned(),
        };
        let (from, to) = (name(&self.from), name(&self.to));
        match &self.kind {
            DecisionKind::Assigned(holding) => write!(f, "home of {holding} is {to}"),
            DecisionKind::Reassigned(holding) => write!(f, "home of {holding} is {to}, not {from}"),
            DecisionKind::FailedOver(holding) => write!(f, "{holding} fails over to {to}"),
            DecisionKind::FailedBack(holding) => write!(f, "{holding} fails back to {to}"),
            DecisionKind::Stranded(holding) => write!(f, "{holding} stays at {from}"),
            DecisionKind::Moved(id) => write!(f, "order {id} goes on to {to}"),
            DecisionKind::Mirrored { original, mirror } => {
                write!(f, "order {mirror} at {to} stands in for {original}")
            }
            DecisionKind::NotMirrored(id) => write!(f, "nothing stands in for order {id}"),
            DecisionKind::MirrorEnded { original, mirror, .. } => {
                write!(f, "order {mirror} stands in for {original} no more")
            }
            DecisionKind::Reopening => write!(f, "{to} is open, and asked what rests there"),
            DecisionKind::Reopened => write!(f, "what rests at {to} is known"),
            DecisionKind::CanceledFirst(id) => write!(f, "order {id} at {from} is canceled first"),
            DecisionKind::TurnedUp(id) => {
                write!(f, "order {id} is at {to} after all, and canceled")
            }
            DecisionKind::Endpoint(way) => write!(f, "calls to {from} go by {}", way.to()),
        }?;
        write!(f, ": {}", self.reason)
    }
}
