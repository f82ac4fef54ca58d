//! From a component's own types and documentation to JSON Schema.
//!
//! | WIT | JSON |
//! | --- | --- |
//! | `bool`, numbers, `string`, `char` | the same; `char` is a string of one character |
//! | `list<T>`, `tuple<A, B>` | array |
//! | `record` | object; an `option` field may be left out |
//! | `option<T>` | the value or `null` |
//! | `option<option<T>>` | `null` or `{"some": …}`, where `null` within is one that is there and empty |
//! | `enum` | string |
//! | `flags` | array of strings |
//! | `variant` | object with one key, the case; `null` where it has no payload |
//! | `result<T, E>` | `{"ok": …}` or `{"error": …}`; as a function's result, the value or a failed call |
//!
//! WIT names are written `like-this`, JSON names `like_this`.

mod command;
mod names;

use serde_json::{Map, Value, json};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{
    Docs, Function, FunctionKind, Interface, Resolve, Type, TypeDefKind, WorldId, WorldItem,
    WorldKey,
};

use crate::device::{Effect, FunctionSpec};
use crate::docs;

/// A component's description of itself.
#[derive(Debug)]
pub struct Described {
    /// The documentation of its world.
    pub description: String,
    /// Its exported functions.
    pub functions: Vec<Exported>,
    /// The full name of the JSON interface, where it exports one.
    pub json_tools: Option<String>,
    /// The interfaces that it imports from the host, with their versions.
    pub imports: Vec<String>,
}

/// An exported function.
#[derive(Debug)]
pub struct Exported {
    /// The interface it is in, as the component names it.
    pub interface: Option<String>,
    /// Its name in WIT.
    pub name: String,
    /// Whether it is a program of its own, which takes words and an input and prints its
    /// result (`wasi:cli/run`).
    pub command: bool,
    /// What it looks like from outside.
    pub spec: FunctionSpec,
}

/// A type that has no JSON form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The bytes are not a component with a readable interface.
    #[error("not a component: {0}")]
    NotAComponent(String),
    /// Something else than a function or an interface is exported by the component itself.
    #[error("it exports {0} by itself, a type or a part; types are exported within an interface")]
    NotExportable(String),
    /// A function uses a type that cannot be written as JSON.
    #[error("{function} uses {what}")]
    NoJson {
        /// The function.
        function: String,
        /// The kind of type, and why it has no JSON form.
        what: &'static str,
    },
    /// Nothing is exported.
    #[error("it exports no functions")]
    Empty,
}

/// How all WebAssembly begins.
const MAGIC: &[u8] = b"\0asm";
/// How a core module begins, which is no component yet.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";
/// The JSON interface, whatever its version.
const JSON_TOOLS: &str = "quipu:plugin/json-tools";

/// Reads the exported functions of the component in `bytes`.
///
/// # Errors
/// Bytes that are no component, a type that has no JSON form, or no exports at all.
pub fn describe(bytes: &[u8]) -> Result<Described, SchemaError> {
    let (resolve, world) = component(bytes)?;
    let world = &resolve.worlds[world];
    let mut described = Described {
        description: world.docs.contents.clone().unwrap_or_default(),
        functions: Vec::new(),
        json_tools: None,
        imports: world
            .imports
            .iter()
            .filter(|(_, item)| !matches!(item, WorldItem::Type { .. }))
            .map(|(key, _)| resolve.name_world_key(key))
            .collect(),
    };
    for (key, item) in &world.exports {
        match item {
            WorldItem::Function(function) if sets_up(function) => {}
            WorldItem::Function(function) => {
                described.functions.push(Exported {
                    interface: None,
                    name: function.name.clone(),
                    command: false,
                    spec: function_spec(&resolve, function)?,
                });
            }
            WorldItem::Interface { id, .. } => {
                described.add(&resolve, key, &resolve.interfaces[*id])?;
            }
            WorldItem::Type { .. } => {}
        }
    }
    if described.functions.is_empty() && described.json_tools.is_none() {
        return Err(SchemaError::Empty);
    }
    names::tell_apart(&mut described.functions);
    described.description = described.description.trim().to_owned();
    Ok(described)
}

