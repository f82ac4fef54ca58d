//! Which ends of lines say something: those of the rows of a table, of the items of a list, of the
//! fields of a record. All others are where somebody's page was full.
//!
//! It knows nothing of what is looked for: that is in `snippet.rs`.

use std::collections::BTreeMap;
use std::ops::Range;

/// Lines by which it is told whether a text is nothing but records of values: few, since that is
/// asked of each page that is found.
const LINES_MAX: usize = 40;
/// Records, with their head, that make a table of values.
const RECORDS_MIN: usize = 3;
/// Bytes of a text to either side of a row in which its table is looked for.
const TABLE_BYTES: usize = 64 << 10;
/// Characters of what stands before the colon of a field.
const FIELD_CHARS: usize = 24;
/// Characters of a line before a table that may be its name.
const NAME_CHARS: usize = 120;

/// A table of a text; its lines are without their ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// The line before it, where that may be its name.
    pub(crate) name: Option<Range<usize>>,
    /// What says what its columns are, with the line below that in Markdown.
    pub(crate) head: Option<Range<usize>>,
    /// All other rows; where they are many, those around the place that was asked for.
    pub(crate) rows: Vec<Range<usize>>,
    /// What stands between its values, where it is not written in Markdown.
    values: Option<char>,
}

impl Table {
    /// The lines of `range` of `text`, which are of this table, as they are shown.
    pub(crate) fn shown(&self, text: &str, range: &Range<usize>) -> String {
        let lines = text[range.clone()].lines();
        let lines: Vec<String> = lines.map(|line| one_line(line, self.values)).collect();
        lines.join("\n")
    }

    /// The bytes of the text from its head, or its first row, to its last row.
    pub(crate) fn range(&self) -> Range<usize> {
        let parts = || self.head.iter().chain(&self.rows);
        let start = parts().next().map_or(0, |first| first.start);
        start..parts().next_back().map_or(start, |last| last.end)
    }
}

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Words,
    Row,
    Item,
    Field,
}

/// `text` with one space for all that is white in it, but with the lines of tables, lists and
/// records: of words in one line nobody can tell which row they were in.
///
/// ```
/// use quipu_memory::folded;
///
/// assert_eq!(folded("Opens\nat  nine.\n"), "Opens at nine.");
/// let table = "Prices\n\n| tea | price |\n|---|---|\n| green | 4 |";
/// assert_eq!(folded(table), "Prices\n| tea | price |\n|---|---|\n| green | 4 |");
/// ```
pub fn folded(text: &str) -> String {
    let values = separator(text);
    let lines: Vec<String> = text.lines().map(|line| one_line(line, values)).collect();
    let kinds = kinds(&lines, values.is_some());
    let mut whole = String::with_capacity(text.len());
    // The last line that is not blank, and what it belongs to.
    let mut before: Option<(usize, Line)> = None;
    for (n, line) in lines.iter().enumerate() {
        if line.is_empty() {
            continue;
        }
        let goes_on = |(last, of): &(usize, Line)| {
            let belongs = *of == Line::Words || *of != Line::Row && last + 1 == n;
            kinds[n] == Line::Words && belongs
        };
        let of = before.filter(goes_on).map(|(_, of)| of);
        if before.is_some() {
            whole.push(if of.is_some() { ' ' } else { '\n' });
        }
        whole.push_str(line);
        before = Some((n, of.unwrap_or(kinds[n])));
    }
    whole
}

/// `text`, [`folded`], as it goes on in a line: where it has several lines they follow in lines of
/// their own, which no name of a passage can begin, since all are indented.
pub fn indented(text: &str) -> String {
    in_lines(&folded(text))
}

/// `text`, whose lines all say something, in the same way.
pub(crate) fn in_lines(text: &str) -> String {
    let lines: Vec<String> = filled(text).map(|line| one_line(line, None)).collect();
    match lines.as_slice() {
        [_, _, ..] => format!("\n  {}", lines.join("\n  ")),
        _ => lines.concat(),
    }
}

/// The table that has a line at the byte `at` of `text`, which may be its head.
pub(crate) fn table_at(text: &str, at: usize) -> Option<Table> {
    let lines = lines_around(text, at);
    match separator(text) {
        Some(sign) => table_of_values(text, &lines, sign),
        None => {
            let here = lines.iter().position(|line| at <= line.end)?;
            table_of_markdown(text, &lines, here)
        }
    }
}

