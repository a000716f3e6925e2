//! A task for each socket: reads, decodes, and writes what it is given.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tradewind_engine::{Event, SocketEvent};
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Fate, Meter, Outcome, Reply};
use tradewind_model::stream::StreamKind;
use tradewind_scheduler::Permit;
use tradewind_transport::{Incoming, OpenError, Socket, Transport};
use tradewind_venue::Venue;

use crate::clock::Clock;
use crate::driver::transport_fate;

/// Control messages that wait for a socket at the most.
const WRITES_MAX: usize = 64;

/// A control message.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) permit: Permit,
    pub(crate) text: String,
}

/// What a socket's task needs.
pub(crate) struct SocketTask {
    pub(crate) venue: Arc<dyn Venue>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Clock,
    pub(crate) kind: StreamKind,
    pub(crate) generation: u32,
    pub(crate) events: mpsc::Sender<Event>,
}

/// The way to write to a socket. Dropping it closes the socket.
#[derive(Debug)]
pub(crate) struct SocketHandle {
    pub(crate) writes: mpsc::Sender<Write>,
}

pub(crate) fn writes() -> (SocketHandle, mpsc::Receiver<Write>) {
    let (writes, waiting) = mpsc::channel(WRITES_MAX);
    (SocketHandle { writes }, waiting)
}

impl SocketTask {
    /// Opens the socket and serves it to its end.
    pub(crate) async fn run(
        self,
        call: tradewind_model::call::Call,
        permit: Permit,
        request: http::Request<Bytes>,
        patience: Duration,
        writes: mpsc::Receiver<Write>,
    ) {
        let id = permit.call();
        match self.transport.open(permit, request, patience).await {
            Ok(socket) => {
                let opened = Outcome::single(Fate::Done(Reply::Ack), Meter::default());
                self.replied(id, opened).await;
                self.serve(socket, writes).await;
            }
            Err(OpenError::Refused(response)) => {
                let outcome = self.venue.decode(&call, &response, self.clock.now());
                // A venue that answers a handshake like a request has not opened a socket.
                let outcome = match outcome.legs.as_slice() {
                    [(_, Fate::Done(_))] => {
                        let status = response.status();
                        let reason = format!("the handshake was answered with status {status}");
                        let fate =
                            Fate::Unknown(tradewind_model::outcome::Unknown::Unreadable(reason));
                        Outcome::single(fate, outcome.meter)
                    }
                    _ => outcome,
                };
                self.replied(id, outcome).await;
            }
            Err(OpenError::Failed(error)) => {
                self.replied(id, Outcome::single(transport_fate(error), Meter::default())).await;
            }
        }
    }

    async fn serve(&self, mut socket: Box<dyn Socket>, mut writes: mpsc::Receiver<Write>) {
        loop {
            // Writing first: control messages are few, and reading is never starved by them.
            tokio::select! {
                biased;
                write = writes.recv() => match write {
                    Some(Write { permit, text }) => {
                        if let Err(error) = socket.write(permit, text).await {
                            self.tell(SocketEvent::Lost(error.to_string())).await;
                            return;
                        }
                    }
                    None => {
                        socket.close().await;
                        return;
                    }
                },
                incoming = socket.next() => match incoming {
                    Incoming::Text(text) => self.tell(self.decode(&text)).await,
                    Incoming::Ping => self.tell(SocketEvent::Heard).await,
                    Incoming::Lost(reason) => {
                        self.tell(SocketEvent::Lost(reason)).await;
                        return;
                    }
                },
            }
        }
    }

    fn decode(&self, text: &str) -> SocketEvent {
        match self.venue.decode_frame(self.kind, text, self.clock.now()) {
            Ok(event) => SocketEvent::Message(Box::new(event)),
            Err(error) => {
                SocketEvent::Unreadable { problem: error.to_string(), order: error.order }
            }
        }
    }

    async fn tell(&self, event: SocketEvent) {
        let (kind, generation) = (self.kind, self.generation);
        // Nobody listens any more when the driver has ended.
        self.events.send(Event::Stream { kind, generation, event }).await.ok();
    }

    async fn replied(&self, call: CallId, outcome: Outcome) {
        self.events.send(Event::Replied { call, outcome }).await.ok();
    }
}
