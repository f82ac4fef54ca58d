//! A static page of a run: the sums, each case, and what was done step by step. It is one
//! file, without scripts, and fetches nothing.

use std::fmt::Write;

use quipu_kernel::process::text_of;
use serde_json::Value;

use super::comparison::Paired;
use super::rows::{Row, Sum, percent};
use crate::terminal::output::{counted, seconds};

/// How the page looks.
const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:.5rem;margin:.3rem 0}\
summary{cursor:pointer}.no{color:#b00}.yes{color:#080}small{color:#777}";

/// The page of `rows` and their `sums`, which is called `title`; with what changed since the rows
/// of an earlier run, where there is one.
pub fn html(title: &str, sums: &[Sum], rows: &[Row], since: Option<(&Paired, &[Row])>) -> String {
    let title = escaped(title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<h1>{title}</h1>\n<table>\n<tr><th>Group<th>Model<th>Agent\
         <th>Cases<th>Hold<th>Rate<th>95 %\n"
    );
    for sum in sums {
        let [low, high] = sum.interval;
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{} – {}",
            escaped(sum.tag.as_deref().unwrap_or("all")),
            escaped(&sum.model),
            escaped(sum.agent.as_deref().unwrap_or("-")),
            sum.n,
            sum.passed,
            percent(sum.rate),
            percent(low),
            percent(high)
        );
    }
    page.push_str("</table>\n");
    if let Some((paired, before)) = since {
        page.push_str(&changes(paired, before, rows));
    }
    page.push_str("<h2>Cases</h2>\n");
    // Failures come first.
    for held in [false, true] {
        let those = rows.iter().filter(|row| row.passed == held);
        those.for_each(|row| page.push_str(&case(row)));
    }
    page.push_str("</html>\n");
    page
}

/// The cases that hold now and did not before, and the other way round, with both answers.
fn changes(paired: &Paired, before: &[Row], rows: &[Row]) -> String {
    let said = |rows: &[Row], id: &Value| {
        let row = rows.iter().find(|row| row.id == *id);
        let answer = row.and_then(|row| row.answer.as_ref());
        escaped(&answer.map(text_of).unwrap_or_default())
    };
    let sum = paired.told().into_iter().next().unwrap_or_default();
    let mut text = format!("<h2>Since the run before</h2>\n<p>{}</p>\n", escaped(&sum));
    for (class, word, ids) in [
        ("no", "worse", &paired.worse),
        ("yes", "better", &paired.better),
    ] {
        for id in ids {
            let _ = writeln!(
                text,
                "<details>\n<summary><b class=\"{class}\">{word}</b> {}</summary>\n\
                 <p>Before</p><pre>{}</pre><p>Now</p><pre>{}</pre>\n</details>",
                escaped(&id.to_string()),
                said(before, id),
                said(rows, id)
            );
        }
    }
    text
}

/// One case, folded.
fn case(row: &Row) -> String {
    let (class, mark) = match row.passed {
        true => ("yes", "holds"),
        false => ("no", "does not hold"),
    };
    let round = match row.round {
        0 => String::new(),
        round => format!(", run {}", round + 1),
    };
    let by: Vec<&str> = [Some(row.model.as_str()), row.agent.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let mut text = format!(
        "<details>\n<summary><b class=\"{class}\">{mark}</b> {}{round} {} <small>{}, {}, \
         {}</small></summary>\n",
        escaped(&row.id.to_string()),
        escaped(&row.why),
        escaped(&by.join(", ")),
        counted(row.steps.unwrap_or_default(), "step"),
        seconds(row.ms.unwrap_or_default())
    );
    for (n, step) in row.trace.iter().enumerate() {
        let class = if step.ok { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "<p>Step {}</p><pre>{}</pre><pre class=\"{class}\">{}</pre>",
            n + 1,
            escaped(&action(&step.action)),
            escaped(&step.observation)
        );
    }
    if row.trace.is_empty() {
        let answer = row.answer.as_ref().map(text_of).unwrap_or_default();
        let _ = writeln!(text, "<pre>{}</pre>", escaped(&answer));
    }
    text.push_str("</details>\n");
    text
}

/// An action as a person reads it.
fn action(action: &Value) -> String {
    match (action.get("answer"), action["args"]["code"].as_str()) {
        (Some(answer), _) => format!("answer: {}", text_of(answer)),
        (None, Some(program)) => format!("{}\n{program}", text_of(&action["tool"])),
        (None, None) => action.to_string(),
    }
}

/// `text` within HTML or XML, also within the quotes of an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::comparison::compare;
    use super::super::rows::sums;
    use super::*;

    #[test]
    fn a_page_has_each_case_with_its_steps() {
        let row = |value: Value| -> Row { serde_json::from_value(value).unwrap() };
        let rows = [
            row(
                json!({"id": "right", "model": "m", "passed": true, "steps": 1, "ms": 1200,
                "answer": "yes <b>"}),
            ),
            row(
                json!({"id": "wrong", "model": "m", "why": "no \"4\"", "steps": 2, "trace": [
                {"action": {"tool": "python.run", "args": {"code": "print(3)"}},
                    "observation": "<script>3</script>", "ok": true},
                {"action": {"answer": "3"}, "observation": "3", "ok": true}]}),
            ),
        ];
        let page = html("cases & more", &sums(&rows), &rows, None);
        insta::assert_snapshot!(page.replace(STYLE, ""));
    }

    #[test]
    fn what_changed_is_shown_with_both_answers() {
        let row = |answer: &str, passed| Row {
            id: json!("a"),
            answer: Some(json!(answer)),
            passed,
            ..Row::default()
        };
        let (before, now) = ([row("<3>", false)], [row("4", true)]);
        let paired = compare(&now, &before);
        let page = html("t", &sums(&now), &now, Some((&paired, &before[..])));
        let (_, changes) = page.split_once("<h2>Since the run before</h2>").unwrap();
        for part in [
            "better</b> &quot;a&quot;",
            "<pre>&lt;3&gt;</pre>",
            "<pre>4</pre>",
        ] {
            assert!(changes.contains(part), "no {part:?} in {changes}");
        }
    }
}