/// The types of the component in `bytes` with their documentation, and its world.
fn component(bytes: &[u8]) -> Result<(Resolve, WorldId), SchemaError> {
    let not_one = |reason: String| SchemaError::NotAComponent(reason);
    if bytes.starts_with(MODULE) {
        return Err(not_one(
            "it is a core module; build it for wasm32-wasip2".into(),
        ));
    }
    // The bytes may be anything; a defect of the decoder is not one of the host.
    let decoded = std::panic::catch_unwind(|| decode(bytes))
        .map_err(|_| not_one("it cannot be read".into()))?
        .map_err(|error| match bytes.starts_with(MAGIC) {
            true => undecoded(&format!("{error:#}")),
            false => not_one("it does not begin as WebAssembly does".into()),
        })?;
    let DecodedWasm::Component(mut resolve, world) = decoded else {
        return Err(not_one("it is a WIT package".into()));
    };
    docs::restore(bytes, &mut resolve, world);
    Ok((resolve, world))
}

/// Why a component is not read, which the decoder says in these `words`.
fn undecoded(words: &str) -> SchemaError {
    let exported = words.strip_prefix("component export `");
    match exported.and_then(|rest| rest.split_once("` was not a function or instance")) {
        Some((name, _)) => SchemaError::NotExportable(name.to_owned()),
        None => SchemaError::NotAComponent(words.to_owned()),
    }
}

impl Described {
    /// Adds what is exported in `interface`, which `key` names.
    fn add(
        &mut self,
        resolve: &Resolve,
        key: &WorldKey,
        interface: &Interface,
    ) -> Result<(), SchemaError> {
        if is_set_up(key, interface) {
            return Ok(());
        }
        let name = resolve.name_world_key(key);
        if name.split('@').next() == Some(JSON_TOOLS) {
            self.json_tools = Some(name);
            return Ok(());
        }
        if command::is_run(&name) {
            self.functions.push(command::exported(name));
            return Ok(());
        }
        if self.description.is_empty() {
            self.description = interface.docs.contents.clone().unwrap_or_default();
        }
        for function in interface.functions.values() {
            self.functions.push(Exported {
                interface: Some(name.clone()),
                name: function.name.clone(),
                command: false,
                spec: function_spec(resolve, function)?,
            });
        }
        Ok(())
    }
}

/// Whether an exported function is the one by which componentize-qjs set its component up
/// while it was built.
fn sets_up(function: &Function) -> bool {
    let has = |name: &str| function.params.iter().any(|param| param.name == name);
    function.name == "init" && has("shim") && has("script")
}

/// Whether an exported interface is the one by which componentize-py set its component
/// up while it was built; it is of no use to anybody later.
fn is_set_up(key: &WorldKey, interface: &Interface) -> bool {
    let functions: Vec<&str> = interface.functions.keys().map(String::as_str).collect();
    matches!(key, WorldKey::Name(name) if name == "exports") && functions == ["init"]
}

/// A WIT name as JSON has it.
pub(crate) fn json_name(name: &str) -> String {
    name.replace('-', "_")
}

fn function_spec(resolve: &Resolve, function: &Function) -> Result<FunctionSpec, SchemaError> {
    let writer = Writer {
        resolve,
        function: &function.name,
    };
    if !matches!(
        function.kind,
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding
    ) {
        return writer.refuse(RESOURCE);
    }
    let fields = function
        .params
        .iter()
        .map(|param| (param.name.as_str(), &param.ty, None));
    let parameters = writer.object(fields)?;
    let returns = match &function.result {
        None => json!({"type": "null"}),
        // The error side becomes a failed call.
        Some(ty) => match writer.result_ok(ty) {
            Some(None) => json!({"type": "null"}),
            Some(Some(ok)) => writer.schema(ok)?,
            None => writer.schema(ty)?,
        },
    };
    let docs = function.docs.contents.as_deref().unwrap_or_default();
    // A component without capabilities can change nothing.
    let effect = Effect::Read;
    let name = json_name(&function.name);
    Ok(FunctionSpec::new(
        name,
        docs.trim(),
        parameters,
        returns,
        effect,
    ))
}

