//! What an instance wants done, on its way out.

use tradewind_engine::{Action, Event, SocketEvent, Timing};
use tradewind_model::call::Call;
use tradewind_model::id::{CallId, StrategyId};
use tradewind_model::outcome::{Fate, Meter, NotTaken, Outcome, Refusal, RefusalKind, Unknown};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Outage;
use tradewind_simulator::front::{Frame, SessionId};
use tradewind_strategy::Input;
use tradewind_venue::{EncodeError, Stamp};

use super::{Handshake, Outbound, Parcel, Receiver, World};
use crate::instance::{InstanceId, Relayed};
use crate::network::Passage;
use crate::trip::Trip;

impl World {
    /// Hands an event to an engine and does what comes of it.
    pub(super) fn handle(&mut self, id: InstanceId, event: Event) {
        self.note(id, &event);
        let instance = &mut self.instances[id.0];
        let now = instance.clock.read(self.now);
        if let Event::Replied { call, .. } = &event {
            // Where answers bear no number, a control message's trip ends with its patience.
            instance.writes.remove(call);
        }
        let Some(running) = &mut instance.running else { return };
        if instance.setup.0.is_lane
            && let Event::Replied { outcome, .. } = &event
            && outcome.legs.iter().any(|(_, fate)| Outage::of(fate) == Some(Outage::Transport))
        {
            instance.relayed.push_back(Relayed::Fault);
        }
        running.engine.handle(now, event);
        self.perform(id);
    }

    /// Calls a strategy and posts what it asks for.
    pub(super) fn call(&mut self, id: InstanceId, strategy: StrategyId, input: &Input) {
        let to = self.receiver(id);
        let instance = &mut self.instances[id.0];
        if instance.hanging.contains(&strategy) {
            return;
        }
        let now = instance.clock.read(self.now);
        let host = instance.running.as_mut().and_then(|running| running.hosts.get_mut(&strategy));
        let Some(host) = host else { return };
        for command in host.handle(now, input) {
            let event = Box::new(Event::Command { strategy, command });
            self.mail.post(self.now, Parcel::Event { to, event });
        }
        let instance = &mut self.instances[id.0];
        instance.wakeup = instance.find_wakeup();
    }

    /// Does what an engine wants until it wants nothing more for now.
    pub(super) fn perform(&mut self, id: InstanceId) {
        loop {
            let instance = &mut self.instances[id.0];
            let now = instance.clock.read(self.now);
            let is_asleep = instance.asleep_until.is_some();
            let running = instance.running.as_mut().filter(|_| !is_asleep);
            let Some(action) = running.and_then(|running| running.engine.poll(now)) else { break };
            self.act(id, action);
        }
        let instance = &mut self.instances[id.0];
        instance.wakeup = instance.find_wakeup();
    }

    pub(super) fn receiver(&self, id: InstanceId) -> Receiver {
        Receiver { id, life: self.instances[id.0].life }
    }

    fn act(&mut self, id: InstanceId, action: Action) {
        let from = self.receiver(id);
        match action {
            Action::Send { call, permit, timing, .. } => {
                self.send(from, permit.call(), call, timing);
            }
            Action::Open { kind, generation, call, permit, timing, .. } => {
                self.shake_hands(from, permit.call(), kind, generation, call, timing);
            }
            Action::Write { kind, generation, call, permit, timing } => {
                self.write(from, permit.call(), (kind, generation), &call, timing);
            }
            Action::Close { kind, generation } => {
                let instance = &mut self.instances[id.0];
                if let Some(session) = instance.sockets.remove(&(kind, generation)) {
                    self.abandon(session);
                }
            }
            Action::Notify { strategy, notice } if self.instances[id.0].setup.0.is_lane => {
                self.instances[id.0].relayed.push_back(Relayed::Notice(strategy, notice));
            }
            Action::Notify { strategy, notice } => {
                let notice = Box::new(notice);
                self.mail.post(self.now, Parcel::Notice { to: from, strategy, notice });
            }
            Action::Answer { inquiry, answer } => {
                self.instances[id.0].answers.insert(inquiry, (self.now, answer));
            }
            Action::KeepShut(_) | Action::SeekCatalog { .. } | Action::KeepCatalog(_) => {
                self.keep(from, action);
            }
            Action::Append(append) => self.append(from, append),
            Action::RetryJournal => self.try_journal(from),
            Action::Routed { number } => {
                self.instances[id.0].relayed.push_back(Relayed::Routed(number));
            }
            Action::TradingSet { command, result } => {
                self.instances[id.0].commanded.insert(command, result);
            }
            Action::Attempt(event) => self.instances[id.0].note_attempt(*event),
            Action::Tell(incident) => self.instances[id.0].note_incident(self.now, incident),
            Action::Drained { unresolved } => self.instances[id.0].drained = Some(unresolved),
            Action::Fail(failure) => self.instances[id.0].failure = Some(failure),
        }
    }

    fn send(&mut self, from: Receiver, id: CallId, call: Call, timing: Timing) {
        let instance = &mut self.instances[from.id.0];
        let signer = Some(&instance.signer);
        let request = match self.wire.encode(&call, stamp(timing), signer) {
            Ok(request) => request,
            Err(error) => return self.not_encoded(from, id, &error),
        };
        let give_up_at = instance.clock.when(timing.give_up_at);
        let passage = instance.network.request(self.now);
        let (arrives, back) = match passage {
            Passage::Whole { arrives, back } => (arrives, Some(back)),
            Passage::AnswerLost { arrives } => (arrives, None),
            Passage::Refused { at } => return self.not_sent(from, id, at),
        };
        let trip = self.left(from, &call);
        let was_held = false;
        let outbound = Outbound { from, id, call, request, back, give_up_at, trip, was_held };
        self.mail.post(arrives, Parcel::Request(Box::new(outbound)));
    }

