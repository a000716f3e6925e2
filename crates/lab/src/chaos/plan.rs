//! What is to go wrong in a run, drawn before it begins.

use std::fmt;
use std::time::Duration;

use tradewind_simulator::bitget;
use tradewind_simulator::front::{Ailment, Canned, Fault, Pattern, Rule};
use tradewind_simulator::limits::Service;

use crate::chance::Chance;

/// A venue of the run, which is also the number of its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Home.
    Binance,
    /// Where one goes when home is shut.
    Bitget,
}

impl Side {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Binance, Self::Bitget];

    /// The number of its world.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Binance => 0,
            Self::Bitget => 1,
        }
    }
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The venue bans our address, for as long as it does that.
    Ban,
    /// Somebody else at our address uses up what the venue allows it.
    Crowd,
    /// The venue's edge refuses our address, on and off: shut for so long, and again as often.
    Edge {
        /// How long each time.
        shut: Duration,
        /// How long in between.
        open: Duration,
        /// How often.
        times: u32,
    },
    /// No socket can be made.
    NoSockets,
    /// Requests have this happen to them.
    Script(Rule),
    /// Nothing arrives on the account's socket.
    Muted,
    /// What stands is forgotten by a router on the way.
    HalfOpen,
    /// Sockets that stand tell no news any more, or the same again and again.
    Ailing(Service, Ailment),
    /// All sockets are cut.
    Cut,
    /// The way there loses, delays and cuts.
    Foul,
    /// The process is killed, and started again when the time is over.
    Kill,
}

/// When, where, for how long, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mishap {
    /// After the beginning.
    pub at: Duration,
    /// How long it lasts, where it ends by our hand.
    pub lasts: Duration,
    /// At which venue; of the process, whichever.
    pub side: Side,
    /// What.
    pub trouble: Trouble,
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, lasts, side, trouble } = self;
        write!(f, "{:>7.1} s, for {:>5.1} s, ", at.as_secs_f32(), lasts.as_secs_f32())?;
        match trouble {
            Trouble::Kill => write!(f, "the process is killed"),
            Trouble::Script(rule) => {
                let of = rule.of.what.as_deref().unwrap_or("all");
                write!(f, "{side:?}: {} permille of {of}: {:?}", rule.permille, rule.fault)
            }
            Trouble::Ban
            | Trouble::Crowd
            | Trouble::Edge { .. }
            | Trouble::NoSockets
            | Trouble::Muted
            | Trouble::HalfOpen
            | Trouble::Ailing(..)
            | Trouble::Cut
            | Trouble::Foul => write!(f, "{side:?}: {trouble:?}"),
        }
    }
}

/// The purposes of chance in a run: the plan, and the terms on which it is played.
const PLAN: u64 = 71;

/// All that goes wrong in a run of this length, in order.
#[must_use]
pub fn draw(seed: u64, length: Duration) -> Vec<Mishap> {
    let mut chance = Chance::new(seed, PLAN);
    let mut plan = Vec::new();
    for side in Side::ALL {
        // Some days are worse than others, and not the same ones at both venues.
        let mean = Duration::from_secs(15 + chance.below(90));
        let mut at = chance.wait(mean);
        while at < length {
            plan.push(mishap(&mut chance, side, at));
            at += chance.wait(mean);
        }
    }
    for _ in 0..chance.below(3) {
        let at = chance.up_to(length);
        let lasts = dead_for(&mut chance);
        plan.push(Mishap { at, lasts, side: Side::Binance, trouble: Trouble::Kill });
    }
    plan.sort_by_key(|mishap| mishap.at);
    plan
}

/// Most come back at once; some only after orders they left have traded.
fn dead_for(chance: &mut Chance) -> Duration {
    let most = if chance.permille(700) { 2 } else { 40 };
    chance.up_to(Duration::from_secs(most))
}

fn mishap(chance: &mut Chance, side: Side, at: Duration) -> Mishap {
    let lasts = Duration::from_millis(500) + chance.wait(Duration::from_secs(12));
    let secs = |chance: &mut Chance, most| {
        Duration::from_millis(200) + chance.up_to(Duration::from_secs(most))
    };
    let trouble = match chance.below(100) {
        0..4 => Trouble::Ban,
        4..10 => Trouble::Crowd,
        10..20 => {
            let (shut, open) = (secs(chance, 15), secs(chance, 25));
            let times = 1 + u32::try_from(chance.below(6)).unwrap_or_default();
            Trouble::Edge { shut, open, times }
        }
        20..28 => Trouble::NoSockets,
        28..36 => Trouble::Muted,
        36..42 => Trouble::HalfOpen,
        42..47 => {
            let service = if chance.permille(500) { Service::PRIVATE } else { Service::PUBLIC };
            let ailment = match chance.below(3) {
                0 => Ailment::Mute,
                1 => Ailment::Repeating(secs(chance, 1)),
                _ => Ailment::Stuck(secs(chance, 1)),
            };
            Trouble::Ailing(service, ailment)
        }
        47..57 => Trouble::Cut,
        57..65 => Trouble::Foul,
        _ => Trouble::Script(rule(chance, side)),
    };
    Mishap { at, lasts, side, trouble }
}

