//! Programs that cannot run where they are to: a small model opens pages and files that are not there,
//! asks somebody to type, asks the clock, and takes values from names that nothing was given to.
//! Each is told with what to do instead. In doubt a program runs, and says itself what is wrong.

use std::sync::LazyLock;

use regex::Regex;

use super::given::Given;
use super::unbound::unbound;
use crate::pattern::{laid_out, pattern};
use crate::written::days;

const NO_NETWORK: &str = "There is no network:";
const WRITE_VALUES: &str = "write the values above into the program.";
const DEFINE_IT: &str = "import it in the program, or define it there.";
const NO_FILE: &str = "There is no such file:";
const NOBODY_TYPES: &str = "Nobody types anything in:";
const DAY_IS_GIVEN: &str = "The task gives the day: write it as datetime.date(year, month, day), and do not ask the clock.";

/// Modules that do nothing without a network.
const NETWORK: [&str; 8] = [
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "urllib.request",
    "urllib3",
];

/// Bytes between the words that tell which day it is and the day.
const NEAR: usize = 24;

/// Why the Python program `code`, which is for the task `told`, is not worth running, and what to do
/// instead. `has_input` says whether something is given to its `input()`, and `given` what it has as a
/// value.
pub(crate) fn cannot_run(code: &str, has_input: bool, told: &str, given: &Given) -> Option<String> {
    let plain = without_literals(code);
    let values = given.said().unwrap_or(WRITE_VALUES);
    let why = if uses_the_network(&plain) {
        NO_NETWORK
    } else if opens_a_file(&plain, code) {
        NO_FILE
    } else if !has_input && asks_for_input(&plain) {
        NOBODY_TYPES
    } else if asks_the_clock(&plain) && gives_the_day(told) {
        return Some(DAY_IS_GIVEN.to_owned());
    } else {
        let found = unbound(code)?;
        let instead = if found.is_code { DEFINE_IT } else { values };
        return Some(format!("There is no `{}`: {instead}", found.name));
    };
    Some(format!("{why} {values}"))
}

/// `code` without its comments, with all its texts empty.
fn without_literals(code: &str) -> String {
    static LITERALS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r#"(?s)"""(?:\\.|[^\\])*?"""
            |'''(?:\\.|[^\\])*?'''
            |"(?:\\.|[^"\\\n])*"
            |'(?:\\.|[^'\\\n])*'
            |\x23[^\n]*"#,
        )
    });
    let plain = LITERALS.replace_all(code, |found: &regex::Captures<'_>| {
        match found[0].starts_with('#') {
            true => "",
            false => "\"\"",
        }
    });
    plain.into_owned()
}

/// Whether the program imports what needs a network, and does not do without where that is missing.
fn uses_the_network(plain: &str) -> bool {
    static IMPORTS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?m)^\s*(?:import\s+(?P<names>[\w., ]+)|from\s+(?P<from>[\w.]+)\s+import\s+(?P<part>\w+))",
        )
    });
    let is_network = |module: &str| {
        NETWORK.iter().any(|known| {
            let rest = module.strip_prefix(*known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ']))
        })
    };
    let imported = |found: regex::Captures<'_>| match (found.name("from"), found.name("part")) {
        (Some(from), Some(part)) => {
            let (from, part) = (from.as_str(), part.as_str());
            is_network(from) || is_network(&format!("{from}.{part}"))
        }
        _ => found["names"]
            .split(',')
            .any(|name| is_network(name.trim())),
    };
    !plain.contains("ImportError")
        && !plain.contains("ModuleNotFoundError")
        && IMPORTS.captures_iter(plain).any(imported)
}

/// Whether the program reads a file by its name that it has not written itself.
fn opens_a_file(plain: &str, code: &str) -> bool {
    static OPENS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"(?m)(?:^|[^.\w])open\s*\(\s*(?:""|[a-zA-Z_]\w*\s*[,)])"#));
    static WRITES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"open\s*\([^)\n]*,\s*(?:mode\s*=\s*)?["'][rbt]*[wax+]|tempfile|write_text|write_bytes|\bdef\s+open\b|\bimport\b.*\bopen\b|os\.path|\bexists\b|OSError|FileNotFoundError"#,
        )
    });
    OPENS.is_match(plain) && !WRITES.is_match(code)
}

/// Whether the program waits for somebody to type.
fn asks_for_input(plain: &str) -> bool {
    static ASKS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)(?:^|[^.\w])input\s*\(|\bsys\.stdin\b"));
    static OTHER: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\bdef\s+input\b|\binput\s*=|\bsys\.stdin\s*=|\bEOFError\b"));
    ASKS.is_match(plain) && !OTHER.is_match(plain)
}

