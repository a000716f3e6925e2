//! What of a venue's text may be shown: its beginning, without anything that could be a key.
//!
//! Logs and error messages quote the venue. A venue may quote us, API key and all, so a run of
//! characters that is long enough to be a key or a signature is left out before the text is cut:
//! a half of a key is a leak too.

/// The longest excerpt, in characters.
pub const EXCERPT_CHARS_MAX: usize = 120;

const LEFT_OUT: &str = "<…>";

/// The first [`EXCERPT_CHARS_MAX`] characters of a text, on one line and without keys: a run of
/// letters and digits of `key_chars_min` characters or more may be one.
#[must_use]
pub fn excerpt(text: &str, key_chars_min: usize) -> String {
    let mut shown = Shown::default();
    let mut run = String::new();
    for c in text.chars() {
        if shown.is_full() {
            break;
        }
        if c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_' | '%') {
            // What is longer is left out anyway, so its length is all there is to know of it.
            if run.len() < key_chars_min {
                run.push(c);
            }
            continue;
        }
        shown.take_run(&mut run, key_chars_min);
        shown.push(if c.is_control() { ' ' } else { c });
    }
    shown.take_run(&mut run, key_chars_min);
    shown.text
}

#[derive(Default)]
struct Shown {
    text: String,
    chars: usize,
}

impl Shown {
    fn is_full(&self) -> bool {
        self.chars >= EXCERPT_CHARS_MAX
    }

    fn push(&mut self, c: char) {
        if !self.is_full() {
            self.text.push(c);
            self.chars += 1;
        }
    }

    fn take_run(&mut self, run: &mut String, key_chars_min: usize) {
        let shown = if run.len() < key_chars_min { run.as_str() } else { LEFT_OUT };
        for c in shown.chars() {
            self.push(c);
        }
        run.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_shows_no_key_nor_half_of_one() {
        let key = "k9".repeat(32);
        for padding in 0..200 {
            let text =
                format!("{}{{\"apiKey\":\"{key}\"}} {}", ".".repeat(padding), "é".repeat(300));
            let shown = excerpt(&text, 37);
            assert!(shown.chars().count() <= EXCERPT_CHARS_MAX, "{shown}");
            assert!(!shown.contains("k9"), "{shown}");
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_shown_as_it_stands() {
        let text = r#"{"code":-2011,"msg":"Unknown order sent.","c":"tw100a00000abcd-1z"}"#;
        assert_eq!(excerpt(text, 37), text);
        assert_eq!(excerpt("a\nb\u{7}c", 37), "a b c");
    }
}
