//! `quipu man`: manual pages, written from the same texts as `--help`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::builder::StyledStr;
use clap::{Arg, Args, Command, CommandFactory};

use crate::cli::Cli;
use crate::terminal::error::UserError;
use crate::terminal::output;

/// What every command's exit code means.
const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "done"),
    ("1", "the work failed"),
    ("2", "wrong usage or configuration"),
    ("3", "stopped by a limit or a denied approval"),
    ("130", "interrupted"),
];

/// Print the manual page, or write a page for each command
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder for the pages, such as ~/.local/share/man/man1
    dir: Option<PathBuf>,
}

/// Prints the page of `quipu`, or writes all pages.
pub fn run(args: &ManArgs) -> Result<u8> {
    let mut pages = pages();
    let Some(folder) = &args.dir else {
        let (_, page) = pages.remove(0);
        output::line(page.trim_end())?;
        return Ok(0);
    };
    let failed = |path: &Path, error: std::io::Error| {
        UserError::failed(
            format!("{}: {error}", path.display()),
            "name a folder that can be written",
        )
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for (name, page) in &pages {
        let path = folder.join(format!("{name}.1"));
        fs::write(&path, page).map_err(|error| failed(&path, error))?;
    }
    say!(
        "wrote {} to {}",
        output::counted(pages.len(), "page"),
        folder.display()
    );
    Ok(0)
}

/// Every page with its name, that of `quipu` first.
fn pages() -> Vec<(String, String)> {
    let mut root = Cli::command();
    // Names subcommands by the words that are typed.
    root.build();
    let mut pages = Vec::new();
    let mut waiting = vec![("quipu".to_owned(), &root)];
    while let Some((name, command)) = waiting.pop() {
        pages.push((name.clone(), page(&name, command)));
        let below = below(command).map(|below| (format!("{name}-{}", below.get_name()), below));
        let mut below: Vec<(String, &Command)> = below.collect();
        below.reverse();
        waiting.extend(below);
    }
    pages
}

/// The commands below `command` that have a page.
fn below(command: &Command) -> impl Iterator<Item = &Command> {
    let all = command.get_subcommands();
    all.filter(|below| !below.is_hide_set() && below.get_name() != "help")
}

/// The page `name`, in the macros of `man`.
fn page(name: &str, command: &Command) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut page = Page::default();
    page.macro_line(&format!(
        ".TH \"{}\" 1 \"\" \"quipu {version}\" \"Quipu\"",
        name.to_uppercase()
    ));
    let about = text(command.get_about());
    page.section("NAME");
    page.text(&format!(
        "{name} - {}",
        about.lines().next().unwrap_or_default()
    ));
    page.section("SYNOPSIS");
    let usage = command.clone().render_usage().to_string();
    page.text(usage.trim_start_matches("Usage:").trim());
    page.section("DESCRIPTION");
    page.text(&text(command.get_long_about().or(command.get_about())));

    let is_root = name == "quipu";
    let args = command.get_arguments().filter(|arg| {
        // Every command takes the global ones, and the first page has them.
        !arg.is_hide_set() && (is_root || !arg.is_global_set())
    });
    let (places, options): (Vec<&Arg>, Vec<&Arg>) = args.partition(|arg| arg.is_positional());
    for (title, args) in [("ARGUMENTS", places), ("OPTIONS", options)] {
        if !args.is_empty() {
            page.section(title);
        }
        for arg in args {
            page.item(&names(arg), &explained(arg));
        }
    }
    let mut commands = below(command).peekable();
    if commands.peek().is_some() {
        page.section("COMMANDS");
    }
    for below in commands {
        let words = format!("{name}-{}(1)", below.get_name());
        page.item(&words, &text(below.get_about()));
    }
    for part in text(command.get_after_long_help()).split("\n\n") {
        page.after(part);
    }
    page.section("EXIT STATUS");
    for (code, what) in EXIT_CODES {
        page.item(code, what);
    }
    if !is_root {
        page.section("SEE ALSO");
        page.text("quipu(1), which has the options that every command takes");
    }
    page.0
}

