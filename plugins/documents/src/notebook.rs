//! Jupyter notebooks: their cells as Markdown, code and what the code printed.

use serde_json::Value;

use crate::found::{Failed, Found, Paragraphs, broken};
use crate::page;

/// Bytes of what one cell printed; the rest is left out.
const OUTPUT_BYTES_MAX: usize = 8 << 10;

/// The text of the notebook in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let notebook: Value =
        serde_json::from_slice(unmarked(bytes)).map_err(|error| broken("notebook", &error))?;
    let language = ["language_info", "kernelspec"]
        .into_iter()
        .zip(["name", "language"])
        .find_map(|(place, key)| notebook["metadata"][place][key].as_str())
        .unwrap_or("python");
    let mut text = Paragraphs::default();
    // Format 3 has its cells in worksheets.
    let sheets = notebook["worksheets"].as_array().into_iter().flatten();
    let cells = sheets
        .chain([&notebook])
        .filter_map(|sheet| sheet["cells"].as_array());
    let mut cut = 0;
    for cell in cells.flatten() {
        let source = joined(first(&cell["source"], &cell["input"]));
        match cell["cell_type"].as_str() {
            Some("code") => {
                if !source.trim().is_empty() {
                    text.push(&fenced(language, &source));
                }
                for output in cell["outputs"].as_array().into_iter().flatten() {
                    let printed = printed(output);
                    let shown = &printed[..printed.floor_char_boundary(OUTPUT_BYTES_MAX)];
                    cut += usize::from(shown.len() < printed.len());
                    if !shown.trim().is_empty() {
                        text.push(&fenced("", shown));
                    }
                }
            }
            Some("heading") => {
                let level = cell["level"].as_u64().unwrap_or(1);
                text.heading(usize::try_from(level).unwrap_or(1), &source);
            }
            _ => text.push(&without_data(&source)),
        }
    }
    let mut found = Found::whole("", text.text());
    if cut > 0 {
        found
            .left_out
            .push(format!("the rest of {cut} long outputs"));
    }
    Ok(found)
}

/// `bytes` of JSON, which is UTF-8, without the mark that some programs put before it.
pub fn unmarked(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn first<'a>(a: &'a Value, b: &'a Value) -> &'a Value {
    if a.is_null() { b } else { a }
}

/// A text, which may be written as a list of lines.
fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// What an output says in words; pictures say nothing.
fn printed(output: &Value) -> String {
    let data = first(&output["data"], output);
    match output["output_type"].as_str() {
        Some("stream") => plain(&joined(&output["text"])),
        Some("error" | "pyerr") => format!(
            "{}: {}",
            output["ename"].as_str().unwrap_or("error"),
            plain(&joined(&output["evalue"]))
        ),
        _ => {
            // Beside a picture stands what stands for it: "<Figure size 640x480>".
            let is_picture = data
                .as_object()
                .is_some_and(|data| data.keys().any(|kind| kind.starts_with("image/")));
            let says = joined(&data["text/plain"]);
            if is_picture && says.starts_with('<') && says.trim_end().ends_with('>') {
                return String::new();
            }
            let html = joined(&data["text/html"]);
            // A table is clearer as one than as it was printed.
            let table = html
                .contains("<table")
                .then(|| page::of_html(&html).ok())
                .flatten();
            let texts = ["text/markdown", "text/plain", "text/latex", "text"];
            let text = texts
                .into_iter()
                .map(|kind| joined(&data[kind]))
                .find(|text| !text.is_empty());
            match (table, text) {
                (Some((_, table)), _) if !table.trim().is_empty() => table,
                (_, Some(text)) => plain(&text),
                _ if html.is_empty() => match &data["application/json"] {
                    Value::Null => String::new(),
                    value => value.to_string(),
                },
                _ => page::of_html(&html)
                    .map(|(_, text)| text)
                    .unwrap_or_default(),
            }
        }
    }
}

/// `text` without the colours of a terminal and what carriage returns overwrote.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // Up to the letter that ends the command.
            chars.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            plain.push(c);
        }
    }
    let lines = plain.split('\n').map(|line| {
        let line = line.trim_end_matches('\r');
        line.rsplit('\r').next().unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end())
}

/// Markdown without pictures that are written into it.
pub fn without_data(text: &str) -> String {
    let mut rest = text;
    let mut whole = String::with_capacity(text.len());
    while let Some(at) = ["(data:", "(attachment:", "\"data:"]
        .iter()
        .filter_map(|mark| rest.find(mark))
        .min()
    {
        let (before, after) = rest.split_at(at + 1);
        whole.push_str(before);
        let end = after.find([')', '"', '\n']).unwrap_or(after.len());
        rest = &after[end..];
    }
    whole.push_str(rest);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_markdown_and_code() {
        let notebook = r##"{"metadata":{"kernelspec":{"language":"julia"}},"cells":[
            {"cell_type":"markdown","source":["# Wool\n","![knot](attachment:a.png) of the llama"]},
            {"cell_type":"code","source":"print(2)","outputs":[
                {"output_type":"stream","text":["\u001b[31m10%\r100%\u001b[0m\n"]},
                {"output_type":"display_data","data":{"image/png":"iVBORw0KGgo=","text/plain":"<Figure size 9x9>"}},
                {"output_type":"execute_result","data":{"text/plain":["4"],"image/svg+xml":"<svg/>"}},
                {"output_type":"display_data","data":{"application/json":{"bales":5}}},
                {"output_type":"error","ename":"KeyError","evalue":"'wool'","traceback":["x"]}]}]}"##;
        let found = read(notebook.as_bytes()).expect("a notebook");
        assert_eq!(
            found.parts[0].text,
            "# Wool\n![knot]() of the llama\n\n```julia\nprint(2)\n```\n\n```\n100%\n```\n\n```\n4\n```\n\n```\n{\"bales\":5}\n```\n\n```\nKeyError: 'wool'\n```"
        );
        assert!(read(b"{").is_err());
        let marked = "\u{feff}{\"cells\":[{\"cell_type\":\"raw\",\"source\":\"wool\"}]}";
        assert_eq!(read(marked.as_bytes()).expect("read").parts[0].text, "wool");
    }
}
