//! What stands between new orders and the venue, for whoever chooses between routes.

use std::collections::BTreeMap;

use tradewind_model::call::EndpointGroup;
use tradewind_model::notice::VenueStatus;
use tradewind_scheduler::{Outage, ShutRecord};

/// What stands in the way, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doors {
    /// What strategies were told.
    pub status: VenueStatus,
    /// What the venue has shut, those included that it may have opened and nobody has tried yet;
    /// ordered by scope.
    pub shut: Vec<ShutRecord>,
    /// Calls that keep failing and are left alone for a while, and how they fail.
    pub outages: BTreeMap<EndpointGroup, Outage>,
    /// How often it was told to ask what rests ([`Event::Resync`](crate::Event::Resync)): what it
    /// says of an earlier time is no answer to a later one.
    pub resyncs: u64,
}
