//! Finds secrets in texts, in all their forms, and takes them out. Texts that come in pieces are in
//! `stream`.

mod stream;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use serde_json::{Map, Value};

use super::view::View;
use super::{Secret, forms, handle};
use stream::Stream;

/// The secrets that are looked for; clones share them. The default looks for none.
///
/// ```
/// use quipu_tools::{LeakScan, Secret};
///
/// let token = Secret::new("tok-48151623421808").unwrap();
/// let scan = LeakScan::of([("token", &token)]);
/// assert_eq!(scan.redacted("Bearer tok-48151623421808!"), "Bearer ⟦secret token⟧!");
/// assert_eq!(scan.redacted("808124-32615184-kot"), "⟦secret token, backwards⟧");
/// assert_eq!(scan.redacted("nothing of it"), "nothing of it");
/// ```
#[derive(Clone, Default)]
pub struct LeakScan(Option<Arc<Looked>>);

/// What is looked for.
struct Looked {
    /// Every form of every secret.
    finder: AhoCorasick,
    /// Of each form the secret, and what it is called.
    forms: Vec<(usize, &'static str)>,
    names: Vec<String>,
    /// Values that are hardly letters and digits: looked for as they are written.
    plain: Vec<(usize, String)>,
    /// The length of the longest form.
    longest: usize,
}

/// A place where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Leak {
    /// In bytes.
    at: Range<usize>,
    secret: usize,
    called: &'static str,
}

impl LeakScan {
    /// Looks for `secrets`, each by its name.
    pub fn of<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a Secret)>) -> Self {
        let (mut texts, mut known, mut names, mut plain) = (vec![], vec![], vec![], vec![]);
        for (name, secret) in secrets {
            let value = secret.reveal();
            let secret = names.len();
            names.push(name.to_owned());
            let all = forms::of(value);
            if all.iter().all(|form| !form.called.is_empty()) {
                plain.push((secret, value.to_owned()));
            }
            for form in all {
                texts.push(form.text);
                known.push((secret, form.called));
            }
        }
        // The forms are letters and digits, and not many: a finder can be made of them.
        let finder = AhoCorasickBuilder::new().build(&texts);
        let longest = texts.iter().map(Vec::len).max().unwrap_or_default();
        Self(finder.ok().filter(|_| !names.is_empty()).map(|finder| {
            Arc::new(Looked {
                finder,
                forms: known,
                names,
                plain,
                longest,
            })
        }))
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// `text` with a mark in place of each secret.
    pub fn redacted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.0 {
            Some(looked) => looked.redacted(text),
            None => Cow::Borrowed(text),
        }
    }

    /// `text` with `shown` in place of each secret, for what has no name that a model could ask for.
    pub(crate) fn hidden<'t>(&self, text: &'t str, shown: &str) -> Cow<'t, str> {
        match &self.0 {
            Some(looked) => looked.replaced(text, &|_: &Leak| shown.to_owned()),
            None => Cow::Borrowed(text),
        }
    }

    /// `value` with a mark in place of each secret, in texts, in names of fields, and in those
    /// that have one only together; `None` where there is none.
    pub fn redacted_value(&self, value: &Value) -> Option<Value> {
        let looked = self.0.as_ref()?;
        let mut texts = Vec::new();
        collect(value, &mut texts);
        // A leaf with a text of its own, so that each is known again by its place.
        let mut new: Vec<Option<String>> = texts
            .iter()
            .map(|text| match looked.redacted(text) {
                Cow::Owned(text) => Some(text),
                Cow::Borrowed(_) => None,
            })
            .collect();
        looked.take_out_of_several(&texts, &mut new);
        if new.iter().all(Option::is_none) {
            return None;
        }
        Some(rebuilt(value, &mut new.into_iter()))
    }

    /// [`LeakScan::redacted`] for a text that may be JSON: that of an object or a list stays JSON,
    /// also where a secret looks like the signs between its values.
    pub fn redacted_json<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.is_empty() {
            return Cow::Borrowed(text);
        }
        let value: Option<Value> = serde_json::from_str(text).ok();
        match value.filter(|value| value.is_object() || value.is_array()) {
            Some(value) => match (self.redacted_value(&value), self.redacted(text)) {
                (Some(clean), _) => Cow::Owned(clean.to_string()),
                // The text has more than its value where a name comes twice.
                (None, Cow::Owned(_)) => Cow::Owned(value.to_string()),
                (None, Cow::Borrowed(_)) => Cow::Borrowed(text),
            },
            None => self.redacted(text),
        }
    }

    /// What a model writes, piece by piece, with a mark in place of each secret.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone(), false)
    }

    /// The same for what may be JSON. An object or a list comes as a whole at its end, as of
    /// [`LeakScan::redacted_json`]: a secret can be spread over its values.
    pub fn json_stream(&self) -> Stream {
        Stream::new(self.clone(), true)
    }
}

impl fmt::Debug for LeakScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.as_ref().map(|looked| looked.names.as_slice());
        f.debug_tuple("LeakScan")
            .field(&names.unwrap_or_default())
            .finish()
    }
}

