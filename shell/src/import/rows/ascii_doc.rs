//! Tables of AsciiDoc: cells that begin with a line, and how many of them a row has.

use super::{COLUMNS_MAX, Found, Table, values};

/// The line that begins and ends a table.
const EDGE: &str = "|===";

/// How a cell may be read, in a letter before it.
const STYLES: [char; 8] = ['a', 'd', 'e', 'h', 'l', 'm', 's', 'v'];

/// The table that begins in the first of `lines`, which may say how it is built.
pub(super) fn table(lines: &[&str]) -> Found {
    let first = lines.first()?.trim();
    let said = match first
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(said) => said,
        None if first == EDGE => "",
        None => return None,
    };
    let is_said = first != EDGE;
    let title = lines.get(1).and_then(|line| line.trim().strip_prefix('.'));
    let title = title.filter(|_| is_said).unwrap_or_default();
    let begin = usize::from(is_said) + usize::from(!title.is_empty());
    if lines.get(begin)?.trim() != EDGE {
        return None;
    }
    let body = &lines[begin + 1..];
    let end = body.iter().position(|line| line.trim() == EDGE)?;
    let body = &body[..end];
    let is_blank = |n: usize| body.get(n).is_some_and(|line| line.trim().is_empty());
    let has_head = said.contains("header") && !said.contains("noheader")
        || !is_blank(0) && is_blank(1) && !said.contains("noheader");
    let rows = match said.contains("format") && said.contains("csv") {
        true => {
            let records = body.iter().filter(|line| !line.trim().is_empty());
            records.map(|line| values(line)).collect()
        }
        false => rows(body, said)?,
    };
    let table = Table {
        title: title.to_owned(),
        has_head: has_head && !rows.is_empty(),
        rows,
    };
    Some((begin + 1 + end + 1, table))
}

/// The rows of the table with this `body`, of which this is `said`.
fn rows(body: &[&str], said: &str) -> Option<Vec<Vec<String>>> {
    let cells = cells(&body.join("\n"));
    let first = body.iter().find(|line| !line.trim().is_empty())?;
    let columns = columns(said).unwrap_or_else(|| self::cells(first).len());
    if !(1..=COLUMNS_MAX).contains(&columns) || !cells.len().is_multiple_of(columns) {
        return None;
    }
    Some(cells.chunks(columns).map(<[String]>::to_vec).collect())
}

/// How many columns the table has of which this is `said`: `cols="1,2a,3"`, `cols="2*,1"`.
fn columns(said: &str) -> Option<usize> {
    let (_, list) = said.split_once("cols=")?;
    let list = match list.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => list.split(',').next()?,
    };
    let count = |column: &str| match column.trim().split_once('*') {
        Some((times, _)) => times.parse().unwrap_or(1_usize).min(COLUMNS_MAX),
        None => 1,
    };
    Some(list.split([',', ';']).map(count).sum())
}

/// The cells in `text`, each once for each column that it has.
fn cells(text: &str) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    let mut times = 1;
    let mut said = String::new();
    let mut signs = text.chars().peekable();
    let mut is_begun = false;
    loop {
        match signs.next() {
            Some('\\') if signs.peek() == Some(&'|') => {
                signs.next();
                said.push('|');
            }
            Some(sign) if sign != '|' => said.push(sign),
            sign => {
                let (words, next) = match sign {
                    Some(_) => without_form(&said, is_begun),
                    None => (said.as_str(), 1),
                };
                if is_begun {
                    cells.extend(std::iter::repeat_n(words.trim().to_owned(), times));
                }
                if sign.is_none() {
                    return cells;
                }
                (is_begun, times) = (true, next);
                said.clear();
            }
        }
    }
}

/// `said` without what stands at its end on the next cell, and for how many that one counts. Before
/// the first cell nothing else stands.
fn without_form(said: &str, is_begun: bool) -> (&str, usize) {
    let before = said.trim_end_matches(|c: char| !c.is_whitespace());
    match form(&said[before.len()..]) {
        Some(times) if !before.is_empty() || !is_begun => (before, times),
        // "a|b": without a space before it that is a word.
        _ => (said, 1),
    }
}

/// For how many a cell counts of which this is said: `2+`, `3*`, `^.>s`, `a`.
fn form(said: &str) -> Option<usize> {
    let digits = said.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (count, rest) = said.split_at(digits.unwrap_or(said.len()));
    let (times, looks) = match rest.strip_prefix(['+', '*']) {
        Some(looks) if !count.is_empty() => {
            let columns = count.split('.').next().unwrap_or_default();
            (columns.parse::<usize>().unwrap_or(1), looks)
        }
        _ => (1, said),
    };
    let style = looks.trim_start_matches(['<', '^', '>', '.']);
    let is_style = style.is_empty() || style.len() == 1 && style.contains(STYLES);
    (!said.is_empty() && is_style).then_some(times.clamp(1, COLUMNS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_begin_with_a_line() {
        let check = |text: &str, want: &[&str]| assert_eq!(cells(text), want);
        check("|a |b\n|c|d", &["a", "b", "c", "d"]);
        check("|a\na|* x\n* y\n|2", &["a", "* x\n* y", "2"]);
        check("2+|a .2+^|b 2*|c", &["a", "a", "b", "c", "c"]);
        check("|5 kg |4|x\\|y", &["5 kg", "4", "x|y"]);
        check("no cells", &[]);
    }

    #[test]
    fn columns_are_counted() {
        let check = |said: &str, want: Option<usize>| assert_eq!(columns(said), want);
        check("cols=\"1,2a,3\", options=\"header\"", Some(3));
        check("%header,cols=3*", Some(3));
        check("cols=\"2*,^.>1\"", Some(3));
        check("%header", None);
    }
}
