//! How a plan is put to a model: which effects may be planned, what is shown of them, and the
//! form of what is written. Which of it may stand is decided in `gate/plan`.

use quipu_tools::{Bus, Capability, Effect, Resolved};
use serde_json::{Map, Value, json};

use super::kind::signature;
use crate::calls::{look_up, object, reads_the_world};
use crate::gate::plan::{EFFECTS_MAX, Reader, Role, Said, Target, argument, role_of, types};
use crate::grammar::Legal;
use crate::lessons::{BOUND, CHAIN, EACH, Example, WITHIN};

/// Characters of a function's description that are shown.
const DESCRIPTION_CHARS: usize = 120;
/// A field of a record, where it is not known which there are.
const FIELD: &str = "^[a-zA-Z_][a-zA-Z0-9_]{0,24}(\\.[a-zA-Z_][a-zA-Z0-9_]{0,24})?$";

/// The picks of arguments of a read.
const INNER: &str = "inner";

/// What a process could plan.
pub(crate) struct Ground {
    /// The functions whose effects may be planned.
    pub(crate) targets: Vec<Target>,
    /// Those from whose results a pick may take.
    pub(crate) readers: Vec<Reader>,
    /// What is shown of them.
    shown: String,
}

impl Ground {
    /// What can be planned of the functions in `legal`; `None` where a plan changes nothing:
    /// nothing that strangers wrote can be read, or there is no effect that `granted` lets
    /// through.
    pub(crate) fn of(
        legal: &Legal,
        bus: &Bus,
        granted: &dyn Fn(&Resolved, &Capability) -> bool,
    ) -> Option<Self> {
        let (mut targets, mut readers) = (Vec::new(), Vec::new());
        let (mut changes, mut reads) = (String::new(), String::new());
        let mut strangers = false;
        for call in legal.offered() {
            let Some(function) = look_up(bus, &call.name) else {
                continue;
            };
            let needs = &function.function().needs;
            let name = call.name.clone();
            let parameters = call.parameters.clone();
            strangers |= !function.device().is_vouched_for() || reads_the_world(needs);
            match function.effect() {
                Effect::Write if !needs.is_empty() => {
                    if needs.iter().all(|need| granted(&function, need)) {
                        changes.push_str(&line(&function, &parameters, false));
                        targets.push(Target { name, parameters });
                    }
                }
                Effect::Write => {}
                Effect::Read => {
                    reads.push_str(&line(&function, &parameters, true));
                    let returns = function.function().returns.clone();
                    readers.push(Reader {
                        name,
                        parameters,
                        returns,
                    });
                }
            }
        }
        let shown = format!("Tools that read:\n{reads}Tools that change something:\n{changes}");
        (strangers && !targets.is_empty()).then_some(Self {
            targets,
            readers,
            shown,
        })
    }

    /// The text that is put to a model for the task `told`.
    pub(crate) fn about(&self, told: &str) -> String {
        format!("{}Message: {}", self.shown, told.trim())
    }

    /// The examples that the lesson has more for what was `said`: of each way to plan that these
    /// tools and words give, and only then. Always in this order, so that tasks of a kind share
    /// them.
    pub(crate) fn examples(&self, said: &Said) -> Vec<Example> {
        let several = self.readers.len() > 1;
        let bounds = said.gives_a_bound();
        [
            (
                said.speaks_of_each() && self.targets.iter().any(takes_one_of_each),
                EACH,
            ),
            (several && self.readers.iter().any(takes_a_list), CHAIN),
            (bounds, BOUND),
            (bounds && several, WITHIN),
        ]
        .into_iter()
        .filter_map(|(wanted, example)| (wanted && !self.readers.is_empty()).then_some(example))
        .collect()
    }

