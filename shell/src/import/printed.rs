//! The pages of a PDF as they were printed. A page that cannot be read is left out and named;
//! the rest of the file is taken.

use std::collections::BTreeMap;

use quipu_tools::{ErrorKind, ToolError};
use serde_json::Value;

use super::failure::{failed, why};

/// Pages that may end the reader before the file is given up.
const FAILURES_MAX: usize = 16;

/// The text of a file's pages.
#[derive(Debug, Default, PartialEq)]
pub struct Printed {
    /// What the file calls itself; may be empty.
    pub title: String,
    /// The text of each page; empty where there is none.
    pub pages: Vec<String>,
    /// For each reason the pages, counted from one, that have no text for it, or not all.
    without: BTreeMap<String, Vec<u64>>,
    /// Why a scanned page could not be read.
    unseen: Option<String>,
}

/// Reads the pages from one to another, counted from one.
type ReadPages<'a> = &'a dyn Fn(u64, u64) -> Result<Value, ToolError>;

/// Reads the text in the picture of a page, counted from one; then follow which scan that is, and
/// of how many.
type LookAt<'a> = &'a dyn Fn(u64, (usize, usize)) -> Result<String, String>;

/// Why a page has no text that is a picture of it.
const SCAN: &str = "has no text (a scan?)";
/// Why a page may have more text than its letters.
const LITTLE: &str = "has little text beside a picture (a scan?)";
/// Why a page has no text that shows nothing.
const BLANK: &str = "is blank";

/// All pages of a file, the scanned ones as read by `look`; or why there are none.
pub fn pages(read: ReadPages, look: LookAt) -> Result<Printed, String> {
    let mut printed = with_letters(read)?;
    printed.look_at_scans(look);
    printed.checked()
}

/// The pages as far as they have letters.
fn with_letters(read: ReadPages) -> Result<Printed, String> {
    let mut printed = Printed::default();
    let all = match read(1, u64::from(u32::MAX)) {
        Ok(all) => {
            printed.add(1, &all);
            return Ok(printed);
        }
        Err(error) if ends_reader(&error) => error,
        Err(error) => return Err(why(&error)),
    };
    // How many there are can be asked without reading one.
    let count = match read(1, 0) {
        Ok(part) => part["count"].as_u64().unwrap_or(0),
        Err(_) => return Err(failed("a PDF", &all)),
    };
    let mut failures = 0;
    let mut parts = vec![(1, count)];
    while let Some((first, last)) = parts.pop() {
        if first > last {
            continue;
        }
        // The whole is known to fail.
        let part = match (first, last) == (1, count) && count > 1 {
            true => None,
            false => Some(read(first, last)),
        };
        match part {
            Some(Ok(part)) => printed.add(first, &part),
            Some(Err(_)) if first == last => {
                failures += 1;
                if failures > FAILURES_MAX {
                    return Err(failed("a PDF", &all));
                }
                printed.lack(first, "cannot be read");
            }
            _ => {
                let middle = first + (last - first) / 2;
                parts.push((middle + 1, last));
                parts.push((first, middle));
            }
        }
    }
    Ok(printed)
}

/// Whether a page may have ended the reader.
fn ends_reader(error: &ToolError) -> bool {
    matches!(
        error.kind,
        ErrorKind::Trap | ErrorKind::Timeout | ErrorKind::Memory
    )
}

impl Printed {
    /// Takes in what was read from page `first` on.
    fn add(&mut self, first: u64, part: &Value) {
        if let Some(title) = part["title"].as_str() {
            title.clone_into(&mut self.title);
        }
        let pages = part["pages"].as_array().into_iter().flatten();
        for (n, text) in (first..).zip(pages) {
            self.reach(n);
            self.pages[n as usize - 1] = text.as_str().unwrap_or_default().to_owned();
        }
        for missing in part["missing"].as_array().into_iter().flatten() {
            let page = missing["page"].as_u64().unwrap_or(0).max(1);
            self.lack(page, missing["reason"].as_str().unwrap_or_default());
        }
    }

