//! Files of JSON lines, read one line at a time.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::error::UserError;

/// A line of a file: its number from 1, and its JSON or what is wrong with it.
pub type Line = (usize, Result<Value, String>);

/// The lines of a file that are not blank; `-` is standard input.
pub fn lines(path: &Path) -> Result<impl Iterator<Item = Line>> {
    let reader: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(path).map_err(|error| {
            UserError::usage(
                format!("{}: {error}", path.display()),
                "name a file of JSON lines",
            )
        })?;
        Box::new(BufReader::new(file))
    };
    Ok(reader.split(b'\n').enumerate().filter_map(|(i, line)| {
        let value = match line {
            Ok(bytes) if bytes.trim_ascii().is_empty() => return None,
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        Some((i + 1, value))
    }))
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

/// The file's name in messages.
pub fn file_words(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}
