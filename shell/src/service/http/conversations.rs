//! Conversations over the machine's own API: those that the journal has, and what a task is told
//! that comes after one. The shell's are the same ones.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use quipu_kernel::process::{Pid, Program};
use serde_json::json;

use super::apart::aside;
use super::error::ApiError;
use super::guard::Caller;
use super::native::{known, row};
use super::state::Service;
use super::wire;
use crate::session::earlier;
use crate::session::talk::Talk;

/// Conversations that are listed.
const LISTED_MAX: usize = 2_000;

/// Answers `GET /api/v1/conversations`: the newest first.
pub async fn list(State(service): State<Arc<Service>>) -> Result<Response, ApiError> {
    let kernel = service.kernel.clone();
    let listed = aside(move || {
        let rows = kernel.journal().processes()?;
        let mut listed = earlier::listed(&rows);
        listed.truncate(LISTED_MAX);
        Ok(listed)
    })
    .await?;
    Ok(wire::json(&json!({ "conversations": listed })))
}

/// Answers `GET /api/v1/processes/{pid}/conversation`: the turns up to this process, the oldest
/// first. One that has no answer, or none yet, is no turn.
pub async fn one(
    State(service): State<Arc<Service>>,
    Path(pid): Path<String>,
) -> Result<Response, ApiError> {
    let pid = known(&service, &pid).await?;
    let kernel = service.kernel.clone();
    let talk = aside(move || {
        let talk = earlier::conversation(kernel.journal(), pid);
        talk.map_err(|error| ApiError::internal(format!("{error:#}")))
    })
    .await?;
    Ok(wire::json(&json!({ "turns": talk.turns() })))
}

/// Tells `program` the conversation up to the process `after`; 0 begins one.
///
/// # Errors
/// Where there is no such process, or `caller` may not see it: `key` is the one that came with
/// it.
pub fn put_after(
    service: &Service,
    caller: Caller,
    program: &mut Program,
    after: Pid,
    key: Option<&str>,
) -> Result<(), ApiError> {
    let asked = program.prompt.clone();
    if after > 0 {
        row(service, after)?;
        if caller == Caller::Stranger && !service.guard.opens(after, key) {
            return Err(ApiError::forbidden(
                "the earlier turns are their user's: send the token, or as `key` the key that came \
                 with the process before",
            ));
        }
        let talk = earlier::conversation(service.kernel.journal(), after);
        let talk: Talk = talk.map_err(|error| ApiError::internal(format!("{error:#}")))?;
        // Word for word: a client has no files here.
        (program.prompt, program.label) = talk.piped(&asked, program.label.clone());
        program.after = Some(after);
    }
    // What came before was the subject of other tasks.
    program.topic = Some(asked);
    Ok(())
}
