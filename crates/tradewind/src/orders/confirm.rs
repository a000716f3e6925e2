//! Asking back before something is changed that nothing brings back.

use std::io::{self, BufRead, IsTerminal, Write};

use super::OperatorError;

/// Who says yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assent {
    /// Said with the command already.
    Given,
    /// A person at a terminal is asked.
    Asked,
    /// Nobody is there to be asked.
    Nobody,
}

impl Assent {
    pub(super) fn of(is_given: bool) -> Self {
        if is_given {
            Self::Given
        } else if io::stdin().is_terminal() {
            Self::Asked
        } else {
            Self::Nobody
        }
    }

    /// Whether it may be done.
    pub(super) fn obtain(self, question: &str) -> Result<(), OperatorError> {
        match self {
            Self::Given => Ok(()),
            Self::Nobody => Err(OperatorError::NotConfirmed("say --yes where nobody can be asked")),
            Self::Asked => ask(question, &mut io::stdin().lock(), &mut io::stderr()),
        }
    }
}

fn ask(
    question: &str,
    answers: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<(), OperatorError> {
    // A closed stderr asks nobody, and then nobody says yes.
    write!(out, "{question} Type yes to go on: ").and_then(|()| out.flush()).ok();
    let mut answer = String::new();
    match answers.read_line(&mut answer) {
        Ok(_) if answer.trim() == "yes" => Ok(()),
        Ok(_) | Err(_) => Err(OperatorError::NotConfirmed("nobody typed yes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        let ask = |said: &str| ask("Sure?", &mut said.as_bytes(), &mut Vec::new()).is_ok();
        assert!(ask("yes\n") && ask(" yes"));
        for said in ["", "\n", "y\n", "no\n", "YES\n", "yes please\n"] {
            assert!(!ask(said), "{said:?}");
        }
        assert!(Assent::Given.obtain("Sure?").is_ok());
        assert!(Assent::Nobody.obtain("Sure?").is_err());
    }
}
