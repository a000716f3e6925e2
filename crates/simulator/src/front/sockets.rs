//! Connections: who they are, what waits for them, and how they end.

use std::net::IpAddr;

use bytes::Bytes;
use tradewind_model::Timestamp;

use super::Front;
use super::ailment::Illness;
use super::fault::{Fault, Overdue};
use crate::limits::Service;

/// One connection, for as long as it lasts; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// One WebSocket message, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// JSON, or a word.
    Text(String),
    /// Asks for a pong with the same payload.
    Ping(Bytes),
    /// Answers a ping.
    Pong(Bytes),
    /// The end of the connection.
    Close {
        /// WebSocket close code; 1008 for a broken rule, 1006 for a connection that ends without
        /// a close.
        code: u16,
        /// Why.
        reason: String,
    },
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Socket<S> {
    pub(crate) peer: IpAddr,
    pub(crate) service: Service,
    pub(crate) opened_at: Timestamp,
    /// Frames waiting to be polled.
    pub(super) backlog: usize,
    /// What is wrong with it.
    pub(crate) illness: Option<Illness>,
    /// The event that was sent last.
    pub(crate) last_push: Option<String>,
    /// What only its wire knows of it.
    pub(crate) own: S,
}

impl<S> Front<S> {
    /// Takes in a connection.
    pub(crate) fn add_socket(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        service: Service,
        own: S,
    ) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        let opened_at = now;
        let (illness, last_push) = (None, None);
        self.sockets
            .insert(id, Socket { peer, service, opened_at, backlog: 0, illness, last_push, own });
        id
    }

    /// Sends an event, unless something is wrong with the connection, or does with it what a fault
    /// says.
    pub(crate) fn push(
        &mut self,
        now: Timestamp,
        id: SessionId,
        text: String,
        fault: Option<Fault>,
    ) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if socket.illness.is_none() {
            socket.last_push = Some(text.clone());
            self.send_struck(now, id, text, fault);
        }
    }

    /// Sends a text, or does with it what a fault says.
    pub(crate) fn send_struck(
        &mut self,
        now: Timestamp,
        id: SessionId,
        mut text: String,
        fault: Option<Fault>,
    ) {
        match fault {
            None | Some(Fault::Answered(_) | Fault::Misreported(_)) => self.send_text(id, text),
            Some(Fault::RequestLost | Fault::AnswerLost) => {}
            Some(Fault::RequestReset | Fault::AnswerReset) => self.reset(id),
            Some(Fault::RequestHeld(time) | Fault::AnswerHeld(time)) => {
                self.late.hold(now + time, id, Overdue::Frame(Frame::Text(text)));
            }
            Some(Fault::AnswerCut(length)) => {
                text.truncate(text.floor_char_boundary(length));
                self.send_text(id, text);
            }
            Some(Fault::AnswerRepeated(times)) => {
                for _ in 0..times {
                    self.send_text(id, text.clone());
                }
                self.send_text(id, text);
            }
        }
    }

    pub(crate) fn send_text(&mut self, id: SessionId, text: String) {
        self.send(id, Frame::Text(text));
    }

    /// Queues a frame; whoever does not read is closed rather than stored for.
    pub(crate) fn send(&mut self, id: SessionId, frame: Frame) {
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        if socket.illness.is_some_and(|illness| illness.is_stuck()) {
            return;
        }
        self.queue(id, frame);
    }

    /// Queues a frame past what is wrong with the connection.
    pub(super) fn queue(&mut self, id: SessionId, frame: Frame) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if socket.backlog >= self.bounds.backlog_max {
            self.close(id, 1008, "Slow consumer");
            return;
        }
        socket.backlog += 1;
        self.frames.push_back((id, frame));
    }

    /// The connection breaks, without a close.
    pub(crate) fn reset(&mut self, id: SessionId) {
        self.close(id, 1006, "connection reset");
    }

    pub(crate) fn close(&mut self, id: SessionId, code: u16, reason: &str) {
        if self.sockets.contains_key(&id) {
            self.frames.push_back((id, Frame::Close { code, reason: reason.to_owned() }));
            self.forget(id);
        }
    }

    /// The connection is gone.
    pub(crate) fn forget(&mut self, id: SessionId) {
        self.sockets.remove(&id);
        self.listeners.retain(|_, ids| {
            ids.remove(&id);
            !ids.is_empty()
        });
    }

    /// Closes every connection of a service.
    pub(crate) fn close_all(&mut self, service: Service) {
        for id in self.ids(|socket| socket.service == service) {
            self.close(id, 1001, "Server is shutting down");
        }
    }

    /// Closes the connection of a service that has stood longest.
    pub(crate) fn close_oldest(&mut self, service: Service) {
        if let Some(id) = self.ids(|socket| socket.service == service).first() {
            self.close(*id, 1001, "Server is shutting down");
        }
    }

    /// Has a connection hear of something, or no longer.
    pub(crate) fn listen(&mut self, id: SessionId, name: &str, is_on: bool) {
        let ids = self.listeners.entry(name.to_owned()).or_default();
        if is_on {
            ids.insert(id);
        } else {
            ids.remove(&id);
        }
        if ids.is_empty() {
            self.listeners.remove(name);
        }
    }

    pub(crate) fn ids(&self, is_meant: impl Fn(&Socket<S>) -> bool) -> Vec<SessionId> {
        let meant = self.sockets.iter().filter(|(_, socket)| is_meant(socket));
        meant.map(|(id, _)| *id).collect()
    }
}
