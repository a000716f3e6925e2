//! What arrives, at the venue or at an instance.

use std::time::Duration;

use bytes::Bytes;
use tradewind_engine::{Event, SocketEvent};
use tradewind_model::outcome::{Fate, Meter, NotTaken, Outcome, Reply};
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_model::tariff::LimitKind;
use tradewind_model::time::Timestamp;
use tradewind_simulator::front::{Delivery, Frame, SessionId};
use tradewind_simulator::limits::Service;
use tradewind_strategy::Input;

use super::sending::{broken, timed_out};
use super::{Handshake, Inbound, Outbound, Parcel, Receiver, Socket, World};
use crate::trip::{Closed, Covers};

impl World {
    pub(super) fn arrive(&mut self, parcel: Parcel) {
        if let Some(to) = self.addressee(&parcel) {
            let instance = &self.instances[to.id.0];
            if instance.life != to.life || instance.running.is_none() {
                return;
            }
            if let Some(until) = instance.asleep_until.filter(|until| *until > self.now) {
                return self.mail.post(until, parcel);
            }
        }
        match parcel {
            Parcel::Request(outbound) => self.request_arrived(*outbound),
            Parcel::Response(inbound) => self.response_arrived(*inbound),
            Parcel::Handshake(handshake) => self.handshake_arrived(*handshake),
            Parcel::ToVenue { session, frame } => {
                let venue_now = self.venue_now();
                self.venue.receive(venue_now, session, frame);
                self.collect_frames();
            }
            Parcel::FromVenue { session, frame } => self.frame_arrived(session, frame),
            Parcel::Cut { session } => self.cut(session),
            Parcel::Gone { session } => {
                let venue_now = self.venue_now();
                self.venue.closed(venue_now, session);
                self.collect_frames();
            }
            Parcel::Event { to, event } => self.handle(to.id, *event),
            Parcel::Look { to } => self.look(to),
            Parcel::Written { to } => self.written(to),
            Parcel::Notice { to, strategy, notice } => {
                self.call(to.id, strategy, &Input::Notice(*notice));
            }
        }
    }

    /// The life of an instance that a parcel is for; none when it is for the venue.
    fn addressee(&self, parcel: &Parcel) -> Option<Receiver> {
        match parcel {
            Parcel::Request(_)
            | Parcel::Handshake(_)
            | Parcel::ToVenue { .. }
            | Parcel::Cut { .. }
            | Parcel::Gone { .. } => None,
            Parcel::Response(inbound) => Some(inbound.to),
            Parcel::Event { to, .. }
            | Parcel::Look { to }
            | Parcel::Written { to }
            | Parcel::Notice { to, .. } => Some(*to),
            Parcel::FromVenue { session, .. } => {
                self.sockets.get(session).map(|socket| socket.owner)
            }
        }
    }

    fn request_arrived(&mut self, mut outbound: Outbound) {
        let venue_now = self.venue_now();
        let peer = self.instances[outbound.from.id.0].setup.0.peer;
        let delivery = if outbound.was_held {
            let answer = self.venue.rest(venue_now, peer, &outbound.request);
            Delivery::Answer { answer, after: Duration::ZERO }
        } else {
            self.venue.ask(venue_now, peer, &outbound.request)
        };
        self.collect_frames();
        if let Delivery::Held(time) = delivery {
            outbound.was_held = true;
            return self.mail.post(self.now + time, Parcel::Request(Box::new(outbound)));
        }
        let Outbound { from, id, call, back, give_up_at, trip, .. } = outbound;
        let known = self.trips.get_mut(trip);
        if let Some(known) = known {
            known.arrived_at = Some(self.now);
        }
        let give_up_at = give_up_at.max(self.now);
        match (delivery, back) {
            (Delivery::Answer { answer: response, after }, Some(back))
                if self.now + after + back < give_up_at =>
            {
                if let Some(known) = self.trips.get_mut(trip) {
                    known.status = Some(response.status().as_u16());
                }
                let due = self.now + after + back;
                let inbound = Inbound { to: from, id, call, response, trip };
                self.mail.post(due, Parcel::Response(Box::new(inbound)));
            }
            (Delivery::Reset, Some(back)) if self.now + back < give_up_at => {
                self.post_event(self.now + back, from, broken(id));
            }
            // Lost, or too late to be waited for.
            (Delivery::Answer { answer, .. }, _) => {
                if let Some(known) = self.trips.get_mut(trip) {
                    known.status = Some(answer.status().as_u16());
                }
                self.post_event(give_up_at, from, timed_out(id));
            }
            (Delivery::Silence | Delivery::Reset | Delivery::Held(_), _) => {
                self.post_event(give_up_at, from, timed_out(id));
            }
        }
    }

