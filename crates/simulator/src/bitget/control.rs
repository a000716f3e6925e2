//! What clients say on sockets: `ping`, and operations with their arguments.
//!
//! Each argument of a subscription is acknowledged by itself, by an echo of it and nothing else:
//! there is no id to tell answers apart by (WebSocket page, read 2026-11).

use std::time::Duration;

use serde_json::{Map, Value, json};
use tradewind_model::Timestamp;

use super::channel::Channel;
use super::gate::CLOCK_MAX;
use super::signature;
use super::{Bitget, Door, Fault, SessionId};
use crate::exchange::AccountId;
use crate::front::Overdue;
use crate::limits::Service;

const HOUR: Duration = Duration::from_secs(3_600);

/// What a message was found to be.
#[derive(Debug)]
enum Message {
    Ping,
    Login(Value),
    Subscribe(Vec<Value>),
    Unsubscribe(Vec<Value>),
    /// Something that is none of these: why, by code and text.
    Wrong(i32, &'static str),
}

impl Message {
    /// As the ledger names it.
    const fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Login(_) => "login",
            Self::Subscribe(_) => "subscribe",
            Self::Unsubscribe(_) => "unsubscribe",
            Self::Wrong(..) => "?",
        }
    }
}

/// What is said to a message: a text, and the channel that begins behind it.
type Said = (String, Option<Channel>);

impl Bitget {
    /// Takes one message, and answers it or does with it what the script says.
    pub(super) fn hear(&mut self, now: Timestamp, id: SessionId, text: &str) {
        let message = self.read(text);
        let fault = self.front.strike_message(id, message.name());
        match fault {
            Some(Fault::RequestLost) => {}
            Some(Fault::RequestReset) => self.front.reset(id),
            Some(Fault::RequestHeld(time)) => {
                self.front.late.hold(now + time, id, Overdue::Request(text.to_owned()));
            }
            Some(Fault::Answered(canned)) => {
                let text = String::from_utf8_lossy(&canned.body).into_owned();
                self.front.send_text(id, text);
            }
            fault => self.perform(now, id, message, fault),
        }
    }

    /// Answers a message that has waited in front of the venue.
    pub(super) fn hear_late(&mut self, now: Timestamp, id: SessionId, text: &str) {
        let message = self.read(text);
        self.perform(now, id, message, None);
    }

    fn perform(&mut self, now: Timestamp, id: SessionId, message: Message, fault: Option<Fault>) {
        let Some(socket) = self.front.sockets.get(&id) else {
            return;
        };
        let (peer, service) = (socket.peer, socket.service);
        let what = message.name();
        let said = match message {
            Message::Ping => {
                self.pinged(now, id);
                vec![("pong".to_owned(), None)]
            }
            Message::Login(arg) => vec![(self.login(now, id, service, &arg), None)],
            Message::Subscribe(args) => match self.may_subscribe(now, id) {
                true => args.into_iter().map(|arg| self.subscribe(id, service, arg)).collect(),
                false => return,
            },
            Message::Unsubscribe(args) => match self.may_subscribe(now, id) {
                true => args.into_iter().map(|arg| self.unsubscribe(id, arg)).collect(),
                false => return,
            },
            Message::Wrong(code, text) => vec![(error(None, code, text, None), None)],
        };
        let is_error = said.iter().any(|(text, _)| text.starts_with("{\"event\":\"error\""));
        let status = if is_error { 400 } else { 200 };
        self.arrived(now, peer, Door::Socket(service), what, status);
        let misreported = match &fault {
            Some(Fault::Misreported(canned)) => {
                let text = String::from_utf8_lossy(&canned.body).into_owned();
                self.front.send_text(id, text);
                true
            }
            Some(_) | None => false,
        };
        for (text, begins) in said {
            if !misreported {
                self.front.send_struck(now, id, text, fault.clone());
            }
            if let Some(channel) = begins {
                self.send_first(now, id, &channel);
            }
        }
    }

