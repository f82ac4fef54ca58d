//! One answer of the plain model, piece by piece.
//!
//! Dropping a [`Turn`] cancels its job within one small batch.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{self, BoxStream, StreamExt};
use quipu_cpu::{Chunk, ClosedEarly, Completion, Job, Message, Prompt, Ticket, TokenOdds, Wishes};
use quipu_kernel::grammar::{Legal, Move};
use quipu_kernel::judgement::CALL_BEGINS;
use quipu_kernel::process::Usage;
use serde_json::Value;

use super::super::ending;
use super::super::error::ApiError;
use super::super::state::{Lease, Service};
use super::judge::{self, CLEARLY_NONE};
use super::laid::{Laid, form};
use super::lines::LineEnds;
use super::stop::Stops;
use super::{Ask, Choice, Finish, Piece, layout};

/// An answer under way.
pub struct Turn {
    lease: Lease,
    ask: Ask,
    legal: Legal,
    messages: Vec<Message>,
    prompt: Prompt,
    tokens_max: u32,
    begun: Instant,
    stops: Stops,
    line_ends: LineEnds,
    state: State,
    /// Pieces that are ready.
    ready: VecDeque<Piece>,
    /// Text that was passed on.
    passed: String,
    /// Odds of tokens that were not passed on yet.
    told: VecDeque<TokenOdds>,
    /// Bytes of the tokens whose odds were.
    told_bytes: usize,
    /// Tokens of the prompt that were resident, as far as the CPU has said.
    cached: u32,
    /// What a list of calls cost that was written again.
    spent: Usage,
}

enum State {
    /// Nothing was written yet.
    New,
    /// The CPU writes.
    Writing(Writing),
    /// All pieces are out.
    Over,
}

struct Writing {
    ticket: Ticket,
    chosen: Move,
    /// Of a call, what was written before it was known to fit.
    text: String,
    whole: Option<Completion>,
}

impl Turn {
    /// Lays the window out and takes a place among the answers.
    ///
    /// # Errors
    /// A conversation that does not fit the window, a grammar that cannot be made, and no
    /// place left.
    pub async fn new(service: &Arc<Service>, ask: Ask) -> Result<Self, ApiError> {
        let lease = service.admit()?;
        Ok(Self::of(lease, Laid::of(service, ask).await?))
    }

    /// `count` answers to the same question, which is laid out once; drawn tokens differ by the
    /// seed.
    ///
    /// # Errors
    /// As [`Turn::new`].
    pub async fn several(
        service: &Arc<Service>,
        ask: Ask,
        count: u32,
    ) -> Result<Vec<Self>, ApiError> {
        let leases: Result<Vec<Lease>, ApiError> = (0..count).map(|_| service.admit()).collect();
        let leases = leases?;
        let laid = Laid::of(service, ask).await?;
        let turns = (0..count).zip(leases).map(|(at, lease)| {
            let mut laid = laid.clone();
            let seed = &mut laid.ask.sampling.seed;
            *seed = seed.wrapping_add(at);
            Self::of(lease, laid)
        });
        Ok(turns.collect())
    }

    fn of(lease: Lease, laid: Laid) -> Self {
        Self {
            lease,
            tokens_max: laid.tokens_max,
            stops: Stops::new(laid.ask.stops.clone()),
            line_ends: LineEnds::new(laid.ask.lines()),
            ask: laid.ask,
            legal: laid.legal,
            messages: laid.messages,
            prompt: laid.prompt,
            begun: Instant::now(),
            state: State::New,
            ready: VecDeque::new(),
            passed: String::new(),
            told: VecDeque::new(),
            told_bytes: 0,
            cached: 0,
            spent: Usage::default(),
        }
    }

    /// Tokens of the prompt.
    pub fn prompt_tokens(&self) -> usize {
        self.prompt.len
    }

