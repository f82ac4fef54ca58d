//! The first line is typed while the machine starts: a large model takes seconds to load.
//!
//! What the start has to say meanwhile, errors too, stands above the line that is being typed. A
//! machine that is there at once says it before the first line.

use std::pin::pin;
use std::time::Duration;

use anyhow::Result;

use super::editor::{Editor, Line};
use super::machine;
use crate::config::private;
use crate::config::settings::CpuChoice;
use crate::service::door::Door;
use crate::session::Session;
use crate::session::lock::MachineLock;
use crate::terminal::error::INTERRUPTED;
use crate::terminal::words::{fill, words};
use crate::terminal::{draft, held, output};

/// How long a machine may take to start before its person is asked for the first line.
const AT_ONCE: Duration = Duration::from_millis(100);

/// What came of a start.
pub(super) enum Begun {
    /// The machine, and what was typed meanwhile.
    Open(Box<Door>, Option<First>),
    /// The shell was left before it was there, with this exit code.
    Left(u8),
}

/// The first line, typed before the machine was there.
pub(super) struct First {
    /// What was typed.
    pub(super) line: String,
    /// Whether nobody has typed on this root before.
    pub(super) is_new_here: bool,
}

/// Opens the machine of a person who types, and takes their first line if that takes long.
///
/// # Errors
/// Those of the machine.
pub(super) async fn open(session: &Session) -> Result<Begun> {
    let opened = |door| Begun::Open(Box::new(door), None);
    // A screen reader is told one thing after the other. A model that is not there is asked about.
    let is_local = session.settings.cpu == CpuChoice::Local && session.model_file().is_ok();
    // Nor is the machine of another program loaded: it is shared, or waited for.
    let is_held = MachineLock::holder(&session.paths.lock()).is_some();
    if !is_local || is_held || output::is_plain() {
        return machine::open(session, true).await.map(opened);
    }
    let mut opening = pin!(machine::open(session, true));
    if let Ok(door) = tokio::time::timeout(AT_ONCE, opening.as_mut()).await {
        return door.map(opened);
    }

    let history = session.paths.state.join("history.txt");
    let is_new_here = !history.exists();
    private::file(&history)?;
    let editor = Editor::new(&history, session.leaks.clone(), Vec::new(), None)?;
    let mut editor = editor.telling();
    let model = output::visible(&session.settings.model);
    say!("{}", fill(words().loading, &[("model", &model)]));
    say!("{}", words().begin);

    let mut door = None;
    let mut presses = 0;
    let line = loop {
        let holding = held::hold();
        draft::erase();
        let mut reading = tokio::task::spawn_blocking(move || {
            let read = editor.read();
            (editor, read)
        });
        let (back, read) = loop {
            tokio::select! {
                opened = opening.as_mut(), if door.is_none() => door = Some(opened),
                read = &mut reading => break read?,
            }
        };
        editor = back;
        drop(holding);
        match read? {
            Line::Text(text) => match text.trim() {
                "" => presses = 0,
                "/quit" | "/exit" | "/q" => return Ok(left(session, 0)),
                _ => break text,
            },
            Line::End => return Ok(left(session, 0)),
            Line::Interrupted if presses > 0 => return Ok(left(session, INTERRUPTED)),
            Line::Interrupted => {
                presses += 1;
                say!("{}", words().leave_twice);
            }
        }
    };
    let door = match door {
        Some(door) => door?,
        None => opening.await?,
    };
    Ok(Begun::Open(
        Box::new(door),
        Some(First { line, is_new_here }),
    ))
}

/// Leaves what has started of the machine.
fn left(session: &Session, code: u8) -> Begun {
    session.end_servers();
    Begun::Left(code)
}
