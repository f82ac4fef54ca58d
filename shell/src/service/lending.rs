//! The library of a machine, for programs beside it: what they may ask of it, what is answered,
//! and the machine's side of that. Their side is in `lent`.
//!
//! A caller has one call under way at a time. Long work is told of as it goes on.

use std::sync::Arc;

use anyhow::Result;
use quipu_memory::{ImportedFile, NewPage, PageId, Query, Share, Space, StoreError};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncBufReadExt;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{mpsc, watch};

use super::control::{Reply, write};
use super::server::{LINE_BYTES_MAX, Lines};
use crate::session::library::{Library, Progress};

/// Progress messages that wait to be sent; beyond them the work waits.
const TOLD_MAX: usize = 16;

/// What may be asked of a library: a call of [`Library`] or of [`quipu_memory::Store`], with
/// its arguments.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `put_all`.
    PutAll(Vec<NewPage>),
    /// `put_within`.
    PutWithin(Box<NewPage>, Share),
    /// `spaces`.
    Spaces,
    /// `memories`.
    Memories(Space, usize),
    /// `get`.
    Get(PageId),
    /// `history`.
    History(PageId),
    /// `lineage`.
    Lineage(PageId),
    /// `search`.
    Search(Query),
    /// `remove`.
    Remove(PageId),
    /// `list`.
    List(usize, usize),
    /// `stats`.
    Stats,
    /// `file`.
    File(String),
    /// `files_below`.
    FilesBelow(String),
    /// `put_file`.
    PutFile(ImportedFile, Vec<NewPage>),
    /// `note_file`.
    NoteFile(ImportedFile),
    /// `remove_file`.
    RemoveFile(String),
    /// `meaning`.
    Meaning,
    /// `defer_vectors`.
    DeferVectors,
    /// `give_vectors`.
    GiveVectors,
    /// `rebuild`.
    Rebuild,
    /// `purge`.
    Purge,
}

/// What is answered. Only [`Said::Progress`] is followed by more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said<T> {
    /// So much is done of the whole.
    Progress(u64, u64),
    /// The result of the call.
    Done(T),
    /// What went wrong, and what to do about it.
    Failed(String, String),
}

impl<T> From<Result<T, StoreError>> for Said<T> {
    fn from(done: Result<T, StoreError>) -> Self {
        match done {
            Ok(given) => Said::Done(given),
            Err(error) => Said::Failed(error.to_string(), error.hint().to_owned()),
        }
    }
}

/// Lends `library` to a caller, until the caller leaves or the machine ends. The vectors that a
/// caller deferred and did not give are given then.
///
/// # Errors
/// Where the connection fails.
pub async fn lend(
    library: Arc<dyn Library>,
    mut lines: Lines,
    mut writer: OwnedWriteHalf,
    mut closes: watch::Receiver<bool>,
) -> Result<()> {
    write(&mut writer, &Reply::Done).await?;
    let mut owes_vectors = false;
    let mut line = String::new();
    let ended = loop {
        line.clear();
        lines.set_limit(LINE_BYTES_MAX);
        let read = tokio::select! {
            read = lines.read_line(&mut line) => read,
            _ = closes.wait_for(|closing| *closing) => break Ok(()),
        };
        match read {
            Ok(0) => break Ok(()),
            Ok(_) => {}
            Err(error) => break Err(error.into()),
        }
        let call = match serde_json::from_str::<Call>(&line) {
            Ok(call) => call,
            Err(error) => break Err(error.into()),
        };
        owes_vectors = match call {
            Call::DeferVectors => true,
            Call::GiveVectors => false,
            _ => owes_vectors,
        };
        if let Err(error) = answer(library.clone(), call, &mut writer).await {
            break Err(error);
        }
    };
    if owes_vectors && !*closes.borrow() {
        let given = tokio::task::spawn_blocking(move || library.give_vectors(&|_, _| {})).await;
        if let Ok(Err(error)) = given {
            tracing::warn!("pages that were brought in have no vectors yet: {error}");
        }
    }
    ended
}

/// Carries `call` out to its end, whether or not the caller stays to hear it.
async fn answer(library: Arc<dyn Library>, call: Call, writer: &mut OwnedWriteHalf) -> Result<()> {
    let (tell, mut told) = mpsc::channel(TOLD_MAX);
    let work = tokio::task::spawn_blocking(move || {
        carry_out(library.as_ref(), call, &|done, total| {
            // Whoever has left hears nothing.
            let _ = tell.blocking_send(Said::<()>::Progress(done, total));
        })
    });
    let mut is_heard = Ok(());
    while let Some(progress) = told.recv().await {
        if is_heard.is_ok() {
            is_heard = write(writer, &progress).await;
        }
    }
    let said = match work.await {
        Ok(said) => said?,
        // What a crash says of itself may quote pages.
        Err(_) => {
            let failed = Said::<()>::Failed("the call crashed".to_owned(), String::new());
            serde_json::to_value(failed)?
        }
    };
    is_heard?;
    write(writer, &said).await
}

/// The answer of `library` to `call`, as JSON.
fn carry_out(
    library: &dyn Library,
    call: Call,
    progress: Progress,
) -> serde_json::Result<serde_json::Value> {
    match call {
        Call::PutAll(pages) => said(library.put_all(pages)),
        Call::PutWithin(page, quota) => said(library.put_within(*page, quota)),
        Call::Spaces => said(library.spaces()),
        Call::Memories(space, limit) => said(library.memories(&space, limit)),
        Call::Get(id) => said(library.get(&id)),
        Call::History(id) => said(library.history(&id)),
        Call::Lineage(id) => said(library.lineage(&id)),
        Call::Search(query) => said(library.search(&query)),
        Call::Remove(id) => said(library.remove(&id)),
        Call::List(offset, limit) => said(library.list(offset, limit)),
        Call::Stats => said(library.stats()),
        Call::File(path) => said(library.file(&path)),
        Call::FilesBelow(prefix) => said(library.files_below(&prefix)),
        Call::PutFile(file, pages) => said(library.put_file(&file, pages)),
        Call::NoteFile(file) => said(library.note_file(&file)),
        Call::RemoveFile(path) => said(library.remove_file(&path)),
        Call::Meaning => said(library.meaning()),
        Call::DeferVectors => said(library.defer_vectors()),
        Call::GiveVectors => said(library.give_vectors(progress)),
        Call::Rebuild => said(library.rebuild(progress)),
        Call::Purge => said(library.purge()),
    }
}

fn said<T: Serialize>(done: Result<T, StoreError>) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(Said::from(done))
}
