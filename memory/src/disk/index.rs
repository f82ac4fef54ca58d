//! The tantivy index: derived from the database, and made again from it whenever it
//! is missing, damaged or of another format.
//!
//! Each commit carries a stamp: format, store, and the last change it knows. What came
//! after is read from the database (`catch_up`); building anew is catching up from zero.

use std::fs;
use std::path::{Path, PathBuf};

use tantivy::directory::MmapDirectory;
use tantivy::index::{SegmentComponent, SegmentId};
use tantivy::indexer::IndexWriterOptions;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TantivyDocument, TextFieldIndexing,
    TextOptions,
};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Term};

use super::analyzer::Analyzer;
use super::db::{Db, Head};
use super::error;
use super::finder::Finder;
use super::sound;
use crate::error::StoreError;
use crate::page::{Page, PageId};
use crate::private;
use crate::rank::PlaceKey;

/// The format of the index; raised with every change to its fields or to `text.rs`.
const FORMAT: u32 = 9;
/// Memory for documents on their way into a segment.
const WRITER_BYTES: usize = 50_000_000;
/// Text indexed between two commits while catching up, so that memory stays bounded.
const CATCH_UP_BYTES: usize = 64 << 20;

type Result<T> = std::result::Result<T, StoreError>;

/// Called with pages done and pages in all.
pub(super) type Progress<'a> = &'a dyn Fn(u64, u64);

/// The fields of an indexed page. Its words are in SQLite; here is how to find them.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) id: Field,
    pub(super) title: Field,
    pub(super) text: Field,
    pub(super) kind: Field,
    pub(super) trust: Field,
    pub(super) space: Field,
    /// `PlaceKey` of the page; zero where it stands alone.
    pub(super) place: Field,
}

/// An index that agrees with its database up to change `applied`.
pub(super) struct PageIndex {
    /// Its folder; the name of the store's for an index in memory.
    path: PathBuf,
    index: Index,
    fields: Fields,
    reader: IndexReader,
    /// `None` where the index belongs to another process, or after a failure.
    writer: Option<IndexWriter>,
    writable: bool,
    store: String,
    applied: i64,
}

/// The last change the index in the folder `path` knows, if it is one.
pub(super) fn last_change(path: &Path) -> Option<i64> {
    let stamp = Index::open_in_dir(path).ok()?.load_metas().ok()?.payload?;
    stamp.rsplit(' ').next()?.parse().ok()
}

impl PageIndex {
    /// Opens the index in the folder `path` for writing and brings it up to date,
    /// building it anew where that is needed.
    pub(super) fn open(path: &Path, db: &Db, progress: Progress) -> Result<Self> {
        let head = db.head()?;
        if let Some(mut index) = Self::open_as_is(path, &head, true) {
            index.remove_leftovers()?;
            index.catch_up(db, progress)?;
            if index.pages() == db.count()? {
                return Ok(index);
            }
        }
        Self::build(path, db, progress)
    }

    /// Opens the index in the folder `path` beside its writer; where there is no sound
    /// one, builds one in memory.
    pub(super) fn open_read_only(path: &Path, db: &Db) -> Result<Self> {
        let head = db.head()?;
        if let Some(index) = Self::open_as_is(path, &head, false) {
            return Ok(index);
        }
        let in_memory = Index::create_in_ram(schema().0);
        let mut index = Self::new(path, in_memory, &head.store, 0, true)?;
        index.catch_up(db, &|_, _| {})?;
        Ok(index)
    }

    /// Replaces whatever is in the folder `path` by an index of the whole database.
    pub(super) fn build(path: &Path, db: &Db, progress: Progress) -> Result<Self> {
        remove(path).map_err(|source| error::io("remove", path, source))?;
        private::folder(path).map_err(|source| error::io("create", path, source))?;
        let created =
            Index::create_in_dir(path, schema().0).map_err(|source| error::index(path, source))?;
        let mut index = Self::new(path, created, &db.head()?.store, 0, true)?;
        index.catch_up(db, progress)?;
        Ok(index)
    }

    /// Notes that its files are as this process wrote them, or found them sound.
    pub(super) fn note_sound(&self) {
        sound::note(&self.index, &self.path);
    }