/// The key of what an option has that may be an option itself, as both would be `null`.
pub(crate) const SOME: &str = "some";
/// What a model is told of such a value.
const NESTED: &str = "null: there is none; {\"some\": null}: there is one, and it is empty";

const RESOURCE: &str =
    "a resource, which has no JSON form: it lives in the component, and every call gets a new one";

struct Writer<'a> {
    resolve: &'a Resolve,
    function: &'a str,
}

impl Writer<'_> {
    fn object<'t>(
        &self,
        fields: impl Iterator<Item = (&'t str, &'t Type, Option<&'t str>)>,
    ) -> Result<Value, SchemaError> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (name, ty, docs) in fields {
            let schema = documented(self.schema(ty)?, docs);
            let name = json_name(name);
            if !self.is_option(ty) {
                required.push(name.clone());
            }
            properties.insert(name, schema);
        }
        Ok(json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false
        }))
    }

    fn schema(&self, ty: &Type) -> Result<Value, SchemaError> {
        let integer =
            |min: i64, max: i64| json!({"type": "integer", "minimum": min, "maximum": max});
        Ok(match ty {
            Type::Bool => json!({"type": "boolean"}),
            Type::U8 => integer(0, u8::MAX.into()),
            Type::S8 => integer(i8::MIN.into(), i8::MAX.into()),
            Type::U16 => integer(0, u16::MAX.into()),
            Type::S16 => integer(i16::MIN.into(), i16::MAX.into()),
            Type::U32 => integer(0, u32::MAX.into()),
            Type::S32 => integer(i32::MIN.into(), i32::MAX.into()),
            Type::U64 => json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
            Type::S64 => integer(i64::MIN, i64::MAX),
            Type::F32 | Type::F64 => json!({"type": "number"}),
            Type::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
            Type::String => json!({"type": "string"}),
            Type::ErrorContext => return self.refuse("an error context, which has no JSON form"),
            Type::Id(id) => {
                let defined = &self.resolve.types[*id];
                let schema = self.defined(&defined.kind)?;
                documented(schema, defined.docs.contents.as_deref())
            }
        })
    }

    fn defined(&self, kind: &TypeDefKind) -> Result<Value, SchemaError> {
        Ok(match kind {
            TypeDefKind::Type(ty) => self.schema(ty)?,
            TypeDefKind::Record(record) => self.object(
                record
                    .fields
                    .iter()
                    .map(|f| (f.name.as_str(), &f.ty, f.docs.contents.as_deref())),
            )?,
            TypeDefKind::List(ty) => json!({"type": "array", "items": self.schema(ty)?}),
            TypeDefKind::FixedLengthList(ty, n) => {
                json!({"type": "array", "items": self.schema(ty)?, "minItems": n, "maxItems": n})
            }
            TypeDefKind::Tuple(tuple) => {
                let items: Vec<Value> = tuple
                    .types
                    .iter()
                    .map(|ty| self.schema(ty))
                    .collect::<Result<_, _>>()?;
                let n = items.len();
                json!({"type": "array", "prefixItems": items, "items": false, "minItems": n, "maxItems": n})
            }
            TypeDefKind::Enum(cases) => {
                let names: Vec<&str> = cases.cases.iter().map(|c| c.name.as_str()).collect();
                let docs = cases.cases.iter().map(|c| (c.name.as_str(), &c.docs));
                documented(
                    json!({"type": "string", "enum": names}),
                    words(docs).as_deref(),
                )
            }
            TypeDefKind::Flags(flags) => {
                let names: Vec<&str> = flags.flags.iter().map(|f| f.name.as_str()).collect();
                let docs = flags.flags.iter().map(|f| (f.name.as_str(), &f.docs));
                let items = json!({"type": "string", "enum": names});
                let schema = json!({"type": "array", "items": items, "uniqueItems": true});
                documented(schema, words(docs).as_deref())
            }
            TypeDefKind::Option(ty) if self.is_option(ty) => json!({
                "anyOf": [self.case(SOME, Some(ty))?, {"type": "null"}],
                "description": NESTED,
            }),
            TypeDefKind::Option(ty) => json!({"anyOf": [self.schema(ty)?, {"type": "null"}]}),
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter().map(|case| {
                    let schema = self.case(&json_name(&case.name), case.ty.as_ref())?;
                    Ok(documented(schema, case.docs.contents.as_deref()))
                });
                json!({"anyOf": cases.collect::<Result<Vec<_>, _>>()?})
            }
            TypeDefKind::Result(result) => json!({"anyOf": [
                self.case("ok", result.ok.as_ref())?,
                self.case("error", result.err.as_ref())?,
            ]}),
            TypeDefKind::Map(..) => {
                return self.refuse("a map, which has no JSON form; use list<tuple<K, V>>");
            }
            TypeDefKind::Resource | TypeDefKind::Handle(_) => return self.refuse(RESOURCE),
            TypeDefKind::Future(_) => return self.refuse("a future, which has no JSON form"),
            TypeDefKind::Stream(_) => return self.refuse("a stream, which has no JSON form"),
            TypeDefKind::Unknown => {
                return self.refuse("a type of unknown structure, which has no JSON form");
            }
        })
    }

    fn case(&self, name: &str, ty: Option<&Type>) -> Result<Value, SchemaError> {
        let payload = match ty {
            Some(ty) => self.schema(ty)?,
            None => json!({"type": "null"}),
        };
        Ok(json!({
            "type": "object",
            "properties": {name: payload},
            "required": [name],
            "additionalProperties": false
        }))
    }

    fn is_option(&self, ty: &Type) -> bool {
        match ty {
            Type::Id(id) => match &self.resolve.types[*id].kind {
                TypeDefKind::Option(_) => true,
                TypeDefKind::Type(ty) => self.is_option(ty),
                _ => false,
            },
            _ => false,
        }
    }

    /// For a `result`, the type of its ok side.
    fn result_ok<'t>(&'t self, ty: &'t Type) -> Option<Option<&'t Type>> {
        match ty {
            Type::Id(id) => match &self.resolve.types[*id].kind {
                TypeDefKind::Result(result) => Some(result.ok.as_ref()),
                TypeDefKind::Type(ty) => self.result_ok(ty),
                _ => None,
            },
            _ => None,
        }
    }

    fn refuse<T>(&self, what: &'static str) -> Result<T, SchemaError> {
        Err(SchemaError::NoJson {
            function: self.function.to_owned(),
            what,
        })
    }
}

/// `schema` with `docs` in front of what it says of itself.
fn documented(mut schema: Value, docs: Option<&str>) -> Value {
    if let (Some(docs), Some(map)) = (docs, schema.as_object_mut()) {
        let text = match map.get("description").and_then(Value::as_str) {
            Some(more) => format!("{}\n{more}", docs.trim()),
            None => docs.trim().to_owned(),
        };
        map.insert("description".into(), text.into());
    }
    schema
}

/// The documentation of each name that has some, in one text.
fn words<'a>(names: impl Iterator<Item = (&'a str, &'a Docs)>) -> Option<String> {
    let lines: Vec<String> = names
        .filter_map(|(name, docs)| Some(format!("{name}: {}", docs.contents.as_ref()?.trim())))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
