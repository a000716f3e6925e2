//! A model that thinks outside of the strategy: a thread that is asked and answers by mail.
//!
//! Stands for anything that takes longer than a callback may: inference, a service to be asked.
//! The strategy never waits for it; the answer comes in like everything else, as a callback.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tradewind_model::money::Price;
use tradewind_model::time::Timestamp;
use tradewind_strategy::{Mailbox, Message};

/// What the messages are about.
pub(crate) const TOPIC: &str = "trend";

/// The most questions that wait; history is the only burst there is.
const QUESTIONS_MAX: usize = 1_024;

/// One closed bar.
pub(crate) struct Question {
    pub(crate) bar: Timestamp,
    pub(crate) close: Price,
}

/// What the model makes of the bars so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trend {
    Up,
    Down,
}

/// An answer, and the bar it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) bar: Timestamp,
    pub(crate) trend: Trend,
}

impl Answer {
    pub(crate) fn message(self) -> Message {
        let trend = match self.trend {
            Trend::Up => "up",
            Trend::Down => "down",
        };
        Message { topic: TOPIC.to_owned(), body: format!("{} {trend}", self.bar.as_nanos()) }
    }

    pub(crate) fn parse(message: &Message) -> Option<Self> {
        let (bar, trend) = message.body.split_once(' ')?;
        let trend = match trend {
            "up" => Trend::Up,
            "down" => Trend::Down,
            _ => return None,
        };
        let bar = Timestamp::from_nanos(bar.parse().ok()?);
        (message.topic == TOPIC).then_some(Self { bar, trend })
    }
}

/// A handle to the thread; dropping it ends the thread.
pub(crate) struct Model {
    questions: Option<SyncSender<Question>>,
    thread: Option<JoinHandle<()>>,
}

impl Model {
    /// A model that compares the averages of the last `fast` and the last `slow` closes.
    pub(crate) fn start(fast: usize, slow: usize, mailbox: Mailbox) -> Self {
        let (questions, asked) = sync_channel(QUESTIONS_MAX);
        Self {
            questions: Some(questions),
            thread: Some(thread::spawn(move || answer(fast, slow, &asked, &mailbox))),
        }
    }

    /// Asks, without waiting; false when the model cannot keep up or has ended.
    pub(crate) fn ask(&self, question: Question) -> bool {
        let questions = self.questions.as_ref();
        questions.is_some_and(|questions| questions.try_send(question).is_ok())
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.questions = None;
        if let Some(thread) = self.thread.take() {
            // A model that panicked has nothing left to say; its silence was acted upon.
            let _ = thread.join();
        }
    }
}

/// Answers each question once there are bars enough; until then the trend counts as down.
fn answer(fast: usize, slow: usize, asked: &Receiver<Question>, mailbox: &Mailbox) {
    let mut closes = VecDeque::with_capacity(slow + 1);
    while let Ok(Question { bar, close }) = asked.recv() {
        closes.push_front(f64::from(close));
        closes.truncate(slow);
        let is_up = closes.len() == slow && average(&closes, fast) > average(&closes, slow);
        let trend = if is_up { Trend::Up } else { Trend::Down };
        if mailbox.send(Answer { bar, trend }.message()).is_err() {
            return;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody averages more bars than a float can count")]
fn average(closes: &VecDeque<f64>, bars: usize) -> f64 {
    closes.iter().take(bars).sum::<f64>() / bars as f64
}
