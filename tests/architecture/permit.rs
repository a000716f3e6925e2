//! A permit is made by the scheduler or not at all.
//!
//! The transport asks for one with every request, handshake and control frame, and the compiler
//! refuses whoever has none. That is only as good as the type: a public field, a copy, or a second
//! type of the same name would let a request out that no budget has paid for.

use super::Violations;
use super::lexemes::{Lexeme, Source, closing, starts_of};
use super::wire::derived;
use super::workspace::Workspace;

const PERMIT: &str = "Permit";
const SCHEDULER: &str = "crates/scheduler/";

/// Traits that would make a second permit out of one, or one out of nothing.
const MAKERS: [&str; 4] = ["Clone", "Copy", "Default", "Deserialize"];

/// Ways to come by a permit without the scheduler.
pub(super) fn forgeries(workspace: &Workspace) -> Violations {
    let mut violations: Violations = workspace.sources().flat_map(forgeries_in).collect();
    let definitions = workspace
        .sources()
        .filter(|source| source.path.starts_with(SCHEDULER))
        .flat_map(|source| derived(source.lexemes()))
        .filter(|item| item.name == PERMIT)
        .count();
    if workspace.member("tradewind-transport").is_some() && definitions != 1 {
        violations.push(format!(
            "{SCHEDULER} defines Permit {definitions} times; the transport asks for the one and \
             only"
        ));
    }
    violations
}

fn forgeries_in(source: &Source) -> Violations {
    let lexemes = source.lexemes();
    let is_ours = source.path.starts_with(SCHEDULER);
    let mut found = Vec::new();
    for item in derived(lexemes).iter().filter(|item| item.name == PERMIT) {
        if !is_ours {
            found.push((item.line, "defines a second Permit; there is one, the scheduler's"));
        }
        if item.body.iter().any(|lexeme| lexeme.is("pub")) {
            found.push((item.line, "gives Permit a public field; then anyone can make one"));
        }
        if MAKERS.iter().any(|name| item.derives(name)) {
            found.push((item.line, "derives what makes two permits of one, or one of nothing"));
        }
    }
    for name in MAKERS {
        for line in source.lines_of(&format!("{name} for Permit")) {
            found.push((line, "implements what makes two permits of one, or one of nothing"));
        }
    }
    for line in constructors(lexemes) {
        found.push((line, "makes a Permit for whoever asks; let the budget hand it out"));
    }
    if !is_ours {
        for line in literals(lexemes) {
            found.push((line, "makes a Permit by hand; ask the scheduler for one"));
        }
    }
    found.into_iter().map(|(line, what)| format!("{} {what}", source.at(line))).collect()
}

/// The lines on which `impl Permit` has a public function that takes no permit: a constructor.
fn constructors(lexemes: &[Lexeme]) -> Vec<usize> {
    let mut lines = Vec::new();
    for start in starts_of(lexemes, "impl Permit {") {
        let body = &lexemes[start + 2..closing(lexemes, start + 2)];
        for function in (0..body.len()).filter(|&index| body[index].is("fn")) {
            let is_public = function.checked_sub(1).is_some_and(|before| {
                body[before].is("pub")
                    || (body[before].is("const") && before > 0 && body[before - 1].is("pub"))
            });
            let Some(open) = (function..body.len()).find(|&index| body[index].is("(")) else {
                continue;
            };
            let takes_self = body[open..closing(body, open)].iter().any(|word| word.is("self"));
            if is_public && !takes_self {
                lines.push(body[function].line);
            }
        }
    }
    lines
}

/// The lines on which `Permit { .. }` is an expression or a pattern.
fn literals(lexemes: &[Lexeme]) -> Vec<usize> {
    (0..lexemes.len())
        .filter(|&index| {
            lexemes[index].is(PERMIT)
                && lexemes.get(index + 1).is_some_and(|next| next.is("{"))
                && !names_a_type(&lexemes[..index])
        })
        .map(|index| lexemes[index].line)
        .collect()
}

/// Whether a path that ends after `before` is a type in front of a body: `-> Permit {`,
/// `for Permit {`, `impl Permit {`, `struct Permit {`.
fn names_a_type(before: &[Lexeme]) -> bool {
    let mut end = before.len();
    // Step back over `scheduler::`.
    while end >= 3 && before[end - 1].is(":") && before[end - 2].is(":") {
        end -= 3;
    }
    let before = &before[..end];
    let ends_with = |words: &[&str]| {
        before.len() >= words.len()
            && before[before.len() - words.len()..]
                .iter()
                .zip(words)
                .all(|(lexeme, word)| lexeme.is(word))
    };
    ends_with(&["-", ">"])
        || ["for", "impl", "struct", "enum", "union", "trait", "mod"]
            .iter()
            .any(|word| ends_with(&[word]))
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{self, Specimen};
    use super::*;

    fn found(path: &str, text: &str) -> Violations {
        forgeries(&specimen::sound().saying(path, text))
    }

    #[test]
    fn a_sound_workspace_passes() {
        assert_eq!(forgeries(&specimen::sound()), Violations::new());
    }

    #[test]
    fn a_permit_made_by_hand_is_found() {
        for text in [
            "fn f() { send(Permit { weight: 1 }); }",
            "fn f() { let p = tradewind_scheduler::Permit { weight: 1 }; }",
            "struct Permit { weight: u32 }",
            "impl Clone for Permit { }",
        ] {
            assert_eq!(found("crates/runtime/src/driver.rs", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn naming_the_type_is_not_making_one() {
        for text in [
            "fn f() -> Permit { ask() }",
            "fn f() -> scheduler::Permit { ask() }",
            "impl Priced for tradewind_scheduler::Permit { }",
            "fn f(permit: Permit) { drop(permit) }",
        ] {
            assert_eq!(found("crates/runtime/src/driver.rs", text), Violations::new(), "{text}");
        }
    }

    #[test]
    fn a_permit_that_anyone_could_make_or_copy_is_found_in_the_scheduler() {
        let path = "crates/scheduler/src/budget.rs";
        for text in [
            "pub struct Permit { pub weight: u32 }",
            "pub struct Permit(pub u32);",
            "#[derive(Debug, Clone)] pub struct Permit { weight: u32 }",
            "pub struct Permit(u32); impl Permit { pub fn new(weight: u32) -> Self { f() } }",
            "pub struct Permit(u32); impl Permit { pub const fn free() -> Permit { f() } }",
        ] {
            let sound = specimen::sound().without(path);
            assert_eq!(forgeries(&sound.saying(path, text)).len(), 1, "{text}");
        }
    }

    #[test]
    fn the_scheduler_may_make_one_for_itself_and_let_others_read_it() {
        let path = "crates/scheduler/src/budget.rs";
        let text = "pub struct Permit(u32); impl Permit {
            pub(crate) fn new(weight: u32) -> Self { Self(weight) }
            pub const fn weight(&self) -> u32 { self.0 }
        }";
        let sound = specimen::sound().without(path);
        assert_eq!(forgeries(&sound.saying(path, text)), Violations::new());
    }

    #[test]
    fn a_transport_with_no_permit_to_ask_for_is_found() {
        let workspace = specimen::sound().without("crates/scheduler/src/budget.rs");
        assert_eq!(forgeries(&workspace).len(), 1);
    }
}
