//! What is known of a component: all that a bus has to know, so that one which was
//! looked over before need not be compiled, nor even read, before it is called.

use serde::{Deserialize, Serialize};
use wasmtime::component::Component;

use super::LoadError;
use super::code::Export;
use super::dynamic::JsonTools;
use crate::caps::Capability;
use crate::device::{DeviceSpec, Effect, FunctionSpec};
use crate::manifest::{Manifest, ManifestError};
use crate::schema::Described;

/// What is known of one component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) manifest: Manifest,
    /// The documentation of its world.
    description: String,
    functions: Vec<Function>,
    /// What it could use, where it was not made for this program and does not state its needs.
    /// `None` where it states them, even if it needs nothing.
    could_use: Option<Vec<Capability>>,
}

/// A function, with the way to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Function {
    spec: FunctionSpec,
    way: Way,
}

/// Where in a component a function is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Way {
    /// An export of its own types, in an interface or in none.
    Typed {
        interface: Option<String>,
        name: String,
    },
    /// A program of its own, in this interface.
    Program { interface: String },
    /// By `name`, through the JSON interface.
    Json { interface: String, name: String },
}

impl Known {
    /// The typed functions of a component; it may have no manifest.
    pub(super) fn typed(described: &Described, manifest: Option<Manifest>) -> Self {
        let functions = described.functions.iter().map(|exported| Function {
            spec: exported.spec.clone(),
            way: match (exported.command, &exported.interface) {
                (true, Some(interface)) => Way::Program {
                    interface: interface.clone(),
                },
                _ => Way::Typed {
                    interface: exported.interface.clone(),
                    name: exported.name.clone(),
                },
            },
        });
        Self {
            could_use: manifest.is_none().then(|| could_use(&described.imports)),
            manifest: manifest.unwrap_or_default(),
            description: described.description.clone(),
            functions: functions.collect(),
        }
    }

    /// Adds functions that the component listed through its JSON `interface`, each with
    /// the name it gave.
    pub(super) fn add_listed(&mut self, interface: &str, listed: Vec<(String, FunctionSpec)>) {
        self.functions
            .extend(listed.into_iter().map(|(name, spec)| Function {
                spec,
                way: Way::Json {
                    interface: interface.to_owned(),
                    name,
                },
            }));
    }

    /// The ways to its functions.
    pub(super) fn ways(&self) -> Vec<Way> {
        self.functions.iter().map(|f| f.way.clone()).collect()
    }

    /// The component as a device, with what its manifest says of each function.
    pub(super) fn spec(self, name: &str, origin: &str) -> Result<DeviceSpec, ManifestError> {
        let manifest = self.manifest;
        let mut requests = manifest.requests()?;
        let functions: Vec<FunctionSpec> = self
            .functions
            .into_iter()
            .map(|function| finished(function, &manifest, &requests))
            .collect();
        let known = |name: &&String| !functions.iter().any(|f| f.name == **name);
        if let Some(name) = manifest.functions.keys().find(known) {
            let words = format!("it speaks of a function {name}, and there is none");
            return Err(ManifestError::Wrong(words));
        }
        for function in &functions {
            if let Some(path) = without_argument(function) {
                let words = format!(
                    "it gives {path} of {} a role, which it does not take",
                    function.name
                );
                return Err(ManifestError::Wrong(words));
            }
        }
        // It runs without these: grants of them count, but none is needed.
        let optional = self.could_use.is_some();
        requests.extend(self.could_use.into_iter().flatten());
        Ok(DeviceSpec {
            optional,
            name: name.to_owned(),
            description: manifest.description.unwrap_or(self.description),
            origin: origin.to_owned(),
            functions,
            requests,
            ..DeviceSpec::default()
        })
    }
}

fn finished(
    function: Function,
    manifest: &Manifest,
    requests: &[crate::caps::Capability],
) -> FunctionSpec {
    let Function { mut spec, way } = function;
    spec.needs = manifest.needs_of(&spec.name, requests);
    let said = manifest.effect_of(&spec.name, &spec.needs);
    // A typed function says nothing of its effect; a listed one may, and the more
    // careful word counts.
    spec.effect = match (way, spec.effect) {
        (Way::Json { .. }, Effect::Write) => Effect::Write,
        _ => said,
    };
    let more = manifest.functions.get(&spec.name);
    if let Some(words) = more.and_then(|more| more.description.as_ref()) {
        words.trim().clone_into(&mut spec.description);
    }
    spec.url_argument = more.and_then(|more| more.url.clone());
    spec.offered = more.and_then(|more| more.offered).unwrap_or(true);
    spec.program = more.and_then(|more| more.program.clone());
    spec.roles = more.map(|more| more.roles.clone()).unwrap_or_default();
    spec
}

/// An argument of `function` that is given a role, and that it does not take.
fn without_argument(function: &FunctionSpec) -> Option<&str> {
    let first = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
    let taken = |path: &str| function.parameters["properties"].get(first(path)).is_some();
    let mut names = function.roles.keys().map(String::as_str);
    names.find(|path| !taken(path))
}

/// The capabilities that a component with these `imports` could use if they were granted.
fn could_use(imports: &[String]) -> Vec<Capability> {
    let wants = |start: &str| imports.iter().any(|name| name.starts_with(start));
    let all = || "*".to_owned();
    let mut capabilities = Vec::new();
    if wants("wasi:http/") {
        capabilities.push(Capability::Net {
            host: all(),
            port: None,
        });
    }
    if wants("wasi:filesystem/") {
        capabilities.push(Capability::FsRead { path: all().into() });
        capabilities.push(Capability::FsWrite { path: all().into() });
    }
    if wants("wasi:clocks/") {
        capabilities.push(Capability::Clock);
    }
    capabilities
}

impl Way {
    /// The export of `component` at the end of this way.
    pub(super) fn find(&self, component: &Component) -> Result<Export, LoadError> {
        match self {
            Self::Typed { interface, name } => {
                let interface = interface
                    .as_ref()
                    .and_then(|interface| component.get_export_index(None, interface.as_str()));
                component
                    .get_export_index(interface.as_ref(), name.as_str())
                    .map(Export::Typed)
                    .ok_or_else(|| LoadError::Refused(format!("the export {name} is missing")))
            }
            Self::Program { interface } => {
                let inside = component.get_export_index(None, interface.as_str());
                component
                    .get_export_index(inside.as_ref(), "run")
                    .map(Export::Program)
                    .ok_or_else(|| LoadError::Refused(format!("{interface} has no function run")))
            }
            Self::Json { interface, name } => Ok(Export::Json {
                call: JsonTools::find(component, interface)?.call,
                name: name.clone(),
            }),
        }
    }
}
