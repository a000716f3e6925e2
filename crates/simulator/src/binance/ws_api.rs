//! The WebSocket API door: request frames to method rows, and what only a session can do.
//!
//! Every answer carries the state of the limits it touched, and a refusal by a limit the absolute
//! time at which to come back, where REST says how many seconds (web-socket-api.md, rate limits,
//! read 2026-11).

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tradewind_model::Timestamp;

use super::body::{self, Body, TimeUnit};
use super::config::{ApiKey, Hints};
use super::desk::{Caller, Reply, limit};
use super::gate::Proof;
use super::method::{self, Ask, Row, SessionMethod};
use super::params::Params;
use super::refusal::{Place, Refusal};
use super::reports;
use super::session::{Kind, WsApi};
use super::signature;
use super::user_data::Subscription;
use super::{Binance, Canned, Door, Fault, Frame, SessionId};
use crate::front::Overdue;
use crate::limits::{LimitKind, Service};

/// Subscriptions one session may hold at once, and over its life (documented).
const SUBSCRIPTIONS_MAX: usize = 1_000;
const SUBSCRIPTIONS_LIFETIME_MAX: u32 = 65_535;

/// What a request frame was found to be.
struct RequestFrame {
    row: &'static Row,
    params: Params,
    api_key: Option<String>,
    payload: String,
    returns_limits: Option<bool>,
}

/// An answer before it becomes a frame.
struct Outcome {
    reply: Reply,
    /// Limits besides the weight that the answer reports: kind and count.
    limits: Vec<(LimitKind, u32)>,
    /// Events of subscriptions that end with this request.
    ended: Vec<u32>,
}

/// An answer as a frame.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerFrame<'a> {
    id: &'a Value,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limits: Option<Vec<Value>>,
}

impl Outcome {
    fn of(reply: Reply) -> Self {
        Self { reply, limits: Vec::new(), ended: Vec::new() }
    }
}

impl Binance {
    /// Takes one text frame, and answers it or does with it what the script says.
    pub(super) fn hear(&mut self, now: Timestamp, id: SessionId, text: &str) {
        if self.front.script.is_empty() {
            return self.answer_frame(now, id, text, None);
        }
        let Some(peer) = self.front.sockets.get(&id).map(|socket| socket.peer) else {
            return;
        };
        let (request_id, frame) = read(text);
        let what = frame.as_ref().map_or("?", |frame| frame.row.ws);
        let door = Door::Socket(Service::WsApi);
        match self.front.script.strike(door, what, peer) {
            Some(Fault::RequestLost) => {}
            Some(Fault::RequestReset) => self.front.reset(id),
            Some(Fault::RequestHeld(time)) if time > self.desk.config.processing_max => {
                let canned = Canned::timed_out();
                let text = canned_body(&request_id, &canned).to_string();
                let until = now + self.desk.config.processing_max;
                self.front.late.hold(until, id, Overdue::Frame(Frame::Text(text)));
                self.arrived(now, peer, door, what, canned.status);
            }
            Some(Fault::RequestHeld(time)) => {
                self.front.late.hold(now + time, id, Overdue::Request(text.to_owned()));
            }
            Some(Fault::Answered(canned)) => {
                self.front.send_text(id, canned_body(&request_id, &canned).to_string());
                self.arrived(now, peer, door, what, canned.status);
            }
            fault => self.answer_frame(now, id, text, fault),
        }
    }

