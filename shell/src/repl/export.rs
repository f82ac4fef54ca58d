//! Conversations as files: JSON, which keeps all of them, and Markdown, which people read. Both
//! come in again; whoever changed the file meanwhile is a stranger.

use std::path::Path;

use anyhow::Result;
use quipu_kernel::label::{Secrecy, Trust};
use serde::{Deserialize, Serialize};

use crate::config::private;
use crate::session::talk::Turn;
use crate::terminal::error::UserError;
use crate::terminal::text::read_text;

/// What begins each side of a turn in Markdown.
const ASKED: &str = "## You";
const ANSWERED: &str = "## Quipu";
/// Stands before a line of a text that looks like one of these.
const ESCAPE: char = '\\';

/// A conversation as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    /// The form of the file: 1.
    quipu_conversation: u32,
    turns: Vec<Turn>,
}

/// How a conversation is written, by the end of the file's name.
enum Form {
    Json,
    Markdown,
}

fn form(path: &Path) -> Result<Form> {
    let end = path.extension().and_then(|end| end.to_str());
    match end.unwrap_or_default().to_ascii_lowercase().as_str() {
        "json" => Ok(Form::Json),
        "md" | "markdown" => Ok(Form::Markdown),
        _ => Err(UserError::usage(
            format!("{} is neither Markdown nor JSON", path.display()),
            "name a file that ends in .md or .json",
        )),
    }
}

/// Writes `turns` to the file at `path`, which is not there yet.
///
/// # Errors
/// A file of another form, one that is there, or one that cannot be written.
pub fn write(path: &Path, turns: &[Turn]) -> Result<()> {
    let text = match form(path)? {
        Form::Json => {
            let file = File {
                quipu_conversation: 1,
                turns: turns.to_vec(),
            };
            serde_json::to_string_pretty(&file)? + "\n"
        }
        Form::Markdown => markdown(turns),
    };
    private::write_new(path, &text)
}

fn markdown(turns: &[Turn]) -> String {
    let mut text = String::from("# Conversation\n");
    for turn in turns {
        let process = turn.pid.map(|pid| format!("process {pid}"));
        let secrecy = (!turn.secrecy.is_public()).then(|| turn.secrecy.to_string());
        let notes: Vec<String> = process.into_iter().chain(secrecy).collect();
        let notes = match notes.is_empty() {
            true => String::new(),
            false => format!(" ({})", notes.join(", ")),
        };
        let (asked, answered) = (escaped(&turn.asked), escaped(&turn.answered));
        text.push_str(&format!(
            "\n{ASKED}\n\n{asked}\n\n{ANSWERED}{notes}\n\n{answered}\n"
        ));
    }
    text
}

