//! The calls of one lane, by deadline.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tradewind_model::id::CallId;

use crate::by_call::Place;
use crate::queue::lane::Rank;

/// So few that are gone may stay in the line.
const GONE_MIN: usize = 16;

/// A call in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InLine {
    /// No two calls have the same.
    pub(super) rank: Rank,
    pub(super) call: CallId,
    pub(super) place: Place,
}

/// Calls in line. One that is taken out of the middle leaves its place behind, which is passed
/// over; when those are most of the line, it is cleared of them.
#[derive(Debug, Default)]
pub(super) struct Line {
    heap: BinaryHeap<Reverse<InLine>>,
    /// How many of those in the heap are gone.
    gone: usize,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The first call, which is never one that is gone.
    pub(super) fn first(&self) -> Option<InLine> {
        self.heap.peek().map(|Reverse(first)| *first)
    }

    pub(super) fn push(&mut self, call: InLine) {
        self.heap.push(Reverse(call));
    }

    /// Takes the first call out. Which others wait still, `waits` tells.
    pub(super) fn pop(&mut self, waits: impl Fn(InLine) -> bool) -> Option<InLine> {
        let Reverse(first) = self.heap.pop()?;
        self.pass_over(waits);
        Some(first)
    }

    /// A call is gone that was in line. Which others wait still, `waits` tells.
    pub(super) fn forget(&mut self, waits: impl Fn(InLine) -> bool) {
        self.gone += 1;
        self.pass_over(&waits);
        if self.gone > GONE_MIN.max(self.heap.len() / 2) {
            self.heap.retain(|Reverse(call)| waits(*call));
            self.gone = 0;
        }
    }

    fn pass_over(&mut self, waits: impl Fn(InLine) -> bool) {
        while self.gone > 0
            && let Some(Reverse(first)) = self.heap.peek()
            && !waits(*first)
        {
            self.heap.pop();
            self.gone -= 1;
        }
    }
}