/// Whether the program asks what day it is.
fn asks_the_clock(plain: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\.\s*(?:now|today|utcnow)\s*\("));
    ASKS.is_match(plain)
}

/// Whether `told` says which day it is, or counts between two days of a year each.
fn gives_the_day(told: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:today|it|now)\s+is\b|\btoday\s*[:=]|\bas\s+of\b|(?:今天|今日|现在)\s*是")
    });
    // An age and what is left are counted from today, without saying so.
    static TODAY: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:today|now|currently|tomorrow|yesterday|ago|next|last|this|old|age|left|remain\w*|still
            |already|yet|so\s+far)\b|今|现在|明|昨|前|上|下|还|剩|已|岁|多大",
        )
    });
    let days = days::written(told);
    let whole = || days.iter().filter(|day| day.year.is_some());
    let is_told = |end: usize| {
        let mut days = whole();
        days.any(|day| (end..end + NEAR).contains(&day.at.start))
    };
    SAYS.find_iter(told).any(|said| is_told(said.end()))
        || whole().count() > 1 && !TODAY.is_match(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "How many days lie between 3 May 2024 and 9 June 2024?";

    #[test]
    fn a_program_that_cannot_run_is_told_why() {
        let check = |code: &str, want: &str| {
            let why = cannot_run(code, false, TASK, &Given::default()).unwrap_or_default();
            assert!(why.contains(want), "{code}: {why}");
            assert_eq!(why.is_empty(), want.is_empty(), "{code}: {why}");
        };
        check(
            "import requests\nprint(requests.get('http://a').text)",
            "no network",
        );
        check(
            "def f():\n    from urllib.request import urlopen\n    return 4",
            "no network",
        );
        check("from urllib import request", "no network");
        check("import json, httpx as h", "no network");
        check(
            "with open('table.csv') as f:\n    print(f.read())",
            "no such file",
        );
        check("name = 'a.txt'\nprint(open(name).read())", "no such file");
        check("n = int(input('How many? '))", "Nobody types");
        check("import sys\nprint(sys.stdin.read())", "Nobody types");
        check(
            "import datetime\nd = datetime.date.today()",
            "gives the day",
        );
        check("for row in table:\n    print(row)", "no `table`");
        check("print(len(data))", "no `data`");
        check("x = page.split(',')", "no `page`");
        check("def solution():\n    return rows[0] + 4", "no `rows`");
        check("total = sum(price for price in prices)", "no `prices`");
        check("def solution():\n    return oops", "no `oops`: write");
        check("print(self.rows[0])", "no `self`");
        check(
            "def solution():\n    return next(row[4] for row in data if row[0] == 'Ann')",
            "no `data`",
        );
        check("print(sqrt(4))", "no `sqrt`: import");
    }

    #[test]
    fn any_other_program_runs() {
        let check = |code: &str| {
            assert_eq!(
                cannot_run(code, false, TASK, &Given::default()),
                None,
                "{code}"
            )
        };
        check("requests = 4\nprint(requests)  # import requests");
        check("try:\n    import requests\nexcept ImportError:\n    requests = None");
        check("from urllib.parse import quote\nprint(quote('a b'))");
        check("with open('a.txt', 'w') as f:\n    f.write('4')\nprint(open('a.txt').read())");
        check("import gzip\nprint(gzip.open)\nprint('open(a)')");
        check("print('input()')\ndef input():\n    return 4\nprint(input())");
        check("import datetime\nprint(datetime.date(2024, 5, 3))");
        check("rows = [1, 2]\nfor row in rows:\n    print(row)\nprint(sum(rows))");
        check("def total(prices):\n    return sum(prices) + prices[0]");
        check("a, b = [1], [2]\nprint(len(a) + b[0])");
        check("for at, row in enumerate([[1]]):\n    print(row[0] + at)");
        check("import re, math as m\nprint(re.split(',', 'a,b')[0])");
        check("x: list[int] = [1]\nprint([y for y in x])");
        check("with open as f:\n    pass\nprint((lambda x: x[0])([1]))");
        check("def f():\n    return [1, 2]\nprint(f()[0])");
        check("from data import *\nprint(table[0])");
        check("'''\nfor row in table:\n'''\nprint(4)");
        check("");
    }

    #[test]
    fn the_clock_may_be_asked_where_no_day_is_given() {
        let check = |told: &str, want: bool| {
            let why = cannot_run(
                "import datetime\nprint(datetime.datetime.now())",
                true,
                told,
                &Given::default(),
            );
            assert_eq!(why.is_some(), want, "{told}");
        };
        check(TASK, true);
        check("Today is 3 May 2024. Which day is in 9 days?", true);
        check("今天是2024年5月3日，9天后是几号？", true);
        check("Which day is in 9 days?", false);
        check("How many days are left until 3 May 2027?", false);
        check(
            "How many days from today to 3 May 2027 and 9 June 2027?",
            false,
        );
        check("It is 9 o'clock. When does the mill open?", false);
        // From today on, without a word for it.
        check(
            "Ann was born on 3 May 1990, Bo on 9 June 1992. How old are they?",
            false,
        );
        check(
            "The fair runs from 3 May 2027 to 9 June 2027. How much of it is left?",
            false,
        );
        check("展览从2027年5月3日到2027年6月9日，还有几天？", false);
        check("", false);
        assert_eq!(
            cannot_run("n = input()", true, TASK, &Given::default()),
            None
        );
    }
}
