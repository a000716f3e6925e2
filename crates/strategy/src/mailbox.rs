//! The way in for work done outside: a sender that any thread or task may hold.

use std::fmt;
use std::sync::Arc;

/// Something that work outside of a strategy tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is about: the strategy's own words.
    pub topic: String,
    /// What it says, in whatever form the two agreed on.
    pub body: String,
}

/// The strategy has more messages waiting than its inbox holds, or it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the strategy's mailbox is full or closed; send less, or wait until it has caught up")]
pub struct MailboxFull;

/// A sender to one strategy. Cheap to clone, good on any thread, never blocks.
#[derive(Clone)]
pub struct Mailbox {
    post: Arc<dyn Fn(Message) -> Result<(), MailboxFull> + Send + Sync>,
}

impl Mailbox {
    /// A mailbox that hands every message to `post`, which must not block.
    pub fn new(post: impl Fn(Message) -> Result<(), MailboxFull> + Send + Sync + 'static) -> Self {
        Self { post: Arc::new(post) }
    }

    /// Sends a message; it comes back in `on_message`, on the strategy's own thread.
    ///
    /// # Errors
    /// When the inbox is full or the strategy has ended.
    pub fn send(&self, message: Message) -> Result<(), MailboxFull> {
        (self.post)(message)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}
