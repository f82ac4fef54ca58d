//! Results as JUnit XML, which continuous integration shows.

use std::fmt::Write;

use super::html_report::escaped;
use super::rows::Row;

/// The XML of `rows`, a test case for each.
pub fn xml(rows: &[Row]) -> String {
    let failed = rows.iter().filter(|row| !row.passed && row.error.is_none());
    let errors = rows.iter().filter(|row| row.error.is_some()).count();
    let seconds = |ms: u64| ms as f64 / 1000.0;
    let all: u64 = rows.iter().filter_map(|row| row.ms).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"quipu eval\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\" time=\"{:.3}\">",
        rows.len(),
        failed.count(),
        seconds(all)
    );
    for row in rows {
        // Who reads it sees names, and no JSON.
        let id = row.id.as_str();
        let id = id.map_or_else(|| row.id.to_string(), str::to_owned);
        let name = match row.round {
            0 => id,
            round => format!("{id} (run {})", round + 1),
        };
        let class = [Some(row.model.as_str()), row.agent.as_deref()];
        let class: Vec<&str> = class.into_iter().flatten().collect();
        let _ = write!(
            xml,
            "  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            attribute(&class.join(".")),
            attribute(&name),
            seconds(row.ms.unwrap_or(0))
        );
        let what = match row.error.is_some() {
            true => "error",
            false => "failure",
        };
        let _ = match row.passed {
            true => writeln!(xml, "/>"),
            false => writeln!(
                xml,
                "><{what} message=\"{}\"/></testcase>",
                attribute(&row.why)
            ),
        };
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// `text` within an attribute. Characters that XML does not have become a question mark.
fn attribute(text: &str) -> String {
    let mut attribute = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        match c {
            '\n' | '\t' | '\r' => {
                let _ = write!(attribute, "&#{};", c as u32);
            }
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => attribute.push('?'),
            c => attribute.push(c),
        }
    }
    attribute
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_case_is_a_test() {
        let row = |id: &str, passed, why: &str| Row {
            id: json!(id),
            model: "m".into(),
            passed,
            why: why.into(),
            ms: Some(1500),
            ..Row::default()
        };
        let again = Row {
            round: 1,
            ..row("a", false, "got \"<3>\"\u{1}\n& more")
        };
        insta::assert_snapshot!(xml(&[row("a", true, ""), again]), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuite name="quipu eval" tests="2" failures="1" errors="0" time="3.000">
          <testcase classname="m" name="a" time="1.500"/>
          <testcase classname="m" name="a (run 2)" time="1.500"><failure message="got &quot;&lt;3&gt;&quot;?&#10;&amp; more"/></testcase>
        </testsuite>
        "#);
    }
}
