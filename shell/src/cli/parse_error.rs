//! A command line that cannot be read: what the parser says of it, and what it does not know.

use std::error::Error;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, CommandFactory};

use super::{Cli, meant};
use crate::terminal::error::{USAGE, UserError, report};

/// Prints what is wrong with the command line `args`, or the help that it asks for. Gives the
/// exit code.
pub fn unparsed(error: &clap::Error, args: &[String]) -> u8 {
    if let Some((option, number)) = negative(error, args) {
        // The parser would advise to make a task of it.
        return report(&UserError::usage(
            format!("{option} {number}: a negative number is not allowed there"),
            format!("`quipu --help` and `quipu COMMAND --help` say what {option} takes"),
        ));
    }
    if let Some(message) = no_number(error) {
        return report(&UserError::usage(
            message,
            "`quipu --help` and `quipu COMMAND --help` say what an option takes",
        ));
    }
    // Whoever reads it may have gone.
    let _ = error.print();
    if let Some(hint) = goes_on(error) {
        say!("hint: {hint}");
    }
    if let Some(hint) = meant::hint(error, args) {
        say!("hint: {hint}");
    }
    if let Some(task) = unquoted(error, args) {
        let task = shell_words::quote(&task);
        say!("hint: a task of several words goes in quotes: quipu run {task}");
    }
    u8::try_from(error.exit_code()).unwrap_or(USAGE)
}

/// The option that was given a negative number, which the parser takes for another option, and
/// the number.
fn negative<'a>(error: &clap::Error, args: &'a [String]) -> Option<(&'a str, &'a str)> {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let is_number = |word: &str| word.starts_with('-') && word.parse::<f64>().is_ok();
    if error.kind() != ErrorKind::UnknownArgument || !is_number(unknown) {
        return None;
    }
    let at = args
        .iter()
        .position(|word| is_number(word) && word.starts_with(unknown.as_str()))?;
    let (option, before) = args[..at].split_last()?;
    let is_option = option.starts_with('-') && !is_number(option);
    (is_option && takes_a_value(option, before)).then_some((option.as_str(), args[at].as_str()))
}

/// What is wrong with the value of an option that takes a number. The parser itself would explain
/// how it reads numbers.
pub fn no_number(error: &clap::Error) -> Option<String> {
    let named = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(one)) => Some(one.as_str()),
        _ => None,
    };
    let (option, given) = (
        named(ContextKind::InvalidArg)?,
        named(ContextKind::InvalidValue)?,
    );
    if error.kind() != ErrorKind::ValueValidation {
        return None;
    }
    let why = error.source()?;
    let wanted = if let Some(why) = why.downcast_ref::<ParseIntError>() {
        match why.kind() {
            IntErrorKind::PosOverflow => "that number is too large".to_owned(),
            IntErrorKind::Zero => "it takes 1 or more".to_owned(),
            IntErrorKind::NegOverflow => "that number is too small".to_owned(),
            _ => "it takes a whole number".to_owned(),
        }
    } else if why.is::<ParseFloatError>() {
        "it takes a number".to_owned()
    } else {
        let why = why.to_string();
        let (_, range) = why.split_once(" is not in ")?;
        let (low, high) = range.split_once("..")?;
        // The bound of a type is not a bound that anybody set.
        match high.strip_prefix('=').unwrap_or(high).parse::<u64>() {
            Ok(high) if high < u64::from(u32::MAX) => format!("it takes {low} to {high}"),
            _ => format!("it takes {low} or more"),
        }
    };
    Some(format!("invalid value '{given}' for '{option}': {wanted}"))
}

/// Whether `option` is one with a value, of the command that the words `before` it name.
fn takes_a_value(option: &str, before: &[String]) -> bool {
    let root = Cli::command();
    let mut commands = vec![&root];
    for word in before {
        let below = commands.last().and_then(|last| last.find_subcommand(word));
        commands.extend(below);
    }
    let is_it = |arg: &&Arg| match option.strip_prefix("--") {
        Some(long) => {
            let aliases = arg.get_all_aliases().unwrap_or_default();
            arg.get_long() == Some(long) || aliases.contains(&long)
        }
        // Short ones may stand together: the last of them is the one with a value.
        None => arg.get_short().is_some() && arg.get_short() == option.chars().next_back(),
    };
    let mut found = commands
        .iter()
        .flat_map(|command| command.get_arguments())
        .filter(is_it);
    found.any(|arg| arg.get_action().takes_values())
}

