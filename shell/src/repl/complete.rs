//! What Tab offers: commands after a slash, files after `@`.

use std::fs;
use std::path::{MAIN_SEPARATOR, Path};

use clap::CommandFactory;
use reedline::{Completer, CompletionResult, Span, Suggestion};

use crate::cli::Cli;
use crate::terminal::output::visible;

/// Commands that only the shell has.
const OWN: &[&str] = &[
    "/clear",
    "/compare",
    "/context",
    "/continue",
    "/correct",
    "/cost",
    "/export",
    "/help",
    "/history",
    "/import",
    "/plan",
    "/quit",
    "/resume",
    "/speak",
    "/step",
    "/think",
    "/turns",
    "/undo",
];
/// Files of a folder that are offered at once.
const FILES_MAX: usize = 200;

/// Completes lines of the shell.
pub struct Words {
    commands: Vec<String>,
}

impl Words {
    /// The commands, and those of this machine beside them: with names of its models and tools.
    pub fn with(more: Vec<String>) -> Self {
        let mut commands = slash_commands();
        commands.extend(more);
        commands.sort();
        commands.dedup();
        Self { commands }
    }
}

impl Completer for Words {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let line = line.get(..pos).unwrap_or(line);
        let begins = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let (begins, offers) = match line[begins..].strip_prefix('@') {
            Some(path) => (begins + 1, files(path)),
            None if line.starts_with('/') => (0, self.beginning_with(line)),
            None => (pos, Vec::new()),
        };
        let offer = |value: String| Suggestion {
            // A folder is to be gone into.
            append_whitespace: !value.ends_with(MAIN_SEPARATOR),
            span: Span::new(begins, pos.max(begins)),
            value,
            ..Suggestion::default()
        };
        CompletionResult::fresh(offers.into_iter().map(offer).collect::<Vec<_>>())
    }
}

impl Words {
    /// The commands that begin with `line`.
    fn beginning_with(&self, line: &str) -> Vec<String> {
        let all = self.commands.iter();
        all.filter(|command| command.starts_with(line))
            .cloned()
            .collect()
    }
}

/// The files and folders whose paths begin with `path`, as it would be written. Hidden ones
/// only where it begins with their dot; none with a space, since `@` ends there.
fn files(path: &str) -> Vec<String> {
    let (folder, name) = match path.rfind(MAIN_SEPARATOR) {
        Some(at) => path.split_at(at + 1),
        None => ("", path),
    };
    let within = if folder.is_empty() { "." } else { folder };
    let Ok(entries) = fs::read_dir(Path::new(within)) else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let is = entry.file_name().into_string().ok()?;
            let plain = !is.contains(char::is_whitespace) && visible(&is) == is;
            let shown = !is.starts_with('.') || name.starts_with('.');
            let folds = entry.path().is_dir();
            (plain && shown && is.starts_with(name)).then(|| match folds {
                true => format!("{folder}{is}{MAIN_SEPARATOR}"),
                false => format!("{folder}{is}"),
            })
        })
        .collect();
    found.sort();
    found.truncate(FILES_MAX);
    found
}

/// Every command of the command line with its subcommands, after a slash.
fn slash_commands() -> Vec<String> {
    let mut names: Vec<String> = OWN.iter().map(|name| (*name).to_owned()).collect();
    for command in Cli::command().get_subcommands() {
        if command.get_name() == "run" {
            continue;
        }
        names.push(format!("/{}", command.get_name()));
        for below in command.get_subcommands() {
            names.push(format!("/{} {}", command.get_name(), below.get_name()));
        }
    }
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_files_are_offered_where_they_belong() {
        let folder = tempfile::tempdir().unwrap();
        let root = format!("{}/", folder.path().display());
        for name in ["notes.md", "north.txt", ".hidden", "a b.txt"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("novels")).unwrap();
        let check = |line: &str, want: &[&str]| {
            let line = line.replace("ROOT/", &root);
            let more = vec!["/model tiny".to_owned(), "/tool call calculator".to_owned()];
            let offered = Words::with(more).complete(&line, line.len());
            let offered: Vec<String> = offered
                .suggestions()
                .iter()
                .map(|one| {
                    let whole = format!("{}{}", &line[..one.span.start], one.value);
                    whole.replace(&root, "ROOT/")
                })
                .collect();
            assert_eq!(offered, want, "{line}");
        };
        check("/tool ad", &["/tool add"]);
        check("/tool call c", &["/tool call calculator"]);
        check("/model t", &["/model tiny"]);
        check("/qu", &["/quit"]);
        check("what is /qu", &[]);
        check("hello", &[]);
        check(
            "sum up @ROOT/no",
            &[
                "sum up @ROOT/north.txt",
                "sum up @ROOT/notes.md",
                "sum up @ROOT/novels/",
            ],
        );
        check("@ROOT/.h", &["@ROOT/.hidden"]);
        check("@ROOT/a", &[]);
        check("@ROOT/none/x", &[]);
        check("@ROOT/not then", &[]);
    }
}
