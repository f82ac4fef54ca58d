//! A start without a model: the model is offered, and fetched where the person agrees. One that
//! finds by meaning is only spoken of.

use anyhow::{Error, Result};
use indicatif::DecimalBytes;
use quipu_models::ModelError;

use crate::cli::model;
use crate::session::{Session, embedder};
use crate::terminal::person;
use crate::terminal::words::{fill, words};

/// Fetches the model that is missing according to `error`, where a person agrees.
///
/// # Errors
/// `error`, where it says something else, nobody is there, or the person does not agree; and
/// what keeps the model from coming.
pub async fn missing(session: &Session, error: Error) -> Result<()> {
    let Some(ModelError::NotDownloaded { name, bytes }) = error.downcast_ref::<ModelError>() else {
        return Err(error);
    };
    let size = bytes.map(|bytes| fill(words().of_size, &[("size", &DecimalBytes(bytes))]));
    let size = size.unwrap_or_default();
    let question = fill(words().fetch, &[("model", name), ("size", &size)]);
    if !person::is_there(session.globals.no_input) || !person::agrees(&question).await {
        return Err(error);
    }
    model::fetch(session, name).await
}

/// Tells who begins here how pages are found by their meaning, where they are not.
///
/// # Errors
/// Settings that name a model which cannot be used.
pub fn offer_meaning(session: &Session) -> Result<()> {
    if session.settings.embedder.is_some() || session.embedder()?.is_some() {
        return Ok(());
    }
    let entry = embedder::recommended();
    let values: [(&str, &dyn std::fmt::Display); 3] = [
        ("model", &entry.name),
        ("size", &DecimalBytes(entry.bytes)),
        ("licence", &entry.licence),
    ];
    say!("{}", fill(words().offer_meaning, &values));
    Ok(())
}