/// What is said to who gives a process that is there already what only a new one takes.
fn goes_on(error: &clap::Error) -> Option<&'static str> {
    let named = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(one)) => one.clone(),
        Some(ContextValue::Strings(all)) => all.join(" "),
        _ => String::new(),
    };
    let both = [ContextKind::InvalidArg, ContextKind::PriorArg].map(named);
    let both = both.join(" ");
    let is_there = ["--fork", "--resume"].iter().any(|one| both.contains(one));
    let has = |option: &str| both.contains(option);
    match error.kind() == ErrorKind::ArgumentConflict && is_there {
        true if has("PROMPT") => Some(
            "a process goes on with the task that it has: leave the words out, or start \
             another process with them",
        ),
        true if has("--think") || has("--recall") => Some(
            "a process goes on as it began, with no other branches and no other reminder: leave \
             the option out, or start another process with it",
        ),
        _ => None,
    }
}

/// The task that was given to `quipu run` in several words.
fn unquoted(error: &clap::Error, args: &[String]) -> Option<String> {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let is_word = |word: &&String| !word.starts_with('-');
    if error.kind() != ErrorKind::UnknownArgument || !is_word(&unknown) {
        return None;
    }
    let run = args.iter().position(|word| word == "run")?;
    let words = &args[run + 1..];
    let second = words.iter().position(|word| word == unknown)?;
    // The first word was the task.
    let first = second.checked_sub(1).filter(|at| is_word(&&words[*at]));
    let words = words[first.unwrap_or(second)..].iter().take_while(is_word);
    let words: Vec<&str> = words.map(String::as_str).collect();
    Some(words.join(" "))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn a_task_without_quotes_is_told_of_them() {
        let check = |line: &str, want: Option<&str>| {
            let (error, args) = error_of(line);
            assert_eq!(unquoted(&error, &args).as_deref(), want, "{line}");
        };
        check("quipu run what is two", Some("what is two"));
        check("quipu run what is two --json", Some("what is two"));
        check("quipu run --json what is two", Some("what is two"));
        check("quipu run --no-such-option", None);
        check("quipu nice 1 2 3", None);
        check("quipu tool call calculator {} more", None);
    }

    fn error_of(line: &str) -> (clap::Error, Vec<String>) {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let error = Cli::try_parse_from(&args).expect_err("a usage error");
        (error, args)
    }

    #[test]
    fn what_is_no_number_is_told_in_words() {
        let check = |line: &str, want: Option<&str>| {
            let (error, _) = error_of(line);
            let said = no_number(&error);
            let wanted = said.as_deref().and_then(|said| said.split_once("': "));
            assert_eq!(wanted.map(|(_, wanted)| wanted), want, "{line}");
        };
        check("quipu --seed abc", Some("it takes a whole number"));
        check(
            "quipu run --timeout 5m task",
            Some("it takes a whole number"),
        );
        check("quipu run --timeout 0 task", Some("it takes 1 or more"));
        check("quipu run --max-steps 0 task", Some("it takes 1 or more"));
        check("quipu --threads 999", Some("it takes 1 to 512"));
        check(
            "quipu --threads 99999999999999999999",
            Some("that number is too large"),
        );
        check("quipu --temperature warm", Some("it takes a number"));
        check(
            "quipu mem search -k many hen",
            Some("it takes a whole number"),
        );
        check("quipu mem search -k 0 hen", Some("it takes 1 or more"));
        check("quipu eval cases --limit 0", Some("it takes 1 or more"));
        check("quipu run --approve maybe task", None);
        check("quipu kill abc", None);
    }

    #[test]
    fn a_negative_number_is_no_task() {
        let check = |line: &str, want: Option<(&str, &str)>| {
            let (error, args) = error_of(line);
            assert_eq!(negative(&error, &args), want, "{line}");
        };
        let cold = Some(("--temperature", "-1"));
        check("quipu run --temperature -1 task", cold);
        check(
            "quipu run --temperature -0.5 task",
            Some(("--temperature", "-0.5")),
        );
        check("quipu --seed -12", Some(("--seed", "-12")));
        check("quipu batch tasks --jobs -4", Some(("--jobs", "-4")));
        check("quipu mem search -k -4 hen", Some(("-k", "-4")));
        check("quipu run -v -5", None);
        // A flag takes no value: that is the task's.
        check("quipu run --trusted-input -5 task", None);
        check("quipu --trusted-input run --json -5", None);
        check("quipu run --seed=3 -5", None);
        check("quipu run -1", None);
        check("quipu run --no-such-option", None);
    }

    #[test]
    fn a_process_that_goes_on_takes_no_new_task() {
        let check = |line: &str, want: Option<&str>| {
            let said = goes_on(&error_of(line).0);
            let said = said.map(|said| said.split_once(':').unwrap().0);
            assert_eq!(said, want, "{line}");
        };
        let task = Some("a process goes on with the task that it has");
        check("quipu run --fork 1@2 task", task);
        check("quipu run --resume 1 task", task);
        let began =
            Some("a process goes on as it began, with no other branches and no other reminder");
        check("quipu run --resume 1 --think 3", began);
        check("quipu run --fork 1@2 --think auto", began);
        check("quipu run --recall 0 --fork 1", began);
        check("quipu run --resume 1 --fork 1", None);
        check("quipu run --no-such-option", None);
    }
}
