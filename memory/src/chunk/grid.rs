//! Tables of Org, reStructuredText and AsciiDoc: where their head ends, and each row.

use super::Syntax;

/// Lines in which the end of a head is looked for.
const HEAD_LINES: usize = 12;
/// Lines of a table that are looked at; the rest of a longer one has no head.
const LINES_MAX: usize = 100_000;

/// A table, by the numbers of its lines.
pub(super) struct Grid {
    /// How many lines its head has.
    pub(super) head: usize,
    /// Behind which line each row ends: the numbers of the lines after them.
    pub(super) ends: Vec<usize>,
}

/// The table that begins with the first of the lines `of`, which are empty from the end of the
/// text on; `None` where none begins, or where nothing says what its columns are.
pub(super) fn grid<'a>(of: &dyn Fn(usize) -> &'a str, syntax: Syntax) -> Option<Grid> {
    let of = |n: usize| of(n).trim();
    // The rule first: a table without one is not read to its end at each of its lines.
    let ruled = |belongs: &dyn Fn(&str) -> bool, rule: &str| {
        let mut begin = (1..HEAD_LINES).take_while(|n| belongs(of(*n)));
        let rule = begin.find(|n| of(*n).starts_with(rule))?;
        let count = (0..LINES_MAX).take_while(|n| belongs(of(*n))).count();
        Some((rule + 1, count))
    };
    let border = |from: usize, to: usize| {
        let end = (from..to).find(|n| of(*n).is_empty() || is_border(of(*n)));
        end.filter(|n| is_border(of(*n)))
    };
    let (head, count) = match (syntax, of(0)) {
        // As Markdown has them, which is what other tables are brought into.
        (_, first)
            if first.starts_with('|') && (syntax == Syntax::Org || of(1).starts_with("|---|")) =>
        {
            ruled(&|line| line.starts_with('|'), "|-")?
        }
        (Syntax::Rst, first) if first.starts_with("+-") => {
            ruled(&|line| line.starts_with(['+', '|']), "+=")?
        }
        (Syntax::Rst, first) if is_border(first) => {
            let rule = border(2, HEAD_LINES)?;
            (rule + 1, border(rule + 2, LINES_MAX)? + 1)
        }
        (Syntax::AsciiDoc, "|===") if of(1).starts_with('|') && of(2).is_empty() => {
            let end = (3..LINES_MAX).find(|n| of(*n) == "|===")?;
            (3, end + 1)
        }
        _ => return None,
    };
    // Cells of several lines stand between two rules, or go on below the line that they begin in.
    let ends_row = |n: &usize| match (syntax, of(0)) {
        (Syntax::Rst, first) if first.starts_with('+') => of(*n - 1).starts_with('+'),
        (Syntax::AsciiDoc, "|===") => *n + 1 != count && of(*n).starts_with('|'),
        _ => true,
    };
    let mut ends: Vec<usize> = (head + 1..=count).filter(ends_row).collect();
    if ends.last().is_some_and(|last| *last < count) {
        ends.push(count);
    }
    (!ends.is_empty()).then_some(Grid { head, ends })
}

/// Whether `line` is a border of a table that has no other: a line of signs for each column.
fn is_border(line: &str) -> bool {
    let mut columns = line.split_whitespace();
    let is_line = |column: &str| column.len() > 1 && column.bytes().all(|sign| sign == b'=');
    line.contains(' ') && columns.all(is_line)
}
