//! Vectors of a real embedding model: the file that QUIPU_TEST_EMBEDDER names.

use std::path::PathBuf;

use quipu_cpu::embed::Embedder;
use quipu_cpu::llama::LlamaEmbedder;

fn file(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty());
    if path.is_none() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: {variable} names no model");
        }
    }
    path.map(PathBuf::from)
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn model_vectors_tell_meanings_apart() {
    let Some(path) = file("QUIPU_TEST_EMBEDDER") else {
        return;
    };
    let embedder = LlamaEmbedder::load(&path, "test", Some(2)).expect("an embedder");
    let long = "the wool of the alpaca is warm ".repeat(400);
    // More texts than a batch holds, one longer than the window, and one that says nothing.
    let mut texts = vec!["A llama grazes in the mountains."; 100];
    texts.extend([long.as_str(), "", "The tax form is due in April."]);
    let vectors = embedder.embed(&texts).expect("vectors");
    assert_eq!(vectors.len(), texts.len());
    for vector in &vectors {
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-3);
    }
    // What else is in the batch does not matter.
    let alone = embedder.embed(&texts[..1]).expect("a vector");
    assert!(cosine(&alone[0], &vectors[99]) > 0.999);

    let query = embedder
        .embed_query("animals of the Andes")
        .expect("a query");
    assert!(cosine(&query, &vectors[0]) > cosine(&query, &vectors[102]) + 0.1);
    // More that stayed would slow down those of an engine. They need a moment to end.
    #[cfg(target_os = "linux")]
    assert!((0..10_000).any(|_| threads("quipu-embedder") == 1));
}

#[test]
fn model_words_of_other_scripts_are_told_apart() {
    let Some(path) = file("QUIPU_TEST_EMBEDDER") else {
        return;
    };
    let embedder = LlamaEmbedder::load(&path, "test", Some(2)).expect("an embedder");
    let check = |one: &str, other: &str, is_same: bool| {
        let vectors = embedder.embed(&[one, other]).expect("vectors");
        let found = cosine(&vectors[0], &vectors[1]);
        assert_eq!(found > 0.999, is_same, "{one} and {other}: {found}");
    };
    // A bag and a tree in Korean, work and little in Hindi.
    check("\u{ac00}\u{bc29}", "\u{b098}\u{bb34}", false);
    check("\u{915}\u{93e}\u{92e}", "\u{915}\u{92e}", false);
    // Composed and taken apart; with a soft hyphen and without.
    check(
        "\u{ac00}\u{bc29}",
        "\u{1100}\u{1161}\u{1107}\u{1161}\u{11bc}",
        true,
    );
    check("the car\u{ad}pet is red", "The carpet is red", true);
}

/// Threads of this program that are called `name`.
#[cfg(target_os = "linux")]
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|comm| comm.trim() == name).count()
}

#[test]
fn model_that_generates_is_no_embedder() {
    let Some(path) = file("QUIPU_TEST_MODEL") else {
        return;
    };
    let refused = LlamaEmbedder::load(&path, "test", Some(1));
    let reason = refused.err().expect("refused").to_string();
    assert!(reason.contains("takes an embedding model"), "{reason}");
}