    fn response_arrived(&mut self, inbound: Inbound) {
        let Inbound { to, id, call, response, trip } = inbound;
        let received_at = self.instances[to.id.0].clock.read(self.now);
        let outcome = self.wire.codec().decode(&call, &response, received_at);
        let closed = self.closed_by(to, &outcome);
        if let Some(trip) = self.trips.get_mut(trip) {
            trip.told_at = Some(self.now);
            trip.closed = closed;
        }
        self.handle(to.id, Event::Replied { call: id, outcome });
    }

    fn handshake_arrived(&mut self, mut handshake: Handshake) {
        let service = match handshake.kind {
            StreamKind::Account => Service::WsApi,
            StreamKind::Market => Service::Streams,
        };
        let venue_now = self.venue_now();
        let from = handshake.from;
        let instance = &mut self.instances[from.id.0];
        let is_alive = instance.life == from.life && instance.running.is_some();
        let back = self.now + instance.network.delay();
        let peer = instance.setup.0.peer;
        let delivery = if handshake.was_held {
            let answer = self.venue.open(venue_now, peer, service, &handshake.target);
            Delivery::Answer { answer, after: Duration::ZERO }
        } else {
            self.venue.connect(venue_now, peer, service, &handshake.target)
        };
        let (opened, back) = match delivery {
            Delivery::Answer { answer, after } => (answer, back + after),
            Delivery::Held(time) => {
                handshake.was_held = true;
                self.mail.post(self.now + time, Parcel::Handshake(Box::new(handshake)));
                return self.collect_frames();
            }
            Delivery::Silence => {
                let give_up_at = handshake.give_up_at.max(self.now);
                self.post_event(give_up_at, from, timed_out(handshake.id));
                return self.collect_frames();
            }
            Delivery::Reset => {
                self.post_event(back, from, broken(handshake.id));
                return self.collect_frames();
            }
        };
        self.shaken(handshake, opened, back, is_alive);
        self.collect_frames();
    }

    /// The venue has judged a handshake; its word arrives at `back`.
    fn shaken(
        &mut self,
        handshake: Handshake,
        opened: Result<SessionId, http::Response<Bytes>>,
        back: Timestamp,
        is_alive: bool,
    ) {
        let Handshake { from, id, call, kind, generation, trip, .. } = handshake;
        if let Some(trip) = self.trips.get_mut(trip) {
            trip.arrived_at = Some(self.now);
            let status = opened.as_ref().map_or_else(|refusal| refusal.status().as_u16(), |_| 101);
            trip.status = Some(status);
            trip.told_at = Some(back).filter(|_| is_alive && opened.is_ok());
        }
        let instance = &mut self.instances[from.id.0];
        match opened {
            Ok(session) if is_alive => {
                let (arrived, sent) = (back, self.now);
                let is_half_open = false;
                let socket = Socket { owner: from, kind, generation, arrived, sent, is_half_open };
                self.sockets.insert(session, socket);
                instance.sockets.insert((kind, generation), session);
                if let Some(at) = instance.network.cut(self.now) {
                    self.mail.post(at, Parcel::Cut { session });
                }
                let outcome = Outcome::single(Fate::Done(Reply::Ack), Meter::default());
                self.post_event(back, from, Event::Replied { call: id, outcome });
            }
            // Nobody is there any more to take it.
            Ok(session) => self.mail.post(back, Parcel::Gone { session }),
            Err(response) => {
                let inbound = Inbound { to: from, id, call, response, trip };
                self.mail.post(back, Parcel::Response(Box::new(inbound)));
            }
        }
    }

