//! What somebody may have meant with a word that is no command or option here: a task, a command
//! below another, or what other programs call something.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;

/// Commands of other programs, with what does that here.
const COMMANDS: [(&str, &str); 9] = [
    ("ask", "quipu run \"…\""),
    ("chat", "quipu"),
    ("exec", "quipu run \"…\""),
    ("keys", "quipu secret set NAME"),
    ("list", "quipu model ls"),
    ("prompt", "quipu run \"…\""),
    ("resume", "quipu --continue"),
    ("session", "quipu"),
    ("version", "quipu --version"),
];
/// Options of other programs, likewise.
const OPTIONS: [(&str, &str); 8] = [
    ("-a", "--attach FILE"),
    ("-f", "--attach FILE"),
    ("--file", "--attach FILE"),
    ("--image", "--attach FILE"),
    ("-m", "--model NAME"),
    ("-p", "quipu run \"…\""),
    ("--print", "quipu run \"…\""),
    ("--system", "--agent FILE"),
];
/// Where settings are.
const SETTINGS: &str = "settings are lines of config.toml; `quipu config show` says where that is";
/// Where an agent is.
const AGENT: &str = "an agent is a file of yours: `quipu agent show NAME` says which";
/// Words below a command in other programs, and how that is done here.
const BELOW: [(&str, &str, &str); 8] = [
    ("agent", "edit", AGENT),
    ("agent", "rm", AGENT),
    ("agent", "run", "it is written quipu run --agent NAME \"…\""),
    ("config", "edit", SETTINGS),
    ("config", "get", SETTINGS),
    ("config", "list", SETTINGS),
    ("config", "set", SETTINGS),
    ("tool", "run", "it is written quipu tool call NAME JSON"),
];
/// Words of a line that may still be a command with what it takes; more of them are a task.
const WORDS_MAX: usize = 2;

/// What to write instead, where the command line `args` has a word that is not known; nothing
/// where the parser has said so.
pub(super) fn hint(error: &clap::Error, args: &[String]) -> Option<String> {
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let is_told = error.get(ContextKind::SuggestedSubcommand).is_some();
            let unknown = text(error, ContextKind::InvalidSubcommand)?;
            (!is_told).then(|| instead(unknown, args)).flatten()
        }
        ErrorKind::UnknownArgument => {
            let unknown = text(error, ContextKind::InvalidArg)?;
            let (_, here) = OPTIONS.iter().find(|(name, _)| *name == unknown)?;
            fits(here, args).then(|| format!("did you mean {here}?"))
        }
        _ => None,
    }
}

/// Whether what is written `here` belongs to the command that `args` name: `-f` of `quipu tool add`
/// is no file beside a task.
fn fits(here: &str, args: &[String]) -> bool {
    let root = Cli::command();
    let mut command = &root;
    for word in args.iter().skip(1) {
        command = command.find_subcommand(word).unwrap_or(command);
    }
    let name = command.get_name();
    if name == root.get_name() {
        return true;
    }
    match here.strip_prefix("--") {
        Some(option) => {
            let long = option.split(' ').next();
            let takes = |command: &clap::Command| {
                let mut options = command.get_arguments();
                options.any(|known| known.get_long() == long)
            };
            takes(command) || takes(&root)
        }
        None => name == "run",
    }
}

/// What to write instead of the first word, `unknown`, where that is no command.
fn instead(unknown: &str, args: &[String]) -> Option<String> {
    let root = Cli::command();
    let at = 1 + args.iter().skip(1).position(|word| word == unknown)?;
    let is_command = |word: &String| word == "help" || root.find_subcommand(word).is_some();
    if args.iter().take(at).skip(1).any(is_command) {
        let mut below = BELOW.iter();
        let known = below.find(|(above, word, _)| args[at - 1] == *above && *word == unknown);
        return known.map(|(_, _, here)| (*here).to_owned());
    }
    let words = args[at..].iter().take_while(|word| !word.starts_with('-'));
    let words: Vec<&str> = words.map(String::as_str).collect();
    if words.len() <= WORDS_MAX {
        if let Some((_, here)) = COMMANDS.iter().find(|(name, _)| *name == unknown) {
            return Some(format!("did you mean {here}?"));
        }
        let has_it = |command: &&clap::Command| command.find_subcommand(unknown).is_some();
        let above = root.get_subcommands().filter(has_it);
        let paths = above.map(|command| format!("quipu {} {unknown}", command.get_name()));
        let paths: Vec<String> = paths.collect();
        if !paths.is_empty() {
            return Some(format!("did you mean {}?", paths.join(" or ")));
        }
    }
    let task = shell_words::quote(&words.join(" ")).into_owned();
    Some(format!("a task goes behind `run`: quipu run {task}"))
}

/// The text that clap has of a kind.
fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_told() {
        let check = |args: &[&str], want: Option<&str>| {
            let args: Vec<String> = [&["quipu"][..], args]
                .concat()
                .iter()
                .map(ToString::to_string)
                .collect();
            let error = Cli::parsed(&args).expect_err("a usage error");
            assert_eq!(hint(&error, &args).as_deref(), want, "{args:?}");
        };
        let task = Some("a task goes behind `run`: quipu run 'What is 2?'");
        check(&["What is 2?"], task);
        check(&["What", "is", "2?"], task);
        check(&["What", "is", "2?", "--json"], task);
        check(
            &["show", "me", "llamas"],
            Some("a task goes behind `run`: quipu run 'show me llamas'"),
        );
        check(
            &["bogus"],
            Some("a task goes behind `run`: quipu run bogus"),
        );
        check(&["pull", "x"], Some("did you mean quipu model pull?"));
        check(
            &["add", "notes.md"],
            Some("did you mean quipu mem add or quipu tool add?"),
        );
        check(&["chat"], Some("did you mean quipu?"));
        check(&["run", "-m", "x"], Some("did you mean --model NAME?"));
        check(&["-p", "x"], Some("did you mean quipu run \"…\"?"));
        check(&["run", "-f", "x"], Some("did you mean --attach FILE?"));
        check(&["log", "-m", "x"], Some("did you mean --model NAME?"));
        // There it would be something else.
        check(&["tool", "add", "-f", "x.wasm"], None);
        check(&["mem", "search", "-p", "x"], None);
        check(
            &["quipu", "it"],
            Some("a task goes behind `run`: quipu run 'quipu it'"),
        );
        // The parser has said so, or it is below a command.
        check(&["runn"], None);
        check(&["mem", "bogus"], None);
        check(&["config", "set", "model", "x"], Some(SETTINGS));
        check(&["agent", "rm", "clerk"], Some(AGENT));
        check(&["config", "bogus"], None);
        check(&["help", "bogus"], None);
        check(&["kill"], None);
    }
}
