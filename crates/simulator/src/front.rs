//! What stands in front of an exchange whatever its wire: sockets, the script of what goes wrong,
//! and the notes for checkers.
//!
//! A `Front` knows who is connected and what waits for whom, holds back what is late, and writes
//! down what arrived. It understands no message: a wire builds its venue around one and says what
//! the bytes mean. What goes wrong is written once here, so that the same script makes the same
//! bad day at every venue.

mod ailment;
mod doors;
mod fault;
mod ledger;
mod outbox;
mod seed;
mod sockets;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use http::{HeaderMap, header};

pub use self::ailment::Ailment;
pub use self::fault::{Canned, Delivery, Fault, Pattern, Rule, RuleId};
pub use self::ledger::{AccountLedger, Arrival, Door, VenueLedger};
pub use self::sockets::{Frame, SessionId};

pub(crate) use self::doors::{Doors, ask, connect};
pub(crate) use self::fault::{Late, Overdue, Script};
pub(crate) use self::ledger::{Notes, accounts};
pub(crate) use self::outbox::Outbox;
pub(crate) use self::seed::{Dice, mix};
pub(crate) use self::sockets::Socket;

/// How much a front keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Frames waiting for one connection before it is closed for being slow.
    pub(crate) backlog_max: usize,
    /// Requests whose arrival is remembered.
    pub(crate) arrivals_max: usize,
}

/// See the module's page. `S` is what a wire knows of a connection.
#[derive(Debug)]
pub(crate) struct Front<S> {
    pub(crate) sockets: BTreeMap<SessionId, Socket<S>>,
    /// Who listens to what, by its name.
    pub(crate) listeners: BTreeMap<String, BTreeSet<SessionId>>,
    frames: VecDeque<(SessionId, Frame)>,
    pub(crate) script: Script,
    pub(crate) late: Late,
    pub(crate) notes: Notes,
    pub(crate) dice: Dice,
    next_session: u64,
    /// A `User-Agent` whose traffic the ledger tells apart.
    other_agent: Option<String>,
    bounds: Bounds,
}

impl<S> Front<S> {
    /// A front with nobody connected.
    pub(crate) fn new(seed: u64, bounds: Bounds) -> Self {
        Self {
            sockets: BTreeMap::new(),
            listeners: BTreeMap::new(),
            frames: VecDeque::new(),
            script: Script::new(seed),
            late: Late::default(),
            notes: Notes::default(),
            dice: Dice::new(seed),
            next_session: 0,
            other_agent: None,
            bounds,
        }
    }

    /// The next frame for a client, oldest first.
    pub(crate) fn poll_frame(&mut self) -> Option<(SessionId, Frame)> {
        let (id, frame) = self.frames.pop_front()?;
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.backlog = socket.backlog.saturating_sub(1);
        }
        Some((id, frame))
    }

    /// Notes something that came from a client.
    pub(crate) fn arrived(&mut self, arrival: Arrival) {
        self.notes.arrived(self.bounds.arrivals_max, arrival);
    }

    /// Has the ledger tell one `User-Agent` apart.
    pub(crate) fn tell_apart(&mut self, agent: &str) {
        self.other_agent = Some(agent.to_owned());
    }

    /// Whether it is the agent whom the ledger tells apart.
    pub(crate) fn is_other(&self, headers: &HeaderMap) -> bool {
        self.other_agent.as_ref().is_some_and(|agent| {
            headers
                .get(header::USER_AGENT)
                .is_some_and(|given| given.as_bytes() == agent.as_bytes())
        })
    }

    /// What the script makes of a message of a client's.
    pub(crate) fn strike_message(&mut self, id: SessionId, what: &str) -> Option<Fault> {
        if self.script.is_empty() {
            return None;
        }
        let socket = self.sockets.get(&id)?;
        self.script.strike(Door::Socket(socket.service), what, socket.peer)
    }

    /// What the script makes of something the venue sends by itself.
    pub(crate) fn strike_push(&mut self, id: SessionId, name: &str) -> Option<Fault> {
        if self.script.is_empty() {
            return None;
        }
        let socket = self.sockets.get(&id)?;
        let door = Door::Socket(socket.service);
        self.script.strike(door, &format!("push {name}"), socket.peer)
    }
}
