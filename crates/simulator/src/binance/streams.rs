//! The control protocol of market streams.
//!
//! Five messages within any second, pings and pongs included, and not one more: the window rolls,
//! so that a burst of five followed by a refill of one breaks it (web-socket-streams.md, read
//! 2026-11; the close code is seen, not documented).

use std::time::Duration;

use serde_json::{Map, Value, json};
use tradewind_model::Timestamp;

use super::session::{Kind, Streams};
use super::{Binance, Door, Fault, SessionId};
use crate::limits::Service;

const SECOND: Duration = Duration::from_secs(1);
const VARIANTS: &str = "SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY";

/// What a control message was found to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    Subscribe,
    Unsubscribe,
    List,
    SetProperty,
    GetProperty,
}

impl Control {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "SUBSCRIBE" => Some(Self::Subscribe),
            "UNSUBSCRIBE" => Some(Self::Unsubscribe),
            "LIST_SUBSCRIPTIONS" => Some(Self::List),
            "SET_PROPERTY" => Some(Self::SetProperty),
            "GET_PROPERTY" => Some(Self::GetProperty),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "SUBSCRIBE",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::List => "LIST_SUBSCRIPTIONS",
            Self::SetProperty => "SET_PROPERTY",
            Self::GetProperty => "GET_PROPERTY",
        }
    }
}

/// Code and text of a control message that is refused.
type Refused = (i32, String);

impl Binance {
    /// Counts a message against the rolling second. Returns whether the session is still open.
    pub(super) fn count_message(&mut self, now: Timestamp, id: SessionId) -> bool {
        let max = self.desk.config.stream_messages_per_second;
        let Some(socket) = self.front.sockets.get_mut(&id) else {
            return false;
        };
        let peer = socket.peer;
        let Kind::Streams(streams) = &mut socket.own.kind else {
            return true;
        };
        while streams.recent.pop_front_if(|at| now.since(*at) >= SECOND).is_some() {}
        streams.recent.push_back(now);
        if streams.recent.len() <= max {
            return true;
        }
        self.front.notes.policy_closes += 1;
        self.desk.limits.stream_violation(now, peer);
        let door = Door::Socket(Service::Streams);
        self.arrived(now, peer, door, "message", 1008);
        self.front.close(id, 1008, "Too many requests");
        false
    }

    /// Takes one control message, and answers it or does with it what the script says.
    pub(super) fn hear_control(&mut self, now: Timestamp, id: SessionId, text: &str) {
        let peer = self.front.sockets.get(&id).map(|socket| socket.peer);
        if let Some(peer) = peer.filter(|_| !self.front.script.is_empty()) {
            let control = read(text).and_then(|message| read_method(&message));
            let what = control.map_or("?", Control::as_str);
            let fault = self.front.script.strike(Door::Socket(Service::Streams), what, peer);
            if fault == Some(Fault::RequestLost) {
                return;
            }
            if matches!(fault, Some(Fault::RequestReset | Fault::AnswerReset)) {
                return self.front.reset(id);
            }
        }
        self.control(now, id, text);
    }

    /// Answers one control message.
    fn control(&mut self, now: Timestamp, id: SessionId, text: &str) {
        let Some(socket) = self.front.sockets.get_mut(&id) else {
            return;
        };
        let peer = socket.peer;
        let Kind::Streams(streams) = &mut socket.own.kind else {
            return;
        };
        let max = self.desk.config.streams_per_connection;
        let mut request_id = Value::Null;
        let mut what = "?";
        let mut changes = Vec::new();
        let outcome = read(text).and_then(|message| {
            request_id = read_id(&message)?;
            let control = read_method(&message)?;
            what = control.as_str();
            let params = message.get("params");
            answer(streams, control, params, max, &mut changes)
        });
        let (body, status) = match outcome {
            Ok(result) => (json!({"result": result, "id": request_id}), 200),
            Err((4, msg)) => (json!({"error": {"code": 4, "msg": msg}, "id": request_id}), 400),
            Err((code, msg)) => (json!({"code": code, "msg": msg, "id": request_id}), 400),
        };
        for (name, is_on) in changes {
            self.front.listen(id, &name, is_on);
        }
        self.front.send_text(id, body.to_string());
        let door = Door::Socket(Service::Streams);
        self.arrived(now, peer, door, what, status);
    }
}

