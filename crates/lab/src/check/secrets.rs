//! Nothing that an instance logs, tells or prints has a secret in it.

use std::fmt::Write as _;

use crate::world::World;

/// Texts that must not be found anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canaries {
    /// Each of them.
    pub texts: Vec<String>,
}

impl Canaries {
    /// The keys of all accounts at the venue, with all that is secret of them, and the keys of all
    /// instances.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let keys = world.instances().map(|(_, instance)| instance.api_key().to_owned());
        let mut texts: Vec<_> = keys.collect();
        texts.extend(world.venue().secrets().into_iter().map(str::to_owned));
        texts.sort_unstable();
        texts.dedup();
        Self { texts }
    }
}

pub(super) fn kept(world: &World, canaries: &Canaries, claims: &mut Vec<String>) {
    let mut text = String::new();
    let mut look = |place: &str, printed: &dyn std::fmt::Debug, shown: Option<String>| {
        text.clear();
        // Writing to a string cannot fail.
        write!(text, "{printed:?} {}", shown.unwrap_or_default()).ok();
        for canary in canaries.texts.iter().filter(|canary| text.contains(canary.as_str())) {
            let start: String = canary.chars().take(4).collect();
            claims.push(format!("{place} has the secret that begins with {start}"));
        }
    };
    for (_, instance) in world.instances() {
        let name = instance.name();
        for attempt in instance.attempts() {
            look(&format!("an attempt of {name}"), attempt, serde_json::to_string(attempt).ok());
        }
        for (_, incident) in instance.incidents() {
            look(&format!("an incident of {name}"), incident, Some(incident.to_string()));
        }
        if let Some(engine) = instance.engine() {
            look(&format!("the engine of {name}"), engine, None);
        }
        if let Some(failure) = instance.failure() {
            look(&format!("the failure of {name}"), failure, Some(failure.to_string()));
        }
        look(&format!("{name} itself"), instance, None);
    }
}
