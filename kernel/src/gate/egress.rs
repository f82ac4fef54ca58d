//! What a call carries out of this machine, and who knows it already.
//!
//! A call that reaches the network or a program is a way out, even if it only reads: an address
//! tells its server what it says. Such a call carries nothing away if each of its texts was said
//! by the user, was planned, or is an address that stands on a page of the open network.

use std::sync::Arc;

use quipu_tools::{Effect, Role};
use serde_json::Value;

use super::plan::stands_in;
use super::rules::{Rules, leaves};
use super::{Request, reaches_out};
use crate::label::{Label, Trust, told_source};

/// The most values of one call that each tell a little: truth values, digits, parts of what was
/// said. A longer list could spell any text.
const LITTLE_MAX: usize = 8;
/// The most such values of all calls of a conversation, with the children and branches of its
/// processes: a row of calls could spell a text too.
const LITTLE_OF_ALL_MAX: usize = 32;
/// The most values of one call: which words of the user it has, and in which order, could spell a
/// text too.
const VALUES_MAX: usize = 32;
/// The most bytes of white space around a text, since white space can spell as well.
const SPACE_MAX: usize = 2;

/// The words that tell nobody anything new.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// What the user said to the process, and what was planned.
    pub said: &'a str,
    /// Pages of the open network that the process has read.
    pub pages: &'a [Arc<str>],
    /// The JSON Schema of the arguments, whose names tell nobody anything new. Without it, the
    /// names of the arguments themselves count as known.
    pub form: Option<&'a Value>,
    /// How many values that each tell a little the process and its conversation have told with earlier
    /// calls.
    pub told: usize,
}

/// What a call tells, counted.
#[derive(Default)]
struct Told {
    values: usize,
    little: usize,
}

impl Told {
    /// Counts a value. False if there are too many.
    fn add(&mut self, is_little: bool) -> bool {
        self.values += 1;
        self.little += usize::from(is_little);
        self.values <= VALUES_MAX && self.little <= LITTLE_MAX
    }
}

impl Known<'_> {
    /// Whether every text, number and name in `args` is known.
    fn has(&self, args: &Value) -> bool {
        let mut told = Told::default();
        self.has_names(args, true)
            && self.has_arguments(args, &mut told)
            && (told.little == 0 || self.told + told.little <= LITTLE_OF_ALL_MAX)
    }

    /// How many of the values in `args` tell a little.
    pub(crate) fn little_in(&self, args: &Value) -> usize {
        let mut told = Told::default();
        self.has_arguments(args, &mut told);
        told.little
    }

    fn has_arguments(&self, args: &Value, told: &mut Told) -> bool {
        match args {
            Value::Object(fields) => fields.values().all(|field| self.has_values(field, told)),
            other => self.has_values(other, told),
        }
    }

    /// Whether the names of fields are known; with `is_top`, those of the arguments themselves.
    fn has_names(&self, value: &Value, is_top: bool) -> bool {
        match value {
            Value::Array(items) => items.iter().all(|item| self.has_names(item, false)),
            Value::Object(fields) => fields.iter().all(|(name, field)| {
                let is_of_the_form = match self.form {
                    Some(form) => is_named_in(form, name),
                    None => is_top,
                };
                (is_of_the_form || stands_in(self.said, name)) && self.has_names(field, false)
            }),
            _ => true,
        }
    }

    fn has_values(&self, value: &Value, told: &mut Told) -> bool {
        match value {
            Value::Null => told.add(false),
            Value::Bool(_) => told.add(true),
            Value::Number(number) => {
                let text = number.to_string();
                // A digit tells nobody anything.
                let is_digit = number.as_u64().is_some_and(|n| n < 10);
                (is_digit || self.said.contains(&text)) && told.add(!stands_in(self.said, &text))
            }
            Value::String(text) => self.has_text(text, told),
            // How many empty values there are says something too, and so does how deep a value lies.
            Value::Array(items) => {
                told.add(items.is_empty())
                    && items.iter().all(|item| {
                        (!item.is_null() || told.add(true)) && self.has_values(item, told)
                    })
            }
            Value::Object(fields) => {
                told.add(fields.is_empty())
                    && fields.values().all(|field| self.has_values(field, told))
            }
        }
    }

    fn has_text(&self, text: &str, told: &mut Told) -> bool {
        let bare = text.trim();
        if text.len() - bare.len() > SPACE_MAX {
            return false;
        }
        if bare.is_empty() {
            return told.add(true);
        }
        // People leave out the beginning and the end of an address.
        let said = bare.strip_suffix('/').unwrap_or(bare);
        let said = said.strip_prefix("https://").unwrap_or(said);
        match !said.is_empty() && self.said.contains(said) {
            true => told.add(!stands_in(self.said, said)),
            false => self.pages.iter().any(|page| leads_to(page, text)) && told.add(false),
        }
    }
}

