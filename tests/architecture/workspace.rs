//! The workspace as a value: what the rules read, and nothing they do not.
//!
//! Loading is apart from judging, so that a rule can be shown a workspace that exists only in a
//! test. Nothing here needs the network: `cargo metadata --no-deps` reads the members' manifests
//! alone, and what lies behind a third-party package is read from `Cargo.lock`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, TargetKind};

use super::lexemes::Source;

type Load<T> = Result<T, Box<dyn Error>>;

/// Everything the rules look at.
#[derive(Clone, Default)]
pub(super) struct Workspace {
    pub(super) members: Vec<Member>,
    /// What each package of `Cargo.lock` leads to, by name. Versions of one name are merged and
    /// kinds are not kept, so this says too much rather than too little.
    pub(super) lock: BTreeMap<String, BTreeSet<String>>,
    /// What lies at the top level, hidden entries included.
    pub(super) top_level: BTreeSet<String>,
    /// The text of `crates/README.md`.
    pub(super) architecture_page: String,
}

/// One package of ours.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// Where it lies, from the root, with a slash at the end: `crates/model/`.
    pub(super) folder: String,
    pub(super) dependencies: Vec<Dependency>,
    /// Whether its library runs doc tests; `None` without a library.
    pub(super) doctest: Option<bool>,
    /// Whether its manifest says `[lints] workspace = true`.
    pub(super) inherits_lints: bool,
    /// Dependencies with a version or a path of their own instead of `workspace = true`.
    pub(super) private_versions: Vec<String>,
    pub(super) sources: Vec<Source>,
}

/// One arrow out of a member, to another or to a third party.
#[derive(Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: DependencyKind,
}

/// The root of the workspace this test was built from.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Workspace {
    /// Reads the workspace whose root manifest lies in `root`.
    pub(super) fn load(root: &Path) -> Load<Self> {
        let root = root.canonicalize()?;
        let metadata = MetadataCommand::new()
            .current_dir(&root)
            .no_deps()
            .other_options(["--offline".to_owned()])
            .exec()?;

        let members = metadata
            .packages
            .iter()
            .map(|package| Member::load(&root, package))
            .collect::<Load<_>>()?;
        Ok(Self {
            members,
            lock: lock(&fs::read_to_string(root.join("Cargo.lock"))?)?,
            top_level: top_level(&root)?,
            architecture_page: fs::read_to_string(root.join("crates/README.md"))?,
        })
    }

    /// The member called `name`.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Every source file of every member.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.members.iter().flat_map(|member| &member.sources)
    }
}

impl Member {
    fn load(root: &Path, package: &cargo_metadata::Package) -> Load<Self> {
        let manifest = package.manifest_path.as_std_path();
        let home = manifest.parent().ok_or("a manifest lies in no folder")?;
        let table: toml::Table = fs::read_to_string(manifest)?.parse()?;
        let inherits_lints = table
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool)
            .unwrap_or(false);

        let mut sources = Vec::new();
        read_sources(root, home, &mut sources)?;
        Ok(Self {
            name: package.name.to_string(),
            folder: format!("{}/", relative(root, home)),
            dependencies: package
                .dependencies
                .iter()
                .map(|dependency| Dependency {
                    name: dependency.name.clone(),
                    kind: dependency.kind,
                })
                .collect(),
            doctest: package
                .targets
                .iter()
                .find(|target| {
                    target.kind.contains(&TargetKind::Lib)
                        || target.kind.contains(&TargetKind::ProcMacro)
                })
                .map(|target| target.doctest),
            inherits_lints,
            private_versions: private_versions(&table),
            sources,
        })
    }
}

/// The dependencies in a manifest, for every target, that do not take their version from the root.
fn private_versions(manifest: &toml::Table) -> Vec<String> {
    let for_targets = manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(|targets| targets.values().filter_map(toml::Value::as_table));
    std::iter::once(manifest)
        .chain(for_targets)
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"]
                .into_iter()
                .filter_map(|kind| table.get(kind)?.as_table())
        })
        .flatten()
        .filter(|(_, wanted)| wanted.get("workspace").and_then(toml::Value::as_bool) != Some(true))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Reads `Cargo.lock` into the arrows between packages.
fn lock(text: &str) -> Load<BTreeMap<String, BTreeSet<String>>> {
    let table: toml::Table = text.parse()?;
    let packages = table
        .get("package")
        .and_then(toml::Value::as_array)
        .ok_or("Cargo.lock lists no packages")?;
    let mut arrows = BTreeMap::<String, BTreeSet<String>>::new();
    for package in packages {
        let name = package
            .get("name")
            .and_then(toml::Value::as_str)
            .ok_or("a package in Cargo.lock has no name")?;
        let led_to = package
            .get("dependencies")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            // `name`, or `name version` where several versions are in use.
            .filter_map(|entry| entry.as_str()?.split(' ').next().map(str::to_owned));
        arrows.entry(name.to_owned()).or_default().extend(led_to);
    }
    Ok(arrows)
}

/// Reads the Rust files under `folder`, except what belongs to another package or is built.
fn read_sources(root: &Path, folder: &Path, into: &mut Vec<Source>) -> Load<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            let is_built = path.file_name().is_some_and(|name| name == "target");
            if !is_built && !path.join("Cargo.toml").exists() {
                read_sources(root, &path, into)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(Source::new(&relative(root, &path), &fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// `path` as seen from `root`, with slashes on every system.
fn relative(root: &Path, path: &Path) -> String {
    let names: Vec<_> =
        path.strip_prefix(root).unwrap_or(path).iter().map(|name| name.to_string_lossy()).collect();
    names.join("/")
}

/// The entries of the top level: those under version control, or all where there is none.
fn top_level(root: &Path) -> Load<BTreeSet<String>> {
    if root.join(".git").exists() {
        let listing = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output()?;
        if listing.status.success() {
            let names = String::from_utf8(listing.stdout)?;
            return Ok(names
                .split('\0')
                .filter_map(|path| path.split('/').next())
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect());
        }
    }
    let names = fs::read_dir(root)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<BTreeSet<_>, _>>()?;
    Ok(names.into_iter().filter(|name| name != "target").collect())
}
