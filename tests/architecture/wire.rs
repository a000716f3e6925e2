//! The structs that mirror a venue's JSON stay inside its adapter.
//!
//! Were one public, the rest of the house would come to lean on a shape that somebody else may
//! change any day. So whatever is read from or written to the wire in an adapter is at most
//! `pub(crate)`.

use super::Violations;
use super::lexemes::{Lexeme, closing};
use super::workspace::Workspace;

/// Where the adapters live.
const ADAPTERS: [&str; 2] = ["crates/binance/src/", "crates/bitget/src/"];

/// The derives that make a type part of the wire.
const OF_THE_WIRE: [&str; 2] = ["Deserialize", "Serialize"];

/// Types of an adapter that serde reads or writes and that are `pub`.
pub(super) fn public_structs(workspace: &Workspace) -> Violations {
    let mut violations = Violations::new();
    let adapters = workspace
        .sources()
        .filter(|source| ADAPTERS.iter().any(|folder| source.path.starts_with(folder)));
    for source in adapters {
        for item in derived(source.lexemes()) {
            let is_wire = OF_THE_WIRE.iter().any(|name| item.derives(name));
            if is_wire && item.is_public {
                violations.push(format!(
                    "{} makes the wire struct {} `pub`; make it private and hand out a type of \
                     tradewind-model",
                    source.at(item.line),
                    item.name
                ));
            }
        }
    }
    violations
}

/// A type definition: what it is called, what it derives and what it holds.
pub(super) struct Item<'s> {
    pub(super) name: &'s str,
    pub(super) line: usize,
    /// Whether it says `pub` without a restriction.
    pub(super) is_public: bool,
    derives: Vec<&'s str>,
    /// The tokens between its name and its end.
    pub(super) body: &'s [Lexeme],
}

impl Item<'_> {
    /// Whether `name` is derived, unconditionally or by `cfg_attr`.
    pub(super) fn derives(&self, name: &str) -> bool {
        self.derives.contains(&name)
    }
}

/// The structs, enums and unions in `lexemes`, wherever they are nested.
pub(super) fn derived(lexemes: &[Lexeme]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut derives = Vec::new();
    let mut is_public = false;
    let mut index = 0;
    while index < lexemes.len() {
        let lexeme = &lexemes[index];
        let next_is = |sign: &str| lexemes.get(index + 1).is_some_and(|next| next.is(sign));
        if lexeme.is("#") && next_is("[") {
            let end = closing(lexemes, index + 1);
            let attribute = &lexemes[index + 1..end];
            if attribute.iter().any(|word| word.is("derive")) {
                derives.extend(words(attribute));
            }
            index = end + 1;
        } else if lexeme.is("pub") {
            let is_restricted = next_is("(");
            is_public = !is_restricted;
            index = if is_restricted { closing(lexemes, index + 1) + 1 } else { index + 1 };
        } else if ["struct", "enum", "union"].iter().any(|word| lexeme.is(word))
            && lexemes.get(index + 1).is_some_and(Lexeme::is_word)
        {
            let body = &lexemes[index + 2..end_of_item(lexemes, index + 2)];
            items.push(Item {
                name: &lexemes[index + 1].text,
                line: lexeme.line,
                is_public: std::mem::take(&mut is_public),
                derives: std::mem::take(&mut derives),
                body,
            });
            index += 2;
        } else {
            derives.clear();
            is_public = false;
            index += 1;
        }
    }
    items
}

fn words(lexemes: &[Lexeme]) -> impl Iterator<Item = &str> {
    lexemes.iter().filter(|lexeme| lexeme.is_word()).map(|lexeme| lexeme.text.as_str())
}

/// The end of a definition whose body or semicolon comes after `from`.
fn end_of_item(lexemes: &[Lexeme], from: usize) -> usize {
    let mut index = from;
    while index < lexemes.len() {
        if lexemes[index].is("{") {
            return closing(lexemes, index);
        }
        if lexemes[index].is(";") {
            return index;
        }
        // A tuple struct's fields, or an array in a default: neither ends it.
        let is_open = lexemes[index].is("(") || lexemes[index].is("[");
        index = if is_open { closing(lexemes, index) + 1 } else { index + 1 };
    }
    lexemes.len()
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{self, Specimen};
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        public_structs(&specimen::sound().saying(path, text)).len()
    }

    #[test]
    fn a_sound_workspace_passes() {
        assert_eq!(public_structs(&specimen::sound()), Violations::new());
    }

    #[test]
    fn a_public_wire_struct_is_found_in_every_guise() {
        for text in [
            "#[derive(Deserialize)] pub struct Reply { code: i64 }",
            "#[derive(Debug, serde::Deserialize)]\n#[serde(rename_all = \"x\")]\n\
             /// Doc.\npub struct Reply(u8);",
            "mod inner { #[derive(Serialize)] pub enum Reply { A } }",
            "#[cfg_attr(test, derive(Deserialize))] pub struct Reply;",
        ] {
            assert_eq!(found("crates/binance/src/reply.rs", text), 1, "{text}");
            assert_eq!(found("crates/model/src/report.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn what_stays_inside_the_adapter_passes() {
        for text in [
            "#[derive(Deserialize)] struct Reply { code: i64 }",
            "#[derive(Deserialize)] pub(crate) struct Reply { code: i64 }",
            "#[derive(Deserialize)] struct Reply; #[derive(Debug)] pub struct Other;",
            "#[derive(Debug)] pub struct Reply { inner: Deserialize }",
        ] {
            assert_eq!(found("crates/binance/src/reply.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn a_body_is_what_lies_between_the_name_and_the_end() {
        let source = super::super::lexemes::Source::new(
            "a.rs",
            "struct A<T>(T, u8) where T: Copy; enum B { C { d: u8 } } struct E;",
        );
        let items = derived(source.lexemes());
        let bodies: Vec<(&str, usize)> =
            items.iter().map(|item| (item.name, item.body.len())).collect();
        assert_eq!(bodies, [("A", 12), ("B", 7), ("E", 0)]);
    }
}
