//! Workspaces that exist only to be judged.
//!
//! [`sound`] breaks no rule; a test adds the one line that does and asks for the complaint. The
//! last test goes the whole way: it writes a workspace to disk and has it loaded, so that what
//! reads the manifests is proved along with what judges them.

use cargo_metadata::DependencyKind;

use super::lexemes::Source;
use super::workspace::{Dependency, Member, Workspace};

/// A workspace of the shape described in `crates/README.md`, with next to nothing in it.
pub(super) fn sound() -> Workspace {
    let crates = [
        "model",
        "scheduler",
        "strategy",
        "venue",
        "engine",
        "router",
        "journal",
        "transport",
        "runtime",
        "binance",
        "bitget",
        "simulator",
    ];
    let mut workspace = Workspace {
        top_level: [
            ".github",
            ".gitignore",
            "Cargo.lock",
            "Cargo.toml",
            "README.md",
            "config",
            "crates",
            "examples",
            "fuzz",
            "strategies",
            "tests",
        ]
        .map(str::to_owned)
        .into(),
        ..Workspace::default()
    };
    for name in crates {
        workspace = workspace.member_in(&format!("tradewind-{name}"), &format!("crates/{name}/"));
    }
    workspace
        .member_in("tradewind", "crates/tradewind/")
        .member_in("tradewind-grid", "strategies/grid/")
        .member_in("tradewind-tests", "tests/")
        .described()
        .doctested("tradewind")
        .depending("tradewind-scheduler", "tradewind-model")
        .depending("tradewind-engine", "tradewind-scheduler")
        .depending("tradewind-runtime", "tradewind-transport")
        .depending("tradewind-transport", "tokio")
        .depending("tradewind-tests", "tradewind-simulator")
        .saying("crates/scheduler/src/budget.rs", "pub struct Permit { weight: u32 }")
        .saying("crates/runtime/src/driver.rs", "//! async.\nasync fn run() { f64::MAX; }")
}

/// The changes a test makes to a workspace.
pub(super) trait Specimen: Sized {
    /// Adds an empty member.
    fn member_in(self, name: &str, folder: &str) -> Self;
    /// Adds an arrow, as a normal dependency.
    fn depending(self, from: &str, to: &str) -> Self {
        self.depending_of_kind(from, to, DependencyKind::Normal)
    }
    /// Adds an arrow.
    fn depending_of_kind(self, from: &str, to: &str, kind: DependencyKind) -> Self;
    /// Adds a package to the lock file.
    fn locked(self, name: &str, leads_to: &[&str]) -> Self;
    /// Adds a file to the member whose folder it lies in.
    fn saying(self, path: &str, text: &str) -> Self;
    /// Takes a file away.
    fn without(self, path: &str) -> Self;
    /// Names every member so far on the architecture page.
    fn described(self) -> Self;
    /// Switches a library's doc tests on.
    fn doctested(self, name: &str) -> Self;
}

impl Specimen for Workspace {
    fn member_in(mut self, name: &str, folder: &str) -> Self {
        self.members.push(Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            dependencies: Vec::new(),
            doctest: Some(false),
            inherits_lints: true,
            private_versions: Vec::new(),
            sources: Vec::new(),
        });
        self
    }

    fn depending_of_kind(mut self, from: &str, to: &str, kind: DependencyKind) -> Self {
        member(&mut self, |member| member.name == from)
            .dependencies
            .push(Dependency { name: to.to_owned(), kind });
        self
    }

    fn locked(mut self, name: &str, leads_to: &[&str]) -> Self {
        let leads_to = leads_to.iter().map(|name| (*name).to_owned()).collect();
        self.lock.insert(name.to_owned(), leads_to);
        self
    }

    fn saying(mut self, path: &str, text: &str) -> Self {
        // A folder that is nobody's yet becomes a member of its own.
        if !self.members.iter().any(|member| path.starts_with(&member.folder)) {
            let folder: String = path.split_inclusive('/').take(2).collect();
            let name = folder.replace("crates/", "tradewind-").replace('/', "");
            self = self.member_in(&name, &folder);
        }
        member(&mut self, |member| path.starts_with(&member.folder))
            .sources
            .push(Source::new(path, text));
        self
    }

    fn without(mut self, path: &str) -> Self {
        for member in &mut self.members {
            member.sources.retain(|source| source.path != path);
        }
        self
    }

    fn described(mut self) -> Self {
        for member in &self.members {
            self.architecture_page.push_str(&format!("`{}` ", member.name));
        }
        self
    }

    fn doctested(mut self, name: &str) -> Self {
        member(&mut self, |member| member.name == name).doctest = Some(true);
        self
    }
}

