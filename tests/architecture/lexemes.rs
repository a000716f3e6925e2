//! A source file as the words and signs the compiler would see.
//!
//! Rules over text cry wolf at comments and miss what is broken over two lines; rules over a
//! syntax tree cannot see into macros. The tokens in between have neither fault, and they come
//! from the same lexer that derive macros are built on. Documentation is a comment to us, so it
//! is dropped, although to the compiler it is an attribute.

use std::str::FromStr;

use proc_macro2::{Delimiter, LineColumn, TokenStream, TokenTree};

/// One file of Rust.
#[derive(Clone)]
pub(super) struct Source {
    /// From the root of the workspace: `crates/model/src/time.rs`.
    pub(super) path: String,
    /// Its tokens in order, brackets included; or why it cannot be read.
    pub(super) lexemes: Result<Vec<Lexeme>, String>,
}

/// A token, and the line it starts on, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lexeme {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) line: usize,
}

/// What sort of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier, a keyword included.
    Word,
    /// A number, a character or a string, as written.
    Literal,
    /// A punctuation mark or a bracket. `::` is two.
    Sign,
}

impl Source {
    /// Reads `text`, the content of the file at `path`.
    pub(super) fn new(path: &str, text: &str) -> Self {
        let lexemes = TokenStream::from_str(text)
            .map(|tokens| {
                let mut lexemes = Vec::new();
                flatten(tokens, &mut lexemes);
                lexemes
            })
            .map_err(|error| error.to_string());
        Self { path: path.to_owned(), lexemes }
    }

    /// The tokens; none where the file cannot be read, which [`super::layout`] reports.
    pub(super) fn lexemes(&self) -> &[Lexeme] {
        self.lexemes.as_deref().unwrap_or_default()
    }

    /// The lines on which `phrase` begins: words and signs with spaces between, `now : :`.
    pub(super) fn lines_of(&self, phrase: &str) -> Vec<usize> {
        starts_of(self.lexemes(), phrase)
            .into_iter()
            .map(|index| self.lexemes()[index].line)
            .collect()
    }

    /// `path:line`, for a message.
    pub(super) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}

impl Lexeme {
    /// Whether this is the word or sign `text`; a literal never is.
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }

    /// Whether this is an identifier or a keyword.
    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }
}

/// The indices at which `phrase` begins: words and signs with spaces between.
pub(super) fn starts_of(lexemes: &[Lexeme], phrase: &str) -> Vec<usize> {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    lexemes
        .windows(phrase.len())
        .enumerate()
        .filter(|(_, window)| window.iter().zip(&phrase).all(|(lexeme, wanted)| lexeme.is(wanted)))
        .map(|(index, _)| index)
        .collect()
}

/// The index of the bracket that closes the one at `open`, or the end.
pub(super) fn closing(lexemes: &[Lexeme], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, lexeme) in lexemes.iter().enumerate().skip(open) {
        if ["(", "[", "{"].iter().any(|sign| lexeme.is(sign)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|sign| lexeme.is(sign)) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return index;
            }
        }
    }
    lexemes.len()
}

fn flatten(tokens: TokenStream, into: &mut Vec<Lexeme>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if is_sign(&token, '#') {
            let bang = tokens.next_if(|next| is_sign(next, '!'));
            if tokens.next_if(is_documentation).is_some() {
                continue;
            }
            push(Kind::Sign, "#", token.span().start(), into);
            if let Some(bang) = bang {
                push(Kind::Sign, "!", bang.span().start(), into);
            }
            continue;
        }
        let start = token.span().start();
        match token {
            TokenTree::Ident(word) => push(Kind::Word, &word.to_string(), start, into),
            TokenTree::Punct(sign) => push(Kind::Sign, &sign.to_string(), start, into),
            TokenTree::Literal(literal) => push(Kind::Literal, &literal.to_string(), start, into),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(Kind::Sign, open, group.span_open().start(), into);
                flatten(group.stream(), into);
                push(Kind::Sign, close, group.span_close().start(), into);
            }
        }
    }
}

fn push(kind: Kind, text: &str, start: LineColumn, into: &mut Vec<Lexeme>) {
    into.push(Lexeme { kind, text: text.to_owned(), line: start.line });
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// Whether this is the `[doc = ..]` that a documentation comment becomes.
fn is_documentation(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else {
        return false;
    };
    group.delimiter() == Delimiter::Bracket
        && matches!(
            group.stream().into_iter().next(),
            Some(TokenTree::Ident(word)) if word == "doc"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        Source::new("a.rs", text).lexemes().iter().map(|lexeme| lexeme.text.clone()).collect()
    }

    #[test]
    fn comments_of_every_kind_are_not_tokens() {
        let text = "//! async\n/* async /* async */ */\n/// async\nfn f() {} // async";
        assert_eq!(texts(text), ["fn", "f", "(", ")", "{", "}"]);
    }

    #[test]
    fn a_string_is_a_literal_and_never_a_word() {
        let source = Source::new("a.rs", r###"const A: &str = r#"async "fn""#;"###);
        assert!(source.lines_of("async").is_empty());
        assert!(source.lexemes().iter().any(|lexeme| lexeme.kind == Kind::Literal));
    }

    #[test]
    fn a_phrase_is_found_across_lines_and_inside_macros() {
        let source = Source::new("a.rs", "run! {\n  Instant ::\n  now()\n}");
        assert_eq!(source.lines_of("Instant : : now"), [2]);
    }

    #[test]
    fn attributes_other_than_documentation_stay() {
        assert_eq!(texts("#[doc = \"x\"] #[derive(Debug)] struct A;")[..3], ["#", "[", "derive"]);
        assert_eq!(texts("#![doc = \"x\"] #![forbid(a)]")[..3], ["#", "!", "["]);
    }

    #[test]
    fn what_is_not_rust_is_an_error_and_not_an_empty_file() {
        assert!(Source::new("a.rs", "fn f( {").lexemes.is_err());
    }
}
