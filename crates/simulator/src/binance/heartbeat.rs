//! Whether the other end of a socket still answers.
//!
//! The venue pings every 20 seconds and drops who has not answered a ping within a minute; a pong
//! must echo the payload of a ping, so unsolicited ones keep nothing alive (web-socket-api.md,
//! general information, read 2026-11).

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tradewind_model::Timestamp;

/// When a socket is pinged, and when it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatConfig {
    /// Time between two pings.
    pub ping_every: Duration,
    /// Time to answer one.
    pub pong_within: Duration,
    /// Time after which the venue closes the connection in any case.
    pub lifetime: Duration,
}

impl Default for HeartbeatConfig {
    fn default() -> Self {
        Self {
            ping_every: Duration::from_secs(20),
            pong_within: Duration::from_secs(60),
            lifetime: Duration::from_secs(86_400),
        }
    }
}

/// What a heartbeat wants done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    Ping(Bytes),
    /// The other end has been silent for too long.
    Lost,
    /// The connection is a day old.
    Old,
}

/// The heartbeat of one socket.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    config: HeartbeatConfig,
    next_ping: Timestamp,
    ends_at: Timestamp,
    /// Pings without an answer, oldest first; at most one ping period's worth of a deadline.
    unanswered: VecDeque<(Timestamp, Bytes)>,
}

impl Heartbeat {
    pub(crate) fn new(now: Timestamp, config: HeartbeatConfig) -> Self {
        Self {
            config,
            next_ping: now + config.ping_every,
            ends_at: now + config.lifetime,
            unanswered: VecDeque::new(),
        }
    }

    /// Books the answer to a ping, and with it the answers to all before.
    pub(crate) fn pong(&mut self, payload: &[u8]) {
        if let Some(index) = self.unanswered.iter().position(|(_, sent)| sent == payload) {
            self.unanswered.drain(..=index);
        }
    }

    /// What is due now, if anything. Ask until nothing is.
    pub(crate) fn poll(&mut self, now: Timestamp) -> Option<Beat> {
        if now >= self.ends_at {
            return Some(Beat::Old);
        }
        let deadline = self.unanswered.front().map(|(at, _)| *at + self.config.pong_within);
        if deadline.is_some_and(|deadline| now > deadline) {
            return Some(Beat::Lost);
        }
        if now < self.next_ping {
            return None;
        }
        let payload = Bytes::from(now.as_millis().to_string());
        self.unanswered.push_back((now, payload.clone()));
        self.next_ping = now + self.config.ping_every;
        Some(Beat::Ping(payload))
    }

    /// When to ask again.
    pub(crate) fn wakeup(&self) -> Timestamp {
        let deadline = self
            .unanswered
            .front()
            .map(|(at, _)| *at + self.config.pong_within + Duration::from_nanos(1));
        self.next_ping.min(self.ends_at).min(deadline.unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_790_000_000 + secs)
    }

    fn ping(beat: Option<Beat>) -> Bytes {
        match beat {
            Some(Beat::Ping(payload)) => payload,
            other => panic!("expected a ping, not {other:?}"),
        }
    }

    #[test]
    fn an_answered_socket_lives_for_a_day() {
        let mut heartbeat = Heartbeat::new(at(0), HeartbeatConfig::default());
        for n in 1..4_320 {
            assert_eq!(heartbeat.wakeup(), at(20 * n));
            let payload = ping(heartbeat.poll(at(20 * n)));
            assert_eq!(heartbeat.poll(at(20 * n)), None);
            heartbeat.pong(&payload);
        }
        assert_eq!(heartbeat.poll(at(86_400)), Some(Beat::Old));
    }

    #[test]
    fn a_pong_that_echoes_nothing_keeps_nothing_alive() {
        let mut heartbeat = Heartbeat::new(at(0), HeartbeatConfig::default());
        for n in 1..=3 {
            ping(heartbeat.poll(at(20 * n)));
            heartbeat.pong(b"hello");
        }
        ping(heartbeat.poll(at(80)));
        assert_eq!(heartbeat.poll(at(81)), Some(Beat::Lost), "61 s after the first ping");
    }

    #[test]
    fn answering_a_later_ping_answers_the_earlier_ones() {
        let mut heartbeat = Heartbeat::new(at(0), HeartbeatConfig::default());
        ping(heartbeat.poll(at(20)));
        let second = ping(heartbeat.poll(at(40)));
        heartbeat.pong(&second);
        ping(heartbeat.poll(at(81)));
        assert_eq!(heartbeat.poll(at(90)), None);
    }
}