/// Whether a field that `form` speaks of has this `name`.
fn is_named_in(form: &Value, name: &str) -> bool {
    match form {
        Value::Array(forms) => forms.iter().any(|form| is_named_in(form, name)),
        Value::Object(words) => {
            let properties = words.get("properties").and_then(Value::as_object);
            properties.is_some_and(|named| named.contains_key(name))
                || words.values().any(|form| is_named_in(form, name))
        }
        _ => false,
    }
}

/// Whether `request` tells nothing new to those it reaches.
pub(crate) fn tells_nothing(request: &Request<'_>) -> bool {
    request.args.is_some_and(|args| request.known.has(args))
}

/// Whether the user said where `request` goes. Then it may tell those it reaches anything.
fn is_sent_by_the_user(request: &Request<'_>, rules: &Rules) -> bool {
    let is_free = |role: Role| matches!(role, Role::Content | Role::Time);
    let said = Known {
        pages: &[],
        ..request.known
    };
    let mut told = Told::default();
    let is_named = request.args.is_some_and(|args| said.has_names(args, true));
    is_named
        && leaves(request, rules).is_some_and(|leaves| {
            let mut bound = leaves.iter().filter(|leaf| !is_free(leaf.role));
            bound.all(|leaf| said.has_values(leaf.value, &mut told))
        })
}

/// Why a person has to agree to `request`, whose needs are granted; `None` where it passes.
pub(super) fn doubt(request: &Request<'_>, label: &Label, rules: &Rules) -> Option<String> {
    let tainted = label.trust == Trust::Untrusted;
    let out = reaches_out(request.needs);
    let confided = out && !label.secrecy.is_public();
    let does = match request.effect {
        Effect::Read if (tainted || confided) && out && !tells_nothing(request) => {
            "carries words out of this machine that the user did not say"
        }
        Effect::Read => return None,
        Effect::Write if tainted => "changes something",
        Effect::Write if confided && !is_sent_by_the_user(request, rules) => {
            "goes out of this machine to where the user did not send it"
        }
        // A write whose capability was granted, asked for by a trusted process.
        Effect::Write if !request.needs.is_empty() => return None,
        Effect::Write => "changes something",
    };
    let mut why = Vec::new();
    if tainted {
        let by = told_source(&label.source);
        let notable = label.suspicion.filter(|suspicion| suspicion.is_notable());
        why.push(match notable {
            Some(suspicion) => {
                format!("untrusted text from {by}, which reads like an attack ({suspicion})")
            }
            None => format!("untrusted text from {by}"),
        });
    }
    if confided {
        let secrecy = label.secrecy;
        let by = told_source(label.confided_by());
        why.push(format!("{secrecy} text from {by}"));
    }
    let name = request.name;
    Some(match why.is_empty() {
        true => format!("{name} {does}"),
        false => format!(
            "{name} {does}, and this process has read {}",
            why.join(" and ")
        ),
    })
}