    fn shake_hands(
        &mut self,
        from: Receiver,
        id: CallId,
        kind: StreamKind,
        generation: u32,
        call: Call,
        timing: Timing,
    ) {
        let instance = &mut self.instances[from.id.0];
        let signer = Some(&instance.signer);
        let request = match self.wire.encode(&call, stamp(timing), signer) {
            Ok(request) => request,
            Err(error) => return self.not_encoded(from, id, &error),
        };
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let target = target.to_owned();
        let give_up_at = instance.clock.when(timing.give_up_at);
        let passage = instance.network.request(self.now);
        match passage {
            Passage::Whole { arrives, .. } | Passage::AnswerLost { arrives }
                if !instance.refuses_handshakes =>
            {
                let trip = self.left(from, &call);
                let handshake = Handshake {
                    from,
                    id,
                    call,
                    kind,
                    generation,
                    target,
                    give_up_at,
                    trip,
                    was_held: false,
                };
                self.mail.post(arrives, Parcel::Handshake(Box::new(handshake)));
            }
            Passage::Whole { arrives: at, .. }
            | Passage::AnswerLost { arrives: at }
            | Passage::Refused { at } => self.not_sent(from, id, at),
        }
    }

    fn write(
        &mut self,
        from: Receiver,
        id: CallId,
        socket: (StreamKind, u32),
        call: &Call,
        timing: Timing,
    ) {
        let instance = &mut self.instances[from.id.0];
        let signer = Some(&instance.signer);
        let text = match self.wire.codec().encode_frame(id, call, stamp(timing), signer) {
            Ok(text) => text,
            Err(error) => return self.not_encoded(from, id, &error),
        };
        let give_up_at = instance.clock.when(timing.give_up_at);
        let session = instance.sockets.get(&socket).copied();
        let Some(session) = session else {
            let (kind, generation) = socket;
            let event = SocketEvent::Lost("cannot be written to".to_owned());
            let event = Event::Stream { kind, generation, event };
            return self.post_event(self.now, from, event);
        };
        let trip = self.left(from, call);
        self.instances[from.id.0].writes.insert(id, trip);
        self.send_to_venue(session, Frame::Text(text));
        // The answer comes on the socket. When it does not, this does.
        self.post_event(give_up_at, from, timed_out(id));
    }

    pub(super) fn send_to_venue(&mut self, session: SessionId, frame: Frame) {
        let now = self.now;
        let Some(socket) = self.sockets.get_mut(&session).filter(|socket| !socket.is_half_open)
        else {
            return;
        };
        let delay = self.instances[socket.owner.id.0].network.delay();
        socket.sent = socket.sent.max(now + delay);
        self.mail.post(socket.sent, Parcel::ToVenue { session, frame });
    }

    /// An instance's end of a socket is gone; the venue hears of it in a while.
    pub(super) fn abandon(&mut self, session: SessionId) {
        let Some(socket) = self.sockets.remove(&session) else { return };
        let delay = self.instances[socket.owner.id.0].network.delay();
        self.mail.post(socket.sent.max(self.now + delay), Parcel::Gone { session });
    }

    fn left(&mut self, from: Receiver, call: &Call) -> u64 {
        self.trips.left(Trip {
            instance: from.id,
            life: from.life,
            call: call.kind(),
            sent_at: self.now,
            arrived_at: None,
            status: None,
            told_at: None,
            closed: None,
        })
    }

    /// A call that has no bytes: refused here, as the venue would refuse it.
    fn not_encoded(&mut self, from: Receiver, call: CallId, error: &EncodeError) {
        let kind = match error {
            EncodeError::NeedsKey(_) | EncodeError::NeedsPassphrase(_) => RefusalKind::Auth,
            EncodeError::Unsupported { .. }
            | EncodeError::NotOffered { .. }
            | EncodeError::Url { .. } => RefusalKind::Validation,
        };
        let refusal = Refusal { kind, code: 0, message: error.to_string() };
        let outcome = Outcome::single(Fate::Refused(refusal), Meter::default());
        self.post_event(self.now, from, Event::Replied { call, outcome });
    }

    fn not_sent(&mut self, from: Receiver, call: CallId, at: Timestamp) {
        let fate = Fate::NotTaken(NotTaken::NotSent("connection refused".to_owned()));
        let outcome = Outcome::single(fate, Meter::default());
        self.post_event(at, from, Event::Replied { call, outcome });
    }

    pub(super) fn post_event(&mut self, due: Timestamp, to: Receiver, event: Event) {
        self.mail.post(due, Parcel::Event { to, event: Box::new(event) });
    }
}

pub(super) fn broken(call: CallId) -> Event {
    let fate = Fate::Unknown(Unknown::Broken("connection reset".to_owned()));
    Event::Replied { call, outcome: Outcome::single(fate, Meter::default()) }
}

pub(super) fn timed_out(call: CallId) -> Event {
    let outcome = Outcome::single(Fate::Unknown(Unknown::Timeout), Meter::default());
    Event::Replied { call, outcome }
}

fn stamp(timing: Timing) -> Stamp {
    Stamp { venue_now: timing.venue_now, recv_window: timing.recv_window }
}
