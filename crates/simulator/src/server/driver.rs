//! The task that plays the venue on and hands its frames to the connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::watch;

use super::{Venue, until_stopped};
use crate::front::{Frame, SessionId};

/// The longest sleep, should nobody ever wake us.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// The shortest, so that a venue with much to do leaves room for its clients.
const SLEEP_MIN: Duration = Duration::from_millis(1);

/// Runs until the server stops.
pub(super) async fn drive(venue: Arc<Venue>, mut stopped: watch::Receiver<bool>) {
    loop {
        let sleep = advance(&venue);
        // Biased: a stop must win over a venue that is never quiet.
        tokio::select! {
            biased;
            () = until_stopped(&mut stopped) => return,
            () = venue.moved.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Plays the venue up to now, delivers, and says how long there is nothing to do.
fn advance(venue: &Venue) -> Duration {
    let (now, frames, wakeup) = {
        let mut any = venue.lock();
        let now = venue.now();
        any.advance(now);
        let mut frames = Vec::new();
        while let Some(frame) = any.poll_frame() {
            frames.push(frame);
        }
        (now, frames, any.wakeup())
    };
    let dropped = deliver(venue, frames);
    for id in dropped {
        venue.closed(id);
    }
    let sleep = wakeup.map_or(SLEEP_MAX, |wakeup| wakeup.since(now));
    sleep.clamp(SLEEP_MIN, SLEEP_MAX)
}

/// Puts frames into the queues of their connections. Returns the connections that are gone or too
/// slow; without a queue their tasks end.
fn deliver(venue: &Venue, frames: Vec<(SessionId, Frame)>) -> Vec<SessionId> {
    let mut queues = venue.queues();
    let mut dropped = Vec::new();
    for (id, frame) in frames {
        let Some(queue) = queues.get(&id) else {
            continue;
        };
        match queue.try_send(frame) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                queues.remove(&id);
                dropped.push(id);
            }
        }
    }
    dropped
}