    /// Reads the pages that are pictures, and those that are pictures for the most part. The
    /// first failure is told: it is that of all where the weights are missing.
    fn look_at_scans(&mut self, look: LookAt) {
        let mut scans: Vec<(u64, &str)> = Vec::new();
        for reason in [SCAN, LITTLE] {
            let pages = self.without.remove(reason).unwrap_or_default();
            scans.extend(pages.into_iter().map(|page| (page, reason)));
        }
        scans.sort_unstable();
        for (n, (page, reason)) in (1..).zip(&scans) {
            match look(*page, (n, scans.len())) {
                Ok(text) if !text.trim().is_empty() => self.add_seen(*page, &text),
                Ok(_) if *reason == SCAN => self.lack(*page, "has a picture without text"),
                Ok(_) => {}
                Err(why) => {
                    self.unseen.get_or_insert(why);
                    self.lack(*page, reason);
                }
            }
        }
    }

    /// Takes in what was seen on a page, behind its letters.
    fn add_seen(&mut self, page: u64, seen: &str) {
        self.reach(page);
        let text = &mut self.pages[page as usize - 1];
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(seen);
    }

    fn lack(&mut self, page: u64, reason: &str) {
        self.reach(page);
        self.without
            .entry(reason.to_owned())
            .or_default()
            .push(page);
    }

    /// Makes room for page `n`.
    fn reach(&mut self, n: u64) {
        let n = n as usize;
        if self.pages.len() < n {
            self.pages.resize(n, String::new());
        }
    }

    /// The same, unless no page has a text.
    fn checked(self) -> Result<Self, String> {
        if self.pages.iter().any(|text| !text.trim().is_empty()) {
            return Ok(self);
        }
        if self.without.keys().all(|reason| reason == "is broken") {
            return Err(
                "a broken PDF: what its pages show is not in the file, or damaged (copy it again)"
                    .into(),
            );
        }
        let is_scan = self.without.keys().any(|reason| reason.contains("scan"));
        Err(match is_scan {
            true => {
                let why = self.unseen.as_deref().unwrap_or("nothing was read in it");
                format!("a PDF without text (it may be a scan: {why})")
            }
            false if self.without.keys().all(|reason| reason == BLANK) => {
                "a PDF without text: its pages are blank".into()
            }
            false => format!("a PDF without text: {}", self.missing().join("; ")),
        })
    }

    /// The missing parts, in words: "2 of 3 pages; page 2 has no text (a scan?)".
    pub fn missing(&self) -> Vec<String> {
        let has_text = |page: &&u64| !self.pages[**page as usize - 1].trim().is_empty();
        let missing = self.without.values().flatten();
        let lost = missing.filter(|page| !has_text(page)).count();
        if self.without.is_empty() {
            return Vec::new();
        }
        let words = self
            .without
            .iter()
            .map(|(reason, pages)| match pages.as_slice() {
                [page] => format!("page {page} {reason}"),
                pages => format!("pages {} {}", numbers(pages), plural(reason)),
            });
        let all = self.pages.len();
        let head = format!("{} of {all} pages", all - lost);
        let why = self
            .unseen
            .iter()
            .map(|why| format!("scans are not read: {why}"));
        vec![
            std::iter::once(head)
                .chain(words)
                .chain(why)
                .collect::<Vec<_>>()
                .join("; "),
        ]
    }
}

/// The words about one page, for several pages.
fn plural(reason: &str) -> String {
    match reason.split_once(' ') {
        Some(("has", rest)) => format!("have {rest}"),
        Some(("is", rest)) => format!("are {rest}"),
        _ => reason.to_owned(),
    }
}

