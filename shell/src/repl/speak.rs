//! Answers that are spoken: what `/speak` switches.

use std::sync::Arc;

use anyhow::Result;
use quipu_voice::Voice;

use super::Repl;
use crate::session::player;
use crate::session::speech::{Manner, aloud, explained};
use crate::session::stop::Stop;
use crate::terminal::error::UserError;
use crate::terminal::words::words;

/// What speaks answers.
pub struct Loud {
    voice: Arc<Voice>,
    manner: Manner,
}

impl Repl<'_> {
    /// `/speak` with the words after it.
    ///
    /// # Errors
    /// Words that mean nothing, a voice that is not there, nothing that plays it.
    pub(super) fn speak(&mut self, given: &[&str]) -> Result<u8> {
        match given {
            [] => {}
            ["off"] => self.loud = None,
            ["on"] => self.loud = Some(self.louder(None)?),
            ["on", speaker] => self.loud = Some(self.louder(Some((*speaker).to_owned()))?),
            _ => {
                return Err(UserError::usage(
                    "/speak takes on or off",
                    "/speak on NAME chooses who speaks",
                ));
            }
        }
        match self.loud {
            Some(_) => say!("{}", words().spoken),
            None => say!("{}", words().not_spoken),
        }
        Ok(0)
    }

    /// What speaks answers by `speaker`.
    fn louder(&self, speaker: Option<String>) -> Result<Loud> {
        let voice = self.session.voice()?;
        voice.check(speaker.as_deref()).map_err(explained)?;
        // Better now than after the first answer.
        player::named()?;
        let manner = Manner {
            speaker,
            ..Manner::default()
        };
        let voice = Arc::new(voice);
        Ok(Loud { voice, manner })
    }

    /// Speaks an answer, where answers are spoken; an interrupt ends that and nothing else.
    pub(super) async fn say_aloud(&mut self, answer: &str) -> Result<()> {
        let Some(loud) = &self.loud else {
            return Ok(());
        };
        self.interrupts.begin();
        let done = tokio::select! {
            done = loud.speak(answer) => done,
            () = self.interrupts.next() => Ok(()),
        };
        self.interrupts.end();
        done
    }
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
        let stop = Stop::default();
        let (voice, manner, cancel) = (self.voice.clone(), self.manner.clone(), stop.0.clone());
        let answer = answer.to_owned();
        tokio::task::spawn_blocking(move || aloud(&voice, &answer, &manner, &cancel)).await?
    }
}
