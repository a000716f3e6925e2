//! Connections: how they open, stay alive and end.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use bytes::Bytes;
use http::{Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;
use tradewind_model::Timestamp;

use super::Binance;
use super::ailment::Illness;
use super::body::TimeUnit;
use super::fault::{Delivery, Fault, Overdue};
use super::heartbeat::{Beat, Heartbeat};
use super::ledger::Door;
use super::refusal::Refusal;
use super::reports;
use super::rest::refused;
use super::user_data::Subscription;
use crate::limits::Service;

/// Weight of a handshake with the WebSocket API.
const CONNECT_WEIGHT: u32 = 2;

/// One connection, for as long as it lasts; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// One WebSocket message, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// JSON.
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

/// What a connection is, apart from its service.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) peer: IpAddr,
    pub(crate) unit: TimeUnit,
    pub(crate) opened_at: Timestamp,
    pub(crate) heartbeat: Heartbeat,
    /// Frames waiting to be polled.
    pub(crate) backlog: usize,
    /// What is wrong with it.
    pub(crate) illness: Option<Illness>,
    /// The event that was sent last.
    pub(crate) last_push: Option<String>,
    pub(crate) kind: Kind,
}

/// What only one of the services has.
#[derive(Debug)]
pub(crate) enum Kind {
    WsApi(WsApi),
    Streams(Streams),
}

/// The state of a WebSocket API connection.
#[derive(Debug)]
pub(crate) struct WsApi {
    pub(crate) return_rate_limits: bool,
    /// The key that has logged on, by index, and when.
    pub(crate) logon: Option<(usize, Timestamp)>,
    pub(crate) subscriptions: BTreeMap<u32, Subscription>,
    pub(crate) next_subscription: u32,
}

/// The state of a market stream connection.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) combined: bool,
    /// Subscribed names, in order of subscription.
    pub(crate) names: Vec<String>,
    /// Arrivals within the last second.
    pub(crate) recent: VecDeque<Timestamp>,
}

impl Session {
    pub(crate) const fn service(&self) -> Service {
        match self.kind {
            Kind::WsApi(_) => Service::WsApi,
            Kind::Streams(_) => Service::Streams,
        }
    }
}

impl Binance {
    /// Judges a handshake as [`Self::open`] does, or does with it what the script says.
    pub fn connect(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        service: Service,
        path_and_query: &str,
    ) -> Delivery<Result<SessionId, Response<Bytes>>> {
        let door = Door::Socket(service);
        let fault = self.script.strike(door, "handshake", peer);
        match fault {
            None | Some(Fault::AnswerCut(_) | Fault::AnswerRepeated(_)) => {
                Delivery::at_once(self.open(now, peer, service, path_and_query))
            }
            Some(Fault::AnswerHeld(after)) => {
                let answer = self.open(now, peer, service, path_and_query);
                Delivery::Answer { answer, after }
            }
            Some(Fault::RequestHeld(time)) => Delivery::Held(time),
            Some(Fault::RequestLost) => Delivery::Silence,
            Some(Fault::RequestReset) => Delivery::Reset,
            Some(Fault::Answered(canned)) => {
                self.advance(now);
                self.notes.connections_refused += 1;
                self.arrived(now, peer, door, "handshake", canned.status);
                Delivery::at_once(Err(canned.response()))
            }
            Some(fault @ (Fault::Misreported(_) | Fault::AnswerLost | Fault::AnswerReset)) => {
                // Nobody will ever speak on such a connection.
                if let Ok(id) = self.open(now, peer, service, path_and_query) {
                    self.forget(id);
                }
                match fault {
                    Fault::Misreported(canned) => Delivery::at_once(Err(canned.response())),
                    Fault::AnswerReset => Delivery::Reset,
                    Fault::AnswerLost
                    | Fault::RequestLost
                    | Fault::RequestReset
                    | Fault::RequestHeld(_)
                    | Fault::Answered(_)
                    | Fault::AnswerHeld(_)
                    | Fault::AnswerCut(_)
                    | Fault::AnswerRepeated(_) => Delivery::Silence,
                }
            }
        }
    }

