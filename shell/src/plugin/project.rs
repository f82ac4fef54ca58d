//! A folder as a project: its language, its name, its component.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use quipu_tools::{docs, manifest, schema};
use serde::Deserialize;
use wit_bindgen_core::wit_parser::{Resolve, WorldId};

use super::{c, python, rust};
use crate::config::paths::Paths;
use crate::terminal::error::UserError;
use crate::terminal::text::read_text;

/// How files of source end.
const SOURCES: [&str; 6] = ["rs", "py", "c", "h", "wit", "toml"];
/// Folders of what compilers make.
const MADE: [&str; 3] = ["target", "build", "__pycache__"];
/// How many folders deep source is looked for.
const SOURCE_DEPTH: usize = 6;

/// The languages a project can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// Compiled by cargo
    Rust,
    /// With CPython inside, by componentize-py
    Python,
    /// Compiled by zig
    C,
}

/// A project.
#[derive(Debug)]
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// The tool's name: the Cargo package's, or that of the WIT world.
    pub name: String,
    /// What it is written in.
    pub lang: Lang,
}

impl Project {
    /// The project in `folder`, known by its files.
    pub fn open(folder: &Path) -> Result<Self> {
        let has = |file: &str| folder.join(file).is_file();
        let lang = if has("Cargo.toml") {
            Lang::Rust
        } else if has("app.py") {
            Lang::Python
        } else if !c_files(folder).is_empty() {
            Lang::C
        } else {
            return Err(UserError::usage(
                format!("{} is not the project of a tool", folder.display()),
                "`quipu tool new NAME` writes one: a Cargo.toml, an app.py or a .c file, and wit/",
            ));
        };
        let name = match lang {
            Lang::Rust => package_name(folder)?,
            Lang::Python | Lang::C => World::read(folder)?.name(),
        };
        Ok(Self {
            folder: folder.to_owned(),
            name,
            lang,
        })
    }

    /// Where its component is once it is built.
    pub fn component(&self) -> PathBuf {
        self.folder.join(format!("{}.wasm", self.name))
    }

    /// A file of the source that was written after the component was.
    pub fn newer_source(&self) -> Option<PathBuf> {
        let built = self
            .component()
            .metadata()
            .and_then(|it| it.modified())
            .ok()?;
        newer_source(&self.folder, built, SOURCE_DEPTH)
    }

    /// Builds the component and gives its path. Compilers say what they do on standard
    /// error.
    pub fn build(&self, paths: &Paths) -> Result<PathBuf> {
        let bytes = match self.lang {
            Lang::Rust => rust::build(self, paths)?,
            Lang::Python => python::build(self, paths)?,
            Lang::C => c::build(self, paths)?,
        };
        let bytes = self.packed(bytes)?;
        let path = self.component();
        // An unchanged component stays as old as it is.
        if std::fs::read(&path).is_ok_and(|before| before == bytes) {
            return Ok(path);
        }
        std::fs::write(&path, bytes).map_err(|error| {
            UserError::failed(
                format!("{}: {error}", path.display()),
                "make room there, or make the folder writable",
            )
        })?;
        Ok(path)
    }
}

impl Project {
    /// The component with what compilers drop and what is beside it: the comments of its
    /// interface, by which a model chooses, and what it asks for.
    fn packed(&self, component: Vec<u8>) -> Result<Vec<u8>> {
        let wrong = |reason: String| UserError::usage(reason, "fix it, and build again");
        let told = schema::describe(&component).is_ok_and(|said| !said.description.is_empty());
        let documented = match told {
            // A guest may have done so itself.
            true => component,
            false => {
                docs::embed(&component, &wit_texts(&self.folder.join("wit"))?).map_err(wrong)?
            }
        };
        // A project without one asks for nothing, and says so.
        let asked = std::fs::read_to_string(self.folder.join(manifest::FILE));
        let asked = match asked {
            Err(_) if manifest::found_in(&documented).is_ok_and(|found| found.is_some()) => {
                return Ok(documented);
            }
            asked => asked.unwrap_or_default(),
        };
        manifest::embed(&documented, &asked).map_err(|error| wrong(error.to_string()))
    }
}

/// A source file in `folder`, or up to `depth` folders below, that is newer than `built`. Outputs
/// of compilers and hidden files do not count.
fn newer_source(folder: &Path, built: SystemTime, depth: usize) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().find_map(|path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        if path.is_dir() {
            let is_made = name.starts_with('.') || MADE.contains(&name.as_str());
            let below = depth.checked_sub(1).filter(|_| !is_made)?;
            return newer_source(&path, built, below);
        }
        let kind = path.extension()?.to_string_lossy().into_owned();
        let written = path.metadata().and_then(|it| it.modified()).ok()?;
        (SOURCES.contains(&kind.as_str()) && written > built).then_some(path)
    })
}

/// The texts of the interface, in the order of their names.
fn wit_texts(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
        .collect();
    files.sort();
    files.iter().map(|file| read_text(file, "WIT")).collect()
}

/// The `.c` files right in `folder`, by name.
pub(super) fn c_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    files.sort();
    files
}

/// The world of a project's `wit` folder.
pub(super) struct World {
    pub(super) resolve: Resolve,
    pub(super) id: WorldId,
}

impl World {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let wit = folder.join("wit");
        let wrong = |error: anyhow::Error| {
            UserError::usage(
                format!("{}: {error:#}", wit.display()),
                "wit/ holds a package with one world: what the tool exports",
            )
        };
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(&wit).map_err(wrong)?;
        let id = resolve.select_world(&[package], None).map_err(wrong)?;
        Ok(Self { resolve, id })
    }

    fn name(&self) -> String {
        self.resolve.worlds[self.id].name.clone()
    }
}

#[derive(Deserialize)]
struct Manifest {
    package: Option<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

fn package_name(folder: &Path) -> Result<String> {
    let path = folder.join("Cargo.toml");
    let wrong = |error: &dyn std::fmt::Display| {
        UserError::usage(
            format!("{}: {error}", path.display()),
            "the project of a tool is one Cargo package",
        )
    };
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(&error))?;
    let manifest: Manifest = toml::from_str(&text).map_err(|error| wrong(&error))?;
    match manifest.package {
        Some(package) => Ok(package.name),
        None => Err(wrong(&"it names no package")),
    }
}
