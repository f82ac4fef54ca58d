//! Completion by Tab: commands after a slash, with the pages, processes, models and tools that
//! they take; files after `@`.

use std::fs;
use std::path::{MAIN_SEPARATOR, Path};
use std::sync::Arc;

use clap::CommandFactory;
use quipu_kernel::Kernel;
use reedline::{Completer, CompletionResult, Span, Suggestion};

use super::Repl;
use super::usage::OWN;
use crate::cli::Cli;
use crate::service::door::Door;
use crate::session::agent;
use crate::terminal::output::visible;

/// Commands that take the id of a page, and those that take the number of a process.
const OF_PAGES: &[&str] = &["/mem show ", "/mem rm "];
const OF_PROCESSES: &[&str] = &[
    "/context ",
    "/continue ",
    "/fork ",
    "/kill ",
    "/log ",
    "/nice ",
    "/plan ",
    "/replay ",
    "/resume ",
];
/// Pages that are looked through, the newest, and processes.
const LOOKED_AT: usize = 1_000;
/// Files of a folder that are offered at once.
const FILES_MAX: usize = 200;

/// The things of a machine that commands take, as they are now.
pub trait Names: Send {
    /// The ids of its newest pages.
    fn pages(&self) -> Vec<String>;
    /// The numbers of its newest processes, the newest first.
    fn processes(&self) -> Vec<String>;
}

/// A machine that fails has no names: the command says what is wrong.
impl Names for Arc<Kernel> {
    fn pages(&self) -> Vec<String> {
        let store = self.store();
        let stored = store.stats().map_or(0, |stats| stats.pages as usize);
        let newest = store.list(stored.saturating_sub(LOOKED_AT), LOOKED_AT);
        let newest = newest.unwrap_or_default().into_iter();
        newest.map(|page| page.id.to_string()).collect()
    }

    fn processes(&self) -> Vec<String> {
        let rows = self.journal().processes().unwrap_or_default();
        let newest = rows.into_iter().take(LOOKED_AT);
        newest.map(|row| row.pid.to_string()).collect()
    }
}

impl Repl<'_> {
    /// Commands with the names of what is here.
    pub(super) fn offers(&self) -> Vec<String> {
        let paths = &self.session.paths;
        let models = quipu_models::names(&paths.models).into_iter();
        let mut offers: Vec<String> = models.map(|name| format!("/model {name}")).collect();
        if let Door::Own(machine) = &self.door {
            for device in machine.kernel.bus().list() {
                let name = &device.spec().name;
                offers.extend(["show", "call"].map(|verb| format!("/tool {verb} {name}")));
            }
        }
        for name in agent::all(&paths.agents()).keys() {
            offers.extend(["show", "schedule"].map(|verb| format!("/agent {verb} {name}")));
        }
        offers
    }

    /// The parts of the machine that change while the shell runs.
    pub(super) fn names(&self) -> Option<Box<dyn Names>> {
        match &self.door {
            Door::Own(machine) => Some(Box::new(machine.kernel.clone())),
            Door::Other(_) => None,
        }
    }
}

/// Completes lines of the shell.
pub struct Words {
    commands: Vec<String>,
    names: Option<Box<dyn Names>>,
}

impl Words {
    /// The commands, and those of this machine beside them: with names of its models and tools.
    /// What changes while the shell runs is looked up in `names`.
    pub fn with(more: Vec<String>, names: Option<Box<dyn Names>>) -> Self {
        let mut commands = slash_commands();
        commands.extend(more);
        commands.sort();
        commands.dedup();
        Self { commands, names }
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
        let commands = all.filter(|command| command.starts_with(line)).cloned();
        commands.chain(self.with_names(line)).collect()
    }

    /// The command of `line`, with each name that begins as its last word does.
    fn with_names(&self, line: &str) -> Vec<String> {
        let Some(names) = &self.names else {
            return Vec::new();
        };
        let begins = |commands: &[&'static str]| {
            let mut commands = commands.iter().copied();
            commands.find(|command| line.starts_with(command))
        };
        let (command, known) = match (begins(OF_PAGES), begins(OF_PROCESSES)) {
            (Some(command), _) => (command, names.pages()),
            (None, Some(command)) => (command, names.processes()),
            (None, None) => return Vec::new(),
        };
        let word = &line[command.len()..];
        // A name with a space would be two words.
        let is_word = |name: &String| !name.contains(char::is_whitespace) && visible(name) == *name;
        let known = known.into_iter().filter(is_word);
        let fits = known.filter(|name| name.starts_with(word));
        fits.map(|name| format!("{command}{name}"))
            .take(FILES_MAX)
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

    struct Two;

    impl Names for Two {
        fn pages(&self) -> Vec<String> {
            ["m1-1", "a b", "w2"].map(str::to_owned).into()
        }

        fn processes(&self) -> Vec<String> {
            ["12", "7"].map(str::to_owned).into()
        }
    }

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
            let offered = Words::with(more, Some(Box::new(Two))).complete(&line, line.len());
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
        check("/qui", &["/quit"]);
        check("/mem show m", &["/mem show m1-1"]);
        check("/log 1", &["/log 12"]);
        check("/log x", &[]);
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