fn text(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// How an argument is written, with its values.
fn names(arg: &Arg) -> String {
    let values: Vec<String> = match arg.get_value_names() {
        Some(names) if arg.get_action().takes_values() => {
            names.iter().map(|name| format!("<{name}>")).collect()
        }
        _ => Vec::new(),
    };
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let parts = [names.join(", "), values.join(" ")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// The help of an argument, with the values that it takes.
fn explained(arg: &Arg) -> String {
    let mut words = text(arg.get_long_help().or(arg.get_help()));
    let values = arg.get_possible_values();
    let values: Vec<&str> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name())
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() && !arg.is_hide_possible_values_set() {
        words.push_str(&format!("\n\nOne of: {}.", values.join(", ")));
    }
    let usual: Vec<String> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    if arg.get_action().takes_values() && !usual.is_empty() && !arg.is_hide_default_value_set() {
        words.push_str(&format!("\n\nDefault: {}.", usual.join(", ")));
    }
    words
}

/// A page that is being written.
#[derive(Default)]
struct Page(String);

impl Page {
    fn macro_line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn section(&mut self, title: &str) {
        self.macro_line(&format!(".SH {title}"));
    }

    /// Something with a name of its own, and what there is to say about it.
    fn item(&mut self, name: &str, words: &str) {
        self.macro_line(".TP");
        self.macro_line(&format!("\\fB{}\\fR", escaped(name)));
        self.text(words);
    }

    /// A part of what stands below the options of `--help`, under its title if it has one.
    fn after(&mut self, part: &str) {
        if let Some(variables) = part.strip_prefix("Environment:\n") {
            self.section("ENVIRONMENT");
            let variables = variables.lines();
            for (variable, what) in variables.filter_map(|line| line.trim().split_once(' ')) {
                self.item(variable, what.trim());
            }
            return;
        }
        let title = part
            .split_once(":\n")
            .filter(|(title, _)| !title.contains(' '));
        let (title, lines) = title.unwrap_or(("Details", part));
        if lines.trim().is_empty() {
            return;
        }
        self.section(&title.to_uppercase());
        // Its lines are laid out already.
        self.macro_line(".nf");
        for line in lines.lines() {
            self.macro_line(&escaped(line));
        }
        self.macro_line(".fi");
    }

    /// Paragraphs, between which stand empty lines.
    fn text(&mut self, words: &str) {
        let mut is_first = true;
        for paragraph in words.split("\n\n").filter(|part| !part.trim().is_empty()) {
            if !is_first {
                self.macro_line(".sp");
            }
            is_first = false;
            for line in paragraph.lines() {
                self.macro_line(&escaped(line.trim()));
            }
        }
    }
}

/// `text` without anything that the formatter reads as a command.
fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    match escaped.starts_with(['.', '\'']) {
        true => format!("\\&{escaped}"),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_commands_of_the_formatter() {
        let check = |text: &str, want: &str| assert_eq!(escaped(text), want);
        check("plain words", "plain words");
        check("--root", "\\-\\-root");
        check(".TH", "\\&.TH");
        check("'quoted", "\\&'quoted");
        check("a\\b", "a\\eb");
    }

    #[test]
    fn every_command_and_option_has_its_place() {
        let pages = pages();
        let find = |name: &str| {
            let found = pages.iter().find(|(known, _)| known == name);
            &found.unwrap_or_else(|| panic!("no page {name}")).1
        };
        assert_eq!(pages[0].0, "quipu");
        let check = |name: &str, wanted: &[&str]| {
            let page = find(name);
            for part in wanted {
                assert!(page.contains(part), "no {part:?} in {page}");
            }
        };
        check(
            "quipu",
            &[
                ".TH \"QUIPU\" 1",
                "\\-\\-root <DIR>",
                "quipu\\-run(1)",
                ".SH EXAMPLES\n.nf\n  quipu  ",
                ".SH ENVIRONMENT\n.TP\n\\fBQUIPU_ROOT\\fR\nlike \\-\\-root",
                ".TP\n\\fB130\\fR\ninterrupted",
            ],
        );
        check(
            "quipu-run",
            &[
                "quipu run [OPTIONS] [PROMPT]",
                "\\-\\-schema <FILE>",
                "One of: text, json",
            ],
        );
        check("quipu-mem-search", &["quipu mem search"]);
        check(
            "quipu-eval",
            &[".SH DETAILS\n.nf\nA case has", ".SH CHECKS\n.nf\n"],
        );
        assert!(!find("quipu-eval").contains("ENVIRONMENT"));
        assert!(!find("quipu-run").contains("\\-\\-root <DIR>"));
        for (name, page) in &pages {
            for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
                let known = [".TH ", ".SH ", ".TP", ".sp", ".nf", ".fi"];
                assert!(
                    known.iter().any(|known| line.starts_with(known)),
                    "{name}: {line}"
                );
            }
        }
    }
}
