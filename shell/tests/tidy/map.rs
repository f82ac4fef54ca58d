//! ARCHITECTURE.md is short, what it and its sisters point at is there, and the book names each
//! event.

use super::{Complaints, File, check};

/// Bytes that the map may have: two pages.
const BYTES_MAX: usize = 8_000;
/// Pages that point at places.
const MAPS: &[&str] = &["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
/// Where a path of the map may begin: at the root, or in the sources of a crate.
const ROOTS: &[&str] = &["", "kernel/src/", "cpu/src/", "shell/src/", "memory/src/"];

fn the_map_is_true(files: &[File]) -> Complaints {
    let mut complaints = Vec::new();
    for map in files
        .iter()
        .filter(|file| MAPS.contains(&file.path.as_str()))
    {
        if map.path == MAPS[0] && map.bytes.len() > BYTES_MAX {
            complaints.push(format!(
                "{}: {} bytes, at most {BYTES_MAX}: say it at the head of a file",
                map.path,
                map.bytes.len()
            ));
        }
        let text = String::from_utf8_lossy(&map.bytes);
        for path in text.split('`').skip(1).step_by(2).flat_map(spread) {
            // Commands, patterns and places to be filled in are none.
            let is_path = path.contains('/')
                && !path.starts_with('/')
                && !path.starts_with("target/")
                && !path.contains([' ', '*', '<', '~', ':'])
                && !path.contains("NAME");
            let there = |root: &&str| {
                let whole = format!("{root}{path}");
                files.iter().any(|file| file.path.starts_with(&whole))
            };
            if is_path && !ROOTS.iter().any(there) {
                complaints.push(format!("{}: there is no {path}", map.path));
            }
        }
    }
    complaints
}

/// The page that names a test for each promise.
const PROMISES: &str = "SECURITY.md";

fn the_tests_of_the_promises_are_there(files: &[File]) -> Complaints {
    let Some(page) = files.iter().find(|file| file.path == PROMISES) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&page.bytes);
    let is_name = |name: &&str| {
        let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        name.contains('_') && name.chars().all(part)
    };
    let is_there = |name: &str, place: &str| {
        let head = format!("fn {name}(");
        let sources = files.iter().filter(|file| file.extension() == "rs");
        sources
            .filter(|file| file.path.starts_with(place))
            .filter_map(|file| std::str::from_utf8(&file.bytes).ok())
            .any(|source| source.contains(&head))
    };
    let mut complaints = Vec::new();
    // A test is in the file or the folder that is named before it.
    let mut place = "";
    for word in text.split('`').skip(1).step_by(2) {
        if word.contains('/') {
            place = word;
        } else if is_name(&word) && !is_there(word, place) {
            complaints.push(format!("{PROMISES}: there is no test {word} in {place}"));
        }
    }
    complaints
}

/// Where the events are, and the page of the book that names each.
const EVENTS: (&str, &str) = ("kernel/src/event/mod.rs", "book/src/scripts.md");

fn each_event_is_in_the_book(files: &[File]) -> Complaints {
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
            .unwrap_or_default()
    };
    let (source, page) = (text(EVENTS.0), text(EVENTS.1));
    let lines = source.lines();
    let lines = lines.skip_while(|line| !line.starts_with("pub enum Event {"));
    let variants = lines
        .take_while(|line| *line != "}")
        .filter_map(|line| line.strip_prefix("    ")?.strip_suffix(" {"))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    variants
        .map(in_small_letters)
        .filter(|name| !page.contains(&format!("`{name}`")))
        .map(|name| format!("{}: says nothing of the event {name}", EVENTS.1))
        .collect()
}

/// `LimitHit` as `limit_hit`, as it is serialised.
fn in_small_letters(name: &str) -> String {
    let mut small = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !small.is_empty() {
            small.push('_');
        }
        small.push(c.to_ascii_lowercase());
    }
    small
}

/// `a/{b,c}` as `a/b` and `a/c`.
fn spread(path: &str) -> Vec<String> {
    match path.split_once('{').zip(path.split_once('}')) {
        Some(((start, _), (inside, end))) => inside[start.len() + 1..]
            .split(',')
            .map(|one| format!("{start}{one}{end}"))
            .collect(),
        None => vec![path.to_owned()],
    }
}

#[test]
fn map() {
    let long = "x".repeat(BYTES_MAX + 1);
    check(the_map_is_true, 1, &[("ARCHITECTURE.md", &long)]);
    let samples = [
        (
            "ARCHITECTURE.md",
            "`kernel/src/` and `exec/act.rs`, `kernel/src/exec/{act,gone}.rs`, `a or b/c`, `old/x.rs`",
        ),
        ("kernel/src/exec/act.rs", ""),
    ];
    check(the_map_is_true, 2, &samples);
}

#[test]
fn promises() {
    let samples = [
        (
            PROMISES,
            "`a/b.rs`: `it_holds`, `it_lasts`; `a/c/`: `it_lasts`, `it_holds`, `it_is_gone`",
        ),
        ("a/b.rs", "fn it_holds() {}"),
        ("a/c/d.rs", "fn it_lasts() {}"),
    ];
    check(the_tests_of_the_promises_are_there, 3, &samples);
}

#[test]
fn events() {
    let samples = [
        (
            EVENTS.0,
            "pub enum Event {\n    /// It began.\n    Started {\n        pid: Pid,\n    },\n    LimitHit {\n    },\n}\nimpl Event {\n    Other {\n",
        ),
        (EVENTS.1, "| `started` | |"),
    ];
    check(each_event_is_in_the_book, 1, &samples);
}