/// The table that `text` is, of whose lines `lines` are some.
fn table_of_values(text: &str, lines: &[Range<usize>], sign: char) -> Option<Table> {
    let first: Vec<&str> = filled(text).take(LINES_MAX).collect();
    let usual = usual(&first, sign);
    // A head without a name for the numbers of the rows has one value less.
    let is_head = |line: &Range<usize>| {
        let count = signs(&text[line.clone()], sign);
        count > 0 && count + 1 >= usual
    };
    let head = lines_around(text, 0).into_iter().find(is_head)?;
    let is_record =
        |line: &&Range<usize>| line.start > head.start && !text[(*line).clone()].trim().is_empty();
    Some(Table {
        name: None,
        rows: lines.iter().filter(is_record).cloned().collect(),
        head: Some(head),
        values: Some(sign),
    })
}

/// The table in Markdown that the line `here` of `lines` is in.
fn table_of_markdown(text: &str, lines: &[Range<usize>], here: usize) -> Option<Table> {
    let of = |n: usize| &text[lines[n].clone()];
    let has_cells = |n: &usize| of(*n).contains('|');
    if !has_cells(&here) {
        return None;
    }
    let first = (0..here).rev().take_while(has_cells).last();
    let first = first.unwrap_or(here);
    let end = (here..lines.len()).take_while(has_cells).last()? + 1;
    let is_head = |n: &usize| *n + 1 < end && is_rule(of(*n + 1));
    let head = (first..=here).rev().find(is_head);
    if head.is_none() && end - first < 2 {
        return None;
    }
    let mut before = (0..head.unwrap_or(first)).rev().take(2);
    let name = before.find(|n| !of(*n).trim().is_empty());
    let is_short = |n: &usize| of(*n).chars().count() <= NAME_CHARS;
    Some(Table {
        name: name.filter(is_short).map(|n| lines[n].clone()),
        head: head.map(|n| lines[n].start..lines[n + 1].end),
        rows: lines[head.map_or(first, |n| n + 2)..end].to_vec(),
        values: None,
    })
}

/// What stands between the values of `text`, if it is nothing but records of values: lines that
/// nearly all have as many of that sign.
pub(crate) fn separator(text: &str) -> Option<char> {
    let lines: Vec<&str> = filled(text).take(LINES_MAX).collect();
    let is_between = |sign: &char| {
        let usual = usual(&lines, *sign);
        let is_alike = |line: &&&str| signs(line, *sign) == usual;
        let alike: Vec<&&str> = lines.iter().filter(is_alike).collect();
        // In sentences a space follows.
        let spaced = format!("{sign} ");
        let of_words = alike.iter().filter(|line| line.contains(&spaced)).count();
        let is_of_words = *sign != '\t' && of_words * 2 > alike.len();
        let are_most = alike.len() >= RECORDS_MIN && alike.len() * 10 >= lines.len() * 9;
        // Commas within numbers are those of thousands, or of parts of a second.
        let apart = *sign != ',' || alike.iter().any(|line| is_between_words(line));
        usual > 0 && are_most && !is_of_words && apart
    };
    ['\t', ';', ','].into_iter().find(is_between)
}

/// Whether a comma of `line` stands beside something that is no digit.
fn is_between_words(line: &str) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let is_of_number = |(at, _): (usize, &str)| {
        is_digit(line[..at].chars().next_back()) && is_digit(line[at + 1..].chars().next())
    };
    !line.match_indices(',').all(is_of_number)
}

/// How many of `sign` most of `lines` have; of two that are as common, the greater.
fn usual(lines: &[&str], sign: char) -> usize {
    let mut alike: BTreeMap<usize, usize> = BTreeMap::new();
    for line in lines {
        *alike.entry(signs(line, sign)).or_default() += 1;
    }
    let best = alike
        .into_iter()
        .max_by_key(|(count, lines)| (*lines, *count));
    best.map_or(0, |(count, _)| count)
}

/// The lines of `text` that are not blank.
fn filled(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

/// How often `sign` stands between the values of a record.
pub(crate) fn signs(record: &str, sign: char) -> usize {
    let mut quoted = false;
    let between = |c: &char| {
        quoted ^= *c == '"';
        *c == sign && !quoted
    };
    record.chars().filter(between).count()
}

/// Whether `line` is the one below the head of a table in Markdown.
pub(crate) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    let is_sign = |c: char| matches!(c, '|' | '-' | ':' | ' ' | '\t');
    line.contains('|') && line.contains('-') && line.chars().all(is_sign)
}

