//! A command line that cannot be read: what the parser says of it, and what it does not know.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::terminal::error::USAGE;

/// Prints what is wrong with the command line `args`, or the help that it asks for. Gives the
/// exit code.
pub fn unparsed(error: &clap::Error, args: &[String]) -> u8 {
    // Whoever reads it may have gone.
    let _ = error.print();
    if let Some(task) = unquoted(error, args) {
        let task = shell_words::quote(&task);
        say!("hint: a task of several words goes in quotes: quipu run {task}");
    }
    u8::try_from(error.exit_code()).unwrap_or(USAGE)
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
    use crate::cli::Cli;

    #[test]
    fn a_task_without_quotes_is_told_of_them() {
        let check = |line: &str, want: Option<&str>| {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let error = Cli::try_parse_from(&args).expect_err("a usage error");
            assert_eq!(unquoted(&error, &args).as_deref(), want, "{line}");
        };
        check("quipu run what is two", Some("what is two"));
        check("quipu run what is two --json", Some("what is two"));
        check("quipu run --json what is two", Some("what is two"));
        check("quipu run --no-such-option", None);
        check("quipu kill 1 2", None);
        check("quipu tool call calculator {} more", None);
    }
}
