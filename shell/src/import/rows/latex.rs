//! Tables of LaTeX, and measures as its package siunitx has them.

use super::super::latex::without_commands;
use super::{COLUMNS_MAX, Found, Table};

/// Environments that are tables, and how many arguments in braces they have.
const TABLES: &[(&str, usize)] = &[
    ("tabular", 1),
    ("tabular*", 2),
    ("tabularx", 2),
    ("tabulary", 2),
    ("longtable", 1),
];
/// Bytes of a measure at most.
const MEASURE_BYTES_MAX: usize = 400;
/// Commands before a row that end the head.
const RULES: &[&str] = &["hline", "midrule", "endhead", "endfirsthead"];
/// Others that stand before a row and say nothing.
const LOOKS: &[&str] = &[
    "toprule",
    "bottomrule",
    "cmidrule",
    "cline",
    "addlinespace",
    "endfoot",
    "endlastfoot",
    "centering",
    "rowcolor",
    "noalign",
];
/// Commands for units, and how these are written.
const UNITS: &[(&str, &str)] = &[
    ("metre", "m"),
    ("meter", "m"),
    ("gram", "g"),
    ("kilogram", "kg"),
    ("second", "s"),
    ("minute", "min"),
    ("hour", "h"),
    ("day", "d"),
    ("litre", "l"),
    ("liter", "l"),
    ("tonne", "t"),
    ("hectare", "ha"),
    ("percent", "%"),
    ("degree", "°"),
    ("celsius", "°C"),
    ("degreeCelsius", "°C"),
    ("kelvin", "K"),
    ("ampere", "A"),
    ("volt", "V"),
    ("watt", "W"),
    ("newton", "N"),
    ("joule", "J"),
    ("pascal", "Pa"),
    ("bar", "bar"),
    ("hertz", "Hz"),
    ("ohm", "Ω"),
    ("mole", "mol"),
    ("micro", "µ"),
    ("milli", "m"),
    ("centi", "c"),
    ("deci", "d"),
    ("kilo", "k"),
    ("mega", "M"),
    ("giga", "G"),
    ("per", "/"),
    ("square", ""),
    ("squared", "²"),
    ("cubed", "³"),
];

/// `text` with numbers and measures as they are read: `\SI{12}{\metre}` is "12 m".
pub(super) fn measured(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, command) = rest.split_at(at);
        whole.push_str(before);
        match measure(&command[1..]) {
            Some((words, len)) => {
                whole.push_str(&words);
                rest = &command[1 + len..];
            }
            None => {
                // The sign behind it is no command of its own.
                let next = command[1..].chars().next().map_or(0, char::len_utf8);
                whole.push_str(&command[..1 + next]);
                rest = &command[1 + next..];
            }
        }
    }
    whole.push_str(rest);
    whole
}

/// What the command that `text` begins with says, if that is a measure, and how many bytes it has.
fn measure(text: &str) -> Option<(String, usize)> {
    let command = &text[..text.floor_char_boundary(MEASURE_BYTES_MAX)];
    let end = command.find(|c: char| !c.is_ascii_alphabetic())?;
    let (name, mut rest) = command.split_at(end);
    let count = match name {
        "num" | "si" | "unit" | "ang" => 1,
        "SI" | "qty" | "numrange" => 2,
        "SIrange" | "qtyrange" => 3,
        _ => return None,
    };
    if rest.starts_with('[') {
        rest = rest.split_once(']')?.1;
    }
    let mut parts = Vec::new();
    for _ in 0..count {
        let (part, after) = group(rest)?;
        parts.push(part);
        rest = after;
    }
    let len = command.len() - rest.len();
    if command[..len].contains('\n') {
        return None;
    }
    let words = match (name, parts.as_slice()) {
        ("num", [number]) => (*number).to_owned(),
        ("ang", [number]) => format!("{number}°"),
        ("numrange", [from, to]) => format!("{from} to {to}"),
        (_, [unit]) => in_signs(unit),
        (_, [number, unit]) => format!("{number} {}", in_signs(unit)),
        (_, [from, to, unit]) => format!("{from} to {to} {}", in_signs(unit)),
        _ => return None,
    };
    Some((words.trim_end().to_owned(), len))
}

/// A unit that is written in commands.
fn in_signs(unit: &str) -> String {
    let mut parts = unit.split('\\');
    let mut signs = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = part.trim();
        let known = UNITS.iter().find(|(command, _)| *command == name);
        signs.push_str(known.map_or(name, |(_, sign)| *sign));
    }
    signs
}