/// Whether `text` is an address that stands as a whole on `page`.
fn leads_to(page: &str, text: &str) -> bool {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    let is_part = |c: char| c.is_alphanumeric() || "-._~:/?#[]@!$&'*+,;=%".contains(c);
    is_address
        && !text.contains(char::is_whitespace)
        && page.match_indices(text).any(|(at, _)| {
            // The address may end a sentence.
            let after = page[at + text.len()..].trim_start_matches(['.', ',', ';', ':', '!', '?']);
            let after = after.chars().next();
            let before = page[..at].chars().next_back();
            !after.is_some_and(is_part) && !before.is_some_and(char::is_alphanumeric)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_user_said_may_go_out() {
        let words = "Read https://a.org/p?q=7 and tell me its 12 chapters.";
        let known = Known {
            said: words,
            ..Known::default()
        };
        let check = |args: Value, want: bool| assert_eq!(known.has(&args), want, "{args}");
        check(json!({"url": "https://a.org/p?q=7"}), true);
        check(
            json!({"url": "https://a.org/p?q=7", "n": 12, "raw": true}),
            true,
        );
        check(
            json!({"url": "https://a.org/p?q=7", "as": null, "n": 3}),
            true,
        );
        check(json!({"url": "https://a.org/p?q=7&mail=x"}), false);
        check(json!({"url": "https://a.org/p?q=7", "n": 4711}), false);
        check(json!({"url": "a.org/p?q=7/"}), true);
        check(json!({"url": "http://a.org/p?q=7"}), false);
        check(json!({"parts": ["Read", "secret"]}), false);
        check(json!({"parts": ["Read", "me"]}), true);
        check(json!({}), true);
    }

    #[test]
    fn small_things_spell_no_text() {
        let form = json!({"type": "object", "properties": {
            "url": {"type": "string"}, "flags": {"type": "array"}, "words": {"type": "array"},
            "options": {"anyOf": [{"type": "null"}, {"properties": {"raw": {"type": "boolean"}}}]}
        }});
        let known = Known {
            said: "Read https://a.org/p and tell me its chapters, as a list.",
            form: Some(&form),
            ..Known::default()
        };
        let check = |args: Value, want: bool| assert_eq!(known.has(&args), want, "{args}");
        let url = "https://a.org/p";
        check(
            json!({"url": url, "flags": [true, false, 3], "words": ["chapters"]}),
            true,
        );
        check(json!({"url": url, "options": {"raw": true}}), true);
        // Each of these is known, and all of them together are a text.
        check(json!({"flags": vec![json!(true); 9]}), false);
        check(
            json!({"flags": (0..90).map(|n| n % 10).collect::<Vec<_>>()}),
            false,
        );
        check(
            json!({"words": "tellitschapters".chars().map(String::from).collect::<Vec<_>>()}),
            false,
        );
        check(json!({"words": vec!["chapters"; 33]}), false);
        check(json!({"flags": vec![Value::Null; 9]}), false);
        check(json!({"flags": vec![json!([]); 9]}), false);
        check(json!({"flags": vec![json!({}); 9]}), false);
        check(json!({"flags": vec![json!([[]]); 9]}), false);
        check(json!({"url": url, "flags": [{}, []], "options": {}}), true);
        // White space, and names of fields.
        check(json!({"url": "   \t \t\t "}), false);
        check(json!({"url": "https://a.org/p \t\t  \t"}), false);
        check(json!({"url": "https://a.org/p///"}), false);
        check(json!({"url": "https://a.org/p\n"}), true);
        check(json!({"url": url, "my diary": null}), false);
        check(json!({"url": url, "options": {"my diary": null}}), false);
        check(json!({"url": url, "flags": [{"my diary": {}}]}), false);
        check(json!({"url": url, "options": {"chapters": true}}), true);
    }

    #[test]
    fn which_arguments_are_left_empty_spells_no_text() {
        let known = Known::default();
        let check = |empty: Value, deep: usize, names: usize, want: bool| {
            let value = (0..deep).fold(empty, |value, _| json!([value]));
            let args: Value = (0..names)
                .map(|n| (format!("p{n}"), value.clone()))
                .collect();
            assert_eq!(known.has(&args), want, "{args}");
        };
        check(json!([]), 0, 3, true);
        check(json!({}), 0, 3, true);
        check(json!([]), 0, 9, false);
        check(json!({}), 0, 9, false);
        // A few deep ones count by each level.
        check(json!([]), 8, 3, true);
        check(json!([]), 12, 3, false);
    }

    #[test]
    fn a_row_of_calls_spells_no_text() {
        let check = |args: Value, told: usize, want: bool| {
            let known = Known {
                said: "Read https://a.org/p",
                told,
                ..Known::default()
            };
            assert_eq!(known.has(&args), want, "{args} after {told}");
        };
        let page = |n: usize| json!({"url": "https://a.org/p", "page": n});
        check(page(7), 0, true);
        check(page(7), 31, true);
        check(page(7), 32, false);
        // What the user said is told for ever.
        check(json!({"url": "https://a.org/p"}), 32, true);
        check(json!({}), 32, true);
        let little = |args: Value| Known::default().little_in(&args);
        assert_eq!(little(page(7)), 0, "it ends at what is not known");
        assert_eq!(little(json!({"a": 7, "b": true, "c": [], "d": {}})), 4);
        assert_eq!(little(json!({})), 0);
    }

    #[test]
    fn an_address_of_an_open_page_may_be_followed() {
        let page: Arc<str> = "See [more](https://a.org/more), \"https://b.org/x?y=1\" and \
                              https://c.org/z."
            .into();
        let known = Known {
            said: "Read a.org",
            pages: &[page],
            ..Known::default()
        };
        let check = |args: Value, want: bool| assert_eq!(known.has(&args), want, "{args}");
        check(json!({"url": "https://a.org/more"}), true);
        check(json!({"url": "https://b.org/x?y=1"}), true);
        check(json!({"url": "https://c.org/z", "n": 2}), true);
        // Only as a whole, and only addresses.
        check(json!({"url": "https://b.org/x?y=12"}), false);
        check(json!({"url": "https://b.org/x"}), false);
        check(json!({"url": "https://c.org/z?mail=x"}), false);
        check(json!({"url": "See"}), false);
        check(json!({"url": "a.org"}), true);
        check(json!({"url": "https://c.org/z", "note": "and"}), false);
        check(json!({"url": "https://c.org/z", "note": "my diary"}), false);
    }
}
