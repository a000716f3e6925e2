//! What the sources must not say, and where they may after all.
//!
//! The rules are rows of three tables; a row says what is absent, from where, and why. A rule that
//! must be broken somewhere gets that one file as an exception, never a looser rule.

use super::Violations;
use super::floors::PURE;
use super::lexemes::{Kind, Lexeme, Source};
use super::workspace::Workspace;

/// One thing that is not said in a part of the sources.
struct Absence {
    what: What,
    /// The folders it is absent from; see [`EVERYWHERE`].
    from: &'static [&'static str],
    /// The beginnings of the paths that are excepted.
    except: &'static [&'static str],
    why: &'static str,
}

/// How to find it.
enum What {
    /// Any of these phrases: words and signs with spaces between.
    Phrase(&'static [&'static str]),
    /// A type, a function or a literal of binary floating point.
    Float,
    /// A word, or a part of a string, with this spelling in any case.
    Spelling(&'static str),
}

/// Every member, tests and examples included.
const EVERYWHERE: &[&str] = &[""];

const PURE_CRATES: &[Absence] = &[
    Absence {
        what: What::Phrase(&["async", "await"]),
        from: &PURE,
        except: &[],
        why: "what decides takes `now` and returns actions; futures belong to the shell",
    },
    Absence {
        what: What::Phrase(&["async", "await", "tokio"]),
        from: &["crates/simulator/src/"],
        except: &["crates/simulator/src/server.rs", "crates/simulator/src/server/"],
        why: "the simulated venue is played without sockets; only its server waits",
    },
    Absence {
        what: What::Float,
        from: &PURE,
        except: &["crates/model/src/float.rs", "crates/model/src/float/"],
        why: "money is `Decimal`; strategies convert at the checked edge in model::float",
    },
    Absence {
        what: What::Phrase(&["HashMap", "HashSet"]),
        from: &PURE,
        except: &[],
        why: "same seed, same run: use BTreeMap, IndexMap or Vec, whose order repeats",
    },
];

const CLOCKS_AND_CHANCE: &[Absence] = &[
    Absence {
        what: What::Phrase(&[
            "Instant : : now",
            "SystemTime : : now",
            "UNIX_EPOCH . elapsed",
            "Utc : : now",
            "Local : : now",
            "OffsetDateTime : : now_utc",
            "OffsetDateTime : : now_local",
            "Zoned : : now",
        ]),
        from: EVERYWHERE,
        except: &["crates/runtime/src/clock.rs", "crates/simulator/src/server/clock.rs"],
        why: "time enters through runtime::clock (and the simulator's server::clock) alone",
    },
    Absence {
        what: What::Phrase(&[
            "thread_rng",
            "rand : : rng",
            "rand : : random",
            "from_os_rng",
            "from_entropy",
            "OsRng",
            "SysRng",
            "getrandom",
            "RandomState",
        ]),
        from: EVERYWHERE,
        except: &["crates/runtime/src/seed.rs"],
        why: "chance is seeded, and the seed is drawn in runtime::seed; else no run repeats",
    },
    Absence {
        what: What::Phrase(&["SystemRandom"]),
        from: EVERYWHERE,
        // RSA signing demands a source of randomness, though nothing we decide hangs on it.
        except: &[
            "crates/runtime/src/seed.rs",
            "crates/venue/src/signer",
            "crates/simulator/src/bitget/signature/tests.rs",
        ],
        why: "only a signature may need the system's randomness",
    },
];

const WIRE_NAMES: &[Absence] = &[
    wire_name(concat!("orig", "ClientOrderId")),
    wire_name(concat!("new", "ClientOrderId")),
    wire_name(concat!("new", "OrderRespType")),
    wire_name(concat!("cancel", "ReplaceMode")),
    wire_name(concat!("execution", "Report")),
    wire_name(concat!("outbound", "AccountPosition")),
    wire_name(concat!("x-", "mbx-")),
];

/// A spelling of Binance's own, one of which Bitget has taken over. A venue's words stay with those who speak to it, so that a change
/// of its wire is a change of one crate. (Ours is `ExecutionReport`, a type; theirs is a string or
/// a field, and starts small.)
const fn wire_name(name: &'static str) -> Absence {
    Absence {
        what: What::Spelling(name),
        from: EVERYWHERE,
        except: &["crates/binance/", "crates/bitget/", "crates/simulator/"],
        why: "only the adapter and the simulator spell a venue's words",
    }
}

/// Futures, floats and maps without an order, where things are decided.
pub(super) fn in_pure_crates(workspace: &Workspace) -> Violations {
    violations(workspace, PURE_CRATES)
}

/// Readings of a clock and draws of chance outside their doors.
pub(super) fn of_clocks_and_chance(workspace: &Workspace) -> Violations {
    violations(workspace, CLOCKS_AND_CHANCE)
}