/// The lines of `text` around the byte `at`, without their ends.
fn lines_around(text: &str, at: usize) -> Vec<Range<usize>> {
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let from = text.floor_char_boundary(at.saturating_sub(TABLE_BYTES));
    let mut start = match text
        .get(from..line_start)
        .and_then(|lines| lines.find('\n'))
    {
        Some(end) if from > 0 => from + end + 1,
        _ if from > 0 => line_start,
        _ => 0,
    };
    let to = text.floor_char_boundary(at.saturating_add(TABLE_BYTES));
    let end = text[to..].find('\n').map_or(text.len(), |end| to + end);
    let around = &text[start..end];
    let line = |line: &str| {
        let range = start..start + line.len();
        start = range.end + 1;
        range
    };
    around.split('\n').map(line).collect()
}

/// `line` with one space for all that is white in it; where a sign that is white stands between
/// values, a line stands there.
fn one_line(line: &str, values: Option<char>) -> String {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match values {
        Some('\t') => line.split('\t').map(words).collect::<Vec<_>>().join(" | "),
        _ => words(line),
    }
}

/// What each of `lines` is, each of them a record where they are of `values`.
fn kinds(lines: &[String], values: bool) -> Vec<Line> {
    let of = |n: usize| lines.get(n).map_or("", String::as_str);
    let kind = |n: usize| {
        let line = of(n);
        let before = n.checked_sub(1).map_or("", of);
        let is_beside_one = |is: fn(&str) -> bool| is(line) && (is(before) || is(of(n + 1)));
        if values || is_row(line) || is_beside_one(|line| line.contains('|')) {
            Line::Row
        } else if is_item(line) {
            Line::Item
        } else if is_beside_one(is_field) || is_beside_one(is_entry) {
            Line::Field
        } else {
            Line::Words
        }
    };
    (0..lines.len()).map(kind).collect()
}

/// Whether `line` is a row by itself.
fn is_row(line: &str) -> bool {
    line.len() > 1 && line.starts_with('|') && line.ends_with('|')
}

/// Whether `line` is an item of a list.
fn is_item(line: &str) -> bool {
    let bullets = ['•', '·', '●', '○', '■', '◆', '▪', '‣'];
    let is_circled = |c: char| matches!(c, '①'..='⑳');
    let dashes = ["- ", "* ", "+ ", "– "];
    if line.starts_with(bullets)
        || line.starts_with(is_circled)
        || dashes.iter().any(|dash| line.starts_with(dash))
    {
        return true;
    }
    let inside = line.strip_prefix(['(', '（']);
    let number = inside.unwrap_or(line);
    let is_digit = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    let rest = number.trim_start_matches(is_digit);
    let digits = number[..number.len() - rest.len()].chars().count();
    let ends = match inside {
        Some(_) => rest.starts_with([')', '）']),
        None => rest.starts_with(['、', '．']) || rest.starts_with(". ") || rest.starts_with(") "),
    };
    (1..=3).contains(&digits) && ends
}

/// Whether `line` is a name, a colon and what that is.
fn is_field(line: &str) -> bool {
    let Some(at) = line.find([':', '：']) else {
        return false;
    };
    let (name, value) = line.split_at(at);
    let after = value.trim_start_matches([':', '：']);
    let is_apart = value.starts_with('：') || after.is_empty() || after.starts_with(' ');
    let is_name = !name.is_empty() && !name.contains(['.', ',', '。', '，']);
    is_apart && is_name && name.chars().count() <= FIELD_CHARS
}

