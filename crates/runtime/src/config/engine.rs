//! `[engine]`: what an order, a call and a start may take.

use std::time::Duration;

use serde::Deserialize;

use super::venue::Place;

/// How late a venue may still accept an order, unless somebody says otherwise: less than half of
/// the five seconds that Binance takes for granted (rest-api.md, timing security, read 2026-11).
const RECV_WINDOW_MS: u64 = 2_000;
/// The same for the embedded venue, to which there is no network.
const RECV_WINDOW_EMBEDDED_MS: u64 = 500;

/// The engine's bounds; all times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSection {
    /// Which of the processes on this account this is: part of every client order id.
    pub slot: u16,
    /// How late the venue may still accept an order. When it is not given, 2000; and 500 for the
    /// embedded venue, which no network lies before.
    pub recv_window_ms: Option<u64>,
    /// How long an order may wait for leave to be sent.
    pub order_deadline_ms: u64,
    /// How long to wait for an answer.
    pub call_timeout_ms: u64,
    /// How long the start may take.
    pub startup_timeout_ms: u64,
    /// Whether own orders are canceled at the end.
    pub cancels_on_stop: bool,
    /// Of the jitter of retries; random when it is not given.
    pub seed: Option<u64>,
}

impl Default for EngineSection {
    fn default() -> Self {
        Self {
            slot: 0,
            recv_window_ms: None,
            order_deadline_ms: 10_000,
            call_timeout_ms: 10_000,
            startup_timeout_ms: 30_000,
            cancels_on_stop: true,
            seed: None,
        }
    }
}

impl EngineSection {
    /// What is out of its bounds, with the way out.
    pub(super) fn check(&self) -> Result<(), String> {
        let bounds = [
            ("recv_window_ms", self.recv_window_ms.unwrap_or(RECV_WINDOW_MS), 60_000),
            ("order_deadline_ms", self.order_deadline_ms, 3_600_000),
            ("call_timeout_ms", self.call_timeout_ms, 120_000),
            ("startup_timeout_ms", self.startup_timeout_ms, 3_600_000),
        ];
        match bounds.into_iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
            Some((key, value, most)) => Err(format!("engine.{key} is {value}; use 1 to {most}")),
            None => Ok(()),
        }
    }

    /// How late the venue may still accept an order.
    #[must_use]
    pub fn recv_window(&self, place: &Place) -> Duration {
        let usual = if place.is_simulated() { RECV_WINDOW_EMBEDDED_MS } else { RECV_WINDOW_MS };
        Duration::from_millis(self.recv_window_ms.unwrap_or(usual))
    }
}
