//! Which crate may name which: the floors of `crates/README.md`.
//!
//! An arrow may only go down. That one rule keeps what decides free of what does I/O, keeps the
//! venues from knowing each other, and keeps the graph wide, so that two cores stay busy. Arrows
//! of every kind count: a test that needs a crate above its own belongs in `tests/`.

use std::collections::BTreeSet;

use cargo_metadata::DependencyKind;

use super::Violations;
use super::workspace::{Dependency, Member, Workspace};

/// The crates under `crates/`, and the floor each stands on.
const FLOORS: [(&str, u8); 18] = [
    ("tradewind-model", 0),
    ("tradewind-scheduler", 1),
    ("tradewind-strategy", 1),
    ("tradewind-venue", 1),
    ("tradewind-engine", 1),
    ("tradewind-router", 1),
    ("tradewind-journal", 2),
    ("tradewind-transport", 2),
    ("tradewind-runtime", 2),
    ("tradewind-binance", 3),
    ("tradewind-bitget", 3),
    ("tradewind-simulator", 3),
    ("tradewind-triage", 3),
    ("tradewind-dashboard", 3),
    ("tradewind-fleet", 3),
    ("tradewind", 4),
    ("tradewind-lab", 4),
    ("tradewind-cli", 6),
];

/// The folders whose members all stand on one floor.
const FLOORS_BY_FOLDER: [(&str, u8); 3] = [("strategies/", 5), ("examples/", 6), ("tests/", 6)];

/// The five arrows inside a floor.
const ARROWS_INSIDE: [(&str, &str); 5] = [
    ("tradewind-engine", "tradewind-scheduler"),
    ("tradewind-router", "tradewind-engine"),
    ("tradewind-router", "tradewind-scheduler"),
    ("tradewind-runtime", "tradewind-journal"),
    ("tradewind-runtime", "tradewind-transport"),
];

/// The members that decide and never do: they see neither a socket nor a clock.
pub(super) const PURE: [&str; 9] = [
    "crates/model/",
    "crates/scheduler/",
    "crates/engine/",
    "crates/router/",
    "crates/strategy/",
    "crates/venue/",
    "crates/binance/",
    "crates/bitget/",
    "crates/triage/",
];

/// Packages that do I/O, or exist to drive what does.
const IO: [&str; 14] = [
    "async-std",
    "futures",
    "futures-executor",
    "futures-util",
    "hyper",
    "libsqlite3-sys",
    "mio",
    "redis",
    "reqwest",
    "rusqlite",
    "smol",
    "tokio",
    "tokio-tungstenite",
    "tungstenite",
];

/// The adapters, which the simulator must be able to contradict.
const ADAPTERS: [&str; 2] = ["tradewind-binance", "tradewind-bitget"];

/// Arrows that do not go down, and members that stand on no floor.
pub(super) fn arrows(workspace: &Workspace) -> Violations {
    let mut violations = Violations::new();
    for member in &workspace.members {
        let Some(floor) = floor(member) else {
            violations.push(format!(
                "{} ({}) stands on no floor; add it to FLOORS in tests/architecture/floors.rs and \
                 to the table in crates/README.md",
                member.name, member.folder
            ));
            continue;
        };
        for dependency in &member.dependencies {
            // A member without a floor has been reported, a third party has none.
            let Some(below) = workspace.member(&dependency.name).and_then(self::floor) else {
                continue;
            };
            let is_drawn = ARROWS_INSIDE.contains(&(&member.name, &dependency.name));
            if below >= floor && !is_drawn {
                violations.push(format!(
                    "{} (floor {floor}) names {} (floor {below}); an arrow goes down, or the \
                     shared part moves to a lower crate",
                    member.name, dependency.name
                ));
            }
        }
    }
    violations
}

/// I/O that a pure member reaches, at first hand or through others.
pub(super) fn io_under_the_shell(workspace: &Workspace) -> Violations {
    let mut violations = Violations::new();
    for member in pure(workspace) {
        for dependency in &member.dependencies {
            if let Some(path) = path_to_io(workspace, &dependency.name) {
                violations.push(format!(
                    "{} decides and must not do I/O, but {} leads to it: {}",
                    member.name,
                    kind(dependency),
                    path.join(" -> ")
                ));
            }
        }
    }
    violations
}

/// Arrows between the simulator and an adapter, either way. Were a struct shared, both could be
/// wrong about the wire in the same way and agree.
pub(super) fn simulator_and_adapters(workspace: &Workspace) -> Violations {
    let simulator = "tradewind-simulator";
    let mut violations = Violations::new();
    for member in &workspace.members {
        for dependency in &member.dependencies {
            let (from, to) = (member.name.as_str(), dependency.name.as_str());
            let meets = (from == simulator && ADAPTERS.contains(&to))
                || (to == simulator && ADAPTERS.contains(&from));
            if meets {
                violations.push(format!(
                    "{from} names {to}; they meet only as bytes, in tests/ or over a socket"
                ));
            }
        }
    }
    violations
}

