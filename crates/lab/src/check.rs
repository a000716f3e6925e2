//! What has to be true after every run, read from the venue's own books.
//!
//! An engine's account of a run is what a run doubts. Each checker compares it with what the venue
//! did and with the way of each request by true time; none of them asks whether the run was a
//! success, only whether it was honest.

mod books;
mod orders;
mod secrets;
mod silence;

use std::fmt;

use crate::instance::InstanceId;
use crate::world::World;

pub use self::secrets::Canaries;

/// What should be true of a run and is not; one sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The sentences; never empty.
    pub claims: Vec<String>,
}

impl Broken {
    fn of(claims: Vec<String>) -> Result<(), Self> {
        if claims.is_empty() { Ok(()) } else { Err(Self { claims }) }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.claims.join("; "))
    }
}

impl std::error::Error for Broken {}

/// Checks the run of an instance that had the venue to itself on a day without limits, and was
/// stopped: all of [`check_always`], its books are the venue's, no order is left, and nobody was
/// ever turned away.
///
/// # Errors
/// When any of it is not so.
pub fn check(world: &World, id: InstanceId) -> Result<(), Broken> {
    let mut claims = Vec::new();
    always(world, &mut claims);
    let ledger = world.ledger();
    if (ledger.rate_limited, ledger.banned, ledger.forbidden) != (0, 0, 0) {
        claims.push(format!(
            "turned away {} times, {} banned, {} at the edge",
            ledger.rate_limited, ledger.banned, ledger.forbidden
        ));
    }
    orders::ended(world, id, &mut claims);
    for peak in ledger.peaks.iter().filter(|peak| peak.used > peak.limit) {
        claims.push(format!("a window held more than its limit: {peak:?}"));
    }
    Broken::of(claims)
}

/// Checks what holds on the worst of days, at any moment when nothing is on its way:
///
/// - the position of each account is what its instances think it is;
/// - no order traded more than its quantity, and no name was placed twice;
/// - nothing left for what the venue had told to be left alone;
/// - no secret is in what instances log, tell or print.
///
/// Positions are compared where every life of the account's instances is still the first, or knows
/// what earlier ones have written down.
///
/// # Errors
/// When any of it is not so.
pub fn check_always(world: &World) -> Result<(), Broken> {
    let mut claims = Vec::new();
    always(world, &mut claims);
    Broken::of(claims)
}

fn always(world: &World, claims: &mut Vec<String>) {
    always_but_silence(world, claims);
    silence::kept(world, claims);
}

/// All that holds at any moment, but for whether nothing left for where it was shut: whoever asks
/// for this judges that by itself.
pub(crate) fn always_but_silence(world: &World, claims: &mut Vec<String>) {
    books::agree(world, claims);
    orders::once(world, claims);
    secrets::kept(world, &Canaries::of(world), claims);
}

/// Checks that nothing left for what the venue had told to be left alone: after an answer 429 or
/// 418 was in an instance's hands, nothing that it covers leaves that instance before the time it
/// named. Also over its deaths, when `survives_death`.
///
/// # Errors
/// When something did.
pub fn check_silence(world: &World, survives_death: bool) -> Result<(), Broken> {
    let mut claims = Vec::new();
    silence::kept_by(world, survives_death, &mut claims);
    Broken::of(claims)
}

/// Checks that an instance that was stopped, on whatever day, has left no order at the venue and has
/// none whose end is unknown, but for those that may never have been.
///
/// # Errors
/// When it has.
pub fn check_ended(world: &World, id: InstanceId) -> Result<(), Broken> {
    let mut claims = Vec::new();
    orders::ended(world, id, &mut claims);
    Broken::of(claims)
}

/// Checks that none of these texts is in what instances log, tell or print.
///
/// # Errors
/// When one is.
pub fn check_secrets(world: &World, canaries: &Canaries) -> Result<(), Broken> {
    let mut claims = Vec::new();
    secrets::kept(world, canaries, &mut claims);
    Broken::of(claims)
}
