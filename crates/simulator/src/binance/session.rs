//! Connections: how they open, stay alive and end.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use bytes::Bytes;
use http::{Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;
use tradewind_model::Timestamp;

use super::body::TimeUnit;
use super::heartbeat::{Beat, Heartbeat};
use super::refusal::Refusal;
use super::reports;
use super::rest::refused;
use super::user_data::Subscription;
use super::{Binance, Delivery, Door, Frame, SessionId};
use crate::front::{self, Socket};
use crate::limits::Service;

/// Weight of a handshake with the WebSocket API.
const CONNECT_WEIGHT: u32 = 2;

/// What a connection is, apart from its service.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) unit: TimeUnit,
    pub(crate) heartbeat: Heartbeat,
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

impl Binance {
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
                self.front.notes.connections_refused += 1;
                if status == 418 {
                    self.close_banned(peer);
                }
                return Err(refusal);
            }
        };
        self.front.notes.connections_accepted += 1;
        let names = match &kind {
            Kind::Streams(streams) => streams.names.clone(),
            Kind::WsApi(_) => Vec::new(),
        };
        let heartbeat = Heartbeat::new(now, self.desk.config.heartbeat);
        let id = self.front.add_socket(now, peer, service, Session { unit, heartbeat, kind });
        for name in names {
            self.front.listen(id, &name, true);
        }
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
        let Some(socket) = self.front.sockets.get_mut(&id) else {
            return;
        };
        let service = socket.service;
        if service == Service::Streams && !self.count_message(now, id) {
            return;
        }
        match frame {
            Frame::Text(text) => match service {
                Service::WsApi => self.hear(now, id, &text),
                Service::Streams => self.hear_control(now, id, &text),
            },
            Frame::Ping(payload) => self.front.send(id, Frame::Pong(payload)),
            Frame::Pong(payload) => {
                if let Some(socket) = self.front.sockets.get_mut(&id) {
                    socket.own.heartbeat.pong(&payload);
                }
            }
            Frame::Close { code, reason } => self.front.close(id, code, &reason),
        }
    }

    /// A connection is gone without a word.
    pub fn closed(&mut self, now: Timestamp, id: SessionId) {
        self.advance(now);
        self.front.forget(id);
    }

    /// Tells every connection of a service that the venue is about to close it; close them by
    /// [`Self::close_all`] when their time is up.
    pub fn announce_shutdown(&mut self, now: Timestamp, service: Service) {
        for id in self.front.ids(|socket| socket.service == service) {
            let Some(socket) = self.front.sockets.get(&id) else {
                continue;
            };
            let event = reports::shutdown(socket.own.unit, now);
            let frame = match &socket.own.kind {
                Kind::WsApi(_) => json!({"event": event}),
                Kind::Streams(streams) if streams.combined => {
                    json!({"stream": "!serverShutdown", "data": event})
                }
                Kind::Streams(_) => json!(event),
            };
            self.front.send_text(id, frame.to_string());
        }
    }

    /// Closes every connection of a service.
    pub fn close_all(&mut self, service: Service) {
        self.front.close_all(service);
    }

    /// Closes the connection of a service that has stood longest, as a restart of one of its
    /// machines does.
    pub fn close_oldest(&mut self, service: Service) {
        self.front.close_oldest(service);
    }

    /// Closes the WebSocket API sockets of a banned address, as the venue does.
    pub(super) fn close_banned(&mut self, peer: IpAddr) {
        let is_hit =
            |socket: &Socket<Session>| socket.peer == peer && socket.service == Service::WsApi;
        for id in self.front.ids(is_hit) {
            self.front.close(id, 1008, "IP banned");
        }
    }

    /// Pings, and closes who does not answer or has stayed too long.
    pub(super) fn beat(&mut self, now: Timestamp) {
        for id in self.front.ids(|socket| socket.own.heartbeat.wakeup() <= now) {
            while let Some(beat) =
                self.front.sockets.get_mut(&id).and_then(|socket| socket.own.heartbeat.poll(now))
            {
                match beat {
                    Beat::Ping(payload) => self.front.send(id, Frame::Ping(payload)),
                    Beat::Lost => self.front.close(id, 1008, "Pong timeout"),
                    Beat::Old => self.front.close(id, 1001, "Connection lifetime is over"),
                }
            }
        }
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