    /// Judges a handshake from `peer` with a path like `/ws-api/v3` or `/stream?streams=a/b`.
    ///
    /// # Errors
    /// The HTTP answer to refuse it with: 429 or 418 by the limits, 404 or 400 by the path.
    #[expect(clippy::result_large_err, reason = "a refusal is an HTTP answer, and rare")]
    pub fn open(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        service: Service,
        path_and_query: &str,
    ) -> Result<SessionId, Response<Bytes>> {
        self.advance(now);
        let weight = if service == Service::WsApi { CONNECT_WEIGHT } else { 0 };
        let admitted = self.desk.limits.connect(now, peer, service, weight);
        let opened = admitted
            .map_err(|denied| refused(now, &Refusal::limited(denied), &self.desk.config.hints))
            .and_then(|()| self.read_target(service, path_and_query));
        let status = opened.as_ref().map_or_else(|refusal| refusal.status().as_u16(), |_| 101);
        let door = Door::Socket(service);
        self.arrived(now, peer, door, "handshake", status);
        let (unit, kind) = match opened {
            Ok(opened) => opened,
            Err(refusal) => {
                self.notes.connections_refused += 1;
                if status == 418 {
                    self.close_banned(peer);
                }
                return Err(refusal);
            }
        };
        self.notes.connections_accepted += 1;
        let id = SessionId(self.next_session);
        self.next_session += 1;
        if let Kind::Streams(streams) = &kind {
            for name in &streams.names {
                self.listeners.entry(name.clone()).or_default().insert(id);
            }
        }
        let heartbeat = Heartbeat::new(now, self.desk.config.heartbeat);
        let session = Session {
            peer,
            unit,
            opened_at: now,
            heartbeat,
            backlog: 0,
            illness: None,
            last_push: None,
            kind,
        };
        self.sessions.insert(id, session);
        Ok(id)
    }

