//! Connections that stand and say nothing new.
//!
//! What clients of a venue have met and no message ever tells: a socket that is pinged and answered
//! and on which no event comes any more, and one on which the same event comes again and again.
//! Both end with the connection: the next one is sound. Answers to requests still come, so that
//! whoever asks on such a socket is none the wiser.

use std::time::Duration;

use tradewind_model::Timestamp;

use super::{Frame, Front, SessionId};
use crate::limits::Service;

/// What is wrong with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// Events are left out; pings and answers come.
    Mute,
    /// In place of events the last one comes, again and again, this far apart; pings and answers
    /// come.
    Repeating(Duration),
    /// The same, but nothing else comes: neither pings nor answers.
    Stuck(Duration),
}

/// The ailment of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Illness {
    ailment: Ailment,
    next_repeat: Timestamp,
}

impl Illness {
    const fn wakeup(&self) -> Option<Timestamp> {
        match self.ailment {
            Ailment::Mute => None,
            Ailment::Repeating(_) | Ailment::Stuck(_) => Some(self.next_repeat),
        }
    }

    /// Whether pings and answers are left out too.
    pub(super) const fn is_stuck(&self) -> bool {
        matches!(self.ailment, Ailment::Stuck(_))
    }
}

impl<S> Front<S> {
    /// From now on something is wrong with every connection of a service that stands.
    pub(crate) fn ail(&mut self, now: Timestamp, service: Service, ailment: Ailment) {
        let every = match ailment {
            Ailment::Mute => Duration::ZERO,
            Ailment::Repeating(every) | Ailment::Stuck(every) => {
                every.max(Duration::from_millis(1))
            }
        };
        let illness = Illness { ailment, next_repeat: now + every };
        for socket in self.sockets.values_mut().filter(|socket| socket.service == service) {
            socket.illness = Some(illness);
        }
    }

    /// Sends a text of somebody else's making on every connection of a service.
    pub(crate) fn say(&mut self, service: Service, text: &str) {
        for id in self.ids(|socket| socket.service == service) {
            self.send_text(id, text.to_owned());
        }
    }

    /// When [`Self::repeat`] next has something to do.
    pub(crate) fn next_repeat(&self) -> Option<Timestamp> {
        let illnesses = self.sockets.values().filter_map(|socket| socket.illness);
        illnesses.filter_map(|illness| illness.wakeup()).min()
    }

    /// Sends again what was sent last where that is all that comes.
    pub(crate) fn repeat(&mut self, now: Timestamp) {
        let is_due = |illness: &Illness| illness.wakeup().is_some_and(|at| at <= now);
        let due: Vec<SessionId> =
            self.ids(|socket| socket.illness.is_some_and(|illness| is_due(&illness)));
        for id in due {
            let Some(socket) = self.sockets.get_mut(&id) else { continue };
            let Some(illness) = socket.illness.as_mut() else { continue };
            if let Ailment::Repeating(every) | Ailment::Stuck(every) = illness.ailment {
                illness.next_repeat = now + every.max(Duration::from_millis(1));
            }
            if let Some(text) = socket.last_push.clone() {
                self.queue(id, Frame::Text(text));
            }
        }
    }
}