    fn read(&self, text: &str) -> Message {
        if text == "ping" {
            return Message::Ping;
        }
        if text.len() > self.desk.config.sockets.message_bytes {
            return Message::Wrong(30_002, "Illegal request");
        }
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Message::Wrong(30_002, "Illegal request");
        };
        let mut args = match message.remove("args") {
            Some(Value::Array(args)) if !args.is_empty() => args,
            Some(_) | None => return Message::Wrong(30_016, "Param error"),
        };
        match message.get("op").and_then(Value::as_str) {
            Some("login") => Message::Login(args.swap_remove(0)),
            Some("subscribe") => Message::Subscribe(args),
            Some("unsubscribe") => Message::Unsubscribe(args),
            // Orders over a socket are there for those whom the venue has let in.
            Some(_) | None => Message::Wrong(30_003, "Invalid op"),
        }
    }

    /// Counts a subscription or its end. Returns whether the connection stands.
    fn may_subscribe(&mut self, now: Timestamp, id: SessionId) -> bool {
        let max = self.desk.config.sockets.subscribes_per_hour;
        let Some(socket) = self.front.sockets.get_mut(&id) else {
            return false;
        };
        let (peer, service) = (socket.peer, socket.service);
        let subscribes = &mut socket.own.subscribes;
        while subscribes.pop_front_if(|at| now.since(*at) >= HOUR).is_some() {}
        subscribes.push_back(now);
        if subscribes.len() <= max {
            return true;
        }
        self.arrived(now, peer, Door::Socket(service), "subscribe", 1008);
        self.close_for_policy(id, 30_007, "request over limit, connection close");
        false
    }

    fn login(&mut self, now: Timestamp, id: SessionId, service: Service, arg: &Value) -> String {
        let found = match service {
            Service::PRIVATE => self.prove(now, arg),
            Service::PUBLIC => Err((30_003, "Invalid op")),
        };
        match found {
            Ok(account) => {
                if let Some(socket) = self.front.sockets.get_mut(&id) {
                    socket.own.account = Some(account);
                }
                json!({"event": "login", "code": 0}).to_string()
            }
            Err((code, text)) => error(None, code, text, None),
        }
    }

    /// Whose login it is.
    fn prove(&self, now: Timestamp, arg: &Value) -> Result<AccountId, (i32, &'static str)> {
        let none = Map::new();
        let fields = arg.as_object().unwrap_or(&none);
        let text = |name: &str| match fields.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {
                String::new()
            }
        };
        let (named, stamp) = (text("apiKey"), text("timestamp"));
        let mut keys = self.desk.config.keys.iter().enumerate();
        let known =
            keys.find(|(place, key)| key.api_key == named && !self.desk.revoked.contains(place));
        let (_, key) = known.ok_or((30_011, "Invalid ACCESS_KEY"))?;
        if text("passphrase") != key.passphrase {
            return Err((30_012, "Invalid ACCESS_PASSPHRASE"));
        }
        let number: u64 = stamp.parse().map_err(|_| (30_013, "Invalid ACCESS_TIMESTAMP"))?;
        let stamped = match number < SECONDS_END {
            true => Timestamp::from_secs(number),
            false => Timestamp::from_millis(number.min(MILLIS_MAX)),
        };
        if now.since(stamped) > CLOCK_MAX || stamped.since(now) > CLOCK_MAX {
            return Err((30_014, "Request timestamp expired"));
        }
        let payload = signature::login_payload(&stamp);
        match key.secret.verifies(payload.as_bytes(), &text("sign")) {
            true => Ok(key.account),
            false => Err((30_015, "Invalid sign")),
        }
    }

    fn subscribe(&mut self, id: SessionId, service: Service, arg: Value) -> Said {
        let op = Some("subscribe");
        let max = self.desk.config.sockets.channels;
        let channel = Channel::read(&arg, &self.desk.exchange);
        let Some(socket) = self.front.sockets.get_mut(&id) else {
            return (String::new(), None);
        };
        let channel = channel.and_then(|channel| {
            let is_here = channel.is_private() == (service == Service::PRIVATE);
            if !is_here {
                return Err((30_001, "the channel doesn't exist here".to_owned()));
            }
            if channel.is_private() && socket.own.account.is_none() {
                let text = "User not logged in/User must be logged in";
                return Err((30_004, text.to_owned()));
            }
            let is_known = socket.own.channels.contains_key(&channel.key());
            if !is_known && socket.own.channels.len() >= max {
                return Err((30_007, "too many channels".to_owned()));
            }
            Ok(channel)
        });
        match channel {
            Err((code, text)) => (error(Some(&arg), code, &text, op), None),
            Ok(channel) => {
                let key = channel.key();
                let told = json!({"event": "subscribe", "arg": arg}).to_string();
                socket.own.channels.insert(key.clone(), (channel.clone(), arg));
                self.front.listen(id, &key, true);
                (told, Some(channel))
            }
        }
    }

    fn unsubscribe(&mut self, id: SessionId, arg: Value) -> Said {
        match Channel::read(&arg, &self.desk.exchange) {
            Err((code, text)) => (error(Some(&arg), code, &text, Some("unsubscribe")), None),
            Ok(channel) => {
                let key = channel.key();
                if let Some(socket) = self.front.sockets.get_mut(&id) {
                    socket.own.channels.remove(&key);
                }
                self.front.listen(id, &key, false);
                (json!({"event": "unsubscribe", "arg": arg}).to_string(), None)
            }
        }
    }
}

/// The first number that no time in seconds has; a time in milliseconds is larger since 1973.
const SECONDS_END: u64 = 100_000_000_000;
/// Past the year 2200.
const MILLIS_MAX: u64 = 7_300_000_000_000;

/// The frame of a refusal.
pub(super) fn error(arg: Option<&Value>, code: i32, text: &str, op: Option<&str>) -> String {
    let mut frame = json!({"event": "error"});
    if let Some(arg) = arg {
        frame["arg"] = arg.clone();
    }
    frame["code"] = code.into();
    frame["msg"] = text.into();
    if let Some(op) = op {
        frame["op"] = op.into();
    }
    frame.to_string()
}