    /// The JSON Schema of a plan whose literals were `said`; `None` where nothing can be
    /// planned with these.
    pub(crate) fn form(&self, said: &Said) -> Option<Value> {
        let mut words = Words::of(said, &self.targets);
        // What a read is asked about may be picked too, where that is a list, and so may the names of
        // those within a bound: they were read before.
        if words.bounds || self.readers.iter().any(takes_a_list) {
            let inner = self.readers.iter();
            let inner = inner.map(|reader| words.pick(reader, true)).collect();
            words.define(INNER, any_of(inner));
        }
        let picks = self
            .readers
            .iter()
            .map(|reader| words.pick(reader, words.of_each))
            .collect();
        words.define("pick", any_of(picks));
        let targets = self.targets.iter();
        let effects = any_of(
            targets
                .filter_map(|target| effect(target, &words))
                .collect(),
        )?;
        let effects = json!({"type": "array", "items": effects, "maxItems": EFFECTS_MAX});
        let mut form = object(&[("effects", effects)]);
        form["$defs"] = words.definitions.into();
        Some(form)
    }
}

/// The form of an effect of `target`; `None` where nothing can be said of an argument that it
/// needs.
fn effect(target: &Target, words: &Words) -> Option<Value> {
    let required = target.parameters["required"].as_array().cloned();
    let required = required.unwrap_or_default();
    let properties = target.parameters["properties"].as_object().into_iter();
    let slots: Map<String, Value> = properties
        .flatten()
        .filter_map(|(name, _)| {
            let schema = argument(&target.parameters, name)?;
            let role = role_of(&target.name, name, schema);
            Some((name.clone(), words.slot(role, schema)?))
        })
        .collect();
    let mut needed = required.iter().filter_map(Value::as_str);
    if !needed.all(|name| slots.contains_key(name)) {
        return None;
    }
    let args = json!({"type": "object", "properties": slots, "required": required,
            "additionalProperties": false});
    Some(object(&[
        ("tool", json!({"const": target.name})),
        ("args", args),
    ]))
}

/// What a model is shown of a function.
fn line(function: &Resolved, parameters: &Value, reads: bool) -> String {
    let about = &function.function().description;
    let about = about.split(['\n', '.']).next().unwrap_or_default().trim();
    let about: String = about.chars().take(DESCRIPTION_CHARS).collect();
    let fields = match reads {
        true => fields(&function.function().returns),
        false => Vec::new(),
    };
    let gives = match fields.is_empty() {
        true => String::new(),
        false => format!(" -> {}", fields.join(", ")),
    };
    let name = function.name();
    format!("{name} {}{gives}  # {about}\n", signature(parameters))
}

/// The fields of the records that a schema of a result describes, where it does.
fn fields(returns: &Value) -> Vec<String> {
    let names = |schema: &Value| -> Vec<String> {
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.map(|(name, _)| name.clone()).collect()
    };
    if returns["type"] == "array" {
        return names(&returns["items"]);
    }
    let properties = returns["properties"].as_object();
    let mut lists = properties.into_iter().flatten().filter(|(_, schema)| {
        schema["type"] == "array" && schema["items"]["properties"].is_object()
    });
    match (lists.next(), lists.next()) {
        (Some((_, list)), None) => names(&list["items"]),
        _ => names(returns),
    }
}

/// The parts of the form that all effects share.
struct Words {
    definitions: Map<String, Value>,
    /// The tools whose effects may be planned.
    tools: Vec<String>,
    /// Whether the user speaks of each of several: else a model is not led to it.
    of_each: bool,
    /// Whether the user bounds something.
    bounds: bool,
}

impl Words {
    fn of(said: &Said, targets: &[Target]) -> Self {
        let mut words = Self {
            definitions: Map::new(),
            tools: targets.iter().map(|target| target.name.clone()).collect(),
            of_each: said.speaks_of_each(),
            bounds: said.speaks_of_a_bound(),
        };
        let texts = |texts: Vec<String>| texts.into_iter().map(Value::from).collect();
        words.define_values("said", texts(said.phrases()));
        words.define_values("number", said.numbers());
        let mut times = said.moments();
        times.push("today".into());
        words.define_values("time", texts(times));
        words
    }

    fn define(&mut self, name: &str, schema: Option<Value>) {
        if let Some(schema) = schema {
            self.definitions.insert(name.to_owned(), schema);
        }
    }

