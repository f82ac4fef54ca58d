//! A start without a model: the model is offered, and fetched where the person agrees.

use anyhow::{Error, Result};
use indicatif::DecimalBytes;
use quipu_models::ModelError;

use crate::cli::model;
use crate::session::Session;
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
    let size = bytes.map(|bytes| format!(" ({})", DecimalBytes(bytes)));
    let size = size.unwrap_or_default();
    let question = fill(words().fetch, &[("model", name), ("size", &size)]);
    if !person::is_there(session.globals.no_input) || !person::agrees(&question).await {
        return Err(error);
    }
    model::fetch(session, name).await
}
