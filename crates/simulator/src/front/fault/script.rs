//! The script: which rule strikes.

use std::net::IpAddr;

use super::{Fault, Rule, RuleId};
use crate::front::Door;
use crate::front::seed::Dice;

/// The rules, in the order in which they were added.
#[derive(Debug)]
pub(crate) struct Script {
    lines: Vec<Line>,
    next: u64,
    /// Of its own: what goes wrong must not change what else happens by chance.
    dice: Dice,
}

#[derive(Debug)]
struct Line {
    id: RuleId,
    rule: Rule,
    seen: u64,
    struck: u64,
}

impl Script {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { lines: Vec::new(), next: 0, dice: Dice::new(seed ^ 0x6661_756c_7473) }
    }

    pub(crate) fn add(&mut self, rule: Rule) -> RuleId {
        let id = RuleId(self.next);
        self.next += 1;
        self.lines.push(Line { id, rule, seen: 0, struck: 0 });
        id
    }

    pub(crate) fn remove(&mut self, id: RuleId) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| line.id != id);
        self.lines.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.lines.clear();
    }

    /// How often a line has struck.
    pub(crate) fn struck(&self, id: RuleId) -> u64 {
        self.lines.iter().find(|line| line.id == id).map_or(0, |line| line.struck)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What becomes of a request; none when nothing goes wrong with it.
    pub(crate) fn strike(&mut self, door: Door, what: &str, peer: IpAddr) -> Option<Fault> {
        for line in &mut self.lines {
            if !line.rule.of.matches(door, what, peer) {
                continue;
            }
            line.seen += 1;
            let is_due = line.seen > line.rule.after && line.struck < line.rule.times;
            if is_due && (line.rule.permille >= 1_000 || self.dice.up_to(999) < line.rule.permille)
            {
                line.struck += 1;
                return Some(line.rule.fault.clone());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::Pattern;
    use super::*;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const ORDER: &str = "POST /api/v3/order";

    fn strikes(script: &mut Script, what: &str, times: u32) -> Vec<bool> {
        (0..times).map(|_| script.strike(Door::Rest, what, PEER).is_some()).collect()
    }

    #[test]
    fn a_rule_strikes_the_requests_it_names_and_no_other() {
        let mut script = Script::new(1);
        script.add(Rule::always(Pattern::what(ORDER), Fault::AnswerLost));
        script.add(Rule::always(Pattern::what("GET *"), Fault::RequestLost));
        assert_eq!(script.strike(Door::Rest, ORDER, PEER), Some(Fault::AnswerLost));
        assert_eq!(script.strike(Door::Rest, "GET /api/v3/time", PEER), Some(Fault::RequestLost));
        assert_eq!(script.strike(Door::Rest, "DELETE /api/v3/order", PEER), None);
    }

    #[test]
    fn a_rule_knows_which_and_how_often() {
        let mut script = Script::new(1);
        let rule = Rule::always(Pattern::what(ORDER), Fault::AnswerLost);
        let id = script.add(Rule { after: 2, times: 3, ..rule });
        let struck = strikes(&mut script, ORDER, 7);
        assert_eq!(struck, [false, false, true, true, true, false, false]);
        assert!(script.remove(id) && !script.remove(id) && script.is_empty());
    }

    #[test]
    fn chance_is_as_often_as_was_said_and_the_same_again() {
        let struck = |seed| {
            let mut script = Script::new(seed);
            script.add(Rule::sometimes(Pattern::default(), 250, Fault::RequestLost));
            strikes(&mut script, ORDER, 4_000)
        };
        let count = struck(3).into_iter().filter(|is_struck| *is_struck).count();
        assert!(count.abs_diff(1_000) < 100, "{count} of 4,000");
        assert_eq!(struck(3), struck(3));
        assert_ne!(struck(3), struck(4));
    }
}