    fn define_values(&mut self, name: &str, values: Vec<Value>) {
        let schema = (!values.is_empty()).then(|| json!({ "enum": values }));
        self.define(name, schema);
    }

    /// A reference to a definition, where there is one.
    fn refer(&self, name: &str) -> Option<Value> {
        let there = self.definitions.contains_key(name);
        there.then(|| json!({"$ref": format!("#/$defs/{name}")}))
    }

    /// The form of an argument, where a plan can say anything of it.
    fn slot(&self, role: Role, schema: &Value) -> Option<Value> {
        if role == Role::Content {
            return Some(json!({"const": "text"}));
        }
        let literal = self.literal(role, schema);
        let mut forms = Vec::new();
        if let Some(literal) = &literal {
            forms.push(object(&[("is", literal.clone())]));
            if !is_a_list(schema) && !is_of_few(schema) {
                let several =
                    json!({"type": "array", "items": literal, "minItems": 2, "maxItems": 4});
                forms.push(object(&[("one_of", several)]));
            }
        }
        if role != Role::Credential && !is_of_few(schema) {
            forms.extend(self.refer("pick").map(|pick| object(&[("pick", pick)])));
            let is_one = is_one_of_each(role, schema) && self.of_each;
            let pick = self.refer("pick").filter(|_| is_one);
            forms.extend(pick.map(|pick| object(&[("each", pick)])));
        }
        if role == Role::Amount {
            forms.extend(self.refer("pick").map(|pick| object(&[("at_most", pick)])));
        }
        if role == Role::Selector && self.tools.len() > 1 && !is_of_few(schema) {
            let take = json!({"type": "string", "pattern": FIELD});
            let created = object(&[("by", json!({ "enum": self.tools })), ("take", take)]);
            forms.push(object(&[("created", created)]));
        }
        any_of(forms)
    }

    fn literal(&self, role: Role, schema: &Value) -> Option<Value> {
        if is_of_few(schema) {
            return Some(schema.clone());
        }
        if is_a_list(schema) {
            let member = self.refer("said")?;
            return Some(json!({"type": "array", "items": member, "minItems": 1, "maxItems": 8}));
        }
        match role {
            Role::Time => self.refer("time"),
            _ if is_a_number(schema) => self.refer("number"),
            _ => self.refer("said"),
        }
    }

    /// The form of a pick from the results of `reader`, perhaps `of_several` records.
    fn pick(&self, reader: &Reader, of_several: bool) -> Value {
        let known = fields(&reader.returns);
        let field = match known.is_empty() {
            true => json!({"type": "string", "pattern": FIELD}),
            false => json!({ "enum": known }),
        };
        let mut parts = vec![("from", json!({"const": reader.name}), true)];
        if let (Some(given), true) = (self.given(reader), takes_something(reader)) {
            parts.push(("given", given, false));
        }
        if let Some(values) = self.value() {
            let by_field = by_field(&known, &values);
            parts.push(("where", by_field, false));
        }
        let bounds = [self.refer("number"), self.refer("time")];
        let bound = any_of(bounds.into_iter().flatten().collect());
        if let Some(bound) = bound.filter(|_| self.bounds) {
            for way in ["at_least", "at_most"] {
                parts.push((way, by_field(&known, &bound), false));
            }
        }
        if let Some(said) = self.refer("said") {
            parts.push(("has", by_field(&known, &said), false));
        }
        // The greatest and the least are told by a field, the others are not.
        let way = |ways: &[&str], by: bool| {
            let mut parts = parts.clone();
            parts.push(("how", json!({ "enum": ways }), true));
            if by {
                parts.push(("by", field.clone(), true));
            }
            parts.push(("take", field.clone(), true));
            object_of(&parts)
        };
        let plain: &[&str] = match of_several {
            true => &["only", "first", "last", "all"],
            false => &["only", "first", "last"],
        };
        json!({"anyOf": [way(plain, false), way(&["max", "min"], true)]})
    }

