//! Explains what is wrong with a slash command in the shell's own words: the shell has no options
//! of the program, and its commands begin with a slash.

use std::borrow::Cow;

use anyhow::{Error, Result};
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use quipu_kernel::process::Pid;

use crate::cli::{Cli, Command, no_number};
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

/// What each of them takes.
const FORMS: &[(&str, &str)] = &[
    ("clear", ""),
    ("compare", "TASK"),
    ("context", "[PID]"),
    ("continue", "[PID]"),
    ("correct", "RIGHT"),
    ("cost", ""),
    ("exit", ""),
    ("export", "FILE"),
    ("help", ""),
    ("history", "WORDS"),
    ("import", "FILE"),
    ("plan", "[PID]"),
    ("q", ""),
    ("queue", "[go|clear|rm N]"),
    ("quit", ""),
    ("resume", "PID"),
    ("speak", "[on|off]"),
    ("step", "[N]"),
    ("think", "[K|auto|off]"),
    ("turns", ""),
    ("undo", "[N]"),
];
/// Where everything is listed.
const ALL: &str = "/help lists the commands";

/// Whether the shell has a command of this name.
pub(super) fn is_there(name: &str) -> bool {
    let is_own = OWN.iter().any(|own| own.strip_prefix('/') == Some(name));
    is_own || ["exit", "q"].contains(&name) || Cli::command().find_subcommand(name).is_some()
}

/// The error of the slash command `words`, which clap could not take.
pub fn of(error: &clap::Error, words: &[String]) -> Error {
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let unknown = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            let before = words.iter().take_while(|word| **word != unknown);
            // What help is wanted of is a command too.
            let before: String = before
                .filter(|word| *word != "help")
                .map(|word| format!("{word} "))
                .collect();
            if before.is_empty() {
                return of_first(&unknown);
            }
            let path = |last: &str| format!("/{before}{last}");
            let near = text(error, ContextKind::SuggestedSubcommand);
            let hint = near.map_or_else(
                || ALL.to_owned(),
                |near| format!("did you mean {}? {ALL}", path(&near)),
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
            UserError::usage(
                message.trim_start_matches("error: "),
                format!("/{} --help says what it takes", path(words)),
            )
        }
    }
}

/// The command that `words` begin with, with those below it.
fn path(words: &[String]) -> String {
    let root = Cli::command();
    let mut path = vec![&root];
    for word in words {
        let below = path.last().and_then(|last| last.find_subcommand(word));
        match below {
            Some(below) => path.push(below),
            None => break,
        }
    }
    let names = path.iter().skip(1).map(|command| command.get_name());
    names.collect::<Vec<_>>().join(" ")
}

/// The words of a slash command. The arguments of a tool are JSON, whose quotes are its own.
///
/// # Errors
/// A quote that is not closed.
pub(super) fn split(command: &str) -> Result<Vec<String>> {
    let json = command
        .find('{')
        .filter(|at| command.starts_with("tool call ") && command[..*at].ends_with(' '));
    let words = |text: &str| {
        let words = shell_words::split(text);
        words.map_err(|error| UserError::usage(error, "close the quotes"))
    };
    let (before, json) = command.split_at(json.unwrap_or(command.len()));
    let mut given = words(before)?;
    if !json.is_empty() {
        let (json, behind) = json.split_at(json_len(json));
        given.push(json.trim().to_owned());
        given.extend(words(behind)?);
    }
    Ok(given)
}

/// How many bytes of `text` the JSON has that it begins with; all, where it begins with none.
fn json_len(text: &str) -> usize {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    match values.next() {
        Some(Ok(_)) => values.byte_offset(),
        _ => text.len(),
    }
}

/// `line` with the slash that it begins with as the commands have it: a keyboard for Chinese writes
/// a wide one.
pub(super) fn with_slash(line: &str) -> Cow<'_, str> {
    match line.strip_prefix('／') {
        Some(rest) => format!("/{rest}").into(),
        None => line.into(),
    }
}

/// The commands of the command line that are written with a slash here.
pub(super) fn of_both() -> Vec<String> {
    let all = Cli::command();
    let names = all.get_subcommands().map(clap::Command::get_name);
    let here = names.filter(|name| !["run", "serve", "completions", "man"].contains(name));
    here.map(str::to_owned).collect()
}

