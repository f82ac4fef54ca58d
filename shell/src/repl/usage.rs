//! Explains what is wrong with a slash command in the shell's own words: the shell has no options
//! of the program, and its commands begin with a slash.

use anyhow::{Error, Result};
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use quipu_kernel::process::Pid;

use crate::cli::{Cli, no_number};
use crate::terminal::error::UserError;

/// Commands that only the shell has.
pub(super) const OWN: &[&str] = &[
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
    "/queue",
    "/queue clear",
    "/queue go",
    "/queue rm",
    "/quit",
    "/resume",
    "/speak",
    "/speak off",
    "/speak on",
    "/step",
    "/think",
    "/think auto",
    "/think off",
    "/turns",
    "/undo",
];

/// Whether the shell has a command of this name.
pub(super) fn is_there(name: &str) -> bool {
    let is_own = OWN.iter().any(|own| own.strip_prefix('/') == Some(name));
    is_own || ["exit", "q"].contains(&name) || Cli::command().find_subcommand(name).is_some()
}

/// The error of the slash command `words`, which clap could not take.
pub fn of(error: &clap::Error, words: &[String]) -> Error {
    let all = "/help lists the commands";
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let unknown = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            let before = words.iter().take_while(|word| **word != unknown);
            let before: String = before.map(|word| format!("{word} ")).collect();
            let path = |last: &str| format!("/{before}{last}");
            let near = text(error, ContextKind::SuggestedSubcommand);
            let hint = near.map_or_else(
                || all.to_owned(),
                |near| format!("did you mean {}? {all}", path(&near)),
            );
            UserError::usage(format!("there is no {}", path(&unknown)), hint)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let name = words.first().map_or("", String::as_str);
            let below: Vec<String> = Cli::command()
                .find_subcommand(name)
                .map(|command| command.get_subcommands())
                .into_iter()
                .flatten()
                .map(|command| command.get_name().to_owned())
                .collect();
            UserError::usage(
                format!("/{name} takes one of: {}", below.join(", ")),
                format!("/{name} --help says what each does"),
            )
        }
        _ => {
            let message = no_number(error).unwrap_or_else(|| first_paragraph(error));
            let name = words.first().map_or("", String::as_str);
            UserError::usage(
                message.trim_start_matches("error: "),
                format!("/{name} --help says what it takes"),
            )
        }
    }
}

/// What clap says before it tells of usage, on a line.
fn first_paragraph(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let paragraph = rendered.lines().take_while(|line| !line.trim().is_empty());
    paragraph.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The first text that clap has of a kind.
fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// The number of a process.
///
/// # Errors
/// A word that is not a number.
pub(super) fn number(word: &str) -> Result<Pid> {
    word.parse().map_err(|_| {
        UserError::usage(
            format!("{word} is not a process"),
            "/ps lists the processes",
        )
    })
}

/// A number from 1 on.
///
/// # Errors
/// A word that is not such a number.
pub(super) fn several(word: &str) -> Result<usize> {
    let count = word.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| UserError::usage(format!("{word} is not a number from 1 on"), ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn a_command_that_cannot_be_taken_is_named_as_it_was_typed() {
        let check = |line: &str, want: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let given = std::iter::once("quipu".to_owned()).chain(words.clone());
            let error = Cli::try_parse_from(given).expect_err("a usage error");
            let error = of(&error, &words);
            let said = error.to_string();
            assert_eq!(said, want, "{line}");
        };
        check("foo", "there is no /foo");
        check("tool shwo", "there is no /tool shwo");
        check(
            "mem search -k 0 hen",
            "invalid value '0' for '-k <N>': it takes 1 or more",
        );
        check("ps --jsn", "unexpected argument '--jsn' found");
        check(
            "kill x",
            "invalid value 'x' for '<PID>': processes are named by their numbers; `quipu ps` lists them",
        );
        check(
            "kill",
            "the following required arguments were not provided: <PID>",
        );
        for (name, want) in [("ps", true), ("queue", true), ("q", true), ("nope", false)] {
            assert_eq!(is_there(name), want, "{name}");
        }
        let tool = Cli::try_parse_from(["quipu", "tool"]).expect_err("a usage error");
        let said = of(&tool, &["tool".to_owned()]).to_string();
        assert!(said.starts_with("/tool takes one of: ls, "), "{said}");
    }
}