/// A venue's spelling outside its adapter and the simulator.
pub(super) fn of_wire_names(workspace: &Workspace) -> Violations {
    violations(workspace, WIRE_NAMES)
}

fn violations(workspace: &Workspace, absences: &[Absence]) -> Violations {
    let mut violations = Violations::new();
    for source in workspace.sources() {
        for absence in absences.iter().filter(|absence| absence.covers(&source.path)) {
            for (line, said) in absence.what.found_in(source) {
                violations.push(format!("{} says `{said}`: {}", source.at(line), absence.why));
            }
        }
    }
    violations
}

impl Absence {
    fn covers(&self, path: &str) -> bool {
        let lies_in = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
        lies_in(self.from) && !lies_in(self.except)
    }
}

impl What {
    /// Each place it is said: the line, and the words.
    fn found_in(&self, source: &Source) -> Vec<(usize, String)> {
        let lexemes = source.lexemes();
        match self {
            Self::Phrase(phrases) => phrases
                .iter()
                .flat_map(|phrase| {
                    let said = phrase.replace(' ', "");
                    source.lines_of(phrase).into_iter().map(move |line| (line, said.clone()))
                })
                .collect(),
            Self::Float => (0..lexemes.len())
                .filter(|&index| is_float(lexemes, index))
                .map(|index| (lexemes[index].line, lexemes[index].text.clone()))
                .collect(),
            Self::Spelling(name) => lexemes
                .iter()
                .filter(|lexeme| lexeme.kind != Kind::Sign && spells(lexeme, name))
                .map(|lexeme| (lexeme.line, lexeme.text.clone()))
                .collect(),
        }
    }
}

/// Whether `lexeme` spells the wire name: exactly in a word, anywhere and in any case in a string.
fn spells(lexeme: &Lexeme, name: &str) -> bool {
    if lexeme.is_word() {
        return lexeme.text == name;
    }
    // Our own `ExecutionReport` differs from the venue's by its first letter alone.
    lexeme.text.contains(name)
        || (name.contains('-') && lexeme.text.to_ascii_lowercase().contains(name))
}

/// Whether the lexeme at `index` brings binary floating point with it.
fn is_float(lexemes: &[Lexeme], index: usize) -> bool {
    let lexeme = &lexemes[index];
    match lexeme.kind {
        Kind::Sign => false,
        Kind::Word => ["f32", "f64"]
            .iter()
            .any(|float| lexeme.text == *float || lexeme.text.ends_with(&format!("_{float}"))),
        Kind::Literal => {
            is_float_literal(&lexeme.text)
                && !is_tuple_index(lexemes, index)
                && !is_decimal_macro(lexemes, index)
        }
    }
}

/// `1.5`, `1e9` and `1f64` are floats; `0x1e9`, `5usize` and `"1.5"` are not.
fn is_float_literal(text: &str) -> bool {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    ['.', 'e', 'E', 'f'].iter().any(|start| rest.starts_with(*start))
}

/// `pair.0.1` reaches the lexer as a dot and the number `0.1`; the end of a range, `0..1.5`, has
/// two dots before it.
fn is_tuple_index(lexemes: &[Lexeme], index: usize) -> bool {
    let dot_before =
        |back: usize| index.checked_sub(back).is_some_and(|before| lexemes[before].is("."));
    dot_before(1) && !dot_before(2)
}