/// The error of a line whose command is `name`: one of the shell that is written otherwise, or
/// none.
pub(super) fn of_first(name: &str) -> Error {
    match FORMS.iter().find(|(known, _)| *known == name) {
        Some((_, "")) => UserError::usage(format!("/{name} takes nothing more"), ALL),
        Some((_, form)) => UserError::usage(format!("it is written /{name} {form}"), ALL),
        None => {
            let hint = near(name).map_or_else(
                || ALL.to_owned(),
                |near| format!("did you mean /{near}? {ALL}"),
            );
            UserError::usage(format!("there is no /{name}"), hint)
        }
    }
}

/// The command that resembles `name`, of the shell or of the command line.
fn near(name: &str) -> Option<String> {
    // It has a help already.
    let own = FORMS.iter().filter(|(own, _)| *own != "help");
    let all = Cli::command().subcommands(own.map(|(own, _)| clap::Command::new(*own)));
    let error = all.try_get_matches_from(["quipu", name]).err()?;
    text(&error, ContextKind::SuggestedSubcommand)
}

/// The slash command that does what the `line` of a command line does; none of a task, and of
/// what runs one or serves.
pub(super) fn of_command_line(line: &str) -> Option<String> {
    let rest = line.strip_prefix("quipu ")?;
    let given = shell_words::split(line).ok()?;
    match Cli::parsed(given).ok()?.command? {
        Command::Run(_) | Command::Serve(_) => None,
        _ => Some(format!("/{}", rest.trim())),
    }
}

/// What clap says before it tells of usage, on a line.
fn first_paragraph(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let paragraph = rendered.lines().take_while(|line| !line.trim().is_empty());
    paragraph.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The text that clap has of a kind; of several the nearest.
fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        // The nearest is the last.
        ContextValue::Strings(texts) => texts.last().cloned(),
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
    fn the_arguments_of_a_tool_are_json() {
        let check = |command: &str, want: &[&str]| {
            assert_eq!(split(command).unwrap(), want, "{command}");
        };
        let json = r#"{"expression":"2 + 2"}"#;
        let whole = ["tool", "call", "calculator", json];
        check(&format!("tool call calculator {json}"), &whole);
        check(&format!("tool call calculator '{json}'"), &whole);
        // Options may stand behind it. What is no JSON is told of as a whole.
        check(
            &format!("tool call calculator {json} --timeout '5'"),
            &["tool", "call", "calculator", json, "--timeout", "5"],
        );
        check("tool call a {b c", &["tool", "call", "a", "{b c"]);
        assert!(split("tool call a {} 'b").is_err());
        check("log 'a b' {c}", &["log", "a b", "{c}"]);
        check("", &[]);
        assert!(split("log 'a").is_err());
        assert_eq!(with_slash("／help"), "/help");
        assert_eq!(with_slash("a／b"), "a／b");
        let words = ["mem", "search", "--no"].map(str::to_owned);
        assert_eq!(path(&words), "mem search");
    }

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
        check("help foo", "there is no /foo");
        check("quit now", "/quit takes nothing more");
        check("export", "it is written /export FILE");
        check("help undo", "it is written /undo [N]");
        check("tool shwo", "there is no /tool shwo");
        check(
            "mem search -k 0 hen",
            "invalid value '0' for '-k <N>': it takes 1 or more",
        );
        check("ps --jsn", "unexpected argument '--jsn' found");
        check(
            "kill x",
            "invalid value 'x' for '<PID>...': processes are named by their numbers; `quipu ps` lists them",
        );
        check(
            "kill",
            "the following required arguments were not provided: <PID>...",
        );
        for (name, want) in [("ps", true), ("queue", true), ("q", true), ("nope", false)] {
            assert_eq!(is_there(name), want, "{name}");
        }
        for name in OWN.iter().filter_map(|own| own.strip_prefix('/')) {
            let has_form = FORMS.iter().any(|(known, _)| *known == name);
            assert!(has_form || name.contains(' '), "{name}");
        }
        for (name, want) in [
            ("contxt", Some("context")),
            ("modell", Some("model")),
            ("zzz", None),
        ] {
            assert_eq!(near(name).as_deref(), want, "{name}");
        }
        for (line, want) in [
            ("quipu ps", Some("/ps")),
            ("quipu model pull \"x y\"", Some("/model pull \"x y\"")),
            ("quipu run task", None),
            ("quipu serve", None),
            ("quipu", None),
            ("quipu is a knotted cord", None),
            ("what is quipu ps", None),
        ] {
            assert_eq!(of_command_line(line).as_deref(), want, "{line}");
        }
        let tool = Cli::try_parse_from(["quipu", "tool"]).expect_err("a usage error");
        let said = of(&tool, &["tool".to_owned()]).to_string();
        assert!(said.starts_with("/tool takes one of: ls, "), "{said}");
    }
}
