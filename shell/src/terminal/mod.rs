//! What a person or a pipe reads and writes: standard output, standard error, standard
//! input, the files a user names, and the words for errors.
//!
//! | file | job |
//! | --- | --- |
//! | `output`, `records` | data on standard output, and text that cannot touch the terminal; rows on a narrow one |
//! | `error`, `hints`, `model_hints`, `toml_words` | what went wrong, a hint, an exit code |
//! | `render`, `branches`, `children`, `parts` | the steps of a process as they happen, its branches, children and parts |
//! | `draft`, `writing` | what a model is writing, and what a person is shown of it |
//! | `held` | what waits while a person types |
//! | `reading`, `silence` | what goes on now, and a word where nothing is seen for a while |
//! | `markdown` | an answer on a terminal |
//! | `report` | what a process did, as JSON |
//! | `sources` | the pages that an answer rests on |
//! | `bar`, `pull` | how far work has come |
//! | `words` | the messages of the shell, in each language |
//! | `person` | questions, approvals, and secrets that are typed |
//! | `interrupts`, `exit` | Ctrl-C, and the end of the program |
//! | `files`, `text`, `lines` | files that a user named: what is wrong with one; whole, or by lines of JSON |
//! | `piped` | what comes on standard input beside a task |
//! | `logging` | diagnostics |
//! | `secrets` | what is in nothing that is printed |
//!
//! The lowest floor: it knows no setting, no folder and no machine. What it shows comes in
//! as arguments.

/// Writes a line to standard error, made visible: words of a model, a tool or a file may
/// be part of it.
macro_rules! say {
    ($($words:tt)*) => {{
        let words = $crate::terminal::output::visible(&format!($($words)*));
        let words = $crate::terminal::files::without_numbers(&words);
        $crate::terminal::draft::clear();
        $crate::terminal::held::line(&$crate::terminal::secrets::text(&words));
    }};
}

pub mod bar;
pub mod branches;
pub mod children;
pub mod draft;
pub mod error;
pub mod exit;
pub mod files;
pub mod held;
pub mod hints;
pub mod interrupts;
pub mod lines;
pub mod logging;
pub mod markdown;
pub mod model_hints;
pub mod output;
pub mod parts;
pub mod person;
pub mod piped;
pub mod pull;
pub mod reading;
pub mod records;
pub mod render;
pub mod report;
pub mod secrets;
pub mod silence;
pub mod sources;
pub mod text;
pub mod toml_words;
pub mod words;
pub mod writing;
