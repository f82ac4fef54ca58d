//! From a component's own types and documentation to JSON Schema.
//!
//! | WIT | JSON |
//! | --- | --- |
//! | `bool`, numbers, `string`, `char` | the same; `char` is a string of one character |
//! | `list<T>`, `tuple<A, B>` | array |
//! | `record` | object; an `option` field may be left out |
//! | `option<T>` | the value or `null` |
//! | `enum` | string |
//! | `flags` | array of strings |
//! | `variant` | object with one key, the case; `null` where it has no payload |
//! | `result<T, E>` | `{"ok": …}` or `{"error": …}`; as a function's result, the value or a failed call |
//!
//! WIT names are written `like-this`, JSON names `like_this`.

use serde_json::{Map, Value, json};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Function, Interface, Resolve, Type, TypeDefKind, WorldItem, WorldKey};

use crate::device::{Effect, FunctionSpec};

/// What a component says of itself.
pub struct Described {
    /// The documentation of its world.
    pub description: String,
    /// Its exported functions, with the interface each is in.
    pub functions: Vec<(Option<String>, FunctionSpec)>,
    /// What it wants from the host: interfaces, with their versions.
    pub imports: Vec<String>,
}

/// A type that has no JSON form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The bytes are not a component with a readable interface.
    #[error("not a component: {0}")]
    NotAComponent(String),
    /// A function uses a type that cannot be written as JSON.
    #[error("{function} uses a {kind}, which has no JSON form")]
    NoJson {
        /// The function.
        function: String,
        /// The kind of type.
        kind: &'static str,
    },
    /// Nothing is exported.
    #[error("it exports no functions")]
    Empty,
}

/// Reads the exported functions of the component in `bytes`.
pub fn describe(bytes: &[u8]) -> Result<Described, SchemaError> {
    let decoded =
        decode(bytes).map_err(|error| SchemaError::NotAComponent(format!("{error:#}")))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err(SchemaError::NotAComponent("it is a WIT package".into()));
    };
    let world = &resolve.worlds[world];
    let mut functions = Vec::new();
    let mut description = world.docs.contents.clone();
    for (key, item) in &world.exports {
        match item {
            WorldItem::Function(function) => {
                functions.push((None, function_spec(&resolve, function)?));
            }
            WorldItem::Interface { id, .. } => {
                let interface = &resolve.interfaces[*id];
                if is_set_up(key, interface) {
                    continue;
                }
                description = description.or_else(|| interface.docs.contents.clone());
                for function in interface.functions.values() {
                    let name = Some(resolve.name_world_key(key));
                    functions.push((name, function_spec(&resolve, function)?));
                }
            }
            WorldItem::Type { .. } => {}
        }
    }
    if functions.is_empty() {
        return Err(SchemaError::Empty);
    }
    Ok(Described {
        description: description.unwrap_or_default().trim().to_owned(),
        functions,
        imports: world
            .imports
            .iter()
            .filter(|(_, item)| !matches!(item, WorldItem::Type { .. }))
            .map(|(key, _)| resolve.name_world_key(key))
            .collect(),
    })
}

/// Whether an exported interface is the one by which componentize-py set its component
/// up while it was built; it is of no use to anybody later.
fn is_set_up(key: &WorldKey, interface: &Interface) -> bool {
    let functions: Vec<&str> = interface.functions.keys().map(String::as_str).collect();
    matches!(key, WorldKey::Name(name) if name == "exports") && functions == ["init"]
}

/// A WIT name as JSON has it.
pub fn json_name(name: &str) -> String {
    name.replace('-', "_")
}

fn function_spec(resolve: &Resolve, function: &Function) -> Result<FunctionSpec, SchemaError> {
    let writer = Writer {
        resolve,
        function: &function.name,
    };
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
    Ok(FunctionSpec {
        name: json_name(&function.name),
        description: function
            .docs
            .contents
            .clone()
            .unwrap_or_default()
            .trim()
            .to_owned(),
        parameters,
        returns,
        // A component without capabilities can change nothing.
        effect: Effect::Read,
    })
}

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
            let mut schema = self.schema(ty)?;
            if let (Some(docs), Some(map)) = (docs, schema.as_object_mut()) {
                map.insert("description".into(), json!(docs.trim()));
            }
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
            Type::U64 => json!({"type": "integer", "minimum": 0}),
            Type::S64 => json!({"type": "integer"}),
            Type::F32 | Type::F64 => json!({"type": "number"}),
            Type::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
            Type::String => json!({"type": "string"}),
            Type::ErrorContext => return self.refuse("error context"),
            Type::Id(id) => return self.defined(&self.resolve.types[*id].kind),
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
                json!({"type": "string", "enum": names})
            }
            TypeDefKind::Flags(flags) => {
                let names: Vec<&str> = flags.flags.iter().map(|f| f.name.as_str()).collect();
                json!({"type": "array", "items": {"type": "string", "enum": names}, "uniqueItems": true})
            }
            TypeDefKind::Option(ty) => json!({"anyOf": [self.schema(ty)?, {"type": "null"}]}),
            TypeDefKind::Variant(variant) => {
                let cases = variant
                    .cases
                    .iter()
                    .map(|c| self.case(&json_name(&c.name), c.ty.as_ref()));
                json!({"anyOf": cases.collect::<Result<Vec<_>, _>>()?})
            }
            TypeDefKind::Result(result) => json!({"anyOf": [
                self.case("ok", result.ok.as_ref())?,
                self.case("error", result.err.as_ref())?,
            ]}),
            TypeDefKind::Map(..) => return self.refuse("map"),
            TypeDefKind::Resource | TypeDefKind::Handle(_) => return self.refuse("resource"),
            TypeDefKind::Future(_) => return self.refuse("future"),
            TypeDefKind::Stream(_) => return self.refuse("stream"),
            TypeDefKind::Unknown => return self.refuse("type of unknown structure"),
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

    fn refuse<T>(&self, kind: &'static str) -> Result<T, SchemaError> {
        Err(SchemaError::NoJson {
            function: self.function.to_owned(),
            kind,
        })
    }
}