/// "1-3, 7"
fn numbers(pages: &[u64]) -> String {
    let mut pages = pages.to_vec();
    pages.sort_unstable();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for page in pages {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == page => *last = page,
            _ => runs.push((page, page)),
        }
    }
    let run = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A reader of `count` pages that some of them end.
    fn read(count: u64, fatal: &[u64], first: u64, last: u64) -> Result<Value, ToolError> {
        let last = last.min(count);
        if fatal.iter().any(|page| (first..=last).contains(page)) {
            return Err(ToolError::new(ErrorKind::Trap, "unreachable", ""));
        }
        let pages: Vec<String> = (first..=last)
            .map(|n| {
                if n == 2 {
                    String::new()
                } else {
                    format!("text {n}")
                }
            })
            .collect();
        let missing = match (first..=last).contains(&2) {
            true => json!([{"page": 2, "reason": "has no text (a scan?)"}]),
            false => json!([]),
        };
        Ok(json!({"count": count, "pages": pages, "missing": missing}))
    }

    #[test]
    fn scanned_pages_are_looked_at() {
        let check = |look: LookAt, expected: &[&str], missing: &[&str]| {
            let printed = pages(&|first, last| read(3, &[], first, last), look);
            let printed = printed.unwrap();
            assert_eq!(printed.pages, expected);
            assert_eq!(printed.missing(), missing);
        };
        check(
            &|page, _| Ok(format!("seen {page}")),
            &["text 1", "seen 2", "text 3"],
            &[],
        );
        check(
            &|_, _| Ok(" ".to_owned()),
            &["text 1", "", "text 3"],
            &["2 of 3 pages; page 2 has a picture without text"],
        );
    }

    #[test]
    fn what_is_seen_stands_behind_the_letters_of_a_page() {
        let part = json!({"count": 2, "pages": ["Page 1", "Page 2"], "missing": [
            {"page": 2, "reason": LITTLE},
        ]});
        let check = |look: LookAt, second: &str, missing: &[&str]| {
            let printed = pages(&|_, _| Ok(part.clone()), look).unwrap();
            assert_eq!(printed.pages, ["Page 1", second]);
            assert_eq!(printed.missing(), missing);
        };
        check(&|_, _| Ok("A letter.".into()), "Page 2\n\nA letter.", &[]);
        check(&|_, _| Ok(String::new()), "Page 2", &[]);
        check(
            &|_, _| Err("no eyes".into()),
            "Page 2",
            &[
                "2 of 2 pages; page 2 has little text beside a picture (a scan?); scans are not read: no eyes",
            ],
        );
    }

    #[test]
    fn pages_that_lack_something_are_named() {
        let check = |texts: &[&str], lacking: &[(u64, &str)], expected: Result<&[&str], &str>| {
            let missing: Vec<Value> = lacking
                .iter()
                .map(|(page, reason)| json!({"page": page, "reason": reason}))
                .collect();
            let part = json!({"count": texts.len(), "pages": texts, "missing": missing});
            let printed = pages(&|_, _| Ok(part.clone()), &|_, _| Err("no eyes".to_owned()));
            let found = printed.map(|printed| printed.missing());
            let words = |all: &[&str]| all.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected.map(words).map_err(str::to_owned));
        };
        check(&["a"], &[], Ok(&[]));
        let blank = (2, "is blank");
        check(&["a", ""], &[blank], Ok(&["1 of 2 pages; page 2 is blank"]));
        check(
            &["a", "", "c", ""],
            &[
                blank,
                (3, "is not whole: a part of it is broken"),
                (4, "is broken"),
            ],
            Ok(&[
                "2 of 4 pages; page 2 is blank; page 4 is broken; page 3 is not whole: a part of it is broken",
            ]),
        );
        check(
            &["", ""],
            &[blank, (1, "is blank")],
            Err("a PDF without text: its pages are blank"),
        );
        check(
            &["", ""],
            &[blank, (1, "is broken")],
            Err("a PDF without text: 0 of 2 pages; page 2 is blank; page 1 is broken"),
        );
    }

    #[test]
    fn a_page_costs_itself() {
        let check = |count: u64, fatal: &[u64], expected: Result<(usize, &[&str]), &str>| {
            let look = |_, _| Err("no eyes".to_owned());
            let printed = pages(&|first, last| read(count, fatal, first, last), &look);
            let found = printed.as_ref().map(|printed| {
                let texts = printed.pages.iter().filter(|text| !text.is_empty()).count();
                (texts, printed.missing())
            });
            let expected = expected.map(|(texts, missing)| {
                (
                    texts,
                    missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
                )
            });
            assert_eq!(found.map_err(String::as_str), expected, "{count} {fatal:?}");
        };
        check(1, &[], Ok((1, &[])));
        check(
            3,
            &[],
            Ok((
                2,
                &["2 of 3 pages; page 2 has no text (a scan?); scans are not read: no eyes"],
            )),
        );
        check(
            9,
            &[4, 5, 9],
            Ok((
                5,
                &[
                    "5 of 9 pages; pages 4-5, 9 cannot be read; page 2 has no text (a scan?); scans are not read: no eyes",
                ],
            )),
        );
        check(
            1,
            &[1],
            Err("a PDF without text: 0 of 1 pages; page 1 cannot be read"),
        );
    }
}