    /// The arguments of a read, as far as they were said.
    fn given(&self, reader: &Reader) -> Option<Value> {
        let properties = reader.parameters["properties"].as_object()?;
        let forms = properties.iter().filter_map(|(name, _)| {
            let schema = argument(&reader.parameters, name)?;
            let role = role_of(&reader.name, name, schema);
            let inner = self.refer(INNER).filter(|_| is_a_list(schema));
            let picked = inner.map(|pick| object(&[("pick", pick)]));
            let forms = self.literal(role, schema).into_iter().chain(picked);
            Some((name.clone(), any_of(forms.collect())?))
        });
        let forms: Map<String, Value> = forms.collect();
        let required = reader.parameters["required"].as_array().cloned();
        let required = required.unwrap_or_default();
        let all = required
            .iter()
            .filter_map(Value::as_str)
            .all(|name| forms.contains_key(name));
        all.then(|| {
            json!({"type": "object", "properties": forms, "required": required,
                "additionalProperties": false})
        })
    }

    /// A value that a record is found by.
    fn value(&self) -> Option<Value> {
        let values = ["said", "number", "time"].iter();
        let values = values.filter_map(|name| self.refer(name));
        let picked = self.refer(INNER).filter(|_| self.bounds);
        let picked = picked.map(|pick| object(&[("pick", pick)]));
        any_of(values.chain(picked).collect())
    }
}

/// The schema of an object with these fields, each with whether it has to be there.
fn object_of(parts: &[(&str, Value, bool)]) -> Value {
    let properties: Map<String, Value> = parts
        .iter()
        .map(|(name, schema, _)| ((*name).to_owned(), schema.clone()))
        .collect();
    let required: Vec<&str> = parts
        .iter()
        .filter(|part| part.2)
        .map(|part| part.0)
        .collect();
    json!({"type": "object", "properties": properties, "required": required,
        "additionalProperties": false})
}

/// One field with a value: more conditions than one are rarely meant by a small model.
fn by_field(known: &[String], value: &Value) -> Value {
    if known.is_empty() {
        return json!({"type": "object", "patternProperties": {FIELD: value},
            "additionalProperties": false, "minProperties": 1, "maxProperties": 1});
    }
    let forms: Vec<Value> = known
        .iter()
        .map(|name| object(&[(name.as_str(), value.clone())]))
        .collect();
    json!({ "anyOf": forms })
}

fn any_of(mut forms: Vec<Value>) -> Option<Value> {
    match forms.len() {
        0 => None,
        1 => forms.pop(),
        _ => Some(json!({ "anyOf": forms })),
    }
}

/// Whether an effect of `target` can be planned for each of several values.
fn takes_one_of_each(target: &Target) -> bool {
    let properties = target.parameters["properties"].as_object();
    let mut names = properties.into_iter().flatten().map(|(name, _)| name);
    names.any(|name| {
        let schema = argument(&target.parameters, name);
        schema.is_some_and(|schema| {
            let role = role_of(&target.name, name, schema);
            is_one_of_each(role, schema) && !is_of_few(schema)
        })
    })
}

/// Whether an argument says where something goes, or which thing is meant, and names one.
fn is_one_of_each(role: Role, schema: &Value) -> bool {
    matches!(role, Role::Destination | Role::Selector) && !is_a_list(schema)
}

fn takes_a_list(reader: &Reader) -> bool {
    let properties = reader.parameters["properties"].as_object();
    let mut names = properties.into_iter().flatten().map(|(name, _)| name);
    names.any(|name| argument(&reader.parameters, name).is_some_and(is_a_list))
}

fn takes_something(reader: &Reader) -> bool {
    let properties = reader.parameters["properties"].as_object();
    properties.is_some_and(|properties| !properties.is_empty())
}

/// Whether `schema` lists its values, or has two.
fn is_of_few(schema: &Value) -> bool {
    let listed = schema.get("enum").is_some() || schema.get("const").is_some();
    listed || types(schema).iter().any(|kind| kind == "boolean")
}

fn is_a_list(schema: &Value) -> bool {
    types(schema).iter().any(|kind| kind == "array")
}

fn is_a_number(schema: &Value) -> bool {
    types(schema)
        .iter()
        .any(|kind| matches!(kind.as_str(), "number" | "integer"))
}

#[cfg(test)]
mod tests;
