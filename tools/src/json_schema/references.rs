//! Where a `$ref` leads to: within one document, by pointer, anchor or `$id`.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use url::Url;

/// The address of a document that gives itself none.
const ROOT: &str = "schema://this/";
/// How deep a document is looked through.
const DEPTH_MAX: usize = 128;

/// Where documents keep definitions.
const HOLDERS: [&str; 4] = ["/$defs", "/definitions", "/components/schemas", "/schemas"];

/// The drafts that differ in what a schema means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    /// `id` instead of `$id`.
    Four,
    /// Whatever stands beside a `$ref` has no meaning. Drafts 6 and 7.
    Seven,
    /// 2019-09 and later.
    Later,
}

impl Draft {
    /// The draft that the `$schema` of a document names.
    pub(super) fn of(schema: &Value) -> Option<Self> {
        let named = schema.get("$schema")?.as_str()?;
        let has = |part: &str| named.contains(part);
        Some(match () {
            () if has("draft-03") || has("draft-04") => Self::Four,
            () if has("draft-06") || has("draft-07") => Self::Seven,
            () => Self::Later,
        })
    }
}

/// A document's addresses.
pub(super) struct References<'a> {
    document: &'a Value,
    /// Of each address, with its anchor if it has one, the pointer into the document.
    places: HashMap<String, String>,
    /// Of each pointer at which a document of its own begins, its address and draft.
    documents: BTreeMap<String, (Url, Draft)>,
}

impl<'a> References<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        let mut references = Self {
            document,
            places: HashMap::new(),
            documents: BTreeMap::new(),
        };
        let draft = Draft::of(document).unwrap_or(Draft::Later);
        if let Ok(root) = Url::parse(ROOT) {
            references.places.insert(ROOT.to_owned(), String::new());
            references
                .documents
                .insert(String::new(), (root.clone(), draft));
            references.look_through(document, String::new(), (&root, draft), 0);
        }
        references
    }

    /// The draft that holds at `pointer`.
    pub(super) fn draft(&self, pointer: &str) -> Draft {
        self.around(pointer)
            .next()
            .map_or(Draft::Later, |(_, (_, draft))| *draft)
    }

    /// The pointer to what `reference` at `from` means, and the value there.
    pub(super) fn resolve(&self, reference: &str, from: &str) -> Option<(String, &'a Value)> {
        let written = self.written(reference, from);
        written.or_else(|| self.moved(reference))
    }

    /// The definition that `reference` names, where that is kept under another word than the
    /// reference says: generators put definitions elsewhere, and leave the references as they
    /// were; or name a definition alone.
    fn moved(&self, reference: &str) -> Option<(String, &'a Value)> {
        let fragment = reference.strip_prefix('#');
        // Another document.
        if fragment.is_none() && reference.contains([':', '.', '#']) {
            return None;
        }
        let path = decoded(fragment.unwrap_or(reference));
        let (holder, name) = path.rsplit_once('/').unwrap_or(("", path.as_str()));
        let is_holder = |known: &&str| holder.ends_with(&known[1..]);
        if name.is_empty() || !holder.is_empty() && !HOLDERS.iter().any(is_holder) {
            return None;
        }
        HOLDERS.iter().find_map(|holder| {
            let pointer = format!("{holder}/{name}");
            let found = self.document.pointer(&pointer)?;
            Some((pointer, found))
        })
    }

    /// The same by the reference as it is written.
    fn written(&self, reference: &str, from: &str) -> Option<(String, &'a Value)> {
        let (_, (base, _)) = self.around(from).next()?;
        let mut address = base.join(reference).ok()?;
        let fragment = address.fragment().map(decoded).unwrap_or_default();
        address.set_fragment(None);
        if !fragment.is_empty() && !fragment.starts_with('/') {
            let pointer = self.places.get(&format!("{address}#{fragment}"))?;
            return Some((pointer.clone(), self.document.pointer(pointer)?));
        }
        let begin = self.places.get(address.as_str())?;
        let exact = format!("{begin}{fragment}");
        if let Some(found) = self.document.pointer(&exact) {
            return Some((exact, found));
        }
        // A schema that was put into another as it is still means its own root.
        let mut around = from;
        loop {
            let pointer = format!("{around}{fragment}");
            if let Some(found) = self.document.pointer(&pointer) {
                return Some((pointer, found));
            }
            around = &around[..around.rfind('/')?];
        }
    }

    /// The documents around `pointer`, the innermost first.
    fn around<'s>(
        &'s self,
        pointer: &'s str,
    ) -> impl Iterator<Item = (&'s String, &'s (Url, Draft))> {
        let holds = move |begin: &str| {
            let rest = pointer.strip_prefix(begin);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let all = self.documents.iter().rev();
        all.filter(move |(begin, _)| holds(begin))
    }

    fn look_through(
        &mut self,
        value: &'a Value,
        pointer: String,
        (base, draft): (&Url, Draft),
        depth: usize,
    ) {
        if depth > DEPTH_MAX {
            return;
        }
        if let Some(items) = value.as_array() {
            for (i, item) in items.iter().enumerate() {
                self.look_through(item, format!("{pointer}/{i}"), (base, draft), depth + 1);
            }
            return;
        }
        let Some(map) = value.as_object() else {
            return;
        };
        let mut base = base.clone();
        let draft = Draft::of(value).unwrap_or(draft);
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        let own = match draft {
            Draft::Four => text("id").or(text("$id")),
            _ => text("$id"),
        };
        let mut anchors: Vec<&str> = [text("$anchor"), text("$dynamicAnchor")]
            .into_iter()
            .flatten()
            .collect();
        match own.map(|own| (own, base.join(own))) {
            Some((own, _)) if own.starts_with('#') => anchors.push(&own[1..]),
            Some((_, Ok(mut address))) => {
                address.set_fragment(None);
                self.places
                    .entry(address.to_string())
                    .or_insert_with(|| pointer.clone());
                self.documents
                    .insert(pointer.clone(), (address.clone(), draft));
                base = address;
            }
            _ => {}
        }
        // As the oldest draft has it, in documents that name none.
        if let Some(own) = text("id").filter(|own| own.contains(':'))
            && let Ok(mut address) = base.join(own)
        {
            address.set_fragment(None);
            let place = self.places.entry(address.to_string());
            place.or_insert_with(|| pointer.clone());
        }
        for anchor in anchors {
            let address = format!("{base}#{anchor}");
            self.places
                .entry(address)
                .or_insert_with(|| pointer.clone());
        }
        for (key, inner) in map {
            // Values, not schemas.
            if !["enum", "const", "default", "examples"].contains(&key.as_str()) {
                let pointer = format!("{pointer}/{}", escaped(key));
                self.look_through(inner, pointer, (&base, draft), depth + 1);
            }
        }
    }
}

/// A key as a JSON Pointer has it.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn decoded(fragment: &str) -> String {
    percent_encoding::percent_decode_str(fragment)
        .decode_utf8_lossy()
        .into_owned()
}