impl Looked {
    /// Where secrets stand in `text`, in order and apart.
    fn leaks(&self, text: &str) -> Vec<Leak> {
        let mut leaks = self.in_view(&View::plain(text));
        if let Some(view) = View::unescaped(text) {
            leaks.extend(self.in_view(&view));
        }
        for (secret, value) in &self.plain {
            leaks.extend(text.match_indices(value.as_str()).map(|(at, _)| Leak {
                at: at..at + value.len(),
                secret: *secret,
                called: "",
            }));
        }
        merged(leaks)
    }

    fn in_view(&self, view: &View) -> Vec<Leak> {
        let found = self.finder.find_overlapping_iter(&view.bytes);
        found
            .filter(|found| !found.is_empty())
            .map(|found| {
                let (secret, called) = self.forms[found.pattern().as_usize()];
                Leak {
                    at: view.places[found.start()].0..view.places[found.end() - 1].1,
                    secret,
                    called,
                }
            })
            .collect()
    }

    fn redacted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mark = |leak: &Leak| handle::mark(&self.names[leak.secret], leak.called);
        self.replaced(text, &mark)
    }

    /// `text` with what is `shown` of each secret in its place.
    fn replaced<'t>(&self, text: &'t str, shown: &dyn Fn(&Leak) -> String) -> Cow<'t, str> {
        let leaks = self.leaks(text);
        if leaks.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut clean, mut from) = (String::new(), 0);
        for leak in leaks {
            clean.push_str(&text[from..leak.at.start]);
            clean.push_str(&shown(&leak));
            from = leak.at.end;
        }
        clean.push_str(&text[from..]);
        Cow::Owned(clean)
    }

    /// Puts a mark in place of each of `texts` that has a part of a secret which goes on in the
    /// next one.
    fn take_out_of_several(&self, texts: &[String], new: &mut [Option<String>]) {
        let mut all = View::default();
        let mut owners = Vec::new();
        for (owner, text) in texts.iter().enumerate().filter(|(i, _)| new[*i].is_none()) {
            let view = View::plain(text);
            owners.extend(std::iter::repeat_n(owner, view.bytes.len()));
            let at = all.places.len();
            all.places
                .extend((at..at + view.bytes.len()).map(|place| (place, place + 1)));
            all.bytes.extend(view.bytes);
        }
        for leak in self.in_view(&all) {
            for owner in &owners[leak.at] {
                new[*owner] = Some(handle::mark(&self.names[leak.secret], "in part"));
            }
        }
    }
}

/// `leaks` in order, those that overlap as one: it is called by the longest.
fn merged(mut leaks: Vec<Leak>) -> Vec<Leak> {
    leaks.sort_by_key(|leak| (leak.at.start, std::cmp::Reverse(leak.at.end)));
    let mut apart: Vec<Leak> = Vec::new();
    let mut longest = 0;
    for leak in leaks {
        let length = leak.at.len();
        match apart.last_mut().filter(|last| leak.at.start < last.at.end) {
            Some(last) => {
                last.at.end = last.at.end.max(leak.at.end);
                if length > longest {
                    (last.secret, last.called) = (leak.secret, leak.called);
                    longest = length;
                }
            }
            None => {
                longest = length;
                apart.push(leak);
            }
        }
    }
    apart
}

