//! The REST door: HTTP requests to method rows, and answers with the headers clients steer by.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use tradewind_model::Timestamp;

use super::body::{self, Body, TimeUnit};
use super::config::Hints;
use super::desk::{Answer, Caller, Desk};
use super::gate::Proof;
use super::method::{self, Row};
use super::params::Params;
use super::refusal::{Place, Refusal};
use super::session::Session;
use super::signature;
use super::{Binance, Canned, Delivery, Door, SessionId};
use crate::exchange::AccountId;
use crate::front::{self, Doors, Front, mix};
use crate::limits::Service;

const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=UTF-8");

/// How an order is placed.
const PLACE: &str = "POST /api/v3/order";

/// Removed on 2026-02-20 with everything under it (changelog; 410 as seen).
const REMOVED: &str = "/api/v3/userDataStream";

impl Binance {
    /// Answers one REST request from `peer`, or does with it what the script says.
    pub fn ask(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        request: &Request<Bytes>,
    ) -> Delivery<Response<Bytes>> {
        front::ask(self, now, peer, request)
    }

    /// Answers one REST request from `peer`, past the script of what goes wrong.
    pub fn rest(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        self.advance(now);
        let path = request.uri().path();
        let row = method::by_route(request.method().as_str(), path);
        let is_other = self.front.is_other(request.headers());
        self.desk.limits.attribute(is_other);
        if row.is_some_and(|row| row.route == PLACE)
            && let Some(lasts) = self.doomed.remove(&peer)
        {
            self.desk.limits.ban_for(now, peer, lasts);
        }
        let answer = match self.desk.limits.raw_request(now, peer).map_err(Refusal::limited) {
            Err(refusal) => Err(refusal),
            Ok(()) => match row {
                Some(row) => self.answer_rest(now, peer, row, request),
                None => Ok(unrouted(path, request.headers())),
            },
        };
        self.desk.limits.attribute(false);
        if row.is_none() || answer.as_ref().is_err_and(Refusal::is_offense) {
            self.desk.limits.offense(now, peer);
        }
        let is_at_edge = answer.as_ref().is_err_and(|refusal| refusal.status == 403);
        let hints = self.desk.config.hints;
        let response = answer.unwrap_or_else(|refusal| refused(now, &refusal, &hints));
        let what = row.map_or("?", |row| row.route);
        let status = response.status().as_u16();
        self.arrived(now, peer, Door::Rest, what, status);
        self.after_call(now, peer, status);
        if is_at_edge { response } else { self.with_meters(now, peer, response) }
    }

    fn answer_rest(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        row: &'static Row,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        let unit = match request.headers().get("x-mbx-time-unit").map(HeaderValue::to_str) {
            None => Some(TimeUnit::Millis),
            Some(text) => text.ok().and_then(TimeUnit::parse),
        };
        let Some(unit) = unit else {
            let text = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.";
            return Err(Refusal::bad(-1194, text));
        };
        let query = request.uri().query().unwrap_or("");
        let has_body = request.method() != http::Method::GET;
        let body = if has_body { std::str::from_utf8(request.body()).unwrap_or("") } else { "" };
        let mut params = match Params::from_rest(query, body) {
            Ok(params) => params,
            Err(refusal) => {
                let weight = row.weight(&Params::default());
                let admitted = self.desk.limits.admit(now, peer, weight);
                let limited = admitted.map_err(Refusal::limited).err();
                return Err(limited.unwrap_or(refusal));
            }
        };
        let api_key = request.headers().get("x-mbx-apikey").and_then(|key| key.to_str().ok());
        let proof = Proof::Signed { api_key, payload: signature::rest_payload(query, body) };
        let caller = Caller { now, ip: peer, door: Door::Rest, unit };
        let answer = self.desk.call(caller, row, &mut params, &proof);
        self.note_rejection(row, &answer);
        let Answer { reply, account, placed } = answer;
        let mut response = json_response(StatusCode::OK, reply?);
        if let Some(account) = account.filter(|_| placed) {
            order_counts(&mut self.desk, now, account, response.headers_mut());
        }
        Ok(response)
    }

    /// What every answer carries: its id and the weight used.
    fn with_meters(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        mut response: Response<Bytes>,
    ) -> Response<Bytes> {
        let used = HeaderValue::from(self.desk.limits.weight_used(now, peer));
        let id = HeaderValue::from_str(&self.next_uuid()).expect("hex digits and hyphens");
        let headers = response.headers_mut();
        headers.insert("x-mbx-uuid", id);
        headers.insert("x-mbx-used-weight", used.clone());
        headers.insert("x-mbx-used-weight-1m", used);
        response
    }

    fn next_uuid(&mut self) -> String {
        self.uuid = self.uuid.wrapping_add(1);
        let (high, low) = (mix(self.uuid), mix(mix(self.uuid)));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }
}

