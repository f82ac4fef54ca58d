//! A model of this machine, as those see it who use this crate.

use std::sync::mpsc::channel;

use quipu_cpu::llama::{LocalCpu, LocalSettings, check_attention, leave_attention};
use quipu_cpu::{
    Chunk, Cpu, Form, Inquiry, Job, Message, Movement, Role, Sampling, TokenOdds, Wishes,
};

/// The model that tests run, on one thread; `None` where none is named.
fn model() -> Option<LocalCpu> {
    let path = std::env::var_os("QUIPU_TEST_MODEL").filter(|path| !path.is_empty());
    let Some(path) = path else {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: QUIPU_TEST_MODEL names no model");
        }
        return None;
    };
    let settings = LocalSettings {
        threads: Some(1),
        ..LocalSettings::default()
    };
    Some(LocalCpu::load(path.as_ref(), &settings).expect("a model"))
}

/// A job for `cpu` that answers `text` in at most `tokens_max` tokens.
fn job(cpu: &LocalCpu, text: &str, tokens_max: u32) -> Job {
    let message = Message::new(Role::User, text);
    Job {
        pid: 1,
        priority: 0,
        prompt: cpu.prepare(&[message]).expect("a prompt"),
        form: Form::Text,
        tokens_max,
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        history: std::sync::Arc::default(),
    }
}

#[test]
fn the_pinned_llama_cpp_takes_our_attention() {
    assert_eq!(check_attention(), Ok(()));
    // The first word counts.
    leave_attention();
    assert_eq!(check_attention(), Ok(()));
}

#[tokio::test]
async fn model_what_is_read_of_a_long_prompt_is_told() {
    let Some(cpu) = model() else { return };
    let (tell, told) = channel();
    cpu.listen(Box::new(move |movement| {
        let _ = tell.send(movement);
    }));
    // More than one batch, and less.
    for (sentences, is_told) in [(300, true), (2, false)] {
        let job = job(&cpu, &"The sky is blue. ".repeat(sentences), 1);
        let whole = job.prompt.len;
        let mut ticket = cpu.submit(job);
        while !matches!(ticket.next().await.expect("a chunk"), Chunk::Done(_)) {}
        let read: Vec<usize> = told
            .try_iter()
            .filter_map(|movement| match movement {
                Movement::Read {
                    pid: 1,
                    tokens,
                    of,
                    asks: false,
                } if of == whole => Some(tokens),
                _ => None,
            })
            .collect();
        assert_eq!(!read.is_empty(), is_told, "{whole}: {read:?}");
        assert!(read.is_sorted_by(|a, b| a < b), "{read:?}");
        assert!(read.iter().all(|&tokens| tokens < whole), "{read:?}");
    }
}

#[tokio::test]
async fn model_a_question_that_is_asked_again_takes_no_batch() {
    let Some(cpu) = model() else { return };
    let ask = async |text: &str, options: [&str; 2]| {
        let message = Message::new(Role::User, text);
        let mut ticket = cpu.weigh(Inquiry {
            pid: 1,
            priority: 0,
            prompt: cpu.prepare(&[message]).expect("a prompt"),
            options: options.map(|option| vec![option.to_owned()]).to_vec(),
        });
        let weights = match ticket.next().await.expect("a chunk") {
            Chunk::Weighed(weights, _) => weights,
            other => panic!("{other:?}"),
        };
        (weights, cpu.stats().counters.batches)
    };
    let (first, batches) = ask("Is snow white?", ["Yes", "No"]).await;
    let check = |asked: (Vec<f32>, u64), same: bool| {
        assert_eq!(asked.0 == first, same, "{asked:?} {first:?}");
        assert_eq!(asked.1 == batches, same, "{asked:?} {batches}");
    };
    check(ask("Is snow white?", ["Yes", "No"]).await, true);
    check(ask("Is snow white?", ["No", "Yes"]).await, false);
    check(ask("Is snow warm?", ["Yes", "No"]).await, false);
}

#[tokio::test]
async fn model_odds_are_those_of_the_text() {
    let Some(cpu) = model() else { return };
    assert_eq!(cpu.own_attention(), Ok(()));
    let job = job(&cpu, "Name three colours of the sky.", 12);
    let wishes = Wishes {
        odds: Some(3),
        ..Wishes::default()
    };
    let mut ticket = cpu.submit_with(job, wishes);
    let mut told: Vec<TokenOdds> = Vec::new();
    let whole = loop {
        match ticket.next().await.expect("a chunk") {
            Chunk::Odds(odds) => told.extend(odds),
            Chunk::Done(done) => break done.text,
            _ => {}
        }
    };
    let bytes: Vec<u8> = told
        .iter()
        .flat_map(|odds| odds.token.bytes.clone())
        .collect();
    assert_eq!(String::from_utf8_lossy(&bytes), whole);
    for odds in &told {
        // Greedy takes the likeliest.
        assert_eq!(odds.likeliest.len(), 3, "{odds:?}");
        assert_eq!(odds.likeliest[0], odds.token, "{odds:?}");
        assert!(odds.token.log <= 0.0, "{odds:?}");
    }
}
