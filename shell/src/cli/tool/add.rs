//! `quipu tool add`.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use quipu_tools::grants::component_hash;
use quipu_tools::provenance::{Origin, ProvenanceBook};
use quipu_tools::{Device, DeviceSpec, WasmDevice, manifest};

use crate::config::{paths, private};
use crate::plugin::{Project, registry};
use crate::session::lock::told_later;
use crate::session::{Session, builtin};
use crate::terminal::error::UserError;
use crate::terminal::output::visible;
use crate::terminal::{draft, hints, person};

/// Install a tool from a component, a project, or a registry
#[derive(Debug, Args)]
pub struct AddArgs {
    /// A .wasm file, the folder of a built project, or a reference such as
    /// ghcr.io/somebody/tool:1.0; the tool gets its name
    #[arg(value_name = "PATH|OCI-REF")]
    from: String,
    /// Give it another name
    #[arg(long)]
    name: Option<String>,
    /// Also in place of another tool of that name, or when a reference leads to something else
    /// than before
    #[arg(long)]
    force: bool,
}

/// A component to install, with what came with it.
pub(super) struct Source {
    pub(super) name: String,
    /// Where exactly it came from.
    pub(super) origin: String,
    /// The part of the source that stays the same from version to version.
    from: String,
    /// The reference that was followed to it, and the digest that this led to.
    reference: Option<(String, String)>,
    pub(super) bytes: Vec<u8>,
}

impl Source {
    /// From a component, or a project that is built.
    pub(super) fn local(path: &Path) -> Result<Self> {
        let (name, component) = match path.is_dir() {
            true => {
                let project = Project::open(path)?;
                if let Some(newer) = project.newer_source() {
                    say!(
                        "note: {} is newer than the component; if nothing was built since, \
                         `quipu tool build {}` brings it in",
                        newer.display(),
                        path.display()
                    );
                }
                (project.name.clone(), project.component())
            }
            false => {
                let stem = path.file_stem().unwrap_or_default();
                (tool_name(&stem.to_string_lossy()), path.to_owned())
            }
        };
        let bytes = std::fs::read(&component).map_err(|error| {
            let hint = match path.is_dir() {
                true => format!("run: quipu tool build {}", path.display()),
                false => "name a .wasm component, or the folder of a project".into(),
            };
            UserError::usage(format!("{}: {error}", component.display()), hint)
        })?;
        let origin = component.display().to_string();
        let from = std::path::absolute(&component)?.display().to_string();
        // The tool's requests become a part of it when it is installed. The build has put them
        // into the component of a project.
        let beside = component.with_file_name(manifest::FILE);
        let bytes = match std::fs::read_to_string(beside) {
            Ok(text) if !path.is_dir() => manifest::embed(&bytes, &text)?,
            _ => bytes,
        };
        Ok(Self {
            name,
            origin,
            from,
            reference: None,
            bytes,
        })
    }

    /// From a registry.
    async fn pulled(reference: &str) -> Result<Self> {
        let pulled = registry::pull(reference).await?;
        Ok(Self {
            name: pulled.name,
            origin: format!("{}@{}", pulled.repository, pulled.digest),
            from: pulled.repository,
            reference: Some((pulled.reference, pulled.digest)),
            bytes: pulled.bytes,
        })
    }
}

/// Runs the command.
pub async fn run(session: &Session, args: &AddArgs) -> Result<u8> {
    let path = Path::new(&args.from);
    let mut source = match !path.exists() && registry::is_reference(&args.from) {
        true => Source::pulled(&args.from).await?,
        false => Source::local(path)?,
    };
    if let Some(name) = &args.name {
        source.name.clone_from(name);
    }
    check_name(&source.name)?;
    // A large component takes a minute to be compiled.
    let waiting = draft::waiting(&source.name);
    let device = load(session, &source)?;
    drop(waiting);
    let mut book = ProvenanceBook::open(&session.paths.provenance())?;
    let installed = std::fs::read(component(&session.paths.tools, &source.name)).ok();
    for doubt in doubts(&source, installed.as_deref(), &book) {
        match args.force {
            true => say!("{doubt}"),
            false => settle(session, &doubt).await?,
        }
    }
    let origin = Origin {
        source: source.from.clone(),
        component: component_hash(&source.bytes),
    };
    let reference = source.reference.as_ref();
    let reference = reference.map(|(reference, digest)| (reference.as_str(), digest.as_str()));
    // Before it is there: a tool of which no digest was noted would be taken for any other.
    book.note(&source.name, origin, reference)?;
    install(&session.paths.tools, &source)?;
    let spec = device.spec();
    let functions: Vec<String> = spec
        .functions
        .iter()
        .map(|function| format!("{}.{}", spec.name, function.name))
        .collect();
    say!("installed {}", functions.join(", "));
    if registry::is_reference(&source.origin) {
        say!("from {}", source.origin);
    }
    if let Some(words) = wants(spec) {
        say!("{}", visible(&words));
    }
    told_later(&session.paths);
    Ok(0)
}