fn member(workspace: &mut Workspace, is_meant: impl Fn(&Member) -> bool) -> &mut Member {
    workspace
        .members
        .iter_mut()
        .find(|member| is_meant(member))
        .expect("a specimen is changed where it has a member")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::super::{absences, floors, layout};
    use super::*;

    const ROOT: &str = r#"
        [workspace]
        resolver = "3"
        members = ["crates/*"]

        [workspace.dependencies]
        tokio = "1"

        [workspace.lints.rust]
        unsafe_code = "forbid"
    "#;

    const SCHEDULER: &str = r#"
        [package]
        name = "tradewind-scheduler"
        edition = "2024"

        [lib]
        doctest = false

        [lints]
        workspace = true
    "#;

    /// Writes a workspace of one crate into a folder of the test's own.
    fn written(folder: &str, scheduler: &str, source: &str) -> PathBuf {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        let home = root.join("crates/scheduler");
        fs::create_dir_all(home.join("src")).unwrap();
        fs::write(root.join("Cargo.toml"), ROOT).unwrap();
        fs::write(root.join("Cargo.lock"), "version = 4\n[[package]]\nname = \"tokio\"\n").unwrap();
        fs::write(root.join("crates/README.md"), "`tradewind-scheduler`").unwrap();
        fs::write(home.join("Cargo.toml"), scheduler).unwrap();
        fs::write(home.join("src/lib.rs"), source).unwrap();
        root
    }

    #[test]
    fn a_workspace_on_disk_is_read_as_it_stands() {
        let root = written("sound", SCHEDULER, "//! Nothing yet.\n");
        let workspace = Workspace::load(&root).unwrap();
        let scheduler = workspace.member("tradewind-scheduler").unwrap();
        assert_eq!(scheduler.folder, "crates/scheduler/");
        assert_eq!(scheduler.sources[0].path, "crates/scheduler/src/lib.rs");
        for rule in [
            floors::arrows,
            floors::io_under_the_shell,
            absences::in_pure_crates,
            layout::manifests,
            layout::undescribed,
        ] {
            assert!(rule(&workspace).is_empty());
        }
    }

    #[test]
    fn tokio_in_a_manifest_on_disk_turns_the_floors_red() {
        let manifest = format!("{SCHEDULER}\n[dependencies]\ntokio.workspace = true\n");
        let root = written("tokio", &manifest, "//! Nothing yet.\n");
        let workspace = Workspace::load(&root).unwrap();
        assert_eq!(floors::io_under_the_shell(&workspace).len(), 1);
        assert!(layout::manifests(&workspace).is_empty());
    }

    #[test]
    fn an_async_fn_in_a_source_on_disk_turns_the_sources_red() {
        let root = written("async", SCHEDULER, "pub async fn wait() {}\n");
        let workspace = Workspace::load(&root).unwrap();
        assert_eq!(absences::in_pure_crates(&workspace).len(), 1);
    }

    #[test]
    fn a_manifest_that_goes_its_own_way_on_disk_is_found() {
        let manifest = r#"
            [package]
            name = "tradewind-scheduler"
            edition = "2024"

            [target.'cfg(unix)'.dev-dependencies]
            tokio = "1"
        "#;
        let root = written("own-way", manifest, "//! Nothing yet.\n");
        let workspace = Workspace::load(&root).unwrap();
        assert_eq!(layout::manifests(&workspace).len(), 3);
        assert_eq!(floors::io_under_the_shell(&workspace).len(), 1);
    }
}
