//! What each window has held: the venue's own record of how much of a limit was used.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tradewind_model::Timestamp;

use super::LimitKind;

/// One calendar window of one limit, as the venue counted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowUse {
    /// Which limit.
    pub kind: LimitKind,
    /// When the window began.
    pub starts_at: Timestamp,
    /// How long it is.
    pub lasts: Duration,
    /// The size of the limit.
    pub limit: u32,
    /// The most that its counter has shown; of several addresses or accounts, that of the highest.
    /// May pass `limit`: refused requests count too.
    pub used: u32,
    /// What the agent that is told apart has added to it, of all addresses
    /// ([`Binance::tell_apart`](crate::binance::Binance::tell_apart)).
    pub by_others: u32,
}

/// Answers that turned somebody away, by what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which limit was passed; of a ban, the one whose passing began it.
    pub kind: LimitKind,
    /// Whether it was the agent that is told apart.
    pub is_other: bool,
    /// Answers 429.
    pub http_429: u64,
    /// Answers 418.
    pub http_418: u64,
}

/// The newest windows of each limit, and who was turned away.
#[derive(Debug)]
pub(crate) struct History {
    windows_max: usize,
    windows: BTreeMap<LimitKind, VecDeque<WindowUse>>,
    refused: BTreeMap<(LimitKind, bool), (u64, u64)>,
    /// Whether it is the agent that is told apart who asks now.
    pub(crate) is_other: bool,
}

impl History {
    pub(crate) const fn new(windows_max: usize) -> Self {
        Self { windows_max, windows: BTreeMap::new(), refused: BTreeMap::new(), is_other: false }
    }

    /// A counter that now shows `used` has been moved by `added`.
    pub(crate) fn note(&mut self, now: Timestamp, mut window: WindowUse, added: u32) {
        if self.windows_max == 0 {
            return;
        }
        window.starts_at = now.window_start(window.lasts);
        let list = self.windows.entry(window.kind).or_default();
        let is_new = list.back().is_none_or(|last| last.starts_at < window.starts_at);
        if is_new {
            if list.len() >= self.windows_max {
                list.pop_front();
            }
            list.push_back(window);
        }
        let is_other = self.is_other;
        // A clock that was set back counts in the newest window, as the counters do.
        if let Some(last) = list.back_mut() {
            last.used = last.used.max(window.used);
            if is_other {
                last.by_others = last.by_others.saturating_add(added);
            }
        }
    }

    pub(crate) fn refused(&mut self, kind: LimitKind, status: u16) {
        let (throttled, banned) = self.refused.entry((kind, self.is_other)).or_default();
        let count = if status == 418 { banned } else { throttled };
        *count += 1;
    }

    pub(crate) fn windows(&self) -> impl Iterator<Item = &WindowUse> {
        self.windows.values().flatten()
    }

    pub(crate) fn refusals(&self) -> impl Iterator<Item = Refused> {
        let all = self.refused.iter();
        all.map(|(&(kind, is_other), &(http_429, http_418))| Refused {
            kind,
            is_other,
            http_429,
            http_418,
        })
    }
}