    /// Puts what the venue has to say on its way.
    pub(super) fn collect_frames(&mut self) {
        while let Some((session, frame)) = self.venue.poll_frame() {
            let Some(socket) = self.sockets.get_mut(&session) else { continue };
            if socket.is_half_open {
                continue;
            }
            let delay = self.instances[socket.owner.id.0].network.delay();
            socket.arrived = socket.arrived.max(self.now + delay);
            self.mail.post(socket.arrived, Parcel::FromVenue { session, frame });
        }
        self.venue_touched();
    }

    fn frame_arrived(&mut self, session: SessionId, frame: Frame) {
        let Some(socket) = self.sockets.get(&session).filter(|socket| !socket.is_half_open) else {
            return;
        };
        let (owner, kind, generation) = (socket.owner, socket.kind, socket.generation);
        let instance = &mut self.instances[owner.id.0];
        if instance.is_account_muted && kind == StreamKind::Account {
            return;
        }
        let event = match frame {
            Frame::Text(text) => {
                let received_at = instance.clock.read(self.now);
                match self.wire.codec().decode_frame(kind, &text, received_at) {
                    Ok(event) => {
                        self.note_answer(owner, &event);
                        SocketEvent::Message(Box::new(event))
                    }
                    Err(error) => {
                        SocketEvent::Unreadable { problem: error.to_string(), order: error.order }
                    }
                }
            }
            Frame::Ping(payload) => {
                self.send_to_venue(session, Frame::Pong(payload));
                SocketEvent::Heard
            }
            Frame::Pong(_) => SocketEvent::Heard,
            Frame::Close { reason, .. } => {
                self.sockets.remove(&session);
                instance.sockets.remove(&(kind, generation));
                SocketEvent::Lost(reason)
            }
        };
        self.handle(owner.id, Event::Stream { kind, generation, event });
    }

    /// Notes the answer to a control message in its trip.
    fn note_answer(&mut self, owner: Receiver, event: &StreamEvent) {
        let StreamEvent::Replied { call, outcome } = event else { return };
        let Some(trip) = self.instances[owner.id.0].writes.remove(call) else { return };
        let closed = self.closed_by(owner, outcome);
        if let Some(trip) = self.trips.get_mut(trip) {
            trip.status = outcome.meter.status;
            trip.told_at = Some(self.now);
            trip.closed = closed;
        }
    }

    /// What an answer says is to be left alone, by true time.
    fn closed_by(&self, to: Receiver, outcome: &Outcome) -> Option<Closed> {
        let (_, Fate::NotTaken(NotTaken::Throttled(throttle))) = outcome.legs.first()? else {
            return None;
        };
        let covers = match throttle.kind {
            _ if throttle.is_ban => Covers::Everything,
            Some(LimitKind::Orders) => Covers::NewOrders,
            Some(LimitKind::Calls(kind)) => Covers::Calls(kind),
            Some(
                LimitKind::RequestWeight
                | LimitKind::RawRequests
                | LimitKind::Connections
                | LimitKind::Messages,
            )
            | None => Covers::Everything,
        };
        let instance = &self.instances[to.id.0];
        let banned = self.venue.banned_until(self.venue_now(), instance.setup.0.peer);
        let shut_until = banned.map(|at| self.venue_clock.when(at));
        let until = [
            throttle.retry_after.map(|after| self.now + after),
            throttle.retry_at.map(|at| self.venue_clock.when(at)),
            // An answer that tells of a ban tells of all of it, however it is worded.
            shut_until.filter(|_| throttle.is_ban || outcome.meter.status == Some(418)),
        ];
        let until = until.into_iter().flatten().max()?;
        Some(Closed { until, covers, shut_until })
    }

    fn cut(&mut self, session: SessionId) {
        let Some(socket) = self.sockets.remove(&session) else { return };
        let Socket { owner, kind, generation, .. } = socket;
        self.instances[owner.id.0].sockets.remove(&(kind, generation));
        let venue_now = self.venue_now();
        self.venue.closed(venue_now, session);
        self.collect_frames();
        let event = SocketEvent::Lost("cut".to_owned());
        // A machine that sleeps hears of it when it wakes.
        self.arrive(Parcel::Event {
            to: owner,
            event: Box::new(Event::Stream { kind, generation, event }),
        });
    }
}
