//! What holds a secret has no derived way to be printed.
//!
//! A derived `Debug` prints every field and a derived `Serialize` writes every field, into a log or
//! a journal that is copied around long after the key was thought safe. So a type that is a secret
//! by its name, or holds one by a field's, writes these by hand and redacts. A field whose type is
//! itself such a type redacts itself and is nobody else's worry.

use super::Violations;
use super::lexemes::Lexeme;
use super::wire::derived;
use super::workspace::Workspace;

/// Derives that show what is inside.
const PRINTERS: [&str; 3] = ["Debug", "Display", "Serialize"];

/// The names of fields that hold a secret, alone or at the end: `secret`, `hmac_secret`.
const FIELDS: [&str; 7] =
    ["secret", "secret_key", "private_key", "signing_key", "passphrase", "password", "pem"];

/// The names of types that are one, alone or at the end: `Secret`, `ApiSecret`.
const TYPES: [&str; 6] =
    ["Secret", "SecretKey", "SecretString", "Credential", "Credentials", "Passphrase"];

/// Types that hold a secret and derive a way to print it.
pub(super) fn printable(workspace: &Workspace) -> Violations {
    let mut violations = Violations::new();
    for source in workspace.sources() {
        for item in derived(source.lexemes()) {
            let Some(secret) = secret(item.name, item.body) else {
                continue;
            };
            for printer in PRINTERS.iter().filter(|printer| item.derives(printer)) {
                violations.push(format!(
                    "{} derives {printer} for {}, which holds the secret `{secret}`; write it by \
                     hand and redact",
                    source.at(item.line),
                    item.name
                ));
            }
        }
    }
    violations
}

/// What is secret about a type, if anything: its own name or a field's.
fn secret<'s>(name: &'s str, body: &'s [Lexeme]) -> Option<&'s str> {
    if is_secret_type(name) && !is_redacted(body) {
        return Some(name);
    }
    (0..body.len())
        .find(|&index| {
            is_secret_field(&body[index])
                && body.get(index + 1).is_some_and(|sign| sign.is(":"))
                && !body.get(index + 2).is_some_and(|sign| sign.is(":"))
                && !is_redacted(type_of_field(&body[index + 2..]))
        })
        .map(|index| body[index].text.as_str())
}

/// The tokens up to the comma that ends a field. A comma between angle brackets ends it too early,
/// which can only make the rule stricter.
fn type_of_field(after: &[Lexeme]) -> &[Lexeme] {
    let end = after.iter().position(|lexeme| lexeme.is(",")).unwrap_or(after.len());
    &after[..end]
}

fn is_secret_field(lexeme: &Lexeme) -> bool {
    lexeme.is_word()
        && FIELDS.iter().any(|name| {
            lexeme
                .text
                .strip_suffix(name)
                .is_some_and(|before| before.is_empty() || before.ends_with('_'))
        })
}

fn is_secret_type(name: &str) -> bool {
    TYPES.iter().any(|ending| name.ends_with(ending))
}

/// Whether a type among `lexemes` redacts itself.
fn is_redacted(lexemes: &[Lexeme]) -> bool {
    lexemes.iter().any(|lexeme| lexeme.is_word() && is_secret_type(&lexeme.text))
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{self, Specimen};
    use super::*;

    fn found(text: &str) -> usize {
        printable(&specimen::sound().saying("crates/venue/src/signer.rs", text)).len()
    }

    #[test]
    fn a_sound_workspace_passes() {
        assert_eq!(printable(&specimen::sound()), Violations::new());
    }

    #[test]
    fn a_derived_way_to_print_a_secret_is_found() {
        for text in [
            "#[derive(Debug)] struct Login { key: String, secret: String }",
            "#[derive(Clone, Serialize)] pub struct Login { pub api_secret: Vec<u8> }",
            "#[derive(Debug)] enum Key { Hmac { secret: Vec<u8> } }",
            "#[derive(Debug)] pub struct Secret(String);",
            "#[derive(Debug)] struct Login { bitget_passphrase: Option<String> }",
        ] {
            assert_eq!(found(text), 1, "{text}");
        }
    }

    #[test]
    fn what_redacts_itself_or_holds_no_secret_passes() {
        for text in [
            "#[derive(Clone)] struct Login { secret: String }",
            "#[derive(Debug)] struct Login { secret: Secret }",
            "#[derive(Debug)] enum Credentials { Hmac(Secret), Ed25519(SecretKey) }",
            "#[derive(Debug)] struct Login { secret_env: String, secretive: bool }",
            "#[derive(Debug)] enum SecretError { Missing }",
            "#[derive(Debug)] struct Fault { text: secret::Name }",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }
}