/// The tool's requests, with the command that grants them; `None` for a tool without requests.
pub(super) fn wants(spec: &DeviceSpec) -> Option<String> {
    let all: Vec<String> = spec.requests.iter().map(ToString::to_string).collect();
    let all = Some(all.join(", ")).filter(|all| !all.is_empty())?;
    let name = &spec.name;
    Some(match spec.optional {
        true => format!("it runs without rights, and could use {all}: quipu tool grant {name} CAP"),
        false => format!("it needs {all}: quipu tool grant {name} CAP"),
    })
}

/// What the user has to know before `source` replaces what is `installed` under its name: that
/// this is another tool, or that its reference leads to something else than before. A new version
/// from the same source raises no doubt.
fn doubts(source: &Source, installed: Option<&[u8]>, book: &ProvenanceBook) -> Vec<String> {
    let mut doubts = Vec::new();
    // What was noted of other bytes says nothing of these.
    let is_of = |bytes: &[u8], origin: &Origin| component_hash(bytes) == origin.component;
    let known = book.origin(&source.name);
    let known = known.filter(|origin| installed.is_none_or(|bytes| is_of(bytes, origin)));
    if let Some(bytes) = installed.filter(|bytes| *bytes != source.bytes)
        && known.is_none_or(|origin| origin.source != source.from)
    {
        let from = known.map_or("an unknown place", |origin| &origin.source);
        doubts.push(format!(
            "this replaces another tool called {}, from {from} (sha256 {})",
            source.name,
            component_hash(bytes)
        ));
    }
    if let Some((reference, digest)) = &source.reference
        && let Some(before) = book.locked(reference)
        && before != digest
    {
        doubts.push(format!(
            "{reference} led to {before} when it was added, and leads to {digest} now"
        ));
    }
    doubts
}

/// Asks the person at the terminal; without one it is refused.
async fn settle(session: &Session, doubt: &str) -> Result<()> {
    let there = person::is_there(session.globals.no_input);
    if there && person::agrees(&format!("{doubt}\nInstall it? [y/N] ")).await {
        return Ok(());
    }
    Err(UserError::usage(
        format!("not installed: {doubt}"),
        "--force installs it; --name gives it another name",
    ))
}

/// Loads a component as it would be once it is installed.
pub(super) fn load(session: &Session, source: &Source) -> Result<WasmDevice> {
    let host = session.wasm_host()?;
    host.load(&source.name, &source.origin, &source.bytes)
        .map_err(|error| {
            UserError::usage(
                format!("{}: {error}", source.origin),
                hints::component(&error),
            )
        })
}

/// Whether the name of a tool may have this character.
const fn is_in_names(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// The name of a tool from the name of its file: `slug-1.2` becomes `slug-1-2`.
fn tool_name(stem: &str) -> String {
    stem.replace(|c| !is_in_names(c), "-")
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || !name.chars().all(is_in_names) {
        return Err(UserError::usage(
            format!("{name:?} cannot be the name of a tool"),
            "give it one of letters, digits, - and _ with --name",
        ));
    }
    builtin::check_free(name, "give it another name with --name")
}

/// Puts the component into the folder of tools.
fn install(folder: &Path, source: &Source) -> Result<()> {
    paths::create(folder)?;
    Ok(private::replace(
        &component(folder, &source.name),
        &source.bytes,
    )?)
}

/// The file of the tool `name`.
fn component(folder: &Path, name: &str) -> std::path::PathBuf {
    folder.join(format!("{name}.wasm"))
}
