//! One rule, as its user writes it, and whether it holds for a call.

use std::collections::BTreeMap;
use std::fmt;

use quipu_tools::Role;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::Condition;
use super::pattern::Pattern;
use super::seen::{Leaf, Reach, Seen, is_at};
use crate::label::Suspicion;

/// What a rule does with a call, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Do {
    /// Lets it pass without asking a person.
    Allow,
    /// Asks a person.
    Ask,
    /// Refuses it, even if a person would agree.
    Deny,
}

impl Do {
    /// The word in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Do::Allow => "allow",
            Do::Ask => "ask",
            Do::Deny => "deny",
        }
    }
}

/// What a process has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Read {
    /// Text that nobody vouches for.
    Untrusted,
    /// Text that is not public, where the call goes out of this machine.
    Private,
}

impl Read {
    /// The word in a file.
    fn as_str(self) -> &'static str {
        match self {
            Read::Untrusted => "untrusted",
            Read::Private => "private",
        }
    }

    /// Whether the process behind `call` has read such text.
    fn is_behind(self, call: &Seen<'_>) -> bool {
        match self {
            Read::Untrusted => call.tainted,
            Read::Private => call.confided,
        }
    }

    /// All of them.
    pub(super) const ALL: [Self; 2] = [Self::Untrusted, Self::Private];

    /// The kinds of text that the process behind `call` has read.
    pub(super) fn behind(call: &Seen<'_>) -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|read| read.is_behind(call)).collect()
    }
}

/// A field that is one word as it is, or several as a list.
mod one_or_more {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Read;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(Read),
        More(Vec<Read>),
    }

    pub(super) fn serialize<S: Serializer>(
        reads: &[Read],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match reads {
            [one] => one.serialize(serializer),
            more => more.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Read>, D::Error> {
        let written = Written::deserialize(deserializer).map_err(|_| {
            serde::de::Error::custom("label is \"untrusted\", \"private\", or a list of these")
        })?;
        Ok(match written {
            Written::One(one) => vec![one],
            Written::More(more) => more,
        })
    }
}

/// A rule of the user about calls.
///
/// All of its conditions have to hold. One that asks or denies holds as soon as one value of
/// an argument fits. One that allows holds only where every value fits, and, once it names an
/// argument or a role, only for calls that carry nothing else but content and times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The tools, as `device.function`; `device` alone is all of it in a rule that asks or denies.
    pub tool: Pattern,
    /// What the call reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Reach>,
    /// Values of arguments, by name or by the path of a field. With none in it: it carries
    /// nothing but content and times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<BTreeMap<String, Condition>>,
    /// Values of all arguments of a role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub role: BTreeMap<Role, Condition>,
    /// For a process that has read one of these: one that asks or denies is for such a process
    /// only, one that allows is for such a process too.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_more")]
    pub label: Vec<Read>,
    /// For a process that has read a text which reads like an attack: with at least this score,
    /// from 0 to 1, or one that the detector came not to. A rule that allows never holds with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicious: Option<f64>,
    /// What becomes of the call.
    #[serde(rename = "do")]
    pub verdict: Do,
    /// Why, in the user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it stands, such as `policy.toml:3`. A file does not say it of itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
}

impl Rule {
    /// Whether it holds for `call`.
    pub(super) fn holds(&self, call: &Seen<'_>) -> bool {
        let tightens = self.verdict > Do::Allow;
        let label = match tightens {
            true => self.label.is_empty() || self.label.iter().any(|read| read.is_behind(call)),
            false => Read::behind(call)
                .iter()
                .all(|read| self.label.contains(read)),
        };
        // A detector errs in both directions, so its finding allows nothing. A text that was not
        // scanned may be the worst: keeping the detector busy gains nothing.
        let suspected = self.suspicious.is_none_or(|least| {
            let enough = |said: Suspicion| said.has_unseen() || said.score() >= least;
            tightens && call.suspicion.is_some_and(enough)
        });
        let mut args = self.args.iter().flatten();
        let mut roles = self.role.iter();
        label
            && suspected
            && self.is_for(call.name, tightens)
            && self.effect.is_none_or(|reach| reach == call.reach)
            && args.all(|(name, condition)| fits(&call.at(name), condition, tightens))
            && roles.all(|(role, condition)| fits(&call.of_role(*role), condition, tightens))
            && (tightens || self.covers(call))
    }

