//! The line editor: history, completion of slash commands, several lines.

use std::path::Path;

use anyhow::Result;
use clap::CommandFactory;
use reedline::{
    ColumnarMenu, DefaultCompleter, DefaultHinter, DefaultPrompt, DefaultPromptSegment, Emacs,
    FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu,
    Signal, ValidationResult, Validator, default_emacs_keybindings,
};

use crate::cli::Cli;

/// Lines kept in the history file.
const HISTORY_LINES: usize = 2000;
/// Commands that only the shell has.
const OWN: [&str; 4] = ["/help", "/quit", "/resume", "/clear"];

/// What came from the keyboard.
pub enum Line {
    /// A line, or several joined.
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D.
    End,
}

/// The editor.
pub struct Editor {
    reedline: Reedline,
    prompt: DefaultPrompt,
}

impl Editor {
    /// An editor with its history in `history`.
    pub fn new(history: &Path) -> Result<Self> {
        let mut completer = Box::new(DefaultCompleter::with_inclusions(&['/', ' ', '-']));
        completer.insert(slash_commands());
        let menu = ColumnarMenu::default().with_name("completion");
        let mut keys = default_emacs_keybindings();
        keys.add_binding(
            KeyModifiers::NONE,
            KeyCode::Tab,
            ReedlineEvent::UntilFound(vec![
                ReedlineEvent::Menu("completion".into()),
                ReedlineEvent::MenuNext,
            ]),
        );
        keys.add_binding(
            KeyModifiers::ALT,
            KeyCode::Enter,
            ReedlineEvent::Edit(vec![reedline::EditCommand::InsertNewline]),
        );
        let history = FileBackedHistory::with_file(HISTORY_LINES, history.to_owned())?;
        let reedline = Reedline::create()
            .with_history(Box::new(history))
            .with_completer(completer)
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            // What was typed before and begins the same is offered in grey.
            .with_hinter(Box::new(DefaultHinter::default()))
            .with_ansi_colors(console::colors_enabled_stderr())
            .with_validator(Box::new(Backslash))
            .with_edit_mode(Box::new(Emacs::new(keys)));
        Ok(Self {
            reedline,
            prompt: DefaultPrompt::new(
                DefaultPromptSegment::Basic("quipu".into()),
                DefaultPromptSegment::Empty,
            ),
        })
    }

    /// Waits for a line.
    pub fn read(&mut self) -> Result<Line> {
        Ok(match self.reedline.read_line(&self.prompt)? {
            Signal::Success(text) => Line::Text(text.replace("\\\n", "\n")),
            Signal::CtrlC => Line::Interrupted,
            _ => Line::End,
        })
    }
}

/// A line that ends in a backslash goes on.
struct Backslash;

impl Validator for Backslash {
    fn validate(&self, line: &str) -> ValidationResult {
        match line.ends_with('\\') {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Complete,
        }
    }
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
    names
}