    /// Answers one text frame; the answer goes the way of `fault`.
    pub(super) fn answer_frame(
        &mut self,
        now: Timestamp,
        id: SessionId,
        text: &str,
        fault: Option<Fault>,
    ) {
        let Some(socket) = self.front.sockets.get(&id) else {
            return;
        };
        let Kind::WsApi(ws) = &socket.own.kind else {
            return;
        };
        let door = Door::Socket(Service::WsApi);
        let caller = Caller { now, ip: socket.peer, door, unit: socket.own.unit };
        let default_limits = ws.return_rate_limits;
        if ws.logon.is_some_and(|(key, _)| self.desk.is_revoked(key)) {
            self.end_logon(caller, id);
            return;
        }
        let (request_id, frame) = read(text);
        let (what, returns_limits) = match &frame {
            Ok(frame) => (frame.row.ws, frame.returns_limits),
            Err(_) => ("?", None),
        };
        let outcome = match frame {
            Err(refusal) => {
                let admitted = self.desk.limits.admit(now, caller.ip, 1);
                Outcome::of(Err(admitted.map_err(Refusal::limited).err().unwrap_or(refusal)))
            }
            Ok(frame) => self.perform(caller, id, frame),
        };
        // Half of the time the reports of this call leave before its answer.
        self.publish(now);
        self.flush_reports(now);
        let status = outcome.reply.as_ref().map_or_else(|refusal| refusal.status, |_| 200);
        let text = if let Some(Fault::Misreported(canned)) = &fault {
            canned_body(&request_id, canned).to_string()
        } else {
            let is_told = returns_limits.unwrap_or(default_limits);
            let hints = &self.desk.config.hints;
            let error = outcome.reply.as_ref().err();
            let error = error.map(|refusal| error_body(caller, refusal, hints));
            let frame = AnswerFrame {
                id: &request_id,
                status,
                result: outcome.reply.as_deref().ok(),
                error,
                rate_limits: is_told.then(|| self.rate_limits(caller, &outcome.limits)),
            };
            serde_json::to_string(&frame).expect("its keys are strings")
        };
        self.front.send_struck(now, id, text, fault);
        for subscription in outcome.ended {
            self.send_event(now, id, subscription, &reports::terminated(caller.unit, now));
        }
        if outcome.reply.as_ref().is_err_and(Refusal::is_offense) {
            self.desk.limits.offense(now, caller.ip);
        }
        self.arrived(now, caller.ip, Door::Socket(Service::WsApi), what, status);
        self.after_call(now, caller.ip, status);
    }

    /// Answers the first request after the log-on's key was revoked: not to that request, and the
    /// log-on is gone (web-socket-api.md, session authentication).
    fn end_logon(&mut self, caller: Caller, id: SessionId) {
        let refusal = Refusal::unknown_key();
        let frame =
            json!({"id": null, "status": refusal.status, "error": refusal.body(&Hints::default())});
        if let Some(Kind::WsApi(ws)) =
            self.front.sockets.get_mut(&id).map(|socket| &mut socket.own.kind)
        {
            ws.logon = None;
            end(ws, |_, subscription| subscription.by_logon);
        }
        self.front.send_text(id, frame.to_string());
        let door = Door::Socket(Service::WsApi);
        self.arrived(caller.now, caller.ip, door, "?", refusal.status);
    }

    fn rate_limits(&mut self, caller: Caller, others: &[(LimitKind, u32)]) -> Vec<Value> {
        let limits = &mut self.desk.limits;
        let weight = limits.weight_used(caller.now, caller.ip);
        let others = others.iter().copied();
        others
            .chain([(LimitKind::Weight, weight)])
            .map(|(kind, count)| limit(kind, limits.limit_of(kind), Some(count)))
            .collect()
    }

    fn perform(&mut self, caller: Caller, id: SessionId, frame: RequestFrame) -> Outcome {
        let RequestFrame { row, mut params, api_key, payload, .. } = frame;
        let Some(socket) = self.front.sockets.get(&id) else {
            return Outcome::of(Err(Refusal::unsupported()));
        };
        let Kind::WsApi(ws) = &socket.own.kind else {
            return Outcome::of(Err(Refusal::unsupported()));
        };
        let must_prove =
            matches!(row.ask, Ask::Session(SessionMethod::Logon | SessionMethod::SubscribeSigned));
        let proof = match (&api_key, ws.logon) {
            (None, Some((key, _))) if !must_prove => Proof::Session(key),
            (None, _) => Proof::Absent,
            (Some(api_key), _) => Proof::Signed { api_key: Some(api_key), payload: Some(payload) },
        };
        match row.ask {
            Ask::Desk(_) => self.desk_call(caller, row, &mut params, &proof),
            Ask::Session(method) => match self.desk.enter(caller, row, &mut params, &proof) {
                Ok(key) => self.session_call(caller, id, method, key, &mut params),
                Err(refusal) => Outcome::of(Err(refusal)),
            },
        }
    }