    /// Whether the rule is for the tool `name`. One that allows names each function.
    fn is_for(&self, name: &str, tightens: bool) -> bool {
        match tightens {
            true => self.tool.names(name),
            false => self.tool.fits(name),
        }
    }

    /// Whether the rule speaks of all that `call` carries, apart from content and times. A rule
    /// without any condition on arguments speaks of all.
    fn covers(&self, call: &Seen<'_>) -> bool {
        let is_free = |role: Role| matches!(role, Role::Content | Role::Time);
        let is_named = |leaf: &Leaf<'_>| {
            let mut names = self.args.iter().flatten().map(|(name, _)| name);
            self.role.contains_key(&leaf.role) || names.any(|name| is_at(&leaf.path, name))
        };
        let all = self.args.is_none() && self.role.is_empty();
        let mut leaves = call.leaves.iter();
        all || leaves.all(|leaf| is_free(leaf.role) || is_named(leaf))
    }

    /// What is wrong with the rule if it can never hold.
    pub fn problem(&self) -> Option<&'static str> {
        let of_tool = self.tool.problem();
        if of_tool.is_some() {
            return of_tool;
        }
        let least = self.suspicious?;
        if self.verdict == Do::Allow {
            return Some("suspicious is for rules that ask or deny: nothing is allowed by it");
        }
        let is_share = (0.0..=1.0).contains(&least);
        (!is_share).then_some("suspicious is a score from 0 to 1")
    }

    /// Where the rule stands, and the user's reason for it.
    pub fn cited(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{}: {reason}", self.origin),
            None => self.origin.clone(),
        }
    }
}

/// Whether `condition` holds of `values`: for a rule that tightens, of one of them; otherwise of
/// each, and there has to be one.
fn fits(values: &[&Value], condition: &Condition, tightens: bool) -> bool {
    let holds = |value: &&Value| condition.holds(value, tightens);
    match tightens {
        true => values.iter().any(holds),
        false => !values.is_empty() && values.iter().all(holds),
    }
}

/// As it stands in a policy file: a table of the list `rule`, one key a line.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[[rule]]")?;
        writeln!(f, "tool = {}", quoted(self.tool.written()))?;
        if let Some(reach) = self.effect {
            writeln!(f, "effect = {}", value(&serde_json::json!(reach)))?;
        }
        if self.args.as_ref().is_some_and(BTreeMap::is_empty) {
            writeln!(f, "args = {{}}")?;
        }
        for (name, condition) in self.args.iter().flatten() {
            writeln!(
                f,
                "args.{} = {}",
                key(name),
                value(&serde_json::json!(condition))
            )?;
        }
        for (role, condition) in &self.role {
            let name = serde_json::json!(role);
            let name = name.as_str().unwrap_or_default();
            writeln!(f, "role.{name} = {}", value(&serde_json::json!(condition)))?;
        }
        let label: Vec<String> = self
            .label
            .iter()
            .map(|read| quoted(read.as_str()))
            .collect();
        match label.as_slice() {
            [] => {}
            [one] => writeln!(f, "label = {one}")?,
            more => writeln!(f, "label = [{}]", more.join(", "))?,
        }
        if let Some(least) = self.suspicious {
            writeln!(f, "suspicious = {}", value(&serde_json::json!(least)))?;
        }
        writeln!(f, "do = {}", quoted(self.verdict.as_str()))?;
        match &self.reason {
            Some(reason) => writeln!(f, "reason = {}", quoted(reason)),
            None => Ok(()),
        }
    }
}

/// A value of JSON as TOML, on one line.
fn value(json: &Value) -> String {
    match json {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, field)| format!("{} = {}", key(name), value(field)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A TOML text in which nothing is hidden: whatever is neither a letter, a digit nor plain ASCII
/// is written as its number.
fn quoted(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        // Letters that are invisible.
        let filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            ' ' | '!'..='~' => written.push(c),
            c if c.is_alphanumeric() && !filler => written.push(c),
            c => written.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    written.push('"');
    written
}