/// A line of the venue's script: which requests, how many of them, and what becomes of those.
fn rule(chance: &mut Chance, side: Side) -> Rule {
    let what = match (chance.below(8), side) {
        (0..3, Side::Binance) => "POST /api/v3/order*",
        (0..3, Side::Bitget) => "POST /api/v2/spot/trade/place*",
        (3..5, Side::Binance) => "DELETE *",
        (3..5, Side::Bitget) => "POST /api/v2/spot/trade/cancel*",
        (5, _) => "GET *",
        (6, _) => "push *",
        (_, _) => "*",
    };
    let permille = [100, 300, 600, 1_000][usize::try_from(chance.below(4)).unwrap_or_default()];
    Rule::sometimes(Pattern::what(what), permille, fault(chance, side))
}

fn fault(chance: &mut Chance, side: Side) -> Fault {
    let soon = Duration::from_millis(50) + chance.up_to(Duration::from_secs(3));
    let late = Duration::from_secs(1) + chance.up_to(Duration::from_secs(12));
    match chance.below(12) {
        0 => Fault::RequestLost,
        1 => Fault::RequestReset,
        2 | 3 => Fault::RequestHeld(soon),
        4 => Fault::Answered(Canned::page(502, "Bad Gateway")),
        5 => Fault::Answered(match side {
            Side::Binance => Canned::rate_limited(1 + chance.below(20)),
            Side::Bitget => bitget::canned::too_many_requests(),
        }),
        6 => Fault::Misreported(match side {
            Side::Binance => Canned::timed_out(),
            Side::Bitget => bitget::canned::service_error(),
        }),
        7 => Fault::AnswerReset,
        8 => Fault::AnswerHeld(late),
        9 => Fault::AnswerCut(20),
        10 => Fault::AnswerRepeated(1),
        _ => Fault::AnswerLost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(600);

    #[test]
    fn a_seed_is_its_plan_and_two_seeds_have_two() {
        assert_eq!(draw(7, LENGTH), draw(7, LENGTH));
        assert_ne!(draw(7, LENGTH), draw(8, LENGTH));
    }

    #[test]
    fn over_many_seeds_everything_goes_wrong_at_both_venues() {
        let all: Vec<Mishap> = (0..200).flat_map(|seed| draw(seed, LENGTH)).collect();
        for side in Side::ALL {
            let here = || all.iter().filter(|mishap| mishap.side == side);
            let has = |is_it: fn(&Trouble) -> bool| here().any(|mishap| is_it(&mishap.trouble));
            assert!(has(|trouble| *trouble == Trouble::Ban));
            assert!(has(|trouble| *trouble == Trouble::Crowd));
            assert!(has(|trouble| matches!(trouble, Trouble::Edge { times, .. } if *times > 1)));
            assert!(has(|trouble| *trouble == Trouble::NoSockets));
            assert!(has(|trouble| *trouble == Trouble::Muted));
            assert!(has(|trouble| *trouble == Trouble::HalfOpen));
            assert!(has(|trouble| matches!(trouble, Trouble::Ailing(..))));
            assert!(has(|trouble| *trouble == Trouble::Cut));
            assert!(has(|trouble| *trouble == Trouble::Foul));
            let rules = || {
                here().filter_map(|mishap| {
                    let Trouble::Script(rule) = &mishap.trouble else { return None };
                    Some(&rule.fault)
                })
            };
            assert!(rules().any(|fault| *fault == Fault::RequestLost));
            assert!(rules().any(|fault| *fault == Fault::AnswerLost));
            assert!(rules().any(|fault| *fault == Fault::AnswerReset));
            assert!(rules().any(|fault| matches!(fault, Fault::Misreported(_))));
        }
        let kills = all.iter().filter(|mishap| mishap.trouble == Trouble::Kill).count();
        assert!((150..250).contains(&kills), "about one in a run: {kills}");
        assert!(all.iter().all(|mishap| mishap.at <= LENGTH));
    }
}
