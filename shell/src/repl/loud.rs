//! Answers that are spoken: what `/speak` switches.

use std::sync::Arc;

use anyhow::Result;
use quipu_tools::CancelToken;
use quipu_voice::Voice;

use crate::session::Session;
use crate::session::player;
use crate::session::speech::{Manner, aloud};
use crate::terminal::error::UserError;

/// What speaks answers.
pub struct Loud {
    voice: Arc<Voice>,
    manner: Manner,
}

/// Stops what is said when nobody waits for its end any more.
struct Stop(CancelToken);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// What speaks after `/speak` with these words, and tells of it.
///
/// # Errors
/// Words that mean nothing, a voice that is not there, nothing that plays it. Answers are not
/// spoken then.
pub fn switched(session: &Session, before: Option<Loud>, words: &[&str]) -> Result<Option<Loud>> {
    let speaker = match words {
        [] => {
            say!(
                "answers are {}",
                if before.is_some() {
                    "spoken"
                } else {
                    "not spoken"
                }
            );
            return Ok(before);
        }
        ["off"] => {
            say!("answers are not spoken");
            return Ok(None);
        }
        ["on"] => None,
        ["on", speaker] => Some((*speaker).to_owned()),
        _ => {
            return Err(UserError::usage(
                "/speak takes on or off",
                "/speak on NAME chooses who speaks",
            ));
        }
    };
    let voice = session.voice()?;
    voice
        .check(speaker.as_deref())
        .map_err(crate::session::speech::explained)?;
    // Better now than after the first answer.
    let player = player::named()?;
    say!("answers are spoken, with {player}; Ctrl-C stops one");
    let manner = Manner {
        speaker,
        ..Manner::default()
    };
    let voice = Arc::new(voice);
    Ok(Some(Loud { voice, manner }))
}

impl Loud {
    /// Speaks an answer to its end, or until this is dropped. One with nothing to say, such as
    /// code, is left out.
    ///
    /// # Errors
    /// A voice or a player that fails.
    pub async fn speak(&self, answer: &str) -> Result<()> {
        if quipu_voice::sentences(answer).is_empty() {
            return Ok(());
        }
        let stop = Stop(CancelToken::default());
        let (voice, manner, cancel) = (self.voice.clone(), self.manner.clone(), stop.0.clone());
        let answer = answer.to_owned();
        tokio::task::spawn_blocking(move || aloud(&voice, &answer, &manner, &cancel)).await?
    }
}
