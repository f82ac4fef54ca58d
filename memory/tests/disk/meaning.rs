//! Search by meaning, with an embedder that knows three meanings.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use quipu_memory::{Access, DiskStore, Embedder, Kind, Mode, NewPage, Query, Store};

use crate::{ids, open, page};

/// One dimension for each group of words that mean the same.
struct Meanings(&'static str);

impl Embedder for Meanings {
    fn name(&self) -> &str {
        self.0
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
        let groups = [["llama", "alpaca"], ["cord", "string"], ["sun", "light"]];
        let of = |text: &&str| {
            let has = |words: &[&str; 2]| words.iter().any(|word| text.contains(word));
            groups
                .iter()
                .map(|words| f32::from(u8::from(has(words))))
                .collect()
        };
        match texts.iter().any(|text| text.contains("unspeakable")) {
            true => Err("no word for it".into()),
            false => Ok(texts.iter().map(of).collect()),
        }
    }
}

fn with(dir: &Path, access: Access, name: &'static str) -> DiskStore {
    let store = DiskStore::open(dir, access).expect("opens");
    let store = store.with_embedder(Arc::new(Meanings(name)), &|_, _| {});
    store.expect("an embedder")
}

fn found(store: &DiskStore, mode: Mode, text: &str) -> Vec<String> {
    let query = Query {
        mode,
        ..Query::new(text, 10)
    };
    let hits = store.search(&query).expect("search").into_iter();
    hits.map(|hit| hit.id.to_string()).collect()
}

#[test]
fn pages_are_found_by_what_they_mean() {
    let dir = tempfile::tempdir().expect("a folder");
    let plain = open(dir.path());
    plain
        .put(page("animal", "an alpaca of the herd"))
        .expect("put");
    assert_eq!(found(&plain, Mode::Semantic, "llama"), [""; 0]);
    assert_eq!(found(&plain, Mode::Hybrid, "herd"), ["animal"]);
    assert_eq!(plain.mode(Mode::Best), Mode::Lexical);
    drop(plain);

    // What was there before gets its vector now.
    let store = with(dir.path(), Access::ReadWrite, "one");
    assert_eq!(store.mode(Mode::Best), Mode::Hybrid);
    store.put(page("string", "a string of wool")).expect("put");
    store.put(page("both", "a llama on a string")).expect("put");
    assert_eq!(found(&store, Mode::Lexical, "llama"), ["both"]);
    assert_eq!(found(&store, Mode::Semantic, "llama"), ["animal", "both"]);
    assert_eq!(found(&store, Mode::Hybrid, "llama"), ["both", "animal"]);
    assert_eq!(ids(&store, "llama cord"), ["both", "animal", "string"]);
    let memories = Query {
        kind: Some(Kind::Memory),
        mode: Mode::Semantic,
        ..Query::new("llama", 10)
    };
    assert_eq!(store.search(&memories).expect("search"), []);

    // A changed page means what it says now, and a removed one nothing.
    store.put(page("animal", "the light of day")).expect("put");
    store.remove(&"both".into()).expect("removed");
    assert_eq!(found(&store, Mode::Semantic, "llama"), [""; 0]);
    assert_eq!(found(&store, Mode::Semantic, "sun"), ["animal"]);

    // A page that has no vector is not stored, and says why.
    let error = store.put(page("x", "unspeakable")).expect_err("no vector");
    assert!(error.to_string().contains("no word for it"), "{error}");
    assert_eq!(store.get(&"x".into()).expect("get"), None);
    drop(store);

    let reader = with(dir.path(), Access::ReadOnly, "one");
    assert_eq!(reader.mode(Mode::Best), Mode::Hybrid);
    assert_eq!(found(&reader, Mode::Semantic, "sun"), ["animal"]);
    // Vectors of one embedder say nothing to another.
    let other = with(dir.path(), Access::ReadOnly, "two");
    assert_eq!(other.mode(Mode::Best), Mode::Lexical);
    drop((reader, other));
    let other = with(dir.path(), Access::ReadWrite, "two");
    assert_eq!(found(&other, Mode::Semantic, "sun"), ["animal"]);
}

#[test]
fn many_pages_without_vectors_are_found_by_words_until_they_have_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let plain = open(dir.path());
    let pages = (0..5).map(|n| page(&format!("p{n}"), "an alpaca of the herd"));
    plain.put_all(pages.collect()).expect("put_all");
    drop(plain);

    let store = DiskStore::open(dir.path(), Access::ReadWrite).expect("opens");
    let store = store.with_embedders(vec![Arc::new(Meanings("one"))], 4);
    let store = store.expect("an embedder");
    assert!(store.has_embedder());
    assert_eq!(store.mode(Mode::Best), Mode::Lexical);
    store.put(page("new", "a llama")).expect("put");
    assert_eq!(found(&store, Mode::Semantic, "llama"), [""; 0]);
    assert_eq!(found(&store, Mode::Best, "llama"), ["new"]);

    store.give_vectors(&|_, _| {}).expect("given");
    assert_eq!(store.mode(Mode::Best), Mode::Hybrid);
    assert_eq!(found(&store, Mode::Semantic, "llama").len(), 6);
    assert_eq!(found(&store, Mode::Best, "llama")[0], "new");

    store.defer_vectors();
    store.put(page("late", "a llama")).expect("put");
    assert_eq!(store.mode(Mode::Best), Mode::Lexical);
    store.give_vectors(&|_, _| {}).expect("given");
    assert_eq!(found(&store, Mode::Semantic, "llama").len(), 7);
    drop(store);

    let few = DiskStore::open(dir.path(), Access::ReadWrite).expect("opens");
    let few = few.with_embedders(vec![Arc::new(Meanings("two"))], 7);
    assert_eq!(few.expect("an embedder").mode(Mode::Best), Mode::Hybrid);
}

#[test]
fn vectors_go_with_their_pages() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = with(dir.path(), Access::ReadWrite, "one");
    let new = |id: &str| NewPage {
        kind: Kind::Memory,
        ..page(id, "a llama")
    };
    store
        .put_all(vec![new("a"), new("b"), new("c")])
        .expect("put_all");
    store.put(page("a", "a cord")).expect("put");
    store.remove(&"b".into()).expect("removed");
    store.purge().expect("purged");
    assert_eq!(found(&store, Mode::Semantic, "llama"), ["c"]);
    drop(store);
    let database = rusqlite::Connection::open(dir.path().join("pages.sqlite")).expect("opens");
    let vectors: i64 = database
        .query_row("SELECT count(*) FROM vectors", [], |row| row.get(0))
        .expect("counted");
    assert_eq!(vectors, 2);
}
