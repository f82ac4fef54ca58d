//! Files of JSON lines, read one line at a time, so that a large one fits in memory. What
//! the lines mean is known to the command that reads them; files read whole are in `text`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::terminal::error::UserError;
use crate::terminal::files::unread;

/// The longest line taken; nothing that is read by lines is larger.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file in UTF-16 begins.
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A line of a file: its number from 1, and its JSON or what is wrong with it.
pub type Line = (usize, Result<Value, String>);

/// The lines of a file that are not blank; `-` is standard input.
pub fn lines(path: &Path) -> Result<impl Iterator<Item = Line>> {
    let mut reader: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(path);
        let file = file.map_err(|error| unread(path, &error, "name a file of JSON lines"))?;
        if path.is_dir() {
            return Err(UserError::usage(
                format!("{} is a folder", path.display()),
                "name a file of JSON lines",
            ));
        }
        Box::new(BufReader::new(file))
    };
    let mut number = 0;
    let mut over = false;
    Ok(std::iter::from_fn(move || {
        while !over {
            number += 1;
            let line = next_line(&mut *reader, LINE_BYTES_MAX);
            let value = match line.map(|line| without_mark(number, line)) {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) if bytes.trim_ascii().is_empty() => continue,
                Ok(bytes) => parsed(&bytes),
                // Nobody knows where the next line begins.
                Err(reason) => {
                    over = true;
                    Err(reason)
                }
            };
            return Some((number, value));
        }
        None
    }))
}

/// The line without the byte order mark that some editors put before the first.
fn without_mark(number: usize, mut line: Vec<u8>) -> Vec<u8> {
    if number == 1 && line.starts_with(BYTE_ORDER_MARK) {
        line.drain(..BYTE_ORDER_MARK.len());
    }
    line
}

/// The value of a line. Without its end: to a text that is not closed that would be a control
/// character.
fn parsed(line: &[u8]) -> Result<Value, String> {
    // Values that are written over several lines begin so.
    match line.trim_ascii() {
        b"[" => return Err("a list that goes on in the next line".into()),
        b"{" => return Err("an object that goes on in the next line".into()),
        _ => {}
    }
    if UTF_16.iter().any(|mark| line.starts_with(mark)) {
        return Err("it is in UTF-16 (save the file as UTF-8)".into());
    }
    serde_json::from_slice(line.trim_ascii_end()).map_err(|error| in_line(&error))
}

/// The value of a line that has to be an object: a list would be taken for its fields in order.
pub fn object(value: Value) -> Result<Value, String> {
    match value.is_object() {
        true => Ok(value),
        false => Err("not a JSON object".into()),
    }
}

/// What is wrong within a line. serde_json counts lines too, and would call each the first.
fn in_line(error: &serde_json::Error) -> String {
    let words = error.to_string();
    match words.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what} at column {}", error.column()),
        None => words,
    }
}

/// The next line with its end; empty after the last.
fn next_line(reader: &mut dyn BufRead, bytes_max: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut limited = reader.take(bytes_max + 1);
    limited
        .read_until(b'\n', &mut bytes)
        .map_err(|error| error.to_string())?;
    match bytes.len() as u64 > bytes_max {
        true => Err(format!("longer than {bytes_max} bytes")),
        false => Ok(bytes),
    }
}

/// The JSON values of a file, with their line numbers; the first line that is none
/// is an error that names it.
pub fn json_lines(path: &Path) -> Result<impl Iterator<Item = Result<(usize, Value)>>> {
    let name = file_words(path);
    Ok(lines(path)?.map(move |(number, value)| {
        value.map(|value| (number, value)).map_err(|reason| {
            UserError::usage(
                format!("{name}, line {number}: {reason}"),
                "one JSON object a line",
            )
        })
    }))
}

/// What is wrong with the `text` of a file whose name says that it is JSON or JSON lines; `None`
/// where nothing is, and for other files.
pub fn not_json(path: &Path, text: &str) -> Option<String> {
    let end = path.extension()?.to_str()?.to_ascii_lowercase();
    let is_lines = match end.as_str() {
        "jsonl" | "ndjson" => true,
        "json" => false,
        _ => return None,
    };
    if !is_lines {
        let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
        return read.err().map(|error| format!("it is not JSON: {error}"));
    }
    let lines = (1..).zip(text.lines());
    let mut wrong = lines
        .filter(|(_, line)| !line.trim().is_empty())
        .filter_map(|(number, line)| Some((number, parsed(line.as_bytes()).err()?)));
    let (number, reason): (usize, String) = wrong.next()?;
    Some(match wrong.count() {
        0 => format!("line {number} is not JSON: {reason}"),
        more => format!("line {number} is not JSON: {reason}; nor are {more} of those after it"),
    })
}

/// The file's name in messages.
pub fn file_words(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_is_not_read_to_its_end() {
        let check = |text: &[u8], want: Result<&[u8], &str>| {
            let line = next_line(&mut &*text, 4);
            assert_eq!(line.as_deref().map_err(String::as_str), want);
        };
        check(b"", Ok(b""));
        check(b"abc\nd", Ok(b"abc\n"));
        check(b"abcd", Ok(b"abcd"));
        check(b"abcde\n", Err("longer than 4 bytes"));
        let mut endless = BufReader::new(std::io::repeat(b'a'));
        assert!(next_line(&mut endless, 1 << 20).is_err());
    }

    #[test]
    fn what_is_wrong_is_at_a_column_of_the_line() {
        let check = |line: &str, want: &str| {
            assert_eq!(parsed(line.as_bytes()).unwrap_err(), want);
        };
        check("{broken", "key must be a string at column 2");
        check(" [\r\n", "a list that goes on in the next line");
        check("{\n", "an object that goes on in the next line");
        check("[1,", "EOF while parsing a value at column 3");
        check("{\"id\": \"a\n", "EOF while parsing a string at column 9");
    }

    #[test]
    fn a_line_of_another_encoding_is_told() {
        let said = parsed(b"\xff\xfe{\0}\0").unwrap_err();
        assert_eq!(said, "it is in UTF-16 (save the file as UTF-8)");
    }

    #[test]
    fn a_file_that_is_not_what_its_name_says_is_told() {
        let check = |name: &str, text: &str, want: Option<&str>| {
            assert_eq!(not_json(name.as_ref(), text).as_deref(), want, "{name}");
        };
        check("a.jsonl", "1\n\n{\"a\":2}\n", None);
        let wrong = "line 2 is not JSON: key must be a string at column 2";
        check("a.jsonl", "1\n{broken\n", Some(wrong));
        let wrong = format!("{wrong}; nor are 2 of those after it");
        check("a.NDJSON", "1\n{broken\nx\n3\ny\n", Some(&wrong));
        check("a.json", "{\n\"a\": 1\n}", None);
        check(
            "a.json",
            "",
            Some("it is not JSON: EOF while parsing a value at line 1 column 0"),
        );
        check("a.txt", "{", None);
        check("json", "{", None);
    }

    #[test]
    fn blank_lines_count_and_a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lines");
        std::fs::write(&file, "1\n\n{\n \n2").unwrap();
        let seen: Vec<_> = lines(&file)
            .unwrap()
            .map(|(number, value)| (number, value.is_ok()))
            .collect();
        assert_eq!(seen, [(1, true), (3, false), (5, true)]);
        let refused = lines(folder.path()).err().unwrap().to_string();
        assert!(refused.ends_with(" is a folder"), "{refused}");
    }
}
