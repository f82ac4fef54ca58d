//! Search by meaning, with an embedder that knows three meanings.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use quipu_memory::{Access, DiskStore, Embedder, Kind, Mode, NewPage, Query, Store};

use super::{ids, open, page};

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
    let dir = crate::folder();
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
    let dir = crate::folder();
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
fn pages_keep_their_vectors_until_they_have_others() {
    let dir = crate::folder();
    let store = with(dir.path(), Access::ReadWrite, "one");
    let pages = (0..5).map(|n| page(&format!("p{n}"), "an alpaca of the herd"));
    store.put_all(pages.collect()).expect("put_all");
    drop(store);
    let both = |access, first: &'static str, second: &'static str| {
        let store = DiskStore::open(dir.path(), access).expect("opens");
        let all: [Arc<dyn Embedder>; 2] = [Arc::new(Meanings(first)), Arc::new(Meanings(second))];
        store.with_embedders(all.into(), 0).expect("embedders")
    };

    // A reader finds them by the vectors that are there, whatever it would make.
    let reader = both(Access::ReadOnly, "two", "one");
    assert_eq!(reader.mode(Mode::Best), Mode::Hybrid);
    assert_eq!(reader.without_vectors().expect("counted"), 5);
    assert_eq!(found(&reader, Mode::Semantic, "llama").len(), 5);
    drop(reader);

    // A writer too, and gives new pages vectors of the other model.
    let store = both(Access::ReadWrite, "two", "one");
    assert_eq!(store.without_vectors().expect("counted"), 5);
    store.put(page("new", "a llama")).expect("put");
    store.put(page("p0", "the light of day")).expect("put");
    store.remove(&"p1".into()).expect("removed");
    assert_eq!(store.without_vectors().expect("counted"), 3);
    let mut ids = found(&store, Mode::Semantic, "llama");
    ids.sort();
    assert_eq!(ids, ["new", "p2", "p3", "p4"]);
    assert_eq!(found(&store, Mode::Hybrid, "llama")[0], "new");
    assert_eq!(found(&store, Mode::Semantic, "sun"), ["p0"]);
    // What another model cannot say is not lost with it.
    drop(store);
    let alone = DiskStore::open(dir.path(), Access::ReadOnly).expect("opens");
    let alone = alone.with_embedders(vec![Arc::new(Meanings("two"))], 0);
    assert_eq!(alone.expect("an embedder").mode(Mode::Best), Mode::Lexical);

    // Whoever goes back finds all as before, and whoever goes on is done at some time.
    let back = both(Access::ReadWrite, "one", "two");
    assert_eq!(back.without_vectors().expect("counted"), 2);
    assert_eq!(found(&back, Mode::Semantic, "llama").len(), 4);
    drop(back);
    let store = both(Access::ReadWrite, "two", "one");
    let told = std::cell::RefCell::new(Vec::new());
    let tell = |done, total| told.borrow_mut().push((done, total));
    store.give_vectors(&tell).expect("given");
    assert_eq!(told.into_inner(), [(0, 3), (3, 3)]);
    assert_eq!(store.without_vectors().expect("counted"), 0);
    assert_eq!(found(&store, Mode::Semantic, "llama").len(), 4);
    drop(store);
    let database = rusqlite::Connection::open(dir.path().join("pages.sqlite")).expect("opens");
    let others: i64 = database
        .query_row("SELECT count(*) FROM other_vectors", [], |row| row.get(0))
        .expect("counted");
    assert_eq!(others, 0);
}

/// Stops after some pages, as somebody who presses Ctrl-C does.
struct Stopping(std::sync::atomic::AtomicUsize);

impl Embedder for Stopping {
    fn name(&self) -> &str {
        "two"
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Meanings("two").embed(texts),
            _ => Err("stopped".into()),
        }
    }
}

#[test]
fn vectors_that_were_made_are_not_made_again() {
    let dir = crate::folder();
    let store = with(dir.path(), Access::ReadWrite, "one");
    let pages = (0..30).map(|n| page(&format!("p{n}"), "an alpaca of the herd"));
    store.put_all(pages.collect()).expect("put_all");
    drop(store);
    let store = DiskStore::open(dir.path(), Access::ReadWrite).expect("opens");
    let all: [Arc<dyn Embedder>; 2] = [
        Arc::new(Stopping(Default::default())),
        Arc::new(Meanings("one")),
    ];
    let store = store.with_embedders(all.into(), 0).expect("embedders");
    store.give_vectors(&|_, _| {}).expect_err("stopped");
    let left = store.without_vectors().expect("counted");
    assert!(0 < left && left < 30, "{left}");
    drop(store);
    // By both, each page once.
    let store = DiskStore::open(dir.path(), Access::ReadWrite).expect("opens");
    let all: [Arc<dyn Embedder>; 2] = [Arc::new(Meanings("two")), Arc::new(Meanings("one"))];
    let store = store.with_embedders(all.into(), 0).expect("embedders");
    assert_eq!(store.without_vectors().expect("counted"), left);
    let query = Query {
        mode: Mode::Semantic,
        ..Query::new("llama", 100)
    };
    assert_eq!(store.search(&query).expect("search").len(), 30);
    store.give_vectors(&|_, _| {}).expect("given");
    assert_eq!(store.search(&query).expect("search").len(), 30);
}

#[test]
fn vectors_go_with_their_pages() {
    let dir = crate::folder();
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
