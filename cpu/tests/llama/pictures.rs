//! A model that sees, with a projector of random numbers: what has to hold whatever it says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use quipu_cpu::llama::{LocalCpu, LocalSettings};
use quipu_cpu::{
    Chunk, Completion, Cpu, CpuError, Form, Inquiry, Job, Message, Picture, Pid, Prompt, Role,
    Sampling, Ticket, TokenOdds, Wishes,
};

use super::projector::{self, CELLS, Kind};

/// Tokens of an answer.
const TOKENS: u32 = 8;

/// A model and a folder for its projector, if tests have a model.
struct Bench {
    model: PathBuf,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Option<Self> {
        let model = std::env::var_os("QUIPU_TEST_MODEL").filter(|path| !path.is_empty());
        if model.is_none() {
            #[expect(clippy::print_stderr, reason = "a skipped test says so")]
            {
                eprintln!("skipped: QUIPU_TEST_MODEL names no model");
            }
        }
        Some(Self {
            model: model?.into(),
            folder: tempfile::tempdir().expect("a folder"),
        })
    }

    fn projector(&self, kind: Kind) -> PathBuf {
        let path = self.folder.path().join(format!("{kind:?}.gguf"));
        projector::write(&path, kind, projector::width_of(&self.model), 7);
        path
    }

    fn settings(&self, kind: Kind) -> LocalSettings {
        LocalSettings {
            window: Some(1024),
            kv_cells: Some(4096),
            threads: Some(1),
            no_drafts: true,
            projector: Some(self.projector(kind)),
            ..LocalSettings::default()
        }
    }

    fn load(&self, settings: &LocalSettings) -> LocalCpu {
        LocalCpu::load(&self.model, settings).expect("a model that sees")
    }

    fn seeing(&self, kind: Kind) -> LocalCpu {
        self.load(&self.settings(kind))
    }
}

/// A picture of stripes.
fn picture(stripe: u32) -> Picture {
    let (width, height) = (48, 40);
    let pixel = |i: u32| {
        let lit = (i % width / stripe).is_multiple_of(2);
        let shade = if lit { 250 } else { (i / width) as u8 };
        [shade, 255 - shade, 90]
    };
    let rgb = (0..width * height).flat_map(pixel).collect();
    Picture::new(width, height, rgb).expect("a picture")
}

/// What is asked, with pictures.
fn messages(pictures: &[Picture], asked: &str) -> [Message; 2] {
    let mut user = Message::new(Role::User, asked);
    user.pictures = pictures.to_vec();
    [Message::new(Role::System, "You describe pictures."), user]
}

const ASKED: &str = "What does the picture show?";

fn job(pid: Pid, prompt: Prompt) -> Job {
    Job {
        pid,
        priority: 0,
        prompt,
        form: Form::Text,
        tokens_max: TOKENS,
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        history: Arc::default(),
    }
}

/// What was written, with what else could have been.
#[derive(Debug, PartialEq)]
struct Answer {
    text: String,
    odds: Vec<TokenOdds>,
}

fn start(cpu: &LocalCpu, pid: Pid, prompt: Prompt) -> Ticket {
    let wishes = Wishes {
        odds: Some(4),
        ..Wishes::default()
    };
    cpu.submit_with(job(pid, prompt), wishes)
}

async fn finish(mut ticket: Ticket) -> (Answer, Completion) {
    let mut odds = Vec::new();
    loop {
        match ticket.next().await.expect("a chunk") {
            Chunk::Odds(told) => odds.extend(told),
            Chunk::Done(done) => {
                let text = done.text.clone();
                return (Answer { text, odds }, done);
            }
            _ => {}
        }
    }
}

async fn answer(cpu: &LocalCpu, pid: Pid, messages: &[Message]) -> (Answer, Completion) {
    let prompt = cpu.prepare(messages).expect("a prompt");
    finish(start(cpu, pid, prompt)).await
}

#[tokio::test]
async fn model_counts_the_cells_of_a_picture_as_they_are_used() {
    let Some(bench) = Bench::new() else { return };
    for kind in [Kind::Causal, Kind::Whole] {
        let cpu = bench.seeing(kind);
        assert!(cpu.sees());
        let without = cpu.prepare(&messages(&[], ASKED)).expect("a prompt");
        let with = cpu
            .prepare(&messages(&[picture(4)], ASKED))
            .expect("a prompt");
        let cells = with.tokens.iter().filter(|&&token| token < 0).count();
        assert_eq!(cells, CELLS, "{kind:?}");
        assert!(with.len >= without.len + CELLS, "{kind:?}");
        assert_eq!((with.len, with.positions()), (with.tokens.len(), with.len));

        let prompt_len = with.len;
        let (_, done) = finish(start(&cpu, 1, with)).await;
        assert_eq!(done.usage.prompt_tokens as usize, prompt_len);
        let stats = cpu.stats();
        // The last token that was written is not computed.
        let resident = prompt_len + done.usage.generated_tokens as usize - 1;
        assert_eq!(stats.processes[0].resident, resident, "{kind:?}");
        assert_eq!(stats.cells_used, resident, "{kind:?}");
    }
}

