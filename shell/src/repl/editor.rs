//! The line editor: history, completion of slash commands, several lines.

use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::Result;
use quipu_tools::LeakScan;
use reedline::{
    ColumnarMenu, DefaultHinter, DefaultPrompt, DefaultPromptSegment, Emacs, ExternalPrinter,
    FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu,
    Signal, ValidationResult, Validator, default_emacs_keybindings,
};

use super::complete::{Names, Words};
use super::history::Clean;
use crate::terminal::held;
use crate::terminal::output::is_plain;

/// Lines kept in the history file.
const HISTORY_LINES: usize = 2000;
/// Lines that are written above what is typed at a time.
const LINES_AT_ONCE: usize = 64;

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
    /// None where lines are read as the terminal gives them: what is drawn over and over tells a
    /// screen reader nothing.
    reedline: Option<Reedline>,
    prompt: DefaultPrompt,
}

impl Editor {
    /// An editor with its history in `history`, without what `leaks` looks for, which offers these
    /// `commands` beside the usual, with the `names` that they take.
    pub fn new(
        history: &Path,
        leaks: LeakScan,
        commands: Vec<String>,
        names: Option<Box<dyn Names>>,
    ) -> Result<Self> {
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
            .with_history(Box::new(Clean { history, leaks }))
            .with_completer(Box::new(Words::with(commands, names)))
            // A paste is one task of many lines, not many tasks.
            .use_bracketed_paste(true)
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            // An earlier line with the same beginning is offered in grey.
            .with_hinter(Box::new(DefaultHinter::default()))
            .with_ansi_colors(console::colors_enabled_stderr())
            .with_validator(Box::new(Backslash))
            .with_edit_mode(Box::new(Emacs::new(keys)));
        Ok(Self {
            reedline: (!is_plain()).then_some(reedline),
            prompt: DefaultPrompt::new(
                DefaultPromptSegment::Basic("quipu".into()),
                DefaultPromptSegment::Empty,
            ),
        })
    }

    /// The same, which writes lines that are held above what is typed, and draws that again.
    pub fn telling(self) -> Self {
        let printer = ExternalPrinter::new(LINES_AT_ONCE);
        let sender = printer.sender();
        // It is called where the editor looks for lines next, so that none is on its way when the
        // line is typed.
        let tell = move || {
            for line in held::take(LINES_AT_ONCE) {
                // There is room for so many.
                let _ = sender.try_send(line);
            }
        };
        let telling = |reedline: Reedline| {
            let reedline = reedline.with_external_printer(printer);
            reedline.with_idle_callback(Box::new(tell))
        };
        Self {
            reedline: self.reedline.map(telling),
            ..self
        }
    }

    /// Waits for a line.
    pub fn read(&mut self) -> Result<Line> {
        let Some(reedline) = &mut self.reedline else {
            return read_plainly();
        };
        Ok(match reedline.read_line(&self.prompt)? {
            Signal::Success(text) => Line::Text(text.replace("\\\n", "\n")),
            Signal::CtrlC => Line::Interrupted,
            _ => Line::End,
        })
    }
}

/// Reads a line, and those after it while one ends in a backslash.
fn read_plainly() -> Result<Line> {
    let mut text = String::new();
    let mut err = std::io::stderr();
    write!(err, "quipu> ")?;
    err.flush()?;
    loop {
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line)? == 0 {
            return Ok(Line::End);
        }
        let line = line.trim_end_matches(['\n', '\r']);
        match line.strip_suffix('\\') {
            Some(begun) => {
                text.push_str(begun);
                text.push('\n');
            }
            None => {
                text.push_str(line);
                return Ok(Line::Text(text));
            }
        }
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
