//! An action while it is written, as a person reads it: the words of an answer without the JSON
//! around them, and the names of tools. It looks at unfinished JSON only; what was written whole
//! is told by [`super::render::action_words`].

use std::borrow::Cow;

use serde_json::Value;

/// How an action begins, by the place of its words: those of a string, of tools in a list, or of
/// one tool.
const BEGINNINGS: [(&str, Kind); 4] = [
    ("{\"answer\":\"", Kind::Words),
    ("{\"ask\":\"", Kind::Words),
    ("{\"calls\":[", Kind::Tools),
    ("{\"tool\":", Kind::Tools),
];

#[derive(Clone, Copy)]
enum Kind {
    Words,
    Tools,
}

/// What is shown of `written`, an action or an answer that may go on. Nothing as long as it may
/// become either; an answer that is JSON by its schema stays as it is.
pub fn readable(written: &str) -> Cow<'_, str> {
    if !written.trim_start().starts_with('{') {
        return written.into();
    }
    for (beginning, kind) in BEGINNINGS {
        match (after(written, beginning), kind) {
            (Begun::Whole(rest), Kind::Words) => return words(rest).into(),
            (Begun::Whole(_), Kind::Tools) => return tools(written).into(),
            (Begun::Part, _) => return "".into(),
            (Begun::Not, _) => {}
        }
    }
    written.into()
}

/// How far a text begins as another one.
#[derive(Debug, PartialEq)]
enum Begun<'a> {
    /// As the whole of it; what comes after.
    Whole(&'a str),
    /// As a part of it, and there it ends.
    Part,
    Not,
}

/// How far `text` begins as `beginning` does, whatever white space stands between.
fn after<'a>(text: &'a str, beginning: &str) -> Begun<'a> {
    let mut rest = text;
    for wanted in beginning.chars() {
        rest = rest.trim_start();
        match rest.strip_prefix(wanted) {
            Some(after) => rest = after,
            None if rest.is_empty() => return Begun::Part,
            None => return Begun::Not,
        }
    }
    Begun::Whole(rest)
}

/// The text of a JSON string that begins with `rest`, as far as it is written.
fn words(rest: &str) -> String {
    let mut end = 0;
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => break,
            '\\' => {
                let digits = match chars.next() {
                    None => break,
                    Some((_, 'u')) => 4,
                    Some(_) => 0,
                };
                let whole = at + 2 + digits;
                if rest.get(at..whole).is_none() {
                    break;
                }
                chars.by_ref().take(digits).for_each(drop);
                end = whole;
            }
            c => end = at + c.len_utf8(),
        }
    }
    let decoded = |body: &str| serde_json::from_str::<String>(&format!("\"{body}\"")).ok();
    let body = rest.get(..end).unwrap_or_default();
    // The first half of a letter of two escapes says nothing yet.
    let without_half = || decoded(body.get(..body.len().checked_sub(6)?)?);
    decoded(body)
        .or_else(without_half)
        .unwrap_or_else(|| body.to_owned())
}

/// The names of the tools in `written`, and the beginning of the last one's arguments.
fn tools(written: &str) -> String {
    let mut pieces = written.split("\"tool\"").skip(1).peekable();
    let mut shown: Vec<String> = Vec::new();
    while let Some(piece) = pieces.next() {
        let piece = piece.trim_start().trim_start_matches(':').trim_start();
        let Some(name) = piece.strip_prefix('"') else {
            continue;
        };
        let (name, rest) = name.split_once('"').unwrap_or((name, ""));
        let args = rest.split_once("\"args\"").map(|(_, args)| args);
        let args = args.map(|args| args.trim_start().trim_start_matches(':').trim());
        match (pieces.peek(), args) {
            (None, Some(args)) if !args.is_empty() => shown.push(format!("{name} {args}")),
            _ => shown.push(name.to_owned()),
        }
    }
    shown.join("\n")
}

/// What the calls of one step do, and with what: their names, each once, and the arguments of
/// each.
pub fn calls_words(calls: &[Value]) -> (String, String) {
    let mut names: Vec<&str> = Vec::new();
    for name in calls.iter().filter_map(|call| call["tool"].as_str()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let args = calls.iter().filter_map(|call| call.get("args"));
    let args: Vec<String> = args.map(Value::to_string).collect();
    (names.join(", "), args.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_action_that_is_written_reads_as_words() {
        let check = |written: &str, want: &str| assert_eq!(readable(written), want, "{written}");
        check("", "");
        check("The sea", "The sea");
        for begun in [
            "{",
            "{\"",
            "{\"ans",
            "{ \"answer\"",
            "{\"answer\": ",
            "{\"t",
        ] {
            check(begun, "");
        }
        check(r#"{"answer":""#, "");
        check(r#"{"answer": "The sea"#, "The sea");
        check(r#"{"answer":"one\ntwo \"x\" \u00e9"}"#, "one\ntwo \"x\" é");
        // An escape that is not whole yet.
        check("{\"answer\":\"one\\", "one");
        check("{\"answer\":\"one\\u00", "one");
        check("{\"answer\":\"one\\ud83d", "one");
        check("{\"answer\":\"one\\ud83d\\ude00", "one\u{1f600}");
        check(r#"{"ask":"Which y"#, "Which y");
        check(r#"{"tool":"desk.ec"#, "desk.ec");
        check(r#"{"tool":"desk.echo","args":{"te"#, "desk.echo {\"te");
        check(
            r#"{"calls":[{"tool":"a.b","args":{"x":1}},{"tool":"a.c"#,
            "a.b\na.c",
        );
        // By a schema.
        check(r#"{"name":"Ann","#, r#"{"name":"Ann","#);
        check(r#"{"answer":{"name":"A"#, r#"{"answer":{"name":"A"#);
    }

    #[test]
    fn calls_of_one_step_are_named_once() {
        let check = |calls: Value, names: &str, args: &str| {
            let calls = calls.as_array().unwrap();
            assert_eq!(calls_words(calls), (names.to_owned(), args.to_owned()));
        };
        let call = |tool: &str, n: u32| json!({"tool": tool, "args": {"n": n}});
        check(json!([]), "", "");
        check(
            json!([call("a.b", 1), call("a.b", 2)]),
            "a.b",
            r#"{"n":1}; {"n":2}"#,
        );
        check(
            json!([call("a.b", 1), call("a.c", 2)]),
            "a.b, a.c",
            r#"{"n":1}; {"n":2}"#,
        );
    }
}
