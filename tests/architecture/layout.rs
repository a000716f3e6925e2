//! Where things lie, and what every manifest says.

use super::Violations;
use super::workspace::{Member, Workspace};

/// The top level, hidden entries other than `.github` aside. Whoever opens the repository sees
/// this list first; a stray file there is read by everybody and owned by nobody.
const TOP_LEVEL: [&str; 10] = [
    ".github",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "config",
    "crates",
    "examples",
    "fuzz",
    "strategies",
    "tests",
];

/// The one library with examples in its documentation that run: the face for users.
const FACADE: &str = "tradewind";

/// Manifests that keep a lint level, a doc test or a version to themselves, and sources that are
/// not Rust, which no other rule can then judge.
pub(super) fn manifests(workspace: &Workspace) -> Violations {
    workspace.members.iter().flat_map(habits).collect()
}

fn habits(member: &Member) -> Violations {
    let manifest = format!("{}Cargo.toml", member.folder);
    let mut violations = Violations::new();
    if !member.inherits_lints {
        violations.push(format!("{manifest} lacks `[lints] workspace = true`"));
    }
    match member.doctest {
        Some(true) if member.name != FACADE => violations.push(format!(
            "{manifest} lacks `[lib] doctest = false`; each doc test is a binary to link, and only \
             the facade's examples are for users"
        )),
        Some(false) if member.name == FACADE => violations.push(format!(
            "{manifest} switches doc tests off; the facade's examples are promises and have to run"
        )),
        Some(_) | None => {}
    }
    for name in &member.private_versions {
        violations.push(format!(
            "{manifest} gives {name} a version of its own; say `{name}.workspace = true` and put \
             the version in the root manifest"
        ));
    }
    for source in &member.sources {
        if let Err(error) = &source.lexemes {
            violations.push(format!("{} cannot be read as Rust: {error}", source.path));
        }
    }
    violations
}

/// Crates that `crates/README.md` does not name.
pub(super) fn undescribed(workspace: &Workspace) -> Violations {
    workspace
        .members
        .iter()
        .filter(|member| member.folder.starts_with("crates/"))
        .filter(|member| !workspace.architecture_page.contains(&format!("`{}`", member.name)))
        .map(|member| {
            format!("crates/README.md does not describe `{}`; give it a paragraph", member.name)
        })
        .collect()
}

/// Entries of the top level that do not belong there, and ones that are missing.
pub(super) fn top_level(workspace: &Workspace) -> Violations {
    let strays = workspace
        .top_level
        .iter()
        .filter(|name| name.as_str() == ".github" || !name.starts_with('.'))
        .filter(|name| !TOP_LEVEL.contains(&name.as_str()))
        .map(|name| format!("{name} does not belong at the top level; see crates/README.md"));
    let missing = TOP_LEVEL
        .iter()
        .filter(|name| !workspace.top_level.contains(**name))
        .map(|name| format!("{name} is missing from the top level"));
    strays.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{self, Specimen};
    use super::*;

    #[test]
    fn a_sound_workspace_passes() {
        let workspace = specimen::sound();
        for rule in [manifests, undescribed, top_level] {
            assert_eq!(rule(&workspace), Violations::new());
        }
    }

    #[test]
    fn a_stray_at_the_top_level_is_found_and_so_is_a_gap() {
        let mut workspace = specimen::sound();
        workspace.top_level.insert("notes.md".to_owned());
        workspace.top_level.insert(".rustfmt.toml".to_owned());
        workspace.top_level.remove("config");
        let violations = top_level(&workspace);
        assert_eq!(violations.len(), 2, "{violations:?}");
    }

    #[test]
    fn a_manifest_that_goes_its_own_way_is_found() {
        let mut workspace = specimen::sound();
        let member = workspace.members.first_mut().expect("a specimen has members");
        member.inherits_lints = false;
        member.doctest = Some(true);
        member.private_versions.push("serde".to_owned());
        assert_eq!(manifests(&workspace).len(), 3);
    }

    #[test]
    fn the_facade_runs_its_examples() {
        let mut workspace = specimen::sound();
        for member in workspace.members.iter_mut().filter(|member| member.name == FACADE) {
            member.doctest = Some(false);
        }
        assert_eq!(manifests(&workspace).len(), 1);
    }

    #[test]
    fn a_file_that_is_not_rust_is_found() {
        let workspace = specimen::sound().saying("crates/model/src/odd.rs", "fn f( {");
        assert_eq!(manifests(&workspace).len(), 1);
    }

    #[test]
    fn a_crate_without_a_paragraph_is_found() {
        let workspace = specimen::sound().member_in("tradewind-vault", "crates/vault/");
        assert_eq!(undescribed(&workspace).len(), 1);
    }
}