fn read(text: &str) -> Result<Map<String, Value>, Refused> {
    match serde_json::from_str(text) {
        Ok(Value::Object(message)) => Ok(message),
        Ok(_) => Err((2, "Invalid request: request must be an object".to_owned())),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err((3, format!("Invalid JSON: expected value at line {line} column {column}")))
        }
    }
}

/// The id to echo: a whole number, up to 36 letters and digits, or nothing.
fn read_id(message: &Map<String, Value>) -> Result<Value, Refused> {
    let id = message.get("id").cloned().unwrap_or(Value::Null);
    let is_legal = match &id {
        Value::Null => true,
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::String(text) => {
            text.len() <= 36
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    };
    if is_legal {
        return Ok(id);
    }
    let text = "Invalid request: request ID must be an integer, a string, or null";
    Err((2, text.to_owned()))
}

fn read_method(message: &Map<String, Value>) -> Result<Control, Refused> {
    let Some(name) = message.get("method") else {
        return Err((2, "Invalid request: missing field `method`".to_owned()));
    };
    let name = name.as_str().unwrap_or_default();
    Control::parse(name).ok_or_else(|| {
        (2, format!("Invalid request: unknown variant `{name}`, expected one of {VARIANTS}"))
    })
}

fn answer(
    streams: &mut Streams,
    control: Control,
    params: Option<&Value>,
    max: usize,
    changes: &mut Vec<(String, bool)>,
) -> Result<Value, Refused> {
    let list = params.and_then(Value::as_array);
    let names = || {
        let list = list.ok_or("Invalid request: missing field `params`")?;
        list.iter()
            .map(|name| name.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .ok_or("Invalid request: stream name must be a string")
    };
    match control {
        Control::Subscribe => {
            let names = names().map_err(|text| (2, text.to_owned()))?;
            let new: Vec<_> = names.iter().filter(|name| !streams.names.contains(name)).collect();
            if streams.names.len() + new.len() > max {
                return Err((4, "Too many subscriptions".to_owned()));
            }
            for name in names {
                if streams.add(name.clone()) {
                    changes.push((name, true));
                }
            }
            Ok(Value::Null)
        }
        Control::Unsubscribe => {
            let names = names().map_err(|text| (2, text.to_owned()))?;
            for name in names {
                streams.names.retain(|known| *known != name);
                changes.push((name, false));
            }
            Ok(Value::Null)
        }
        Control::List => Ok(json!(streams.names)),
        Control::SetProperty => match list.map(Vec::as_slice) {
            Some([Value::String(name), value]) => {
                check_property(name)?;
                let value = value
                    .as_bool()
                    .ok_or_else(|| (1, "Invalid value type: expected Boolean".to_owned()))?;
                streams.combined = value;
                Ok(Value::Null)
            }
            Some([_, _]) => Err((2, "Invalid request: property name must be a string".to_owned())),
            Some([_, _, _, ..]) => Err((2, "Invalid request: too many parameters".to_owned())),
            Some([] | [_]) | None => {
                Err((2, "Invalid request: missing property or value".to_owned()))
            }
        },
        Control::GetProperty => match list.map(Vec::as_slice) {
            Some([Value::String(name)]) => {
                check_property(name)?;
                Ok(Value::Bool(streams.combined))
            }
            Some([_]) => Err((2, "Invalid request: property name must be a string".to_owned())),
            Some([_, _, ..]) => Err((2, "Invalid request: too many parameters".to_owned())),
            Some([]) | None => Err((2, "Invalid request: missing property".to_owned())),
        },
    }
}

fn check_property(name: &str) -> Result<(), Refused> {
    if name == "combined" { Ok(()) } else { Err((0, "Unknown property".to_owned())) }
}