    /// The pieces as they come, up to the last, or an error. Dropping the stream cancels the
    /// job; a piece that was waited for in vain is still there to be waited for.
    pub fn pieces(self) -> BoxStream<'static, Result<Piece, ApiError>> {
        let pieces = stream::unfold(Some(self), |turn| async move {
            let mut turn = turn?;
            match turn.next().await {
                Ok(Some(piece)) => Some((Ok(piece), Some(turn))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        pieces.boxed()
    }

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// What stopped the answer, the end of the machine among it; nothing comes after it.
    pub async fn next(&mut self) -> Result<Option<Piece>, ApiError> {
        let service = self.lease.service().clone();
        let patience = service.patience();
        let deadline = tokio::time::Instant::from_std(self.begun + patience);
        let piece = async {
            let piece = tokio::time::timeout_at(deadline, self.piece()).await;
            piece.unwrap_or_else(|_| Err(ApiError::timeout(patience.as_secs())))
        };
        let piece = ending::unless(&service.stopping, piece).await;
        if piece.is_err() {
            self.state = State::Over;
            self.ready.clear();
        }
        piece
    }

    async fn piece(&mut self) -> Result<Option<Piece>, ApiError> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            if matches!(self.state, State::New) {
                self.state = State::Writing(self.begin().await?);
            }
            let State::Writing(writing) = &mut self.state else {
                return Ok(None);
            };
            let chunk = match writing.whole.take() {
                Some(whole) => Chunk::Done(whole),
                None => writing.ticket.next().await?,
            };
            match chunk {
                Chunk::Begun(cached) => self.cached = cached,
                Chunk::Text(text) => self.text(&text),
                Chunk::Odds(odds) => self.told.extend(odds),
                Chunk::Done(whole) => self.done(whole).await?,
                Chunk::Weighed(..) => {}
            }
        }
    }

    /// Chooses what is written, and starts it.
    async fn begin(&mut self) -> Result<Writing, ApiError> {
        let info = self.lease.service().cpu().info();
        if self.legal.calls.is_empty() {
            // A script writes actions and nothing else.
            let plain = info.constrains || (info.kind != "script" && self.ask.schema.is_none());
            return Ok(self.write(if plain { Move::Answer } else { Move::Any }));
        }
        if !info.constrains {
            return Ok(self.write(Move::Any));
        }
        if self.ask.choice != Choice::Auto {
            return Ok(self.write(Move::Call));
        }
        let named = judge::names_one(&self.lease, &self.prompt, &self.legal.calls).await?;
        let Some(named) = named else {
            return Ok(self.write(Move::Any));
        };
        if named < CLEARLY_NONE {
            return Ok(self.write(Move::Answer));
        }
        let mut writing = self.write(Move::Call);
        let name = loop {
            if let Some(name) = named_in(&writing.text) {
                break name.to_owned();
            }
            match writing.ticket.next().await? {
                Chunk::Begun(cached) => self.cached = cached,
                Chunk::Text(text) => writing.text.push_str(&text),
                Chunk::Done(whole) => {
                    writing.whole = Some(whole);
                    break named_in(&writing.text).unwrap_or_default().to_owned();
                }
                Chunk::Weighed(..) | Chunk::Odds(_) => {}
            }
        };
        let function = self.legal.calls.iter().find(|call| call.name == name);
        let fits = match function {
            Some(function) => {
                let said = &self.ask.said;
                judge::fits(&self.lease, &self.messages, said, function, named).await?
            }
            None => false,
        };
        match fits {
            true => Ok(writing),
            false => Ok(self.write(Move::Answer)),
        }
    }

    fn write(&self, chosen: Move) -> Writing {
        let job = Job {
            pid: self.lease.pid(),
            priority: 0,
            prompt: self.prompt.clone(),
            form: form(&self.legal, self.ask.parallel, chosen),
            tokens_max: self.tokens_max,
            sampling: self.ask.sampling,
            history: Arc::new(layout::history(&self.ask.said)),
        };
        let cpu = self.lease.service().cpu();
        let wishes = Wishes {
            // The tokens of an action are not those of the text that it holds.
            odds: self.ask.odds.filter(|_| chosen == Move::Answer),
            shaping: self.ask.shaping.clone(),
        };
        Writing {
            ticket: cpu.submit_with(job, wishes),
            chosen,
            text: String::new(),
            whole: None,
        }
    }

    /// Text as it comes: an answer is passed on, an action only when it is whole.
    fn text(&mut self, text: &str) {
        let State::Writing(writing) = &self.state else {
            return;
        };
        if writing.chosen == Move::Answer {
            self.pass(text);
        }
    }

    /// Passes on text of an answer, up to words or a line that ends it.
    fn pass(&mut self, text: &str) {
        let (mut text, over) = self.stops.take(text);
        let (end, is_full) = self.line_ends.take(&text, Instant::now());
        text.truncate(end);
        if !text.is_empty() {
            self.passed_on(text);
        }
        let over = match is_full {
            true => Some(Finish::Length),
            false => over.map(Finish::Word),
        };
        if let Some(finish) = over {
            // The job is dropped here, and only a finished one tells what it cost.
            let generated = self.lease.service().cpu().count(&self.passed);
            let usage = Usage {
                prompt_tokens: u32::try_from(self.prompt.len).unwrap_or(u32::MAX),
                cached_tokens: self.cached,
                generated_tokens: u32::try_from(generated).unwrap_or(u32::MAX),
            };
            self.finish(finish, usage);
        }
    }

    /// Passes on what was held back of a text that is over, up to a line that ends it.
    fn pass_rest(&mut self) {
        let mut rest = self.stops.rest();
        let (end, _) = self.line_ends.take(&rest, Instant::now());
        rest.truncate(end);
        if !rest.is_empty() {
            self.passed_on(rest);
        }
    }

    /// Makes a text ready, after the odds of the tokens that it ends.
    fn passed_on(&mut self, text: String) {
        self.passed.push_str(&text);
        let mut odds = Vec::new();
        while let Some(first) = self.told.front() {
            let end = self.told_bytes + first.token.bytes.len();
            if end > self.passed.len() {
                break;
            }
            self.told_bytes = end;
            odds.extend(self.told.pop_front());
        }
        if !odds.is_empty() {
            self.ready.push_back(Piece::Odds(odds));
        }
        self.ready.push_back(Piece::Text(text));
    }

    /// Takes what was written, or lets it be written again with another call.
    async fn done(&mut self, mut whole: Completion) -> Result<(), ApiError> {
        if let State::Writing(writing) = &self.state
            && writing.chosen == Move::Call
            && self.ask.choice == Choice::Auto
            && self.ask.parallel
            && whole.closed_early.is_none()
            && layout::done(&self.ask.said).is_empty()
            && judge::wants_another(&self.lease, &self.prompt, &self.ask.said, &whole.text).await?
        {
            self.spent = whole.usage;
            // It begins with the same call again.
            self.state = State::Writing(self.write(Move::Calls));
            return Ok(());
        }
        self.cached = whole.usage.cached_tokens;
        whole.usage += self.spent;
        self.end(&whole)
    }

    fn end(&mut self, whole: &Completion) -> Result<(), ApiError> {
        let State::Writing(writing) = &self.state else {
            return Ok(());
        };
        let full = matches!(
            whole.closed_early,
            Some(ClosedEarly::Full | ClosedEarly::Repeating)
        );
        let full = full || whole.usage.generated_tokens >= self.tokens_max;
        let finish = if full { Finish::Length } else { Finish::Stop };
        if writing.chosen == Move::Answer {
            self.pass_rest();
            self.finish(finish, whole.usage);
            return Ok(());
        }
        let action = self.legal.action(writing.chosen, &whole.text);
        let action = action.and_then(|action| self.legal.check(&action).map(|()| action));
        let action = match action {
            Err(reason) if !full => {
                return Err(ApiError::internal(format!(
                    "the model wrote what cannot be used: {reason}; ask again, or with another \
                     model"
                )));
            }
            Ok(action) if !full || action.get("answer").is_some() => action,
            // A call that was cut off is none.
            _ => {
                self.finish(Finish::Length, whole.usage);
                return Ok(());
            }
        };
        self.action(&action, finish, whole);
        Ok(())
    }

    /// Passes on a whole action.
    fn action(&mut self, action: &Value, finish: Finish, whole: &Completion) {
        if let Some(answer) = action.get("answer") {
            let text = match answer {
                Value::String(text) if self.ask.schema.is_none() => text.clone(),
                other => other.to_string(),
            };
            self.pass(&text);
            if !matches!(self.state, State::Over) {
                self.pass_rest();
                self.finish(finish, whole.usage);
            }
            return;
        }
        let calls = action.get("calls").and_then(Value::as_array);
        let calls = calls.map_or_else(|| vec![action], |calls| calls.iter().collect());
        let most = if self.ask.parallel { calls.len() } else { 1 };
        for call in calls.into_iter().take(most) {
            self.ready.push_back(Piece::Call {
                name: call["tool"].as_str().unwrap_or_default().to_owned(),
                args: call["args"].to_string(),
            });
        }
        self.finish(Finish::Calls, whole.usage);
    }

    fn finish(&mut self, finish: Finish, usage: Usage) {
        self.ready.push_back(Piece::End(finish, usage));
        self.lease.service().metrics.spent(usage);
        self.state = State::Over;
    }
}

/// The name of the first function in the beginning of a call.
fn named_in(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(CALL_BEGINS)?;
    rest.split_once('"').map(|(name, _)| name)
}