    fn desk_call(
        &mut self,
        caller: Caller,
        row: &Row,
        params: &mut Params,
        proof: &Proof<'_>,
    ) -> Outcome {
        let answer = self.desk.call(caller, row, params, proof);
        self.note_rejection(row, &answer);
        let mut outcome = Outcome::of(answer.reply);
        if let Some(account) = answer.account.filter(|_| answer.placed) {
            let used = self.desk.limits.orders_used(caller.now, u64::from(account.0));
            outcome.limits =
                vec![(LimitKind::OrdersTenSeconds, used.0), (LimitKind::OrdersDay, used.1)];
        }
        outcome
    }

    fn session_call(
        &mut self,
        caller: Caller,
        id: SessionId,
        method: SessionMethod,
        key: Option<usize>,
        params: &mut Params,
    ) -> Outcome {
        let keys = &self.desk.config.keys;
        let Some(socket) = self.front.sockets.get_mut(&id) else {
            return Outcome::of(Err(Refusal::unsupported()));
        };
        let opened_at = socket.opened_at;
        let Kind::WsApi(ws) = &mut socket.own.kind else {
            return Outcome::of(Err(Refusal::unsupported()));
        };
        let mut ended = Vec::new();
        let done = perform_on(ws, caller, method, key, keys, params, &mut ended);
        let reply = done.map(|answer| {
            let api_key = ws.logon.and_then(|(key, _)| keys.get(key)).map(|key| &key.api_key);
            answer.unwrap_or_else(|| body::text(&status_body(caller, opened_at, api_key, ws)))
        });
        Outcome { ended, ..Outcome::of(reply) }
    }
}

/// Does what a session is asked; `None` when the answer is the session's status. Subscriptions
/// that end go to `ended`.
fn perform_on(
    ws: &mut WsApi,
    caller: Caller,
    method: SessionMethod,
    key: Option<usize>,
    keys: &[ApiKey],
    params: &mut Params,
    ended: &mut Vec<u32>,
) -> Result<Option<Body>, Refusal> {
    let wanted = match method {
        SessionMethod::Unsubscribe => params.integer("subscriptionId")?,
        SessionMethod::Logon
        | SessionMethod::Status
        | SessionMethod::Logout
        | SessionMethod::Subscriptions
        | SessionMethod::Subscribe
        | SessionMethod::SubscribeSigned => None,
    };
    params.finish()?;
    let proven = key.and_then(|key| keys.get(key)).ok_or_else(Refusal::unauthorized_request);
    match method {
        SessionMethod::Logon => {
            if !proven?.secret.may_log_on() {
                let text = "HMAC_SHA256 API key is not supported.";
                return Err(Refusal::bad(-4056, text));
            }
            ws.logon = key.map(|key| (key, caller.now));
            Ok(None)
        }
        SessionMethod::Logout => {
            ws.logon = None;
            *ended = end(ws, |_, subscription| subscription.by_logon);
            Ok(None)
        }
        SessionMethod::Status => Ok(None),
        SessionMethod::Subscriptions => {
            let numbers = ws.subscriptions.keys();
            Ok(Some(body::list(numbers.map(|number| json!({"subscriptionId": number})))))
        }
        SessionMethod::SubscribeSigned => {
            let account = proven?.account;
            subscribe(ws, Subscription { account, by_logon: false }).map(Some)
        }
        SessionMethod::Subscribe => {
            let logged_on = ws.logon.and_then(|(key, _)| keys.get(key));
            let account = logged_on.ok_or_else(Refusal::unauthorized_request)?.account;
            subscribe(ws, Subscription { account, by_logon: true }).map(Some)
        }
        SessionMethod::Unsubscribe => {
            let number = wanted.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
            if number.is_some_and(|number| !ws.subscriptions.contains_key(&number)) {
                let text = "User Data Stream subscription not active.";
                return Err(Refusal::bad(-2036, text));
            }
            *ended = end(ws, |known, _| number.is_none_or(|number| number == known));
            Ok(Some(body::text(&json!({}))))
        }
    }
}

