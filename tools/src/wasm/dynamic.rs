//! Plugins that list their functions when they run: the JSON interface, in both its
//! versions.

use serde::Deserialize;
use serde_json::Value;
use wasmtime::component::{Component, ComponentExportIndex};

use super::LoadError;
use crate::device::{Effect, FunctionSpec};
use crate::json_schema;
use crate::schema::json_name;

/// Functions of one plugin.
const FUNCTIONS_MAX: usize = 256;
/// A description, in characters: it goes before a model.
const DESCRIPTION_CHARS_MAX: usize = 1000;

/// What a plugin says of one function. Version 0.1 had neither result nor effect.
#[derive(Deserialize)]
struct ToolInfo {
    name: String,
    description: String,
    parameters: String,
    returns: Option<String>,
    effect: Option<Effect>,
}

/// The interface as one component exports it.
pub(super) struct JsonTools {
    pub(super) list: ComponentExportIndex,
    pub(super) call: ComponentExportIndex,
}

impl JsonTools {
    pub(super) fn find(component: &Component, interface: &str) -> Result<Self, LoadError> {
        let inside = component.get_export_index(None, interface);
        let find = |name: &str| {
            component
                .get_export_index(inside.as_ref(), name)
                .ok_or_else(|| LoadError::Refused(format!("{interface} has no function {name}")))
        };
        Ok(Self {
            list: find("list-tools")?,
            call: find("call")?,
        })
    }
}

/// The functions in `listed`, the answer of `list-tools`, each with the name it gave.
pub(super) fn functions(listed: Value) -> Result<Vec<(String, FunctionSpec)>, LoadError> {
    let infos: Vec<ToolInfo> = serde_json::from_value(listed)
        .map_err(|error| LoadError::Listing(format!("list-tools: {error}")))?;
    if infos.len() > FUNCTIONS_MAX {
        return Err(LoadError::Listing(format!(
            "it lists {} functions; at most {FUNCTIONS_MAX}",
            infos.len()
        )));
    }
    let mut functions: Vec<(String, FunctionSpec)> = Vec::new();
    for info in infos {
        let name = info.name.clone();
        let spec = spec_of(info)?;
        if functions.iter().any(|(_, known)| known.name == spec.name) {
            return Err(LoadError::Listing(format!("it lists {} twice", spec.name)));
        }
        functions.push((name, spec));
    }
    Ok(functions)
}

fn spec_of(info: ToolInfo) -> Result<FunctionSpec, LoadError> {
    let wrong = |what: String| LoadError::Listing(format!("the function {:?}: {what}", info.name));
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if info.name.is_empty() || info.name.len() > 64 || !info.name.chars().all(letters) {
        return Err(wrong("a name has up to 64 letters, digits, _ and -".into()));
    }
    let schema = |text: &str| -> Result<Value, LoadError> {
        let schema = serde_json::from_str(text)
            .map_err(|error| wrong(format!("its schema is not JSON: {error}")))?;
        json_schema::normal(&schema)
            .map_err(|error| wrong(format!("its schema is not one: {error}")))
    };
    let parameters = schema(&info.parameters)?;
    if parameters["type"] != "object" {
        return Err(wrong("the type of its parameters is not \"object\"".into()));
    }
    let returns = match &info.returns {
        Some(text) => schema(text)?,
        None => Value::Object(Default::default()),
    };
    let description = info.description.trim().chars();
    Ok(FunctionSpec::new(
        json_name(&info.name),
        description.take(DESCRIPTION_CHARS_MAX).collect::<String>(),
        parameters,
        returns,
        info.effect.unwrap_or(Effect::Write),
    ))
}