/// What stands in the braces that `text` begins with, and what follows them.
fn group(text: &str) -> Option<(&str, &str)> {
    let inside = text.trim_start().strip_prefix('{')?;
    let (mut depth, mut is_escaped) = (1_usize, false);
    for (at, sign) in inside.char_indices() {
        match sign {
            _ if is_escaped => {}
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        is_escaped = sign == '\\' && !is_escaped;
        if depth == 0 {
            return Some((&inside[..at], &inside[at + 1..]));
        }
    }
    None
}

/// The table that begins in the first of `lines`.
pub(super) fn table(lines: &[&str]) -> Found {
    let first = lines.first()?;
    let (before, begun) = first.split_once("\\begin{")?;
    let (name, _) = begun.split_once('}')?;
    let (_, arguments) = TABLES.iter().find(|(table, _)| *table == name)?;
    let end = format!("\\end{{{name}}}");
    let last = lines.iter().position(|line| line.contains(&end))?;
    let body: Vec<&str> = lines[..=last].iter().map(|line| said(line)).collect();
    let body = body.join("\n");
    let (_, body) = body.split_once(&format!("\\begin{{{name}}}"))?;
    let (body, after) = body.split_once(&end)?;
    let says = |text: &str| without_commands(text).contains(char::is_alphanumeric);
    // One within another is not told apart.
    if says(before) || says(after) || body.contains("\\begin{") {
        return None;
    }
    let mut body = body;
    for _ in 0..*arguments {
        body = group(without_option(body)?)?.1;
    }
    Some((last + 1, read(&body.replace("\\tabularnewline", "\\\\"))))
}

/// `line` without a remark.
fn said(line: &str) -> &str {
    let mut remarks = line.match_indices('%');
    let remark = remarks.find(|(at, _)| !line[..*at].ends_with('\\'));
    remark.map_or(line, |(at, _)| &line[..at])
}

/// `text` without the brackets that it may begin with.
fn without_option(text: &str) -> Option<&str> {
    let text = text.trim_start();
    match text.strip_prefix('[') {
        Some(inside) => Some(inside.split_once(']')?.1),
        None => Some(text),
    }
}

/// The rows of a table, those of its head as one.
fn read(body: &str) -> Table {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut head = 0;
    for row in rows_of(body) {
        let (cells, is_ruled) = without_rules(&row);
        let cells: Vec<String> = cells.split('\0').flat_map(cell).collect();
        let is_blank = cells.iter().all(String::is_empty);
        if is_ruled && head == 0 && !is_blank {
            head = rows.len();
        }
        // A long table has its head twice: for its first page, and for the others.
        let again = head > 0 && rows.len() >= head && rows[..head].contains(&cells);
        if !is_blank && !again {
            rows.push(cells);
        }
    }
    let head: Vec<Vec<String>> = rows.drain(..head.max(1).min(rows.len())).collect();
    let width = head.iter().map(Vec::len).max().unwrap_or(0);
    let column = |n: usize| {
        let mut words: Vec<&str> = head
            .iter()
            .filter_map(|row| Some(row.get(n)?.as_str()))
            .collect();
        words.retain(|words| !words.is_empty());
        words.dedup();
        words.join(" ")
    };
    if width > 0 {
        rows.insert(0, (0..width).map(column).collect());
    }
    Table {
        has_head: !rows.is_empty(),
        rows,
        ..Table::default()
    }
}

/// The rows in `body`, with a nought between the cells of each.
fn rows_of(body: &str) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut depth = 0_usize;
    let mut signs = body.chars().peekable();
    while let Some(sign) = signs.next() {
        let mut put = |sign: char| {
            if let Some(row) = rows.last_mut() {
                row.push(sign);
            }
        };
        match sign {
            '\\' if depth == 0 && signs.peek() == Some(&'\\') => {
                signs.next();
                rows.push(String::new());
                if signs.peek() == Some(&'*') {
                    signs.next();
                }
                // How far the next row is below.
                if signs.peek() == Some(&'[') {
                    while signs.next().is_some_and(|sign| sign != ']') {}
                }
            }
            '\\' => {
                put('\\');
                signs.next().into_iter().for_each(put);
            }
            '&' if depth == 0 => put('\0'),
            sign => {
                match sign {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                put(sign);
            }
        }
    }
    rows
}

/// `row` without the commands that it begins with and that say nothing, and whether one ends the head.
fn without_rules(row: &str) -> (&str, bool) {
    let (mut rest, mut is_ruled) = (row.trim(), false);
    while let Some(command) = rest.strip_prefix('\\') {
        let end = command.find(|c: char| !c.is_ascii_alphabetic());
        let (name, mut after) = command.split_at(end.unwrap_or(command.len()));
        if RULES.contains(&name) {
            is_ruled = true;
        } else if !LOOKS.contains(&name) {
            break;
        }
        // Which columns it is of, and how.
        for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
            let inside = after.strip_prefix(open);
            if let Some((_, behind)) = inside.and_then(|inside| inside.split_once(close)) {
                after = behind;
            }
        }
        rest = after.trim_start();
    }
    (rest, is_ruled)
}

/// The words of a cell, once for each column that it has.
fn cell(text: &str) -> Vec<String> {
    let text = text.trim();
    let parts = |command: &str| {
        let rest = without_option(text.strip_prefix(command)?)?;
        let (first, rest) = group(rest)?;
        let (_, rest) = group(rest)?;
        Some((first, group(without_option(rest)?)?.0))
    };
    let words = |text: &str| without_commands(&text.replace('$', ""));
    if let Some((count, inside)) = parts("\\multicolumn") {
        let count = count.trim().parse().unwrap_or(1);
        return vec![words(inside); std::cmp::min(count, COLUMNS_MAX)];
    }
    match parts("\\multirow") {
        Some((_, inside)) => vec![words(inside)],
        None => vec![words(text)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_read_as_words() {
        let check = |text: &str, want: &str| assert_eq!(measured(text), want);
        check(r"\SI{12}{\metre} of \num{1.85}", "12 m of 1.85");
        check(r"\qty[mode=text]{80}{\kilo\metre\per\hour}", "80 km/h");
        check(
            r"\SIrange{3}{5}{m} and \si{\metre\squared}",
            "3 to 5 m and m²",
        );
        check(
            r"\ang{45}, \number{3} \\num{4} \SI{3}",
            r"45°, \number{3} \\num{4} \SI{3}",
        );
    }

    #[test]
    fn a_head_stands_once() {
        let check = |body: &str, want: &[&[&str]]| assert_eq!(read(body).rows, want);
        check(
            r"\hline a & b \\ \hline \endfirsthead a & b \\ \endhead 1 & {2 & 3} \\ \hline",
            &[&["a", "b"], &["1", "2 & 3"]],
        );
        check(
            r"\multirow{2}{*}{a} & \emph{b} \\ 1 & $2$",
            &[&["a", "b"], &["1", "2"]],
        );
        check("", &[]);
    }
}
