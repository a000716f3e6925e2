//! Signs of life that a venue wants on each of its sockets.
//!
//! They are calls like any other: they wait for leave, are charged, and have an answer. A socket
//! that does not give it is dead, whatever else it carries. One that may not be sent, since the
//! address is shut, proves nothing; the venue will hang up if it minds.

use tradewind_model::call::Call;
use tradewind_model::outcome::Fate;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::Loss;
use crate::engine::calls::Owner;
use crate::engine::{Engine, Timer};

impl Engine {
    /// A socket stands: it gives its first sign of life after a while, if the venue wants any.
    pub(super) fn plan_ping(&mut self, now: Timestamp, kind: StreamKind, generation: u32) {
        if let Some(every) = self.config.manners.ping_every {
            self.timers.set(Timer::Ping(kind, generation), now + every);
        }
    }

    pub(in crate::engine) fn ping_stream(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
    ) {
        let owner = Owner::Ping(kind, generation);
        if self.stream(kind).is_current(generation) && !self.calls.is_waited_for(&owner) {
            self.request(now, Call::PingStream { kind }, owner, Priority::Query);
        }
    }

    pub(in crate::engine) fn ponged(&mut self, now: Timestamp, kind: StreamKind, generation: u32) {
        self.plan_ping(now, kind, generation);
    }

    /// A sign of life was not answered, or never left when `fate` is none.
    pub(in crate::engine) fn ping_failed(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
        fate: Option<&Fate>,
    ) {
        match fate {
            Some(fate) => {
                let loss = Loss::of(Some(fate), "no answer to a ping".to_owned());
                self.stream_lost(now, kind, generation, loss);
            }
            None => self.plan_ping(now, kind, generation),
        }
    }
}
