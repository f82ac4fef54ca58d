//! `/compare`: two answers to a task, of which the user chooses the better one. The pair is kept
//! for preference training, and a short choice is a case to learn from.

use anyhow::Result;
use quipu_kernel::label::{Label, Level, Trust};
use quipu_kernel::process::{Pid, Sampling, text_of};

use super::{Repl, correct};
use crate::cli::eval::pairs::Pair;
use crate::config::{paths, private};
use crate::service::conversation::{Ask, Start};
use crate::session::agent::Loaded;
use crate::session::earlier;
use crate::session::learnt::Shelf;
use crate::session::talk::Turn;
use crate::terminal::error::{FAILED, INTERRUPTED, UserError};
use crate::terminal::person::{self, Better};
use crate::terminal::words::{fill, words};

/// The temperature of the second answer: at 0 both would be the same.
const TEMPERATURE: f32 = 0.8;
/// Characters of an answer that is a case to learn from: a longer one is hardly said again word
/// for word.
const CASE_CHARS: usize = 80;

impl Repl<'_> {
    /// Answers a task twice, and keeps which answer its user takes for better; the last task
    /// where `task` is empty. Nobody is asked for approvals meanwhile, so that neither changes
    /// what has to be approved.
    pub(super) async fn compare(&mut self, task: &str) -> Result<u8> {
        if !person::is_there(self.session.globals.no_input) {
            return Err(UserError::usage(
                "/compare asks which answer is better, and nobody is there",
                "`quipu eval --repeat 2 --pairs FILE` lets checks choose",
            ));
        }
        let last = || {
            let turn = self.talk.last()?;
            Some((turn.asked.clone(), turn.of_others()))
        };
        let task = match task.trim() {
            "" => last(),
            task => Some((task.to_owned(), None)),
        };
        let Some((task, others)) = task else {
            return Err(UserError::usage(
                "/compare takes a task",
                "/compare Write a haiku",
            ));
        };
        let done = self.choose(task, others.as_ref()).await;
        // The answer that was not chosen is the newest, perhaps, and no part of the conversation.
        let head = self.talk.head();
        earlier::note_head(self.door.journal(), &self.session.paths, head)?;
        done
    }

    /// Answers `task` twice, and has its user choose. `others` is its label, where somebody else
    /// may have asked it.
    async fn choose(&mut self, task: String, others: Option<&Label>) -> Result<u8> {
        let mut answers = Vec::new();
        for nth in 0..2 {
            match self.answer_once(&task, others, nth).await? {
                Some(answer) => answers.push(answer),
                None => return Ok(INTERRUPTED),
            }
        }
        let [(first_pid, first), (second_pid, second)] = answers.as_slice() else {
            return Ok(FAILED);
        };
        if first == second {
            say!("{}", words().answers_alike);
            return Ok(0);
        }
        let (pid, chosen, rejected) = match person::better(first, second).await {
            Some(Better::First) => (*first_pid, first, second),
            Some(Better::Second) => (*second_pid, second, first),
            None => {
                say!("{}", words().none_chosen);
                return Ok(0);
            }
        };
        let journal = self.door.journal();
        let both = journal.label_of(*first_pid)?;
        let both = both.held_to(journal.label_of(*second_pid)?.level());
        let pair = Pair {
            prompt: task.clone(),
            chosen: chosen.clone(),
            rejected: rejected.clone(),
            level: both.level(),
        };
        self.keep_pair(&pair)?;
        self.last = Some(pid);
        let read = self.door.journal().label_of(pid)?;
        let Level { trust, secrecy } = read.level();
        self.talk.add(Turn {
            pid: Some(pid),
            asked: task,
            asked_by: others.map_or(Trust::User, |label| label.trust),
            answered: chosen.clone(),
            trust,
            secrecy,
            suspicion: read.suspicion,
        });
        Ok(0)
    }

    /// The answer number `nth` to `task`, and its process; `None` where it was interrupted.
    async fn answer_once(
        &mut self,
        task: &str,
        others: Option<&Label>,
        nth: u32,
    ) -> Result<Option<(Pid, String)>> {
        let usual = self.session.settings.sampling();
        let mut program = match others {
            None => {
                let (prompt, label, files) = self.typed(task)?;
                let mut program = self.program(task, prompt, label, files);
                program.said = self.talk.typed_so_far(task);
                program
            }
            // No file is read for others, and their words are not the user's.
            Some(label) => {
                let (prompt, label) = self.talk.piped(task, label.clone());
                self.program(task, prompt, label, Vec::new())
            }
        };
        program.unapproved = true;
        if nth > 0 {
            program.sampling = Some(Sampling {
                temperature: usual.temperature.max(TEMPERATURE),
                seed: usual.seed.wrapping_add(nth),
            });
        }
        let ask = Ask {
            start: Start::Spawn {
                program: Box::new(program),
                must_fit: true,
            },
            think: None,
        };
        let conversation = self.door.begin(ask).await?;
        self.interrupts.begin();
        let ended = tokio::select! {
            ended = conversation.end() => Some(ended),
            () = self.interrupts.next() => None,
        };
        self.interrupts.end();
        let Some(ended) = ended else {
            say!("{}", words().interrupted);
            return Ok(None);
        };
        let ended = ended?;
        let answer = ended.exit.answer.ok_or_else(|| {
            UserError::failed(
                format!("process {} ended without an answer", ended.pid),
                format!("/log {} shows what it did", ended.pid),
            )
        })?;
        Ok(Some((ended.pid, text_of(&answer))))
    }

    /// Adds a pair to the file of pairs, and the choice to the cases where it is short. What a
    /// stranger had a hand in, or what is private, becomes no case: others learn from those.
    fn keep_pair(&self, pair: &Pair) -> Result<()> {
        let shelf = Shelf::of(&self.session.paths, &Loaded::default());
        let file = shelf.pairs();
        let mut lines = match file.is_file() {
            true => std::fs::read_to_string(&file)?,
            false => String::new(),
        };
        lines.push_str(&format!("{}\n", pair.line()));
        paths::create(file.parent().unwrap_or(&file))?;
        private::replace(&file, lines.as_bytes())?;
        let pairs = lines.lines().count();
        say!(
            "{}",
            fill(
                words().pair_kept,
                &[("pairs", &pairs), ("file", &file.display())]
            )
        );
        let Level { trust, secrecy } = pair.level;
        let is_clean = trust >= Trust::User && secrecy.is_public();
        if is_clean && pair.chosen.chars().count() <= CASE_CHARS {
            let cases = correct::keep(&shelf, &pair.prompt, &pair.chosen)?;
            say!("{}", fill(words().noted, &[("cases", &cases)]));
        }
        Ok(())
    }
}