    /// What a handshake's path asks for.
    #[expect(clippy::result_large_err, reason = "a refusal is an HTTP answer, and rare")]
    fn read_target(
        &self,
        service: Service,
        path_and_query: &str,
    ) -> Result<(TimeUnit, Kind), Response<Bytes>> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(known, _)| *known == name).map(|(_, value)| decode(value)).next_back()
        };
        let unit = match value("timeUnit") {
            None => TimeUnit::Millis,
            Some(text) => TimeUnit::parse(&text).ok_or_else(|| status(StatusCode::BAD_REQUEST))?,
        };
        let kind = match (service, path.trim_end_matches('/')) {
            (Service::WsApi, "/ws-api/v3") => Kind::WsApi(WsApi {
                return_rate_limits: value("returnRateLimits").as_deref() != Some("false"),
                logon: None,
                subscriptions: BTreeMap::new(),
                next_subscription: 0,
            }),
            (Service::Streams, "/ws") => Kind::Streams(Streams::new(false, "")),
            (Service::Streams, "/stream") => {
                Kind::Streams(Streams::new(true, &value("streams").unwrap_or_default()))
            }
            (Service::Streams, path) => match path.strip_prefix("/ws/") {
                Some(names) => Kind::Streams(Streams::new(false, &decode(names))),
                None => return Err(status(StatusCode::NOT_FOUND)),
            },
            (Service::WsApi, _) => return Err(status(StatusCode::NOT_FOUND)),
        };
        match &kind {
            Kind::Streams(streams)
                if streams.names.len() > self.desk.config.streams_per_connection =>
            {
                Err(status(StatusCode::BAD_REQUEST))
            }
            Kind::Streams(_) | Kind::WsApi(_) => Ok((unit, kind)),
        }
    }

    /// Takes a message from a client. Sessions that are gone are ignored.
    pub fn receive(&mut self, now: Timestamp, id: SessionId, frame: Frame) {
        self.advance(now);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let service = session.service();
        if service == Service::Streams && !self.count_message(now, id) {
            return;
        }
        match frame {
            Frame::Text(text) => match service {
                Service::WsApi => self.hear(now, id, &text),
                Service::Streams => self.hear_control(now, id, &text),
            },
            Frame::Ping(payload) => self.send(id, Frame::Pong(payload)),
            Frame::Pong(payload) => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.heartbeat.pong(&payload);
                }
            }
            Frame::Close { code, reason } => self.close(id, code, &reason),
        }
    }

    /// A connection is gone without a word.
    pub fn closed(&mut self, now: Timestamp, id: SessionId) {
        self.advance(now);
        self.forget(id);
    }

    /// Tells every connection of a service that the venue is about to close it; close them by
    /// [`Self::close_all`] when their time is up.
    pub fn announce_shutdown(&mut self, now: Timestamp, service: Service) {
        for id in self.ids(|session| session.service() == service) {
            let Some(session) = self.sessions.get(&id) else {
                continue;
            };
            let event = reports::shutdown(session.unit, now);
            let frame = match &session.kind {
                Kind::WsApi(_) => json!({"event": event}),
                Kind::Streams(streams) if streams.combined => {
                    json!({"stream": "!serverShutdown", "data": event})
                }
                Kind::Streams(_) => json!(event),
            };
            self.send_text(id, frame.to_string());
        }
    }

    /// Closes every connection of a service.
    pub fn close_all(&mut self, service: Service) {
        for id in self.ids(|session| session.service() == service) {
            self.close(id, 1001, "Server is shutting down");
        }
    }

    /// Closes the connection of a service that has stood longest, as a restart of one of its
    /// machines does.
    pub fn close_oldest(&mut self, service: Service) {
        if let Some(id) = self.ids(|session| session.service() == service).first() {
            self.close(*id, 1001, "Server is shutting down");
        }
    }

    /// Closes the WebSocket API sockets of a banned address, as the venue does.
    pub(super) fn close_banned(&mut self, peer: IpAddr) {
        let is_hit =
            |session: &Session| session.peer == peer && session.service() == Service::WsApi;
        for id in self.ids(is_hit) {
            self.close(id, 1008, "IP banned");
        }
    }

    /// Pings, and closes who does not answer or has stayed too long.
    pub(super) fn beat(&mut self, now: Timestamp) {
        for id in self.ids(|session| session.heartbeat.wakeup() <= now) {
            while let Some(beat) =
                self.sessions.get_mut(&id).and_then(|session| session.heartbeat.poll(now))
            {
                match beat {
                    Beat::Ping(payload) => self.send(id, Frame::Ping(payload)),
                    Beat::Lost => self.close(id, 1008, "Pong timeout"),
                    Beat::Old => self.close(id, 1001, "Connection lifetime is over"),
                }
            }
        }
    }

    pub(super) fn send_text(&mut self, id: SessionId, text: String) {
        self.send(id, Frame::Text(text));
    }

    /// Queues a frame; whoever does not read is closed rather than stored for.
    pub(super) fn send(&mut self, id: SessionId, frame: Frame) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.illness.is_some_and(|illness| illness.is_stuck()) {
            return;
        }
        self.queue(id, frame);
    }

    /// Queues an event past what is wrong with the connection.
    pub(super) fn queue_text(&mut self, id: SessionId, text: String) {
        self.queue(id, Frame::Text(text));
    }

    fn queue(&mut self, id: SessionId, frame: Frame) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.backlog >= self.desk.config.session_backlog_max {
            self.close(id, 1008, "Slow consumer");
            return;
        }
        session.backlog += 1;
        self.frames.push_back((id, frame));
    }

    /// What the script makes of something the venue sends by itself.
    pub(super) fn strike_push(&mut self, id: SessionId, name: &str) -> Option<Fault> {
        if self.script.is_empty() {
            return None;
        }
        let session = self.sessions.get(&id)?;
        let door = Door::Socket(session.service());
        self.script.strike(door, &format!("push {name}"), session.peer)
    }

    /// Sends an event, unless something is wrong with the connection, or does with it what a fault
    /// says.
    pub(super) fn push(
        &mut self,
        now: Timestamp,
        id: SessionId,
        text: String,
        fault: Option<Fault>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.illness.is_none() {
            session.last_push = Some(text.clone());
            self.send_struck(now, id, text, fault);
        }
    }

    /// Sends a text, or does with it what a fault says.
    pub(super) fn send_struck(
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

    /// The connection breaks, without a close.
    pub(super) fn reset(&mut self, id: SessionId) {
        self.close(id, 1006, "connection reset");
    }

    pub(super) fn close(&mut self, id: SessionId, code: u16, reason: &str) {
        if self.sessions.contains_key(&id) {
            self.frames.push_back((id, Frame::Close { code, reason: reason.to_owned() }));
            self.forget(id);
        }
    }

    fn forget(&mut self, id: SessionId) {
        self.sessions.remove(&id);
        self.listeners.retain(|_, ids| {
            ids.remove(&id);
            !ids.is_empty()
        });
    }

    fn ids(&self, is_meant: impl Fn(&Session) -> bool) -> Vec<SessionId> {
        let meant = self.sessions.iter().filter(|(_, session)| is_meant(session));
        meant.map(|(id, _)| *id).collect()
    }
}

impl Streams {
    fn new(combined: bool, names: &str) -> Self {
        let mut streams = Self { combined, names: Vec::new(), recent: VecDeque::new() };
        for name in names.split('/').filter(|name| !name.is_empty()) {
            streams.add(name.to_owned());
        }
        streams
    }

    /// Adds a name once. Returns whether it is new.
    pub(crate) fn add(&mut self, name: String) -> bool {
        let is_new = !self.names.contains(&name);
        if is_new {
            self.names.push(name);
        }
        is_new
    }
}

fn status(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
