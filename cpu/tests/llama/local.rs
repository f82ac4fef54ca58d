//! A model of this machine, as those see it who use this crate.

use quipu_cpu::llama::{LocalCpu, LocalSettings, check_attention, leave_attention};
use quipu_cpu::{Chunk, Cpu, Form, Job, Message, Role, Sampling, TokenOdds, Wishes};

#[test]
fn the_pinned_llama_cpp_takes_our_attention() {
    assert_eq!(check_attention(), Ok(()));
    // The first word counts.
    leave_attention();
    assert_eq!(check_attention(), Ok(()));
}

#[tokio::test]
async fn model_odds_are_those_of_the_text() {
    let path = std::env::var_os("QUIPU_TEST_MODEL").filter(|path| !path.is_empty());
    let Some(path) = path else {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: QUIPU_TEST_MODEL names no model");
        }
        return;
    };
    let settings = LocalSettings {
        threads: Some(1),
        ..LocalSettings::default()
    };
    let cpu = LocalCpu::load(path.as_ref(), &settings).expect("a model");
    assert_eq!(cpu.own_attention(), Ok(()));
    let message = Message::new(Role::User, "Name three colours of the sky.");
    let job = Job {
        pid: 1,
        priority: 0,
        prompt: cpu.prepare(&[message]).expect("a prompt"),
        form: Form::Text,
        tokens_max: 12,
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        history: std::sync::Arc::default(),
    };
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
