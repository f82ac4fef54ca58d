//! `quipu tool add`.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use quipu_tools::{Device, WasmDevice, manifest};

use crate::error::UserError;
use crate::init::Session;
use crate::plugin::{Project, registry};
use crate::{builtin, paths};

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
}

/// A component to install, with what came with it.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) bytes: Vec<u8>,
}

impl Source {
    /// From a component, or a project that is built.
    pub(super) fn local(path: &Path) -> Result<Self> {
        let (name, component) = match path.is_dir() {
            true => {
                let project = Project::open(path)?;
                (project.name.clone(), project.component())
            }
            false => {
                let stem = path.file_stem().unwrap_or_default();
                (stem.to_string_lossy().into_owned(), path.to_owned())
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
        // What it asks for is a part of it once it is installed. A project has put it
        // there when it was built.
        let beside = component.with_file_name(manifest::FILE);
        let bytes = match std::fs::read_to_string(beside) {
            Ok(text) if !path.is_dir() => manifest::embed(&bytes, &text)?,
            _ => bytes,
        };
        Ok(Self {
            name,
            origin,
            bytes,
        })
    }

    /// From a registry.
    async fn pulled(reference: &str) -> Result<Self> {
        let pulled = registry::pull(reference).await?;
        Ok(Self {
            name: pulled.name,
            origin: pulled.pinned,
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
    let device = load(session, &source)?;
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
    Ok(0)
}

/// Loads a component as it would be once it is installed.
pub(super) fn load(session: &Session, source: &Source) -> Result<WasmDevice> {
    let host = session.wasm_host()?;
    host.load(&source.name, &source.origin, &source.bytes)
        .map_err(|error| {
            UserError::usage(
                format!("{}: {error}", source.origin),
                "a tool is a component for wasm32-wasip2; `quipu tool new` writes one",
            )
        })
}

fn check_name(name: &str) -> Result<()> {
    let valid = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !valid {
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
    replace(&folder.join(format!("{}.wasm", source.name)), &source.bytes)
}

/// Writes a file in one step: whoever reads it sees the old or the new one.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
