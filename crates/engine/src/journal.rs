//! What is written down, so that no life of the process trades twice or loses a fill.
//!
//! A record is made before the thing that it speaks of can have happened, or as soon as it is
//! known to have happened; its [`Durability`] says which. An order's intent is durable before its
//! bytes leave: whatever the venue may have, we know that we asked for it, and under which name.
//! What the venue has said since is written behind, because whoever loses it can ask again.
//!
//! Records are facts in the order in which they became known, and nothing in them is worked out.
//! What they come to is [`Recovered`]: the orders that are not over, what was bought and sold,
//! what strategies want remembered, what an operator has forbidden. Applying a record twice
//! changes nothing, as with the venue's statements, so that a tail which is written again after a
//! failure does no harm.
//!
//! All of this is values. Whoever holds a disk takes an [`Append`] and gives back an [`Answer`].

mod answer;
mod entry;
mod order;
mod recovered;
mod turnover;

pub use answer::{Answer, Append, AppendId, FaultKind, StorageFault};
pub use entry::{Durability, Ending, Entry, Intent, Record, Routed, Trade, Trading};
pub use order::{OrderRecord, Over};
pub use recovered::{Applied, Recovered, SlotMark};
pub use turnover::{Turnover, TurnoverKey};

#[cfg(test)]
mod tests;