    /// The index in the folder, if every byte of it is sound and it belongs to this store.
    fn open_as_is(path: &Path, head: &Head, writable: bool) -> Option<Self> {
        // Whatever is wrong here, building anew cures it or fails with the same cause.
        let index = Index::open(MmapDirectory::open(path).ok()?).ok()?;
        let applied = read_stamp(&index, &head.store)?;
        let current = (head.forgotten..=head.seq).contains(&applied);
        let sound = index.schema() == schema().0 && sound::is_sound(&index, path).ok()?;
        match current && sound {
            true => Self::new(path, index, &head.store, applied, writable).ok(),
            false => None,
        }
    }

    fn new(path: &Path, index: Index, store: &str, applied: i64, writable: bool) -> Result<Self> {
        index
            .tokenizers()
            .register("quipu", TextAnalyzer::from(Analyzer));
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(|source| error::index(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            index,
            fields: schema().1,
            reader,
            writer: None,
            writable,
            store: store.to_owned(),
            applied,
        })
    }

    /// Removes what a commit has left that was cut off. It would be in the way of the same commit
    /// made again, and tantivy does not look for what it does not know.
    fn remove_leftovers(&self) -> Result<()> {
        let segments = self.index.searchable_segment_metas();
        let segments = segments.map_err(|source| error::index(&self.path, source))?;
        let io = |source| error::io("clear", &self.path, source);
        for entry in fs::read_dir(&self.path).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let stem = name.split('.').next().unwrap_or_default();
            let Ok(id) = SegmentId::from_uuid_string(stem) else {
                continue;
            };
            // Of the lists of removed pages that a segment ever had the last one counts.
            let used = segments.iter().any(|segment| {
                let last = segment.relative_path(SegmentComponent::Delete);
                segment.id() == id && (!name.ends_with(".del") || Path::new(&*name) == last)
            });
            if !used {
                fs::remove_file(&path).map_err(io)?;
            }
        }
        Ok(())
    }

    /// What searches this index as it is now.
    pub(super) fn finder(&self) -> Finder {
        Finder::new(self.reader.searcher(), self.fields)
    }

    /// The last change it knows.
    pub(super) fn applied(&self) -> i64 {
        self.applied
    }

    /// Number of pages in it.
    fn pages(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Brings the index up to the last change of the database. One that belongs to
    /// another process is read again instead, and may stay behind until that commits.
    pub(super) fn catch_up(&mut self, db: &Db, progress: Progress) -> Result<()> {
        if !self.writable {
            return self.read_again(db);
        }
        let target = db.head()?.seq;
        if self.applied == target {
            return Ok(());
        }
        let caught_up = self.apply_since(db, target, progress);
        if caught_up.is_err() {
            self.discard();
        }
        caught_up
    }

    fn read_again(&mut self, db: &Db) -> Result<()> {
        let head = db.head()?;
        // The stamp first: what the reader then loads is at least as new.
        let stamp = read_stamp(&self.index, &head.store);
        match (stamp, self.reader.reload()) {
            (Some(applied), Ok(())) => self.applied = applied,
            _ => *self = Self::open_read_only(&self.path, db)?,
        }
        Ok(())
    }

    fn apply_since(&mut self, db: &Db, target: i64, progress: Progress) -> Result<()> {
        let (since, total) = (self.applied, db.count_since(self.applied)?);
        for id in db.removed_since(since)? {
            self.remove(&id)?;
        }
        let (mut done, mut bytes) = (0, 0);
        db.each_since(since, |seq, page| {
            self.add(page, since > 0)?;
            bytes += page.text.len();
            if bytes >= CATCH_UP_BYTES {
                self.commit(seq)?;
                bytes = 0;
            }
            done += 1;
            progress(done, total);
            Ok(())
        })?;
        self.commit(target)
    }

    /// Adds a page to what `commit` will take, in place of the one it `replaces`.
    fn add(&mut self, page: &Page, replaces: bool) -> Result<()> {
        let f = self.fields;
        let mut document = TantivyDocument::default();
        document.add_text(f.id, page.id.as_str());
        document.add_text(f.title, &page.title);
        document.add_text(f.text, &page.text);
        document.add_u64(f.kind, page.kind as u64);
        document.add_u64(f.trust, page.trust as u64);
        document.add_text(f.space, page.space.as_stored());
        document.add_u64(f.place, PlaceKey::of(page.place.as_ref()).0);
        if replaces {
            self.remove(&page.id)?;
        }
        let writer = writer(&mut self.writer, &self.index, &self.path)?;
        writer
            .add_document(document)
            .map(|_| ())
            .map_err(|source| error::index(&self.path, source))
    }

    /// Adds a removal to what `commit` will take.
    fn remove(&mut self, id: &PageId) -> Result<()> {
        let gone = Term::from_field_text(self.fields.id, id.as_str());
        writer(&mut self.writer, &self.index, &self.path)?.delete_term(gone);
        Ok(())
    }

    /// Writes what was added to the disk and shows it to searches, as change `seq`.
    fn commit(&mut self, seq: i64) -> Result<()> {
        let path = self.path.as_path();
        let failed = |source| error::index(path, source);
        let writer = writer(&mut self.writer, &self.index, path)?;
        let mut commit = writer.prepare_commit().map_err(failed)?;
        commit.set_payload(&stamp(&self.store, seq));
        commit.commit().map_err(failed)?;
        self.reader.reload().map_err(failed)?;
        self.applied = seq;
        Ok(())
    }

    /// Leaves no trace of what was removed in the files of the index: segments with
    /// removed pages are written anew without them, and the old ones deleted.
    pub(super) fn purge(&mut self) -> Result<()> {
        let path = self.path.as_path();
        let failed = |source| error::index(path, source);
        let stale: Vec<_> = self
            .index
            .searchable_segment_metas()
            .map_err(failed)?
            .iter()
            .filter(|segment| segment.has_deletes())
            .map(|segment| segment.id())
            .collect();
        let writer = writer(&mut self.writer, &self.index, path)?;
        if !stale.is_empty() {
            writer.merge(&stale).wait().map_err(failed)?;
        }
        self.reader.reload().map_err(failed)?;
        writer.garbage_collect_files().wait().map_err(failed)?;
        Ok(())
    }

    /// Forgets everything since the last commit. A writer that failed cannot go on;
    /// the next change makes a new one.
    pub(super) fn discard(&mut self) {
        self.writer = None;
    }

    /// Waits for merges in the background, so that a process that stores one page and
    /// ends does not leave an ever longer list of small segments.
    pub(super) fn finish(&mut self) {
        if let Some(writer) = self.writer.take() {
            // A failed merge leaves the segments as they were.
            let _ = writer.wait_merging_threads();
        }
    }
}

