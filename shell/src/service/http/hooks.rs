//! `/api/v1/hooks/NAME`: another program starts a scheduled agent. It has a token that is good
//! for this alone, and what it sends is others' text.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

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
    let started = tokio::task::spawn_blocking(move || scheduler.request(&name, &token, text));
    let started = started.await;
    match started.map_err(|error| ApiError::internal(error.to_string()))? {
        Ok(pid) => {
            let mut response = wire::json(&json!({ "pid": pid }));
            *response.status_mut() = StatusCode::ACCEPTED;
            Ok(response)
        }
        Err(Refused::Unknown) => Err(unknown()),
        Err(Refused::Busy(why)) => Err(ApiError {
            message: format!("no run begins: {why}; send it again later"),
            ..ApiError::too_many(0)
        }),
        Err(Refused::Failed(error)) => Err(ApiError::internal(format!("{error:#}"))),
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
