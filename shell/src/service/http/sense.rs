//! The senses that requests use, the voice and the ears: each is read when it is first asked
//! for, and a few requests use it at the same time.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::ApiError;
use crate::session::Session;
use crate::session::senses::no_weights;
use crate::terminal::error::hint;

/// Requests that use a sense at the same time; others wait. Each takes some hundred MB.
const AT_ONCE: usize = 2;

/// A sense that is read when it is first asked for.
pub struct Sense<T> {
    name: &'static str,
    open: Mutex<Option<Arc<T>>>,
    places: Arc<Semaphore>,
}

impl<T> Sense<T> {
    /// The sense that the catalogue of models calls `name`.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            open: Mutex::new(None),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// A place among those who use it, once there is one.
    ///
    /// # Errors
    /// Where the machine is being stopped.
    pub async fn place(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let place = self.places.clone().acquire_owned().await;
        place.map_err(|_| ApiError::stopping("the machine is being stopped"))
    }

    /// The sense; `read` reads it, where nobody asked for it before.
    ///
    /// # Errors
    /// Weights that are not here, with the command that fetches them; what `read` says.
    pub fn open(
        &self,
        session: &Session,
        read: impl FnOnce(&Session) -> anyhow::Result<T>,
    ) -> Result<Arc<T>, ApiError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sense) = open.as_ref() {
            return Ok(sense.clone());
        }
        if session.firmware(self.name).is_none() {
            return Err(no_model(said(no_weights(self.name))));
        }
        let sense = read(session).map_err(|error| ApiError::internal(said(error)))?;
        Ok(open.insert(Arc::new(sense)).clone())
    }
}

/// Refuses a model other than `own`, the only one here that `does` what is asked for.
///
/// # Errors
/// The status 404, with the name of that one.
pub fn check_model(asked: Option<&str>, own: &str, does: &str) -> Result<(), ApiError> {
    match asked.filter(|asked| *asked != own) {
        None => Ok(()),
        Some(asked) => Err(no_model(format!(
            "there is no model {asked:?} that {does}; this machine has {own:?}"
        ))),
    }
}

fn no_model(message: String) -> ApiError {
    ApiError::not_found(Some("model"), "model_not_found", message)
}

/// An error with what to do about it.
pub fn said(error: anyhow::Error) -> String {
    match hint(&error) {
        hint if hint.is_empty() => format!("{error:#}"),
        hint => format!("{error:#}; {hint}"),
    }
}
