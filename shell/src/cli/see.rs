//! `quipu see`: the text in pictures.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::each_file;
use crate::session::Session;
use crate::session::senses::{Eyes, PICTURE_BYTES_MAX, Seen, check_picture, picture_bytes};
use crate::terminal::error::FAILED;
use crate::terminal::output;
use crate::terminal::words::words;

/// Print the text in pictures: scans, photographs of pages, screenshots
#[derive(Debug, Args)]
pub struct SeeArgs {
    /// Pictures (PNG, JPEG, WebP, TIFF or BMP); `-` reads one from standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON: the text, and each line with its box and its confidence; of several files
    /// a list
    #[arg(long)]
    json: bool,
}

/// Runs the command. What cannot be read costs itself, not the other files.
pub fn run(session: &Session, args: &SeeArgs) -> Result<u8> {
    let eyes = session.eyes();
    let eyes = eyes.map_err(|missing| each_file::wrong(&args.files, check_picture, missing))?;
    let mut code = 0;
    let mut values = Vec::new();
    for (n, path) in args.files.iter().enumerate() {
        let name = path.display().to_string();
        each_file::begin(&name, n, args.files.len());
        let value = match seen(&eyes, path) {
            Ok(seen) if args.json => {
                json!({"file": name, "text": seen.text, "lines": seen.lines})
            }
            Ok(seen) => {
                print(&seen.text)?;
                if let Some(doubts) = seen.doubts() {
                    say!("{}", output::visible(&doubts));
                }
                continue;
            }
            Err(error) => {
                code = FAILED;
                each_file::failed(&name, &error)
            }
        };
        values.push(value);
    }
    if args.json {
        each_file::print(&values)?;
    }
    Ok(code)
}

fn seen(eyes: &Eyes, path: &Path) -> Result<Seen> {
    let bytes = match path.as_os_str() == "-" {
        true => {
            let mut bytes = Vec::new();
            let stdin = std::io::stdin().lock();
            stdin.take(PICTURE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
            bytes
        }
        false => picture_bytes(path)?,
    };
    Ok(eyes.look(&bytes)?)
}

/// Prints the text of a picture; nobody vouches for it, so a terminal is shown no controls.
fn print(text: &str) -> Result<()> {
    if text.is_empty() {
        say!("{}", words().no_text_found);
        return Ok(());
    }
    match std::io::stdout().is_terminal() {
        true => output::line(&output::visible(text)),
        false => output::line(text),
    }
}