impl Doors for Binance {
    type Own = Session;

    fn front_mut(&mut self) -> &mut Front<Session> {
        &mut self.front
    }

    fn name(request: &Request<Bytes>) -> &'static str {
        let row = method::by_route(request.method().as_str(), request.uri().path());
        row.map_or("?", |row| row.route)
    }

    fn timed_out() -> Canned {
        Canned::timed_out()
    }

    fn processing_max(&self) -> Duration {
        self.desk.config.processing_max
    }

    fn play(&mut self, now: Timestamp) {
        self.advance(now);
    }

    fn answer(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        self.rest(now, peer, request)
    }

    fn judge(
        &mut self,
        now: Timestamp,
        peer: IpAddr,
        service: Service,
        target: &str,
    ) -> Result<SessionId, Response<Bytes>> {
        self.open(now, peer, service, target)
    }

    fn canned(&mut self, now: Timestamp, peer: IpAddr, canned: &Canned) -> Response<Bytes> {
        let response = canned.response();
        if canned.has_meters { self.with_meters(now, peer, response) } else { response }
    }

    fn note(&mut self, now: Timestamp, peer: IpAddr, door: Door, what: &'static str, status: u16) {
        self.arrived(now, peer, door, what, status);
    }
}

/// The order count of the account, told with every order that was accepted.
fn order_counts(desk: &mut Desk, now: Timestamp, account: AccountId, headers: &mut HeaderMap) {
    let (ten_seconds, day) = desk.limits.orders_used(now, u64::from(account.0));
    headers.insert("x-mbx-order-count-10s", HeaderValue::from(ten_seconds));
    headers.insert("x-mbx-order-count-1d", HeaderValue::from(day));
}

fn json_response(status: StatusCode, body: Body) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(Box::<str>::from(body).into_boxed_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A refusal as an HTTP answer, with the seconds until it may be worth asking again.
pub(super) fn refused(now: Timestamp, refusal: &Refusal, hints: &Hints) -> Response<Bytes> {
    if refusal.status == 403 {
        return Canned::forbidden().response();
    }
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = json_response(status, body::text(&refusal.body(hints)));
    let told = refusal.retry_at.and_then(|retry_at| hints.told(Place::Header, retry_at));
    if let Some(retry_at) = told {
        let seconds = retry_at.since(now).as_nanos().div_ceil(1_000_000_000);
        let seconds = HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// A path the venue does not have, or no longer, or not with this verb.
fn unrouted(path: &str, headers: &HeaderMap) -> Response<Bytes> {
    let status = if path.starts_with(REMOVED) {
        StatusCode::GONE
    } else if method::has_path(path) {
        StatusCode::METHOD_NOT_ALLOWED
    } else {
        StatusCode::NOT_FOUND
    };
    let wants_html = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    if status == StatusCode::NOT_FOUND && wants_html {
        let page = "<html><head><title>404 Not Found</title></head>\
                    <body><h1>404 Not Found</h1></body></html>";
        *response.body_mut() = Bytes::from_static(page.as_bytes());
        response.headers_mut().insert(header::CONTENT_TYPE, HTML);
    }
    response
}