/// The texts of `value` in order: of leaves, and names of fields. A number is a text too.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => {
            // Values together, so that a secret is found that is cut among them.
            fields.values().for_each(|field| collect(field, texts));
            texts.extend(fields.keys().cloned());
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// `value` with the texts `new`, in the order of [`collect`].
fn rebuilt(value: &Value, new: &mut impl Iterator<Item = Option<String>>) -> Value {
    let mut next = || new.next().flatten();
    match value {
        Value::String(_) | Value::Number(_) => next().map_or_else(|| value.clone(), Value::String),
        Value::Array(items) => items.iter().map(|item| rebuilt(item, new)).collect(),
        Value::Object(fields) => {
            let values: Vec<Value> = fields.values().map(|field| rebuilt(field, new)).collect();
            let names = fields.keys();
            let names: Vec<String> = names
                .map(|name| new.next().flatten().unwrap_or_else(|| name.clone()))
                .collect();
            Value::Object(names.into_iter().zip(values).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const VALUE: &str = "CANARY-7f3a9b2c4d5e6f70/xY";

    fn scan() -> LeakScan {
        let value = Secret::new(VALUE).unwrap();
        let other = Secret::new("#$%&'()*+,").unwrap();
        LeakScan::of([("bank", &value), ("odd", &other)])
    }

    #[test]
    fn every_form_is_found() {
        let scan = scan();
        let check = |text: &str, want: &str| assert_eq!(scan.redacted(text), want, "{text}");
        let backwards: String = VALUE.chars().rev().collect();
        let hex: String = VALUE.bytes().map(|byte| format!("{byte:02x}")).collect();
        check(VALUE, "⟦secret bank⟧");
        check(&format!("a {VALUE}, b"), "a ⟦secret bank⟧, b");
        check(&VALUE.to_lowercase(), "⟦secret bank⟧");
        check(&backwards, "⟦secret bank, backwards⟧");
        check(&hex, "⟦secret bank, as hex⟧");
        check(&hex.to_uppercase(), "⟦secret bank, as hex⟧");
        let mirrored: String = hex.chars().rev().collect();
        check(&mirrored, "⟦secret bank, as hex⟧");
        let spaced: Vec<String> = VALUE.bytes().map(|byte| format!("0x{byte:02X}")).collect();
        assert!(scan.redacted(&spaced.join(", ")).len() < 200);
        for before in ["", "x", "xy", "user:"] {
            let text = format!("{before}{VALUE}!");
            for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                let clean = scan.redacted(&encoded).into_owned();
                assert!(clean.contains("⟦secret bank, as base64⟧"), "{clean}");
            }
        }
        // Escapes.
        check("q=CANARY%2D7f3a9b2c4d5e6f70%2FxY&n", "q=⟦secret bank⟧&n");
        check("CANARY%252D7f3a9b2c4d5e6f70%252FxY", "⟦secret bank⟧");
        let all: String = VALUE.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert!(scan.redacted(&all).contains("⟦secret bank"));
        let all: String = VALUE.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        check(&all, "⟦secret bank⟧");
        // Apart.
        let apart: Vec<String> = VALUE.chars().map(String::from).collect();
        check(&apart.join(" "), "⟦secret bank⟧");
        check("\"CANARY-7f3a9\" + \"b2c4d5e6f70/xY\"", "\"⟦secret bank⟧\"");
        // Half of it says too much; a few letters do not.
        check(
            "first CANARY-7f3a9b2 then",
            "first ⟦secret bank, in part⟧ then",
        );
        check("CANARY in a coal mine", "CANARY in a coal mine");
        // Hardly a letter.
        check("<#$%&'()*+,>", "<⟦secret odd⟧>");
        check("#$%&'()*+-", "#$%&'()*+-");
    }

    #[test]
    fn values_of_json_are_cleaned() {
        let scan = scan();
        let check = |value: Value, want: Option<Value>| {
            assert_eq!(scan.redacted_value(&value), want, "{value}");
        };
        check(json!({"a": [1, "two", null, true]}), None);
        check(
            json!({"a": ["x", VALUE], "b": 1}),
            Some(json!({"a": ["x", "⟦secret bank⟧"], "b": 1})),
        );
        check(
            json!({VALUE: {"n": 1.5}}),
            Some(json!({"⟦secret bank⟧": {"n": 1.5}})),
        );
        // In parts that say nothing alone.
        let third = "⟦secret bank, in part⟧";
        check(
            json!({"a": "CANARY-7", "b": "f3a9b2c4", "c": "d5e6f70/xY", "d": "no"}),
            Some(json!({"a": third, "b": third, "c": third, "d": "no"})),
        );
    }

    #[test]
    fn json_stays_json() {
        let check = |secret: &str, text: &str, want: &str| {
            let value = Secret::new(secret).unwrap();
            let scan = LeakScan::of([("s", &value)]);
            assert_eq!(scan.redacted_json(text), want, "{secret}");
            assert!(serde_json::from_str::<Value>(&scan.redacted_json(text)).is_ok());
        };
        // In a text each of them would be found.
        let text = r#"{"pid":1,"status":"exited","list":[true,null]}"#;
        for syntax in [
            r#""status":"exited""#,
            r#"{"pid":1,"status":"#,
            r#":[true,null]}"#,
        ] {
            check(syntax, text, text);
        }
        check("48151623", r#"{"n":48151623}"#, r#"{"n":"⟦secret s⟧"}"#);
        check("48151623", r#"{"n":48151623,"n":1}"#, r#"{"n":1}"#);
        check(
            "a\"b\"c{d}e:f,g",
            r#"["a\"b\"c{d}e:f,g"]"#,
            r#"["⟦secret s⟧"]"#,
        );
        check("a\"b\"c{d}e:f,g", r#"["a\"b\"c"]"#, r#"["a\"b\"c"]"#);
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let scan = scan();
        assert!(!format!("{scan:?}").contains("7f3a"));
        assert!(LeakScan::default().is_empty());
        assert_eq!(LeakScan::default().redacted(VALUE), VALUE);
        assert_eq!(LeakScan::default().redacted_value(&json!(VALUE)), None);
    }

    proptest! {
        #[test]
        fn pieces_come_to_the_same_as_the_whole(
            before in "[a-z ,é]{0,200}",
            after in "[a-z ,é]{0,200}",
            piece in 1usize..9,
        ) {
            let scan = scan();
            let text = format!("{before} {VALUE} {after}");
            let mut stream = scan.stream();
            let mut shown = String::new();
            let chars: Vec<char> = text.chars().collect();
            for piece in chars.chunks(piece) {
                shown += &stream.push(&piece.iter().collect::<String>());
                prop_assert!(!shown.contains("7f3a"));
            }
            shown += &stream.end();
            prop_assert_eq!(shown, scan.redacted(&text).into_owned());
        }

        #[test]
        fn what_has_no_secret_stays_as_it_is(text in ".{0,300}") {
            let clean = scan().redacted(&text).into_owned();
            prop_assert_eq!(clean, text);
        }
    }
}
