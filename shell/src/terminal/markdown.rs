//! The Markdown of an answer on a terminal: headings, lists, quotes, fenced code, strong and
//! emphasised words. Nothing else is touched, and nothing at all where standard output is no
//! terminal, has no colours (`NO_COLOR`) or is read aloud (`--plain`).
//!
//! Models write numbers and code with the same signs, so a mark counts only where it cannot be
//! part of a word: `2*3*4`, `x**2` and `snake_case` stay as they are. What is not certain is
//! printed as it was written.

use std::io::IsTerminal;

use console::Style;

use super::output::{is_plain, visible};
use super::secrets;

/// An answer as it goes to standard output: made visible, and styled where that can be seen.
pub fn printed(text: &str) -> String {
    // Before a style stands between the letters of one.
    let text = visible(&secrets::text(text));
    let is_styled = std::io::stdout().is_terminal() && console::colors_enabled() && !is_plain();
    match is_styled {
        true => styled(&text),
        false => text,
    }
}

/// What a mark makes of the words between.
struct Styles {
    heading: Style,
    strong: Style,
    emphasis: Style,
    code: Style,
    aside: Style,
}

impl Styles {
    fn new() -> Self {
        let style = || Style::new().force_styling(true);
        Self {
            heading: style().bold().underlined(),
            strong: style().bold(),
            emphasis: style().italic(),
            code: style().cyan(),
            aside: style().dim(),
        }
    }
}

/// `text` with styles in place of its marks, line by line.
fn styled(text: &str) -> String {
    let styles = Styles::new();
    let mut fence: Option<&str> = None;
    let lines = text.split('\n').map(|line| {
        let marks = fence_of(line);
        match (fence, marks) {
            // Only as many of the same sign, and nothing else, end it.
            (Some(begun), Some(marks)) if marks.starts_with(begun) && line.trim() == marks => {
                fence = None;
                styles.aside.apply_to(line).to_string()
            }
            (Some(_), _) if line.is_empty() => String::new(),
            (Some(_), _) => styles.code.apply_to(line).to_string(),
            (None, Some(marks)) => {
                fence = Some(marks);
                styles.aside.apply_to(line).to_string()
            }
            (None, None) => of_line(line, &styles),
        }
    });
    let lines: Vec<String> = lines.collect();
    lines.join("\n")
}

/// The signs that begin or end a block of code, if the line does.
fn fence_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let sign = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(sign);
    let marks = &line[..line.len() - rest.len()];
    // Code within a line may begin with three of them, too.
    (marks.len() >= 3 && !(sign == '`' && rest.contains('`'))).then_some(marks)
}

/// A line outside of code.
fn of_line(line: &str, styles: &Styles) -> String {
    let rest = line.trim_start();
    let indent = &line[..line.len() - rest.len()];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    if let Some(title) = rest[hashes..].strip_prefix(' ')
        && (1..=6).contains(&hashes)
    {
        let title = title.trim().replace("**", "");
        return styles.heading.apply_to(title).to_string();
    }
    if let Some(quoted) = rest.strip_prefix("> ") {
        let bar = styles.aside.apply_to("│");
        return format!("{indent}{bar} {}", inline(quoted, styles));
    }
    let item = ["- ", "* ", "+ "]
        .iter()
        .find_map(|mark| rest.strip_prefix(mark));
    match item {
        // Several of them with spaces between are a line across the page, not a list.
        Some(item) if !item.chars().all(|c| matches!(c, '-' | '*' | '+' | ' ')) => {
            format!("{indent}• {}", inline(item, styles))
        }
        _ => format!("{indent}{}", inline(rest, styles)),
    }
}

/// The words of a line.
fn inline(text: &str, styles: &Styles) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        match marked(rest, before, styles) {
            Some((words, after)) => {
                shown.push_str(&words);
                rest = after;
                // What follows directly begins no word.
                before = Some('x');
            }
            None => {
                // Signs that belong together are looked at once.
                let taken = match c {
                    '*' | '_' | '`' => rest.len() - rest.trim_start_matches(c).len(),
                    _ => c.len_utf8(),
                };
                shown.push_str(&rest[..taken]);
                rest = &rest[taken..];
                before = Some(c);
            }
        }
    }
    shown
}

/// What stands between a mark at the beginning of `text` and the one that ends it, in its style,
/// and what comes after; `None` where there is no mark, or it is not ended.
fn marked<'a>(text: &'a str, before: Option<char>, styles: &Styles) -> Option<(String, &'a str)> {
    let sign = text
        .chars()
        .next()
        .filter(|c| matches!(c, '*' | '_' | '`'))?;
    let rest = text.trim_start_matches(sign);
    let mark = &text[..text.len() - rest.len()];
    if sign == '`' {
        let end = end_of_code(rest, mark)?;
        let code = styles.code.apply_to(&rest[..end]).to_string();
        return Some((code, &rest[end + mark.len()..]));
    }
    let in_word = before.is_some_and(is_of_word);
    let begins = |c: char| c.is_alphanumeric() || matches!(c, '"' | '\'' | '(' | '[' | '`');
    // `__name__` is a name of Python.
    let most = if sign == '_' { 1 } else { 2 };
    if in_word || mark.len() > most || !rest.starts_with(begins) {
        return None;
    }
    let end = end_of_mark(rest, mark)?;
    let words = &rest[..end];
    let style = match mark.len() {
        1 => &styles.emphasis,
        _ => &styles.strong,
    };
    // A mark within keeps its signs: a style would end where another one does.
    let words = style.apply_to(words).to_string();
    Some((words, &rest[end + mark.len()..]))
}