/// Whether `line` begins as an entry of a log or a diary does: with a date or a time of day.
fn is_entry(line: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let mut words = line.split_whitespace();
    let mut word = || {
        words
            .next()
            .unwrap_or_default()
            .trim_matches(['[', ']', '(', ')', ',', ':'])
    };
    let (first, second) = (word(), word());
    let is_month = |word: &str| {
        let word = word.to_lowercase();
        let word = word.trim_end_matches('.');
        MONTHS
            .iter()
            .any(|month| word == *month || word == &month[..3])
    };
    let is_day = |word: &str| {
        let digits = word.trim_end_matches(['.', 's', 't', 'n', 'd', 'r', 'h']);
        (1..=2).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit())
    };
    let is_sign = |c: char| "-/.:年月日时点分".contains(c);
    let groups = first.split(is_sign).filter(|group| !group.is_empty());
    let in_digits = groups.clone().count() > 1
        && first.starts_with(|c: char| c.is_ascii_digit())
        && groups
            .clone()
            .all(|group| group.bytes().all(|c| c.is_ascii_digit()));
    in_digits || is_day(first) && is_month(second) || is_month(first) && is_day(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines_where_they_say_something() {
        let check = |text: &str, want: &str| assert_eq!(folded(text), want, "{text:?}");
        check("", "");
        check("One\n\ttwo  three\n\nfour\n", "One two three four");
        check(
            "Prices\nof tea:\n\n| tea | price |\n|---|---|\n| green |  4 |\n\nAll in\neuro.",
            "Prices of tea:\n| tea | price |\n|---|---|\n| green | 4 |\nAll in euro.",
        );
        check("a | b\n--- | ---\n1 | 2", "a | b\n--- | ---\n1 | 2");
        check("Rust or C | C++\nis fast", "Rust or C | C++ is fast");
        check(
            "- milk\n- eggs of\n  the farm\n\nThat is all.",
            "- milk\n- eggs of the farm\nThat is all.",
        );
        check("1. tea\n2) cake\n10. jam", "1. tea\n2) cake\n10. jam");
        check("一、茶\n二、糕\n（三）酱", "一、茶\n二、糕\n（三）酱");
        check("①茶\n②糕", "①茶\n②糕");
        check("Name: Ada\nBorn: 1815\n", "Name: Ada\nBorn: 1815");
        check("姓名：李明\n电话：123", "姓名：李明\n电话：123");
        check("He said: come\nto us", "He said: come to us");
        check(
            "2024-05-03 sowed beans\n2024-05-12 sowed peas\nin the shed",
            "2024-05-03 sowed beans\n2024-05-12 sowed peas in the shed",
        );
        check(
            "3月12日 1号楼 正常\n3月13日 2号楼 正常",
            "3月12日 1号楼 正常\n3月13日 2号楼 正常",
        );
        check(
            "9:30 breakfast\n[10:15] walk",
            "9:30 breakfast\n[10:15] walk",
        );
        check("3 May rain\nMay 4th, sun", "3 May rain\nMay 4th, sun");
        check("2 maybe\n3 marches", "2 maybe 3 marches");
        check(
            "It opened in\n2024 and\n1999 was dry",
            "It opened in 2024 and 1999 was dry",
        );
        check(
            "Open at 9:30\nor 10:30 daily",
            "Open at 9:30 or 10:30 daily",
        );
        check(
            "tea,price\ngreen,4\nblack,5\n",
            "tea,price\ngreen,4\nblack,5",
        );
        check(
            "tea\tprice\ngreen\t\nblack\t5",
            "tea | price\ngreen | \nblack | 5",
        );
        check(
            "In 1,200 years\nor 3,400 years\nor 5,600",
            "In 1,200 years or 3,400 years or 5,600",
        );
        // Sentences with a comma each are none.
        check(
            "Yes, dear,\nno, dear,\nwell, dear,",
            "Yes, dear, no, dear, well, dear,",
        );
    }

    #[test]
    fn what_goes_on_in_a_line_begins_no_line() {
        assert_eq!(indented("One\ntwo"), "One two");
        assert_eq!(indented("- a\n[m1] b\n- c"), "\n  - a [m1] b\n  - c");
    }

    #[test]
    fn a_table_is_found_by_each_of_its_lines() {
        let text = "Of all.\n\nPrices\n\n| tea | price |\n|---|---|\n| green | 4 |\n| black | 5 |\n\nEnd | x.";
        let parts = |needle: &str| {
            let at = text.find(needle).expect("it is there");
            let table = table_at(text, at)?;
            let name = table.name.clone().map(|name| table.shown(text, &name));
            let head = table.head.clone().map(|head| table.shown(text, &head));
            let rows = table.rows.iter().map(|row| table.shown(text, row));
            Some((name, head, rows.collect::<Vec<_>>().join(";")))
        };
        let whole = (
            Some("Prices".to_owned()),
            Some("| tea | price |\n|---|---|".to_owned()),
            "| green | 4 |;| black | 5 |".to_owned(),
        );
        for needle in ["| tea", "---", "green", "5 |"] {
            assert_eq!(parts(needle), Some(whole.clone()), "{needle}");
        }
        for needle in ["Of all", "Prices", "End"] {
            assert_eq!(parts(needle), None, "{needle}");
        }
    }

    #[test]
    fn the_head_of_values_is_known_far_from_it() {
        let rows = "knots;12;red\n".repeat(20_000);
        let text = format!("name;number;colour\n{rows}wool;7;blue\n");
        let table = table_at(&text, text.len() - 3).expect("a table");
        let head = table.head.clone().expect("a head");
        assert_eq!(table.shown(&text, &head), "name;number;colour");
        assert!(table.rows.len() < 10_000, "{}", table.rows.len());
        let last = table.rows.last().expect("a row");
        assert_eq!(table.shown(&text, last), "wool;7;blue");
    }
}