/// `text` with no line that could be taken for the beginning of a side.
fn escaped(text: &str) -> String {
    let line = |line: &str| match is_mark(line.trim_start_matches(ESCAPE)) {
        true => format!("{ESCAPE}{line}"),
        false => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn is_mark(line: &str) -> bool {
    line.starts_with(ASKED) || line.starts_with(ANSWERED)
}

/// Who may learn the turn whose answer begins with this `line`, as [`markdown`] notes it.
fn secrecy_in(line: &str) -> Secrecy {
    let notes = line.strip_prefix(ANSWERED).unwrap_or_default().trim();
    let notes = notes.trim_start_matches('(').trim_end_matches(')');
    let kept = notes.split(", ").filter_map(|note| note.parse().ok());
    kept.max().unwrap_or_default()
}

/// Reads the turns in the file at `path`. Nobody vouches for them, nor for what it says of how
/// little suspicious they are; what it says is private stays so.
///
/// # Errors
/// A file that is no conversation.
pub fn read(path: &Path) -> Result<Vec<Turn>> {
    let form = form(path)?;
    let text = read_text(path, "a conversation")?;
    let wrong = |reason: String| {
        UserError::usage(
            format!("{}: {reason}", path.display()),
            "`/export FILE` writes a conversation in the form that is read",
        )
    };
    let mut turns = match form {
        Form::Json => {
            let file: File =
                serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
            file.turns
        }
        Form::Markdown => from_markdown(&text),
    };
    if turns.is_empty() {
        return Err(wrong("it has no turn".to_owned()));
    }
    for turn in &mut turns {
        turn.pid = None;
        turn.trust = Trust::Untrusted;
        turn.suspicion = turn.suspicion.filter(|said| said.is_notable());
    }
    Ok(turns)
}

fn from_markdown(text: &str) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut side: Option<bool> = None;
    for line in text.lines() {
        if is_mark(line) {
            let is_answer = line.starts_with(ANSWERED);
            if !is_answer {
                turns.push(Turn {
                    pid: None,
                    asked: String::new(),
                    asked_by: Trust::Untrusted,
                    answered: String::new(),
                    trust: Trust::Untrusted,
                    secrecy: Secrecy::Public,
                    suspicion: None,
                });
            }
            if let (true, Some(turn)) = (is_answer, turns.last_mut()) {
                turn.secrecy = turn.secrecy.max(secrecy_in(line));
            }
            side = Some(is_answer);
            continue;
        }
        let Some((turn, is_answer)) = turns.last_mut().zip(side) else {
            continue;
        };
        let into = match is_answer {
            true => &mut turn.answered,
            false => &mut turn.asked,
        };
        let is_escaped = is_mark(line.trim_start_matches(ESCAPE));
        into.push_str(match line.strip_prefix(ESCAPE) {
            Some(rest) if is_escaped => rest,
            _ => line,
        });
        into.push('\n');
    }
    for turn in &mut turns {
        turn.asked = turn.asked.trim().to_owned();
        turn.answered = turn.answered.trim().to_owned();
    }
    turns.retain(|turn| !turn.asked.is_empty());
    turns
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use quipu_kernel::label::Suspicion;

    use super::*;

    #[test]
    fn what_is_written_comes_in_again_as_a_strangers() {
        let folder = tempfile::tempdir().unwrap();
        let turn = |asked: &str, answered: &str| Turn {
            pid: Some(3),
            asked: asked.into(),
            asked_by: Trust::User,
            answered: answered.into(),
            trust: Trust::User,
            secrecy: Secrecy::Public,
            suspicion: None,
        };
        let turns = [
            turn("hi", "hello"),
            turn(
                "two\n\nlines",
                "# A heading\n\n## You\n\\## Quipu\n\n    code",
            ),
            turn("数は？", "42"),
        ];
        for name in ["a.json", "a.md"] {
            let path = folder.path().join(name);
            write(&path, &turns).unwrap();
            let read = read(&path).unwrap();
            let said = |turns: &[Turn]| -> Vec<(String, String)> {
                let sides = turns.iter();
                sides
                    .map(|t| (t.asked.clone(), t.answered.clone()))
                    .collect()
            };
            assert_eq!(said(&read), said(&turns), "{name}");
            let stranger = |turn: &Turn| {
                let trust = turn.trust.max(turn.asked_by);
                trust == Trust::Untrusted && turn.pid.is_none()
            };
            assert!(read.iter().all(stranger));
            // What is there is not written over.
            assert!(write(&path, &turns).is_err());
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
        insta::assert_snapshot!(markdown(&turns[..2]));
    }

    #[test]
    fn what_is_private_is_private_again_and_nobody_says_that_it_is_no_attack() {
        let folder = tempfile::tempdir().unwrap();
        let turn = |pid, secrecy, score| Turn {
            pid,
            asked: "Where is the key?".into(),
            asked_by: Trust::User,
            answered: "Under the mat. (public)".into(),
            trust: Trust::User,
            secrecy,
            suspicion: Some(Suspicion::new(score, 1.0)),
        };
        let turns = [
            turn(Some(3), Secrecy::Private, 0.97),
            turn(None, Secrecy::Secret, 0.01),
            turn(Some(5), Secrecy::Public, 0.01),
        ];
        for name in ["a.json", "a.md"] {
            let path = folder.path().join(name);
            write(&path, &turns).unwrap();
            let read = read(&path).unwrap();
            let kept: Vec<Secrecy> = read.iter().map(|turn| turn.secrecy).collect();
            assert_eq!(kept, turns.each_ref().map(|turn| turn.secrecy), "{name}");
            let cleared = |turn: &Turn| turn.suspicion.is_some_and(|said| !said.is_notable());
            assert!(!read.iter().any(cleared), "{name}");
        }
        assert!(markdown(&turns).contains("## Quipu (process 3, private)"));
    }

    #[test]
    fn what_is_no_conversation_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, text: &str, want: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        };
        check("a.txt", "", "neither Markdown nor JSON");
        check("a.md", "# Notes\n\nNothing said.\n", "it has no turn");
        check("a.json", "{}", "missing field");
        check(
            "b.json",
            r#"{"quipu_conversation":1,"turns":[]}"#,
            "no turn",
        );
    }
}
