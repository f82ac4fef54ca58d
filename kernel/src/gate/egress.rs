//! What a call carries out of this machine, and who knows it already.
//!
//! A call that reaches the network or a program is a way out, be it that it only reads: an
//! address tells whoever serves it what it says. Such a call carries nothing away where each of
//! its texts was said by the user, was planned, or is an address that stands on a page of the
//! open network.

use std::sync::Arc;

use quipu_tools::{Effect, Role};
use serde_json::Value;

use super::rules::{Rules, leaves};
use super::{Request, reaches_out};
use crate::label::{Label, Trust, told_source};

/// Words that tell nobody anything new.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// What the user said to the process, and what it planned.
    pub said: &'a str,
    /// Pages of the open network that the process has read.
    pub pages: &'a [Arc<str>],
}

impl Known<'_> {
    /// Whether `value` has no text and no number but those that are known.
    fn has(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.has_text(text),
            Value::Array(items) => items.iter().all(|item| self.has(item)),
            Value::Object(fields) => fields.values().all(|field| self.has(field)),
            other => is_said(other, self.said),
        }
    }

    fn has_text(&self, text: &str) -> bool {
        is_said_text(text, self.said) || self.pages.iter().any(|page| leads_to(page, text))
    }
}

/// Whether `request` tells those whom it reaches nothing new.
pub(crate) fn tells_nothing(request: &Request<'_>) -> bool {
    request.args.is_some_and(|args| request.known.has(args))
}

/// Whether the user said where `request` goes, whatever it tells those whom it reaches.
fn is_sent_by_the_user(request: &Request<'_>, rules: &Rules) -> bool {
    let is_free = |role: Role| matches!(role, Role::Content | Role::Time);
    leaves(request, rules).is_some_and(|leaves| {
        let mut bound = leaves.iter().filter(|leaf| !is_free(leaf.role));
        bound.all(|leaf| is_said(leaf.value, request.known.said))
    })
}

/// Why a person has to agree to `request`, whose needs are granted; `None` where nobody has
/// to.
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

/// Whether everything in `args` was said in these words, so that a call carries nothing
/// along but what the user gave to it.
fn is_said(args: &Value, words: &str) -> bool {
    match args {
        Value::Null | Value::Bool(_) => true,
        // A digit tells nobody anything.
        Value::Number(number) => {
            number.as_u64().is_some_and(|n| n < 10) || words.contains(&number.to_string())
        }
        Value::String(text) => is_said_text(text, words),
        Value::Array(items) => items.iter().all(|item| is_said(item, words)),
        Value::Object(fields) => fields.values().all(|field| is_said(field, words)),
    }
}

fn is_said_text(text: &str, words: &str) -> bool {
    // People leave out what begins and ends an address.
    let bare = text.trim().trim_end_matches('/');
    let bare = bare.strip_prefix("https://").unwrap_or(bare);
    text.trim().is_empty() || (!bare.is_empty() && words.contains(bare))
}

/// Whether `text` is an address that stands as a whole on `page`.
fn leads_to(page: &str, text: &str) -> bool {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    let is_part = |c: char| c.is_alphanumeric() || "-._~:/?#[]@!$&'*+,;=%".contains(c);
    is_address
        && !text.contains(char::is_whitespace)
        && page.match_indices(text).any(|(at, _)| {
            // A sentence may end after it.
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
        let check = |args: Value, want: bool| assert_eq!(is_said(&args, words), want, "{args}");
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
        check(json!({}), true);
    }

    #[test]
    fn an_address_of_an_open_page_may_be_followed() {
        let page: Arc<str> = "See [more](https://a.org/more), \"https://b.org/x?y=1\" and \
                              https://c.org/z."
            .into();
        let known = Known {
            said: "Read a.org",
            pages: &[page],
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