/// The writer in `slot`, made again if a failure took it.
fn writer<'a>(
    slot: &'a mut Option<IndexWriter>,
    index: &Index,
    path: &Path,
) -> Result<&'a mut IndexWriter> {
    let writer = match slot.take() {
        Some(writer) => writer,
        None => {
            let options = IndexWriterOptions::builder()
                .num_worker_threads(1)
                .num_merge_threads(1)
                .memory_budget_per_thread(WRITER_BYTES)
                .build();
            index
                .writer_with_options(options)
                .map_err(|source| error::index(path, source))?
        }
    };
    Ok(slot.insert(writer))
}

fn schema() -> (Schema, Fields) {
    let words = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("quipu")
            .set_index_option(IndexRecordOption::WithFreqs),
    );
    let mut builder = Schema::builder();
    let fields = Fields {
        id: builder.add_text_field("id", STRING | FAST),
        title: builder.add_text_field("title", words.clone()),
        text: builder.add_text_field("text", words),
        kind: builder.add_u64_field("kind", INDEXED),
        trust: builder.add_u64_field("trust", INDEXED),
        space: builder.add_text_field("space", STRING),
        place: builder.add_u64_field("place", INDEXED | FAST),
    };
    (builder.build(), fields)
}

fn stamp(store: &str, seq: i64) -> String {
    format!("quipu {FORMAT} {store} {seq}")
}

/// The last change in an index of this format and store.
fn read_stamp(index: &Index, store: &str) -> Option<i64> {
    let payload = index.load_metas().ok()?.payload?;
    let seq = payload.rsplit(' ').next()?.parse().ok()?;
    (payload == stamp(store, seq)).then_some(seq)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(absent) if absent.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(other) => Err(other),
    }
}
