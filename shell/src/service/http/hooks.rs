//! `/api/v1/hooks/NAME`: another program starts a scheduled agent. It has a token that is good
//! for this alone, and what it sends is others' text.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::apart::aside;
use super::error::ApiError;
use super::guard::Caller;
use super::state::Service;
use super::{guard, wire};
use crate::service::schedules::Refused;

/// The largest body that is taken.
const BODY_BYTES_MAX: usize = 256 << 10;

/// Answers `POST /api/v1/hooks/{name}`: the number of the process that was started.
pub async fn post(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let token = guard::given(request.headers()).ok_or_else(unknown)?;
    let token = token.to_owned();
    service.few_run(Caller::User)?;
    let body = wire::read(request, BODY_BYTES_MAX).await?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let scheduler = service.schedules.clone();
    let pid = aside(move || {
        let started = scheduler.request(&name, &token, text);
        started.map_err(not_started)
    })
    .await?;
    let mut response = wire::json(&json!({ "pid": pid }));
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

fn not_started(refused: Refused) -> ApiError {
    match refused {
        Refused::Unknown => unknown(),
        Refused::Busy(why) => ApiError {
            message: format!("no run begins: {why}; send it again later"),
            ..ApiError::too_many(0)
        },
        Refused::Failed(error) => ApiError::internal(format!("{error:#}")),
    }
}

/// The same for a hook that is not there: nobody learns which there are.
fn unknown() -> ApiError {
    ApiError {
        message: "there is no such hook, or its token is another; send the one that `quipu agent \
                  schedule` printed as `Authorization: Bearer TOKEN`"
            .to_owned(),
        ..ApiError::unauthorized()
    }
}
