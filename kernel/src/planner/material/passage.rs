//! The passages of a text, and what they and their parts are called: two documents may have a row of the
//! same name.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::{laid_out, pattern};

/// The sign for rows, or for a part of one, that are left out.
pub(super) const GAP: char = '…';
/// Lines above a table among which its heading is looked for: a page may have thousands of tables.
const LINES_ABOVE_MAX: usize = 200;
/// Characters of a title that is shown.
const TITLE_CHARS_MAX: usize = 80;

/// Whether `line` says that something was left out there, or goes on elsewhere.
pub(super) fn leaves_out(line: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:and\s+)?\d[\d,]*\s+(?:more|further|other)\s+(?:rows?|lines?|entries|records?|items?|results?|characters?)\b
            |^\W*(?:还有|另有|其余|省略)\s?\d+\s?[行条项个]|^\s*\.{3}\W*$|^\s*\[page\s\S+\sgoes\son
            |^\s*(?:is_)?(?:truncated|incomplete|has_more|more):\s+true\s*$",
        )
    });
    line.contains(GAP) || SAYS.is_match(line)
}

/// The id of the passage that begins with `line`: `[d1: Prices]`, `[d1] from a.md: «`.
pub(super) fn passage_id(line: &str) -> Option<String> {
    static BEGINS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\[(?P<id>[^\]\s][^\]]*?)(?:: .*)?\](?:\s|$)"));
    let found = BEGINS.captures(line)?;
    Some(found["id"].to_owned())
}

/// The title of the passage whose `lines` these are, and the heading above its line `at`: "Prices 2023,
/// Sacks". Where the passage has no title, that of its source. Empty where there is none of these.
pub(super) fn title_above(lines: &[&str], at: usize) -> String {
    let is_passage = lines.first().is_some_and(|line| passage_id(line).is_some());
    let title = lines.first().filter(|_| is_passage);
    let title = title.and_then(|line| title_in(line));
    let begins = usize::from(is_passage).min(at);
    let parts = [title, heading(&lines[begins..at])];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// The title in `line`, with which a passage begins: `[d1: Prices]`, `[d1] from a.md: «Prices:`. Where it
/// has none, its source.
fn title_in(line: &str) -> Option<String> {
    static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"^\[[^\]\s][^\]]*?(?::\s(?P<title>[^\]]*))?\]
            (?:\s(?:from\s)?(?P<source>[^«;]*?)(?:;[^«]*)?:\s«(?P<quoted>.*))?",
        )
    });
    let found = BEGINS.captures(line)?;
    let part = |name: &str| found.name(name).map(|part| part.as_str().trim());
    let quoted = part("quoted").and_then(|quoted| quoted.strip_suffix(':'));
    let title = part("title").or(quoted).or_else(|| part("source"));
    title.and_then(shown)
}

/// The heading of what stands below `lines`: the caption right above it, else the last heading.
fn heading(lines: &[&str]) -> Option<String> {
    let lines = lines.iter().rev().take(LINES_ABOVE_MAX);
    let lines = lines.map(|line| line.trim());
    let mut lines = lines.filter(|line| !line.is_empty() && !line.chars().all(|c| c == GAP));
    let last = lines.next()?;
    // The parts of a result have such names too: "markdown:".
    let is_part = |line: &str| {
        line.chars()
            .all(|c| c.is_ascii_lowercase() || "_:".contains(c))
    };
    let is_caption = last.ends_with([':', '：']) && !is_part(last);
    match is_caption || last.starts_with('#') {
        true => shown(last),
        false => lines.find(|line| line.starts_with('#')).and_then(shown),
    }
}

/// `title` without the signs of Markdown around it; `None` where nothing is left, or that is long.
fn shown(title: &str) -> Option<String> {
    let around = |c: char| c.is_whitespace() || "#*_:：".contains(c);
    let bare = title.trim_matches(around);
    let fits = (1..=TITLE_CHARS_MAX).contains(&bare.chars().count());
    fits.then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_say_that_something_is_left_out() {
        let check = |line: &str, want: bool| assert_eq!(leaves_out(line), want, "{line}");
        check("  …", true);
        check("...", true);
        check("[page m4 goes on: recall it from 900]", true);
        check("(12 more rows)", true);
        check("... and 1,200 more lines", true);
        check("还有12行", true);
        check("truncated: true", true);
        check("truncated: false", false);
        check("12 more sacks were sold.", false);
        check("Rye | 12", false);
        check("And so on...", false);
        check("", false);
    }

    #[test]
    fn a_table_stands_below_a_title() {
        let check = |text: &str, want: &str| {
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(title_above(&lines, lines.len()), want, "{text}");
        };
        check("[d1: Mill: prices 2023]", "Mill: prices 2023");
        check("[d1: Mill]\n  ## Sacks\n  Sold by weight.", "Mill, Sacks");
        check(
            "[d1: Mill]\n  ## Sacks\n\n  Rye of the east:",
            "Mill, Rye of the east",
        );
        check("[d1] from file:mill.csv: «", "file:mill.csv");
        check(
            "[d1] from file:mill.csv; 2 more say the same: «Prices:",
            "Prices",
        );
        check("[d1] mill.md: «Rye is dear.", "mill.md");
        check("# Sacks\nRye:\n…", "Rye");
        check("# 价格\n", "价格");
    }

    #[test]
    fn what_is_no_title_is_none() {
        let check = |text: &str| {
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(title_above(&lines, lines.len()), "", "{text}");
        };
        check("");
        check("[d1]");
        check("[d1]\n  Rye is dear.");
        check("title: Tea\nmarkdown:");
        check("The mill grinds rye.");
        check(&format!("# Rye\n{}", "Oats\n".repeat(LINES_ABOVE_MAX)));
        check(&format!("# {}", "rye ".repeat(30)));
    }
}