/// Whether a mark beside `c` may be part of a word. Chinese and Japanese have no spaces.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() && c < '\u{2e80}'
}

/// Where the code ends that `mark` began: at exactly as many signs.
fn end_of_code(text: &str, mark: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let begin = at + found;
        let rest = &text[begin..];
        let same = rest.len() - rest.trim_start_matches('`').len();
        if same == mark.len() {
            return Some(begin);
        }
        at = begin + same;
    }
    None
}

/// Where the words end that `mark` began: at the same mark behind a word and before none.
fn end_of_mark(text: &str, mark: &str) -> Option<usize> {
    let sign = mark.chars().next()?;
    let mut at = 0;
    while let Some(found) = text[at..].find(sign) {
        let begin = at + found;
        let rest = &text[begin..];
        let after = rest.trim_start_matches(sign);
        let same = rest.len() - after.len();
        let behind = text[..begin].chars().next_back();
        let is_behind = behind.is_some_and(|c| !c.is_whitespace());
        let is_end = after.chars().next().is_none_or(|c| !is_of_word(c));
        if same == mark.len() && is_behind && is_end {
            return Some(begin);
        }
        at = begin + same;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `styled` with words for the escapes.
    fn told(text: &str) -> String {
        let mut told = styled(text);
        for (escape, word) in [
            ("\u{1b}[1m\u{1b}[4m", "<h>"),
            ("\u{1b}[1m", "<b>"),
            ("\u{1b}[3m", "<i>"),
            ("\u{1b}[36m", "<c>"),
            ("\u{1b}[2m", "<d>"),
            ("\u{1b}[0m", "</>"),
        ] {
            told = told.replace(escape, word);
        }
        told
    }

    #[test]
    fn marks_become_styles() {
        let check = |text: &str, want: &str| assert_eq!(told(text), want);
        check("plain words", "plain words");
        check("# Title", "<h>Title</>");
        check("### Third  ", "<h>Third</>");
        check("#hash, and # alone", "#hash, and # alone");
        check("- one\n  * two", "• one\n  • two");
        check("1. one", "1. one");
        check("* * *", "* * *");
        check("---", "---");
        check("> said", "<d>│</> said");
        check("a **strong** word", "a <b>strong</> word");
        check("**Note:** so", "<b>Note:</> so");
        check("(*so*)", "(<i>so</>)");
        check("这是**重点**的内容", "这是<b>重点</>的内容");
        check("_so_, too", "<i>so</>, too");
        check("run `ls *` now", "run <c>ls *</> now");
        check("``a ` b``", "<c>a ` b</>");
        check("- **a**: `b`", "• <b>a</>: <c>b</>");
        check("## **A** title", "<h>A title</>");
    }

    #[test]
    fn what_may_be_code_or_numbers_stays() {
        for text in [
            "2*3*4 = 24",
            "2 * 3 * 4 = 24",
            "x**2 + y**2",
            "snake_case_name and __init__",
            "ls *.rs *.md*",
            "*args and **kwargs",
            "a ** b ** c",
            "an *open mark",
            "an `open mark",
            "***",
            "5 > 3",
            "",
        ] {
            assert_eq!(told(text), text);
        }
    }

    #[test]
    fn code_in_a_fence_is_left_alone() {
        let check = |text: &str, want: &str| assert_eq!(told(text), want);
        check(
            "```python\n# no heading\n\n**no** `mark`\n```\n# Title",
            "<d>```python</>\n<c># no heading</>\n\n<c>**no** `mark`</>\n<d>```</>\n<h>Title</>",
        );
        check(
            "~~~~\n~~~\n~~~~~\nout",
            "<d>~~~~</>\n<c>~~~</>\n<d>~~~~~</>\nout",
        );
        check("```one line``` of it", "<c>one line</> of it");
        check("```\nnot ended", "<d>```</>\n<c>not ended</>");
    }

    proptest! {
        /// Nothing but marks is lost, and every style ends.
        #[test]
        fn no_word_is_lost(text in "[a-c *_`#>\n-]{0,40}") {
            let shown = styled(&text);
            let letters = |text: &str| -> String {
                text.chars().filter(|c| matches!(c, 'a'..='c' | '\n')).collect()
            };
            prop_assert_eq!(letters(&console::strip_ansi_codes(&shown)), letters(&text));
            let begun = shown.matches("\u{1b}[").count() - shown.matches("\u{1b}[0m").count();
            let ended = shown.matches("\u{1b}[0m").count();
            prop_assert!(begun >= ended && (begun == 0) == (ended == 0));
        }
    }
}