/// `dec!(1.5)` reads the digits as they are written and makes no float of them.
fn is_decimal_macro(lexemes: &[Lexeme], index: usize) -> bool {
    let minus = usize::from(index > 0 && lexemes[index - 1].is("-"));
    let Some(start) = index.checked_sub(3 + minus) else {
        return false;
    };
    ["dec", "!", "("].iter().zip(&lexemes[start..]).all(|(wanted, lexeme)| lexeme.is(wanted))
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{self, Specimen};
    use super::*;

    type Rule = fn(&Workspace) -> Violations;

    fn found(rule: Rule, path: &str, text: &str) -> usize {
        rule(&specimen::sound().saying(path, text)).len()
    }

    #[test]
    fn a_sound_workspace_passes() {
        let workspace = specimen::sound();
        for rule in [in_pure_crates, of_clocks_and_chance, of_wire_names] {
            assert_eq!(rule(&workspace), Violations::new());
        }
    }

    #[test]
    fn an_async_fn_in_the_scheduler_turns_the_sources_red() {
        let workspace = specimen::sound()
            .saying("crates/scheduler/src/queue.rs", "/// Waits.\npub async fn wait() {}");
        let violations = in_pure_crates(&workspace);
        assert_eq!(violations.len(), 1);
        assert!(violations[0].starts_with("crates/scheduler/src/queue.rs:2 "), "{violations:?}");
    }

    #[test]
    fn every_form_of_a_future_is_found_in_a_pure_crate() {
        for text in [
            "fn f() { let later = async { 1 }; }",
            "fn f() { let later = async move || 1; }",
            "fn f() { ask().await; }",
            "spawn! { async move { 1 } }",
        ] {
            assert_eq!(found(in_pure_crates, "crates/binance/src/rest.rs", text), 1, "{text}");
            assert_eq!(found(in_pure_crates, "crates/runtime/src/driver.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn the_simulated_venue_waits_in_its_server_alone() {
        let text = "async fn f() {}";
        assert_eq!(found(in_pure_crates, "crates/simulator/src/exchange.rs", text), 1);
        assert_eq!(found(in_pure_crates, "crates/simulator/src/server.rs", text), 0);
        assert_eq!(found(in_pure_crates, "crates/simulator/src/server/socket.rs", text), 0);
    }

    #[test]
    fn every_form_of_a_float_is_found_but_at_the_checked_edge() {
        for text in [
            "type Price = f64;",
            "fn f() -> f32 { g() }",
            "const HALF: Ratio = 0.5;",
            "const BIG: Ratio = 1e9;",
            "const ONE: Ratio = 1f64;",
            "fn f() { wait.as_secs_f64(); }",
            "fn f() { 0..1.5; }",
        ] {
            assert_eq!(found(in_pure_crates, "crates/model/src/money.rs", text), 1, "{text}");
            assert_eq!(found(in_pure_crates, "crates/model/src/float.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_float_passes() {
        for text in [
            "fn f() { pair.0.1; }",
            "fn f() { dec!(0.5); dec!(-0.5); }",
            "const A: u32 = 0x1e9; const B: usize = 5usize; const C: &str = \"1.5\";",
            "// an f64 would round\nfn f() {}",
        ] {
            assert_eq!(found(in_pure_crates, "crates/model/src/money.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn a_map_without_an_order_is_found_in_a_pure_crate() {
        let text = "use std::collections::HashMap;";
        assert_eq!(found(in_pure_crates, "crates/engine/src/ledger.rs", text), 1);
        assert_eq!(found(in_pure_crates, "crates/transport/src/http.rs", text), 0);
    }

    #[test]
    fn a_clock_is_read_behind_its_doors_alone() {
        for text in [
            "fn f() { std::time::Instant::now(); }",
            "fn f() { clocks.map(SystemTime::now); }",
            "fn f() { tokio::time::Instant::now(); }",
            "fn f() { UNIX_EPOCH.elapsed(); }",
        ] {
            assert_eq!(found(of_clocks_and_chance, "crates/runtime/src/driver.rs", text), 1);
            assert_eq!(found(of_clocks_and_chance, "tests/sockets.rs", text), 1);
            for door in ["crates/runtime/src/clock.rs", "crates/simulator/src/server/clock.rs"] {
                assert_eq!(found(of_clocks_and_chance, door, text), 0);
            }
        }
    }

    #[test]
    fn chance_without_a_seed_is_drawn_behind_its_door_alone() {
        for text in [
            "fn f() { rand::rng(); }",
            "fn f() { thread_rng(); }",
            "fn f() { StdRng::from_os_rng(); }",
            "fn f() { getrandom::fill(&mut seed); }",
            "fn f() { RandomState::new(); }",
        ] {
            assert_eq!(found(of_clocks_and_chance, "crates/cli/src/main.rs", text), 1, "{text}");
            assert_eq!(found(of_clocks_and_chance, "crates/runtime/src/seed.rs", text), 0);
        }
        let seeded = "fn f() { StdRng::seed_from_u64(7); }";
        assert_eq!(found(of_clocks_and_chance, "crates/cli/src/main.rs", seeded), 0);
    }

    #[test]
    fn a_venues_spelling_is_found_in_words_and_in_strings() {
        let name = concat!("orig", "ClientOrderId");
        let header = concat!("X-", "MBX-USED-WEIGHT");
        for text in [
            format!("struct A {{ {name}: u8 }}"),
            format!("const A: &str = \"symbol=X&{name}=1\";"),
            format!("const A: &str = \"{header}\";"),
        ] {
            assert_eq!(found(of_wire_names, "crates/engine/src/order.rs", &text), 1, "{text}");
            assert_eq!(found(of_wire_names, "crates/binance/src/rest.rs", &text), 0, "{text}");
            assert_eq!(found(of_wire_names, "crates/simulator/src/binance.rs", &text), 0);
        }
        let ours = "struct ExecutionReport; // the venue starts it small";
        assert_eq!(found(of_wire_names, "crates/model/src/report.rs", ours), 0);
    }
}