/// Ends the subscriptions that are meant and returns their numbers.
fn end(ws: &mut WsApi, is_meant: impl Fn(u32, &Subscription) -> bool) -> Vec<u32> {
    let meant = ws.subscriptions.iter().filter(|(number, known)| is_meant(**number, known));
    let ended: Vec<u32> = meant.map(|(number, _)| *number).collect();
    ws.subscriptions.retain(|number, _| !ended.contains(number));
    ended
}

/// One subscription per account and session; numbers count up and are never given twice.
fn subscribe(ws: &mut WsApi, subscription: Subscription) -> Reply {
    if ws.subscriptions.values().any(|known| known.account == subscription.account) {
        return Err(Refusal::bad(-2035, "User Data Stream subscription already active."));
    }
    let is_full = ws.subscriptions.len() >= SUBSCRIPTIONS_MAX;
    if is_full || ws.next_subscription >= SUBSCRIPTIONS_LIFETIME_MAX {
        return Err(Refusal::bad(-2042, "Maximum subscription ID reached for this connection."));
    }
    let number = ws.next_subscription;
    ws.next_subscription += 1;
    ws.subscriptions.insert(number, subscription);
    Ok(body::text(&json!({"subscriptionId": number})))
}

fn status_body(
    caller: Caller,
    opened_at: Timestamp,
    api_key: Option<&String>,
    ws: &WsApi,
) -> Value {
    let unit: TimeUnit = caller.unit;
    json!({
        "apiKey": api_key,
        "authorizedSince": ws.logon.map(|(_, since)| unit.stamp(since)),
        "connectedSince": unit.stamp(opened_at),
        "returnRateLimits": ws.return_rate_limits,
        "serverTime": unit.stamp(caller.now),
        "userDataStream": !ws.subscriptions.is_empty(),
    })
}

/// Code and text, and for limits the moment to come back.
fn error_body(caller: Caller, refusal: &Refusal, hints: &Hints) -> Value {
    let mut error = refusal.body(hints);
    let told = refusal.retry_at.and_then(|retry_at| hints.told(Place::Data, retry_at));
    if let Some(retry_at) = told {
        // Beside what was done all the same, if there is any of that.
        error["data"]["serverTime"] = caller.now.as_millis().into();
        error["data"]["retryAfter"] = retry_at.as_millis().into();
    }
    error
}

/// An answer that the venue did not think of.
fn canned_body(request_id: &Value, canned: &Canned) -> Value {
    json!({"id": request_id, "status": canned.status, "error": canned.frame_error()})
}

/// Reads a request frame: the id to echo, and what is asked.
fn read(text: &str) -> (Value, Result<RequestFrame, Refusal>) {
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
        return (Value::Null, Err(Refusal::bad(-1135, "Invalid JSON Request")));
    };
    let id = message.remove("id").unwrap_or(Value::Null);
    let is_legal = match &id {
        Value::Null | Value::Number(_) => true,
        Value::String(text) => text.len() <= 36,
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    };
    if !is_legal {
        return (Value::Null, Err(Refusal::invalid_data("id")));
    }
    let frame = read_frame(&message);
    (id, frame)
}

fn read_frame(message: &Map<String, Value>) -> Result<RequestFrame, Refusal> {
    let name = message.get("method").and_then(Value::as_str);
    let name = name.ok_or_else(|| Refusal::missing("method"))?;
    let row = method::by_name(name).ok_or_else(Refusal::unsupported)?;
    let none = Map::new();
    let object = match message.get("params") {
        None | Some(Value::Null) => &none,
        Some(Value::Object(object)) => object,
        Some(_) => return Err(Refusal::invalid_data("params")),
    };
    let mut params = Params::from_json(object)?;
    let payload = signature::ws_payload(params.pairs());
    let api_key = params.take("apiKey")?;
    let returns_limits = params.flag("returnRateLimits")?;
    Ok(RequestFrame { row, params, api_key, payload, returns_limits })
}
