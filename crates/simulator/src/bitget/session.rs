//! Connections: how they open, stay alive and end.
//!
//! A client says `ping`, in a text of its own, and hears `pong`; the pings of the protocol itself
//! are answered and keep nothing alive. Who has not said it for two minutes is dropped, and
//! everybody is after a day (WebSocket page, read 2026-11).

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use tradewind_model::Timestamp;

use super::channel::Channel;
use super::refusal::Refusal;
use super::rest::refused;
use super::{Bitget, Delivery, Door, Frame, SessionId};
use crate::exchange::AccountId;
use crate::front::{self, Socket};
use crate::limits::Service;

const SECOND: Duration = Duration::from_secs(1);

/// What this wire knows of a connection.
#[derive(Debug)]
pub(crate) struct Session {
    /// Whose it is, once it has logged in.
    pub(super) account: Option<AccountId>,
    /// What it hears of, by the channel's name: as it was asked for.
    pub(super) channels: BTreeMap<String, (Channel, Value)>,
    /// When it last said `ping`, or began.
    pinged_at: Timestamp,
    /// Messages within the last second.
    recent: VecDeque<Timestamp>,
    /// Subscriptions within the last hour, and their ends.
    pub(super) subscribes: VecDeque<Timestamp>,
}

impl Bitget {
    /// Judges a handshake as [`Self::open`] does, or does with it what the script says.
    pub fn connect(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        service: Service,
        path_and_query: &str,
    ) -> Delivery<Result<SessionId, Response<Bytes>>> {
        front::connect(self, now, peer, service, path_and_query)
    }

    /// Judges a handshake from `peer`: `/v2/ws/private` for [`Service::PRIVATE`], `/v2/ws/public`
    /// for [`Service::PUBLIC`].
    ///
    /// # Errors
    /// The HTTP answer to refuse it with: 429 or 403 by the limits, 404 by the path.
    #[expect(clippy::result_large_err, reason = "a refusal is an HTTP answer, and rare")]
    pub fn open(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        service: Service,
        path_and_query: &str,
    ) -> Result<SessionId, Response<Bytes>> {
        self.advance(now);
        let path = path_and_query.split('?').next().unwrap_or_default();
        let wanted = match service {
            Service::PRIVATE => "/v2/ws/private",
            Service::PUBLIC => "/v2/ws/public",
        };
        let open = self.front.sockets.values().filter(|socket| socket.peer == peer).count();
        let admitted = self.desk.limits.connect(now, peer, open).map_err(Refusal::limited);
        let admitted = admitted.and_then(|()| match path.trim_end_matches('/') == wanted {
            true => Ok(()),
            false => Err(Refusal::not_found()),
        });
        let door = Door::Socket(service);
        if let Err(refusal) = admitted {
            self.front.notes.connections_refused += 1;
            self.arrived(now, peer, door, "handshake", refusal.status);
            return Err(refused(now, &refusal));
        }
        self.arrived(now, peer, door, "handshake", 101);
        self.front.notes.connections_accepted += 1;
        let session = Session {
            account: None,
            channels: BTreeMap::new(),
            pinged_at: now,
            recent: VecDeque::new(),
            subscribes: VecDeque::new(),
        };
        Ok(self.front.add_socket(now, peer, service, session))
    }

    /// Takes a message from a client. Sessions that are gone are ignored.
    pub fn receive(&mut self, now: Timestamp, id: SessionId, frame: Frame) {
        self.advance(now);
        match frame {
            Frame::Text(text) => {
                if self.count_message(now, id) {
                    self.hear(now, id, &text);
                }
            }
            Frame::Ping(payload) => self.front.send(id, Frame::Pong(payload)),
            Frame::Pong(_) => {}
            Frame::Close { code, reason } => self.front.close(id, code, &reason),
        }
    }

    /// A connection is gone without a word.
    pub fn closed(&mut self, now: Timestamp, id: SessionId) {
        self.advance(now);
        self.front.forget(id);
    }

    /// Closes every connection of a service.
    pub fn close_all(&mut self, service: Service) {
        self.front.close_all(service);
    }

    /// Closes the connection of a service that has stood longest, as a release does to some.
    pub fn close_oldest(&mut self, service: Service) {
        self.front.close_oldest(service);
    }

    /// Counts a message against the last second. Returns whether the session is still open.
    fn count_message(&mut self, now: Timestamp, id: SessionId) -> bool {
        let max = self.desk.config.sockets.messages_per_second;
        let Some(socket) = self.front.sockets.get_mut(&id) else {
            return false;
        };
        let (peer, service, recent) = (socket.peer, socket.service, &mut socket.own.recent);
        while recent.pop_front_if(|at| now.since(*at) >= SECOND).is_some() {}
        recent.push_back(now);
        if recent.len() <= max {
            return true;
        }
        self.desk.limits.stream_violation(now, peer);
        self.arrived(now, peer, Door::Socket(service), "message", 1008);
        self.close_for_policy(id, 30_006, "request too many");
        false
    }

    /// Says what rule was broken, and closes.
    pub(super) fn close_for_policy(&mut self, id: SessionId, code: i32, why: &str) {
        self.front.notes.policy_closes += 1;
        let text = super::control::error(None, code, why, None);
        self.front.send_text(id, text);
        self.front.close(id, 1008, why);
    }

    /// A client has said `ping`.
    pub(super) fn pinged(&mut self, now: Timestamp, id: SessionId) {
        if let Some(socket) = self.front.sockets.get_mut(&id) {
            socket.own.pinged_at = now;
        }
    }

    /// Closes who has said no `ping` for too long, or has stayed too long.
    pub(super) fn beat(&mut self, now: Timestamp) {
        let config = self.desk.config.sockets;
        let ping_by = |socket: &Socket<Session>| socket.own.pinged_at + config.ping_within;
        for id in self.front.ids(|socket| now >= socket.opened_at + config.lifetime) {
            self.front.close(id, 1001, "Connection lifetime is over");
        }
        for id in self.front.ids(|socket| now > ping_by(socket)) {
            self.front.close(id, 1008, "no ping");
        }
    }

    /// When [`Self::beat`] next has something to do.
    pub(super) fn next_beat(&self) -> Option<Timestamp> {
        let config = self.desk.config.sockets;
        let beats = self.front.sockets.values().map(|socket| {
            let silent = socket.own.pinged_at + config.ping_within + Duration::from_nanos(1);
            silent.min(socket.opened_at + config.lifetime)
        });
        beats.min()
    }
}
