//! Tables of reStructuredText that are lists, or values. Those that are drawn are rows already.

use super::{Found, Table, values};

/// The table that begins in the first of `lines`.
pub(super) fn table(lines: &[&str]) -> Found {
    let first = lines.first()?;
    let bare = first.trim_start();
    let begun = bare.strip_prefix(".. ")?;
    let (kind, title) = begun.split_once("::")?;
    if !["list-table", "csv-table"].contains(&kind) {
        return None;
    }
    let indent = first.len() - bare.len();
    let is_in = |line: &&&str| line.trim().is_empty() || self::indent(line) > indent;
    let mut count = 1 + lines[1..].iter().take_while(is_in).count();
    while lines[count - 1].trim().is_empty() {
        count -= 1;
    }
    let body = &lines[1..count];
    let is_option = |line: &&&str| line.trim().starts_with(':');
    let options: Vec<&str> = body
        .iter()
        .take_while(is_option)
        .map(|line| line.trim())
        .collect();
    let of = |name: &str| options.iter().find_map(|option| option.strip_prefix(name));
    let body = &body[options.len()..];
    let head = of(":header:").map(values);
    let has_head = head.is_some() || of(":header-rows:").is_some_and(|rows| rows.trim() != "0");
    let mut rows: Vec<Vec<String>> = head.into_iter().collect();
    rows.extend(match kind {
        "list-table" => items(body),
        _ => records(body),
    });
    let table = Table {
        title: title.trim().to_owned(),
        has_head: has_head && !rows.is_empty(),
        rows,
    };
    Some((count, table))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The rows of a table of values.
fn records(body: &[&str]) -> Vec<Vec<String>> {
    let filled = body.iter().filter(|line| !line.trim().is_empty());
    filled.map(|line| values(line)).collect()
}

/// The rows of a list of lists.
fn items(body: &[&str]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    // How far in the items of a row stand.
    let mut inner = 0;
    for line in body {
        let bare = line.trim();
        let is_item = bare == "-" || bare.starts_with("- ");
        if let Some(first) = bare.strip_prefix("* -") {
            inner = indent(line) + 2;
            rows.push(vec![first.to_owned()]);
        } else if let Some(row) = rows.last_mut() {
            if is_item && indent(line) == inner {
                row.push(bare[1..].to_owned());
            } else if let Some(cell) = row.last_mut() {
                cell.push(' ');
                cell.push_str(bare);
            }
        }
    }
    rows
}