fn floor(member: &Member) -> Option<u8> {
    let by_folder = FLOORS_BY_FOLDER.iter().find(|(folder, _)| member.folder.starts_with(folder));
    let by_name = FLOORS.iter().find(|(name, _)| *name == member.name);
    by_folder.or(by_name).map(|(_, floor)| *floor)
}

fn pure(workspace: &Workspace) -> impl Iterator<Item = &Member> {
    workspace.members.iter().filter(|member| PURE.contains(&member.folder.as_str()))
}

/// The shortest way from a package to one that does I/O, both ends included.
fn path_to_io<'w>(workspace: &'w Workspace, from: &'w str) -> Option<Vec<&'w str>> {
    let mut seen = BTreeSet::from([from]);
    let mut paths = vec![vec![from]];
    // Breadth first; every package enters once, so this ends.
    while !paths.is_empty() {
        let mut longer = Vec::new();
        for path in paths {
            let end = *path.last()?;
            if IO.contains(&end) {
                return Some(path);
            }
            // Our own members answer for themselves.
            if workspace.member(end).is_some() {
                continue;
            }
            for next in workspace.lock.get(end).into_iter().flatten() {
                if seen.insert(next) {
                    longer.push([path.as_slice(), &[next.as_str()]].concat());
                }
            }
        }
        paths = longer;
    }
    None
}

fn kind(dependency: &Dependency) -> &'static str {
    match dependency.kind {
        DependencyKind::Development => "a dev-dependency",
        DependencyKind::Build => "a build-dependency",
        DependencyKind::Normal | DependencyKind::Unknown => "a dependency",
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{self, Specimen};
    use super::*;

    #[test]
    fn a_sound_workspace_passes() {
        let workspace = specimen::sound();
        assert_eq!(arrows(&workspace), Violations::new());
        assert_eq!(io_under_the_shell(&workspace), Violations::new());
        assert_eq!(simulator_and_adapters(&workspace), Violations::new());
    }

    #[test]
    fn tokio_in_the_schedulers_manifest_turns_the_floors_red() {
        let workspace = specimen::sound().depending("tradewind-scheduler", "tokio");
        let violations = io_under_the_shell(&workspace);
        assert_eq!(violations.len(), 1);
        assert!(violations[0].contains("tradewind-scheduler"), "{violations:?}");
        assert!(violations[0].ends_with(": tokio"), "{violations:?}");
    }

    #[test]
    fn tokio_for_its_tests_alone_is_found_too() {
        let workspace = specimen::sound().depending_of_kind(
            "tradewind-binance",
            "tokio",
            DependencyKind::Development,
        );
        let violations = io_under_the_shell(&workspace);
        assert!(violations[0].contains("a dev-dependency leads to it"), "{violations:?}");
    }

    #[test]
    fn tokio_behind_a_third_party_is_found_with_the_way_to_it() {
        let workspace = specimen::sound()
            .locked("sdk", &["http", "sdk-client"])
            .locked("sdk-client", &["reqwest"])
            .depending("tradewind-venue", "sdk");
        let violations = io_under_the_shell(&workspace);
        assert!(violations[0].ends_with("sdk -> sdk-client -> reqwest"), "{violations:?}");
    }

    #[test]
    fn the_shell_may_do_io() {
        let workspace = specimen::sound().depending("tradewind-transport", "tokio");
        assert_eq!(io_under_the_shell(&workspace), Violations::new());
    }

    #[test]
    fn a_database_under_the_engine_is_found() {
        let workspace = specimen::sound()
            .locked("rusqlite", &["libsqlite3-sys"])
            .depending("tradewind-engine", "rusqlite");
        assert_eq!(io_under_the_shell(&workspace).len(), 1);
    }

    #[test]
    fn an_arrow_up_or_along_a_floor_is_found() {
        for (from, to) in [
            ("tradewind-scheduler", "tradewind-engine"),
            ("tradewind-engine", "tradewind-router"),
            ("tradewind-engine", "tradewind-strategy"),
            ("tradewind-model", "tradewind-venue"),
            ("tradewind-transport", "tradewind-runtime"),
            ("tradewind-journal", "tradewind-runtime"),
            ("tradewind-binance", "tradewind-bitget"),
            ("tradewind", "tradewind-grid"),
        ] {
            let violations = arrows(&specimen::sound().depending(from, to));
            assert_eq!(violations.len(), 1, "{from} names {to}");
            assert!(violations[0].starts_with(from), "{violations:?}");
        }
    }

    #[test]
    fn a_crate_that_stands_on_no_floor_is_told_where_to_add_itself() {
        let violations = arrows(&specimen::sound().member_in("tradewind-vault", "crates/vault/"));
        assert_eq!(violations.len(), 1);
        assert!(violations[0].contains("tests/architecture/floors.rs"), "{violations:?}");
    }

    #[test]
    fn the_simulator_may_not_borrow_an_adapters_structs_even_for_its_tests() {
        for (from, to) in [
            ("tradewind-simulator", "tradewind-binance"),
            ("tradewind-bitget", "tradewind-simulator"),
        ] {
            let workspace =
                specimen::sound().depending_of_kind(from, to, DependencyKind::Development);
            assert_eq!(simulator_and_adapters(&workspace).len(), 1, "{from} names {to}");
        }
    }
}
