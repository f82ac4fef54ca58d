//! The comments of a plugin's WIT, which its component has lost.
//!
//! What turns a module into a component keeps types and drops comments. So a plugin
//! carries the text of its WIT in a custom section `quipu:wit`: put there by [`embed`],
//! or by a Rust guest with `#[unsafe(link_section = "quipu:wit")]` on a static. Only
//! comments are taken from it: what a function takes and gives is what the component
//! says.

use std::collections::HashMap;
use std::path::Path;

use wit_parser::{
    Docs, Function, Resolve, SourceMap, TypeDef, TypeDefKind, UnresolvedPackageGroup, WorldId,
    WorldItem, WorldKey,
};

use crate::sections;

/// The custom section of a component that holds the text of its WIT.
const SECTION: &str = "quipu:wit";

/// `component` with the `texts` of its WIT files inside, which belong to one package.
///
/// # Errors
/// What is wrong with the texts.
pub fn embed(component: &[u8], texts: &[String]) -> Result<Vec<u8>, String> {
    parse(texts.iter().map(String::as_str))?;
    Ok(texts.iter().fold(component.to_vec(), |component, text| {
        sections::append(&component, SECTION, text.as_bytes())
    }))
}

/// Puts the comments that the component in `bytes` carries into its decoded `world`.
pub(crate) fn restore(bytes: &[u8], resolve: &mut Resolve, world: WorldId) {
    let sections = sections::find(bytes, SECTION).unwrap_or_default();
    let texts = sections
        .iter()
        .filter_map(|data| std::str::from_utf8(data).ok());
    match parse(texts) {
        Ok(source) => Comments::of(&source).put_into(resolve, world),
        // A tool without descriptions is still a tool.
        Err(error) => tracing::debug!(error, "the plugin's WIT text cannot be read"),
    }
}

fn parse<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<UnresolvedPackageGroup>, String> {
    let mut map = SourceMap::default();
    let mut empty = true;
    for (n, text) in texts.enumerate() {
        map.push(Path::new(&format!("{n}.wit")), text);
        empty = false;
    }
    if empty {
        return Ok(Vec::new());
    }
    map.parse()
        .map(|group| vec![group])
        .map_err(|(map, error)| error.render(&map))
}

/// The comments of a package, by name.
#[derive(Default)]
struct Comments<'a> {
    world: Option<&'a Docs>,
    /// By the name of the interface; `None` for a world's own.
    functions: HashMap<(Option<&'a str>, &'a str), &'a Docs>,
    interfaces: HashMap<&'a str, &'a Docs>,
    types: HashMap<&'a str, &'a TypeDef>,
}

impl<'a> Comments<'a> {
    fn of(source: &'a [UnresolvedPackageGroup]) -> Self {
        let mut comments = Comments::default();
        let packages = source
            .iter()
            .flat_map(|group| std::iter::once(&group.main).chain(&group.nested));
        for package in packages {
            for (_, world) in package.worlds.iter() {
                if world.docs.contents.is_some() {
                    comments.world = comments.world.or(Some(&world.docs));
                }
                for item in world.exports.values() {
                    if let WorldItem::Function(function) = item {
                        let key = (None, function.name.as_str());
                        comments.functions.insert(key, &function.docs);
                    }
                }
            }
            for (_, interface) in package.interfaces.iter() {
                let Some(name) = &interface.name else {
                    continue;
                };
                comments.interfaces.insert(name, &interface.docs);
                for function in interface.functions.values() {
                    let key = (Some(name.as_str()), function.name.as_str());
                    comments.functions.insert(key, &function.docs);
                }
            }
            let named = package
                .types
                .iter()
                .filter_map(|(_, ty)| Some((ty.name.as_deref()?, ty)));
            comments.types.extend(named);
        }
        comments
    }

    fn put_into(&self, resolve: &mut Resolve, world: WorldId) {
        if let Some(docs) = self.world {
            resolve.worlds[world].docs = docs.clone();
        }
        let mut interfaces = Vec::new();
        for (key, item) in &mut resolve.worlds[world].exports {
            match item {
                WorldItem::Function(function) => self.describe(None, function),
                WorldItem::Interface { id, .. } => interfaces.push((key.clone(), *id)),
                WorldItem::Type { .. } => {}
            }
        }
        for (key, id) in interfaces {
            let interface = &mut resolve.interfaces[id];
            let name = match (&key, &interface.name) {
                (WorldKey::Name(name), _) | (_, Some(name)) => name.clone(),
                _ => continue,
            };
            if let Some(docs) = self.interfaces.get(name.as_str()) {
                interface.docs = (*docs).clone();
            }
            for function in interface.functions.values_mut() {
                self.describe(Some(&name), function);
            }
        }
        for (_, ty) in resolve.types.iter_mut() {
            if let Some(source) = ty.name.as_deref().and_then(|name| self.types.get(name)) {
                describe_type(ty, source);
            }
        }
    }

    fn describe(&self, interface: Option<&str>, function: &mut Function) {
        if let Some(docs) = self.functions.get(&(interface, function.name.as_str())) {
            function.docs = (*docs).clone();
        }
    }
}

/// Gives `ty` the comments of `source`, a type of the same name.
fn describe_type(ty: &mut TypeDef, source: &TypeDef) {
    ty.docs = source.docs.clone();
    /// Both lists by name: they may differ where the text is not quite the component's.
    macro_rules! parts {
        ($ours:expr, $theirs:expr) => {
            for part in $ours.iter_mut() {
                let same = $theirs.iter().find(|theirs| theirs.name == part.name);
                if let Some(theirs) = same {
                    part.docs = theirs.docs.clone();
                }
            }
        };
    }
    match (&mut ty.kind, &source.kind) {
        (TypeDefKind::Record(ours), TypeDefKind::Record(theirs)) => {
            parts!(ours.fields, theirs.fields);
        }
        (TypeDefKind::Variant(ours), TypeDefKind::Variant(theirs)) => {
            parts!(ours.cases, theirs.cases);
        }
        (TypeDefKind::Enum(ours), TypeDefKind::Enum(theirs)) => parts!(ours.cases, theirs.cases),
        (TypeDefKind::Flags(ours), TypeDefKind::Flags(theirs)) => parts!(ours.flags, theirs.flags),
        _ => {}
    }
}