#[tokio::test]
async fn model_sees_the_same_in_the_same_picture_and_something_else_in_another() {
    let Some(bench) = Bench::new() else { return };
    for kind in [Kind::Causal, Kind::Whole] {
        let one = messages(&[picture(4)], ASKED);
        let (first, _) = answer(&bench.seeing(kind), 1, &one).await;
        let cpu = bench.seeing(kind);
        let (second, _) = answer(&cpu, 1, &one).await;
        assert_eq!(first, second, "{kind:?}");
        // Another process takes over what the first computed, the picture too.
        let (shared, done) = answer(&cpu, 2, &one).await;
        assert_eq!(first, shared, "{kind:?}");
        assert_eq!(done.usage.cached_tokens, done.usage.prompt_tokens - 1);

        let (other, done) = answer(&cpu, 3, &messages(&[picture(7)], ASKED)).await;
        assert_ne!(first.odds, other.odds, "{kind:?}");
        let cached = done.usage.cached_tokens as usize;
        assert!(
            cached + CELLS < done.usage.prompt_tokens as usize,
            "{kind:?}"
        );

        let both = messages(&[picture(4), picture(7)], ASKED);
        let (both, _) = answer(&cpu, 4, &both).await;
        assert_ne!(first.odds, both.odds, "{kind:?}");
    }
}

#[tokio::test]
async fn model_goes_on_after_a_restart_with_the_picture_it_saw() {
    let Some(bench) = Bench::new() else { return };
    let folder = bench.folder.path().join("kv");
    for kind in [Kind::Causal, Kind::Whole] {
        let kept = LocalSettings {
            swap: Some(folder.join(format!("{kind:?}"))),
            secret: [9; 32],
            ..bench.settings(kind)
        };
        let seen = [picture(4)];
        let begun = messages(&seen, ASKED);
        answer(&bench.load(&kept), 1, &begun).await;
        let files = std::fs::read_dir(kept.swap.as_deref().expect("a folder")).expect("files");
        let names: Vec<String> = files
            .flatten()
            .map(|file| file.file_name().to_string_lossy().into_owned())
            .collect();
        assert!(
            names.iter().any(|name| name.ends_with(".seen")),
            "{names:?}"
        );
        assert!(names.iter().any(|name| name.ends_with(".kv")), "{names:?}");

        let mut further = begun.to_vec();
        further.push(Message::new(Role::Assistant, "Stripes."));
        further.push(Message::new(Role::User, "Of which colour?"));
        let (resumed, done) = answer(&bench.load(&kept), 1, &further).await;
        assert!(done.usage.cached_tokens as usize > CELLS, "{kind:?}");
        let (whole, done) = answer(&bench.seeing(kind), 1, &further).await;
        assert_eq!(done.usage.cached_tokens, 0);
        assert_eq!(resumed, whole, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_answers_a_text_the_same_beside_one_that_sees() {
    let Some(bench) = Bench::new() else { return };
    let text = messages(&[], "Count from one to ten in words, and then back again.");
    for kind in [Kind::Causal, Kind::Whole] {
        let (alone, _) = answer(&bench.seeing(kind), 1, &text).await;
        let cpu = bench.seeing(kind);
        let ask = |pid, messages: &[Message]| {
            let prompt = cpu.prepare(messages).expect("a prompt");
            start(&cpu, pid, prompt)
        };
        let seeing = ask(2, &messages(&[picture(4), picture(5)], ASKED));
        let beside = ask(1, &text);
        let late = ask(3, &messages(&[picture(6)], ASKED));
        let (beside, seeing, late) = tokio::join!(finish(beside), finish(seeing), finish(late));
        assert_eq!(beside.0, alone, "{kind:?}");
        let cpu = bench.seeing(kind);
        let both = messages(&[picture(4), picture(5)], ASKED);
        assert_eq!(seeing.0, answer(&cpu, 2, &both).await.0, "{kind:?}");
        let third = messages(&[picture(6)], ASKED);
        assert_eq!(late.0, answer(&cpu, 3, &third).await.0, "{kind:?}");
    }
}

#[tokio::test]
async fn model_weighs_options_by_what_it_sees() {
    let Some(bench) = Bench::new() else { return };
    let cpu = bench.seeing(Kind::Causal);
    let mut weigh = Vec::new();
    for (pid, stripe) in [(1, 4), (2, 4), (3, 9)] {
        let prompt = cpu.prepare(&messages(&[picture(stripe)], "Are there stripes?"));
        let mut ticket = cpu.weigh(Inquiry {
            pid,
            priority: 0,
            prompt: prompt.expect("a prompt"),
            options: vec![vec!["Yes".into()], vec!["No".into()]],
        });
        match ticket.next().await.expect("a chunk") {
            Chunk::Weighed(weights, _) => weigh.push(weights),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(weigh[0], weigh[1]);
    assert_ne!(weigh[0], weigh[2]);
}

#[test]
fn model_without_a_projector_takes_no_picture() {
    let Some(bench) = Bench::new() else { return };
    let cpu = bench.load(&LocalSettings {
        projector: None,
        ..bench.settings(Kind::Causal)
    });
    assert!(!cpu.sees());
    let refused = cpu.prepare(&messages(&[picture(4)], ASKED));
    assert!(matches!(refused, Err(CpuError::Picture(_))), "{refused:?}");
}

#[test]
fn model_refuses_what_is_not_its_projector() {
    let Some(bench) = Bench::new() else { return };
    let check = |projector: &Path, want: &str| {
        let settings = LocalSettings {
            projector: Some(projector.to_owned()),
            ..bench.settings(Kind::Causal)
        };
        let refused = LocalCpu::load(&bench.model, &settings).map(|_| ());
        let said = refused.map_or_else(|error| error.to_string(), |()| "loaded".into());
        assert!(said.contains(want), "{}: {said}", projector.display());
    };
    let path = bench.folder.path().join("other.gguf");
    check(&path, "there is no such file");
    check(&bench.model, "it is not the projector of a model");
    projector::write(&path, Kind::Causal, 64, 7);
    check(&path, "mismatch between text model");
    std::fs::write(&path, b"GGUF and nothing after it").expect("a file");
    check(&path, "it is not the projector of a model");
}
