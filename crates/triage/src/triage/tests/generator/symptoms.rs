//! What goes wrong: each of the five symptoms, alone and in pairs, and days without any.

use super::{ACCOUNT, CARELESS, Draft, MIN, Manners, SEC, Script, World, draft};
use crate::verdict::FindingKind;

/// The five symptoms, by the finding that each is.
pub(in crate::triage::tests) const SYMPTOMS: [FindingKind; 5] = [
    FindingKind::EdgeBlock,
    FindingKind::AuthFailing,
    FindingKind::ConcurrencyJump,
    FindingKind::ReconnectStorm,
    FindingKind::HotEndpoint,
];

impl World {
    /// A day on which nothing is wrong, quiet or busy, with a deploy or a scale-out in it or not.
    pub(in crate::triage::tests) fn healthy(seed: u64) -> Self {
        let mut world = Self::new(seed, 270, seed.is_multiple_of(2));
        if world.random.percent(50) {
            let at_ms = world.moment();
            world.restart(at_ms, 2);
        }
        if world.random.percent(40) {
            let at_ms = world.moment();
            let end_ms = world.end_ms;
            world.scale_out(at_ms, end_ms, 1, 1);
        }
        world
    }

    /// A log with one symptom.
    pub(in crate::triage::tests) fn with(symptom: FindingKind, seed: u64) -> Self {
        let mut world = Self::new(seed, 270, false);
        let at_ms = world.start_ms + world.random.within(100, 150) * MIN;
        // An innocent deploy, long before.
        if world.random.percent(30) {
            let at_ms = at_ms - 85 * MIN;
            world.restart(at_ms, 2);
        }
        world.inflict(symptom, at_ms);
        world
    }

    /// A log with two symptoms. A block comes last, since nothing is seen behind it.
    pub(in crate::triage::tests) fn with_both(
        one: FindingKind,
        other: FindingKind,
        seed: u64,
    ) -> Self {
        let mut world = Self::new(seed, 300, false);
        let (first, last) = if one == FindingKind::EdgeBlock { (other, one) } else { (one, other) };
        let (first, last) = if last != FindingKind::EdgeBlock && world.random.percent(50) {
            (last, first)
        } else {
            (first, last)
        };
        let at_ms = world.start_ms + world.random.within(70, 100) * MIN;
        world.inflict(first, at_ms);
        let later_ms = at_ms + world.random.within(80, 120) * MIN;
        world.inflict(last, later_ms);
        world
    }

    fn inflict(&mut self, symptom: FindingKind, at_ms: u64) {
        match symptom {
            FindingKind::EdgeBlock => self.block(at_ms),
            FindingKind::AuthFailing => self.fail_auth(at_ms),
            FindingKind::ConcurrencyJump => self.jump(at_ms),
            FindingKind::ReconnectStorm => self.storm(at_ms),
            FindingKind::HotEndpoint => self.heat(at_ms),
            FindingKind::Banned
            | FindingKind::Limited
            | FindingKind::RetriesInStep
            | FindingKind::VenueDegraded => unreachable!("no symptom of its own"),
        }
    }

    /// Bursts, then 403. Some clients go on, some fall silent and probe.
    fn block(&mut self, at_ms: u64) {
        for _ in 0..self.random.within(3, 7) {
            let from = at_ms - self.random.within(2, 28) * MIN;
            let until = from + self.random.within(30, 100) * SEC;
            for bot in 0..self.bots.len() {
                self.burst(bot, from, until, self.gap_ms / 12 + 1, 6);
            }
        }
        let signed_only = self.random.percent(50);
        self.script.push(Script::Block { from: at_ms, signed_only });
        if self.random.percent(40) {
            let silent_from = at_ms + self.random.within(2, 30) * SEC;
            for bot in &mut self.bots {
                bot.until_ms = bot.until_ms.min(silent_from);
            }
            for probe in 1..4 {
                let at_ms = silent_from + probe * 8 * MIN;
                self.push(Draft { at_ms, ..draft(0, ACCOUNT) });
            }
        }
    }

