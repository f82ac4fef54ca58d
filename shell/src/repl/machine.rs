//! The machine that a shell runs on: its own, or that of another program.

use anyhow::Result;

use crate::config::globals::Globals;
use crate::service::door::Door;
use crate::service::machine::Lifetime;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::terminal::words::{fill, words};
use crate::terminal::{error, output};

/// The machine of a shell: the one that runs on its root, or one of its own. That of a person
/// who types runs until they leave it, and that of lines from a pipe while there are any.
pub(super) async fn open(session: &Session, is_typed: bool) -> Result<Door> {
    let policy = session.policy(&[], None);
    let lifetime = match is_typed {
        true => Lifetime::Service(None),
        false => Lifetime::Command,
    };
    let door = Door::open(session, policy, &Loaded::default(), lifetime).await?;
    if let Door::Other(_) = &door
        && console::Term::stderr().is_term()
    {
        let cpu = output::visible(&door.cpu()?);
        say!("{}", fill(words().shared, &[("cpu", &cpu)]));
    }
    Ok(door)
}

/// A session with other options and its machine; with those of `before` where there can be
/// none.
pub(super) async fn switched(globals: Globals, before: Globals) -> Result<(Session, Door)> {
    let session = Session::open(globals)?;
    match open(&session, true).await {
        Ok(door) => Ok((session, door)),
        Err(error) => {
            error::report(&error);
            drop(session);
            let session = Session::open(before)?;
            let door = open(&session, true).await?;
            Ok((session, door))
        }
    }
}
