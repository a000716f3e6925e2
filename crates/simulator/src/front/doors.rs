//! The two doors of a venue, REST and the handshake, and what the script does in front of them.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tradewind_model::Timestamp;

use super::{Canned, Delivery, Door, Fault, Front, SessionId};
use crate::limits::Service;

/// What a venue answers a handshake with: a connection, or the HTTP answer that refuses it.
pub(crate) type Opened = Result<SessionId, Response<Bytes>>;

/// A venue, as its script sees it.
pub(crate) trait Doors {
    /// What its wire knows of a connection.
    type Own;

    fn front_mut(&mut self) -> &mut Front<Self::Own>;

    /// What a request asks for, as the ledger names it.
    fn name(request: &Request<Bytes>) -> &'static str;

    /// What it answers what it has not worked on for too long.
    fn timed_out() -> Canned;

    /// How long it works on a request at the most.
    fn processing_max(&self) -> Duration;

    fn play(&mut self, now: Timestamp);

    /// Answers a request past the script.
    fn answer(&mut self, now: Timestamp, peer: IpAddr, request: &Request<Bytes>)
    -> Response<Bytes>;

    /// Judges a handshake past the script.
    #[expect(clippy::result_large_err, reason = "a refusal is an HTTP answer, and rare")]
    fn judge(&mut self, now: Timestamp, peer: IpAddr, service: Service, target: &str) -> Opened;

    /// An answer that it did not think of, with its meters if it has them.
    fn canned(&mut self, now: Timestamp, peer: IpAddr, canned: &Canned) -> Response<Bytes>;

    /// Notes something that came from a client.
    fn note(&mut self, now: Timestamp, peer: IpAddr, door: Door, what: &'static str, status: u16);
}

/// Answers one REST request, or does with it what the script says.
pub(crate) fn ask<V: Doors>(
    venue: &mut V,
    now: Timestamp,
    peer: IpAddr,
    request: &Request<Bytes>,
) -> Delivery<Response<Bytes>> {
    if venue.front_mut().script.is_empty() {
        return Delivery::at_once(venue.answer(now, peer, request));
    }
    let what = V::name(request);
    let Some(fault) = venue.front_mut().script.strike(Door::Rest, what, peer) else {
        return Delivery::at_once(venue.answer(now, peer, request));
    };
    match fault {
        Fault::RequestLost => Delivery::Silence,
        Fault::RequestReset => Delivery::Reset,
        Fault::RequestHeld(time) if time > venue.processing_max() => {
            venue.play(now);
            let canned = V::timed_out();
            venue.note(now, peer, Door::Rest, what, canned.status);
            let answer = venue.canned(now, peer, &canned);
            Delivery::Answer { answer, after: venue.processing_max() }
        }
        Fault::RequestHeld(time) => Delivery::Held(time),
        Fault::Answered(canned) => {
            venue.play(now);
            venue.note(now, peer, Door::Rest, what, canned.status);
            Delivery::at_once(venue.canned(now, peer, &canned))
        }
        Fault::Misreported(canned) => {
            venue.answer(now, peer, request);
            Delivery::at_once(venue.canned(now, peer, &canned))
        }
        Fault::AnswerLost => {
            venue.answer(now, peer, request);
            Delivery::Silence
        }
        Fault::AnswerReset => {
            venue.answer(now, peer, request);
            Delivery::Reset
        }
        Fault::AnswerHeld(after) => {
            Delivery::Answer { answer: venue.answer(now, peer, request), after }
        }
        Fault::AnswerCut(length) => {
            let response = venue.answer(now, peer, request);
            let cut = |body: Bytes| body.slice(..length.min(body.len()));
            Delivery::at_once(response.map(cut))
        }
        // There is one answer to a request over HTTP.
        Fault::AnswerRepeated(_) => Delivery::at_once(venue.answer(now, peer, request)),
    }
}

/// Judges a handshake, or does with it what the script says.
pub(crate) fn connect<V: Doors>(
    venue: &mut V,
    now: Timestamp,
    peer: IpAddr,
    service: Service,
    target: &str,
) -> Delivery<Opened> {
    let door = Door::Socket(service);
    let fault = venue.front_mut().script.strike(door, "handshake", peer);
    match fault {
        None | Some(Fault::AnswerCut(_) | Fault::AnswerRepeated(_)) => {
            Delivery::at_once(venue.judge(now, peer, service, target))
        }
        Some(Fault::AnswerHeld(after)) => {
            let answer = venue.judge(now, peer, service, target);
            Delivery::Answer { answer, after }
        }
        Some(Fault::RequestHeld(time)) => Delivery::Held(time),
        Some(Fault::RequestLost) => Delivery::Silence,
        Some(Fault::RequestReset) => Delivery::Reset,
        Some(Fault::Answered(canned)) => {
            venue.play(now);
            venue.front_mut().notes.connections_refused += 1;
            venue.note(now, peer, door, "handshake", canned.status);
            Delivery::at_once(Err(canned.response()))
        }
        Some(Fault::Misreported(canned)) => {
            open_and_forget(venue, now, peer, service, target);
            Delivery::at_once(Err(canned.response()))
        }
        Some(Fault::AnswerReset) => {
            open_and_forget(venue, now, peer, service, target);
            Delivery::Reset
        }
        Some(Fault::AnswerLost) => {
            open_and_forget(venue, now, peer, service, target);
            Delivery::Silence
        }
    }
}

/// A handshake that is counted, of a connection on which nobody will ever speak.
fn open_and_forget<V: Doors>(
    venue: &mut V,
    now: Timestamp,
    peer: IpAddr,
    service: Service,
    target: &str,
) {
    if let Ok(id) = venue.judge(now, peer, service, target) {
        venue.front_mut().forget(id);
    }
}