    /// One account's calls are refused for a while or for good.
    fn fail_auth(&mut self, at_ms: u64) {
        let (status, code, percent) = self.random.pick(&[
            (401, -2015, 100),
            (400, -1022, 100),
            (401, -2014, 100),
            (403, -2015, 100),
            (400, -1021, 100),
            (400, -1021, 70),
            (400, -1022, 60),
        ]);
        let until = at_ms + self.random.within(15, 40) * MIN;
        let account = 0;
        self.script.push(Script::Refuse { from: at_ms, until, account, status, code, percent });
    }

    /// A deploy or a scale-out that asks for more than there is, until it is rolled back.
    fn jump(&mut self, at_ms: u64) {
        let until = at_ms + self.random.within(9, 14) * MIN;
        let is_in_step = self.random.percent(50);
        if is_in_step {
            self.manners = Manners::InStep;
        }
        let mut bots: Vec<usize> = (0..self.bots.len()).collect();
        let is_deploy = self.random.percent(60);
        if is_deploy {
            self.restart(at_ms, 3);
        }
        if !is_deploy || self.random.percent(40) {
            let more = self.bots.len() as u64 * self.random.within(1, 3);
            let version = if is_deploy { 3 } else { 1 };
            bots.extend(self.scale_out(at_ms, until, more, version));
        }
        let per_call: u64 =
            self.mix.iter().map(|kind| u64::from(kind.2)).sum::<u64>() / self.mix.len() as u64;
        let calls_per_min =
            u64::from(self.capacity) * self.random.within(15, 30) / 10 / per_call.max(1);
        let gap_ms = bots.len() as u64 * MIN / calls_per_min.max(1);
        for bot in bots {
            let from = self.bots[bot].lives.last().unwrap().0.max(at_ms) + 2 * SEC;
            if is_in_step {
                // All of them at every full half minute.
                let mut tick = from - from % (30 * SEC) + 30 * SEC;
                while tick < until {
                    for _ in 0..(30 * SEC / gap_ms.max(1)).max(1) {
                        let kind = self.random.pick(&self.mix);
                        let at_ms = tick + self.random.within(0, 60);
                        self.push(Draft { at_ms, inflight: 5, ..draft(bot, kind) });
                    }
                    tick += 30 * SEC;
                }
            } else {
                self.burst(bot, from, until, gap_ms, 5);
            }
        }
    }

    /// Sockets that fall and reconnect for minutes, each time with a full resync.
    fn storm(&mut self, at_ms: u64) {
        let until = at_ms + self.random.within(6, 15) * MIN;
        let everybody = self.random.percent(60);
        let (gap, calls) = (self.random.within(2, 14) * SEC, self.random.within(5, 14));
        let count = if everybody { self.bots.len() } else { 1 };
        for bot in 0..count {
            let mut at_ms = at_ms + self.random.within(0, 3) * SEC;
            while at_ms < until {
                self.reconnect(bot, at_ms, calls, CARELESS);
                at_ms += self.random.within(gap / 2, gap * 3 / 2);
            }
        }
    }

    /// One endpoint polled beyond what its bucket holds, with backoff that does not help.
    fn heat(&mut self, at_ms: u64) {
        let until = at_ms + self.random.within(30, 70) * MIN;
        let kind = self.random.pick(&[
            ("depth", "GET", 50, false, "background"),
            ("open_orders", "GET", 80, true, "query"),
            ("bars", "GET", 20, false, "background"),
        ]);
        let everybody = self.random.percent(50);
        let count = if everybody { self.bots.len() } else { 1 };
        let want = u64::from(self.capacity) * self.random.within(11, 20) / 10;
        let calls_per_min = (want / u64::from(kind.2)).max(4);
        let gap_ms = count as u64 * MIN / calls_per_min;
        for bot in 0..count {
            let mut at_ms = at_ms + self.random.within(0, 30) * SEC;
            while at_ms < until {
                self.push(Draft { at_ms, inflight: CARELESS, ..draft(bot, kind) });
                at_ms += 1 + self.random.within(0, 2 * gap_ms);
            }
        }
    }
}
