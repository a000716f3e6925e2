//! The REST door: HTTP requests to endpoints, and answers with the header clients steer by.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde_json::Value;
use tradewind_model::Timestamp;

use super::desk::Answer;
use super::refusal::Refusal;
use super::session::Session;
use super::{Bitget, Canned, Delivery, Door, SessionId, body, canned, endpoint};
use crate::front::{self, Doors, Front};
use crate::limits::Service;

const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");
/// How many requests for this path are left of the second. Its name says the contrary.
const LEFT: HeaderName = HeaderName::from_static("x-mbx-used-remain-limit");

impl Bitget {
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
        let endpoint = endpoint::by_route(request.method().as_str(), request.uri().path());
        let is_other = self.front.is_other(request.headers());
        self.desk.limits.attribute(is_other);
        if endpoint.is_some_and(endpoint::Endpoint::places)
            && let Some(lasts) = self.doomed.remove(&peer)
        {
            self.desk.limits.shut_for(now, peer, lasts);
        }
        let Answer { reply, account, left } = self.desk.call(now, peer, endpoint, request);
        self.desk.limits.attribute(false);
        if reply.as_ref().is_err_and(Refusal::is_offense) {
            self.desk.limits.offense(now, peer);
        }
        let is_rejected = reply.is_err() && endpoint.is_some_and(endpoint::Endpoint::places);
        let rejected = std::mem::take(&mut self.desk.failed_in_batch) + u64::from(is_rejected);
        if let Some(account) = account.filter(|_| rejected > 0) {
            *self.front.notes.rejected.entry(account).or_default() += rejected;
        }
        let (response, status) = match reply {
            Ok(data) => (respond(200, &body::success(now, &data)), 200),
            Err(refusal) => (refused(now, &refusal), refusal.status),
        };
        let what = endpoint.map_or("?", |endpoint| endpoint.route);
        self.arrived(now, peer, Door::Rest, what, status);
        self.publish(now);
        self.flush_reports(now);
        match (left, status) {
            // The edge is not the venue, and counts nothing.
            (_, 403) => response,
            (Some(left), _) => with_left(response, left),
            (None, 429) => with_left(response, 0),
            (None, _) => response,
        }
    }
}

impl Doors for Bitget {
    type Own = Session;

    fn front_mut(&mut self) -> &mut Front<Session> {
        &mut self.front
    }

    fn name(request: &Request<Bytes>) -> &'static str {
        let endpoint = endpoint::by_route(request.method().as_str(), request.uri().path());
        endpoint.map_or("?", |endpoint| endpoint.route)
    }

    fn timed_out() -> Canned {
        canned::timed_out()
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

    fn canned(&mut self, _now: Timestamp, _peer: IpAddr, canned: &Canned) -> Response<Bytes> {
        let response = canned.response();
        if canned.has_meters && canned.status == 429 { with_left(response, 0) } else { response }
    }

    fn note(&mut self, now: Timestamp, peer: IpAddr, door: Door, what: &'static str, status: u16) {
        self.arrived(now, peer, door, what, status);
    }
}

fn with_left(mut response: Response<Bytes>, left: u32) -> Response<Bytes> {
    response.headers_mut().insert(LEFT, HeaderValue::from(left));
    response
}

fn respond(status: u16, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A refusal as an HTTP answer; the edge speaks in pages.
pub(super) fn refused(now: Timestamp, refusal: &Refusal) -> Response<Bytes> {
    if refusal.status == 403 {
        return Canned::forbidden().response();
    }
    respond(refusal.status, &body::refused(now, refusal))
}
