//! The plain models beside the machine's own: which model a request is for, and those that are on
//! this machine. They are loaded when a request first names one, within the room that models
//! have, and idle ones make room for others.
//!
//! Over HTTP a model goes by its name in `quipu model ls`, and by no path: a client does not
//! choose among the files of this machine.

use std::sync::Arc;

use quipu_cpu::CpuError;
use quipu_kernel::process::NoModel;
use quipu_kernel::{Model, Resident};
use quipu_models::catalogue::{self, Kind};
use quipu_models::{self as models, Installed};
use serde_json::{Value, json};

use super::agent;
use super::apart::aside;
use super::ending;
use super::error::{ApiError, without_folders};
use super::state::Service;
use crate::config::settings::CpuChoice;
use crate::terminal::hints;

/// What clients that have to send a name send for whichever model runs.
const USUAL: [&str; 2] = ["", "default"];
/// The most names that an error lists.
const NAMES_MAX: usize = 10;

/// The service with the plain model that `asked` names: the machine's own where nothing is named,
/// else one of this machine, loaded where it is not.
///
/// # Errors
/// Where there is no such model, no room for it, or it cannot be run.
pub async fn of(service: &Arc<Service>, asked: Option<&str>) -> Result<Arc<Service>, ApiError> {
    let Some(name) = asked.filter(|name| !is_own(service, name)) else {
        return Ok(service.clone());
    };
    if agent::named(asked).is_some() {
        let message = format!(
            "{name:?} is an agent, and agents are asked with /v1/chat/completions; this is for \
             the plain model, {:?}",
            service.model
        );
        return Err(ApiError::unsupported("model", message));
    }
    // One that is there needs no look at the disk.
    let is_there = |model: &Resident| model.name == name && model.info.kind == "local";
    let is_there = service.kernel.models().iter().any(is_there);
    if !is_there {
        // Those who have files looked at are bounded in number as those who wait for an answer.
        let _place = service.admit()?;
        let here = names(service).await?;
        if !here.iter().any(|known| known == name) {
            return Err(none(service, name, here));
        }
    }
    match loaded(service, name).await? {
        Some(model) => Ok(service.on(model)),
        None => Ok(service.clone()),
    }
}

/// Whether `name` is the machine's own model.
pub fn is_own(service: &Service, name: &str) -> bool {
    USUAL.contains(&name) || name == service.model || name == service.cpu().info().model
}

/// The model called `name`, loaded where it is not; `None` is the machine's own.
///
/// # Errors
/// Where there is no such model, no room for it, it cannot be run, or it is not there in the time
/// of a request: it is loaded on then.
pub async fn loaded(service: &Arc<Service>, name: &str) -> Result<Option<Arc<Model>>, ApiError> {
    // Those who wait for a model are bounded in number as those who wait for an answer.
    let _place = service.admit()?;
    let patience = service.patience();
    let loading = tokio::time::timeout(patience, service.kernel.model(name));
    let loading = async { Ok(loading.await) };
    let loaded = ending::unless(&service.stopping, loading).await?.map_err(|_| {
        let seconds = patience.as_secs();
        let message = format!(
            "the model {name:?} was not there within {seconds} seconds, and is loaded on; ask again"
        );
        ApiError {
            message,
            ..ApiError::timeout(seconds)
        }
    })?;
    loaded.map_err(|error| refused(&error))
}

/// There is no model called `name`.
pub async fn unknown(service: &Arc<Service>, name: &str) -> ApiError {
    none(service, name, names(service).await.unwrap_or_default())
}

/// There is no model called `name`, and there are those that are `here`.
fn none(service: &Service, name: &str, mut here: Vec<String>) -> ApiError {
    here.retain(|known| *known != service.model);
    let more = here.len().saturating_sub(NAMES_MAX);
    here.truncate(NAMES_MAX);
    let mut others = here.join(", ");
    if more > 0 {
        others.push_str(&format!(" and {more} more"));
    }
    if !others.is_empty() {
        others = format!(", loads {others} when they are named");
    }
    let otherwise = match service.session.settings.cpu {
        // There a name is one of the endpoint's.
        CpuChoice::Url(_) => String::new(),
        _ => otherwise(name),
    };
    ApiError::not_found(
        Some("model"),
        "model_not_found",
        format!(
            "there is no model {name:?}{otherwise}; this machine runs {:?}{others}, and \
             /v1/models lists its agents",
            service.model
        ),
    )
}

/// Of a model that is known by `name`: why it does not answer, and what to do.
fn otherwise(name: &str) -> String {
    let Some(kind) = catalogue::find(name).map(|entry| entry.kind) else {
        return String::new();
    };
    let (does, path) = match kind {
        Kind::Chat => {
            return format!(
                " here yet: `quipu model pull {name}` fetches it, or POST /models/pull with the \
                 token"
            );
        }
        Kind::Embedder => ("makes vectors", "/v1/embeddings"),
        Kind::Ears => ("writes down recordings", "/v1/audio/transcriptions"),
        Kind::Voice => ("speaks", "/v1/audio/speech"),
        Kind::Base | Kind::Detector | Kind::Eyes => return " that answers".to_owned(),
    };
    format!(" that answers: this one {does}, at {path}")
}

/// Why a model is not there, for a client, which is told of no folder: it may be a stranger.
fn refused(error: &NoModel) -> ApiError {
    let message = without_folders(&format!("{error}; {}", hints::no_model(error)));
    match error {
        NoModel::Alone { .. } | NoModel::NotHere { .. } => {
            ApiError::not_found(Some("model"), "model_not_found", message)
        }
        NoModel::NoRoom { .. } | NoModel::Cpu(CpuError::Cells { .. }) => ApiError {
            param: Some("model".to_owned()),
            code: Some("no_room"),
            ..ApiError::stopping(message)
        },
        NoModel::Cpu(_) => ApiError {
            param: Some("model".to_owned()),
            code: Some("model_not_loaded"),
            ..ApiError::stopping(message)
        },
    }
}

/// The names of the models that a request can name, the machine's own not among them.
async fn names(service: &Arc<Service>) -> Result<Vec<String>, ApiError> {
    let on = service.clone();
    aside(move || Ok(here(&on).into_iter().map(|model| model.name).collect())).await
}

/// The models of this machine that can answer, the machine's own not among them. Reads the
/// beginning of each file. Where an endpoint computes there are none: a name is one of its models
/// then.
fn here(service: &Service) -> Vec<Installed> {
    let session = &service.session;
    if matches!(session.settings.cpu, CpuChoice::Url(_)) {
        return Vec::new();
    }
    let own = match session.settings.cpu {
        CpuChoice::Local => session.model_file().ok(),
        _ => None,
    };
    let own = own.and_then(|file| file.canonicalize().ok());
    let mut here = models::ls(&session.paths.models);
    here.retain(|model| {
        let answers = model
            .header
            .as_ref()
            .is_ok_and(|header| header.chat_template);
        answers && (own.is_none() || model.path.canonicalize().ok() != own)
    });
    here
}

/// What a loaded model is called whatever it was named: the path of its file.
fn key(model: &Installed) -> String {
    let path = model.path.canonicalize();
    let path = path.as_deref().unwrap_or(&model.path);
    path.display().to_string()
}

/// The name by which the model `name` was loaded, where it is loaded: an agent's file may have
/// named it otherwise.
pub async fn loaded_as(service: &Arc<Service>, name: &str) -> Result<String, ApiError> {
    let (on, asked) = (service.clone(), name.to_owned());
    let work = move || {
        let known = here(&on).into_iter().find(|model| model.name == asked);
        let key = known.map(|model| key(&model));
        let is_it = |one: &Resident| one.name == asked || Some(&one.key) == key.as_ref();
        let found = on.kernel.models().into_iter().find(is_it);
        Ok(found.map_or(asked, |one| one.name))
    };
    aside(work).await
}

/// A model beside the machine's own, for a list.
pub struct Listed {
    /// The name that a request names it by.
    pub name: String,
    /// Whether it is loaded.
    pub is_loaded: bool,
    /// What its file says of it, and what it takes while it is loaded.
    pub meta: Value,
}

/// The models that can be loaded beside the machine's own.
pub fn listed(service: &Service) -> Vec<Listed> {
    let resident = service.kernel.models();
    let entry = |model: Installed| {
        let key = key(&model);
        let running = resident.iter().find(|one| one.key == key);
        let header = model.header.unwrap_or_default();
        Listed {
            name: model.name,
            is_loaded: running.is_some(),
            meta: json!({
                "kind": "local", "size": model.bytes, "n_params": header.parameters,
                "n_ctx_train": header.window, "n_ctx": running.map(|one| one.info.window),
                "memory": running.map(|one| one.bytes), "in_use": running.map(|one| one.in_use),
            }),
        }
    };
    here(service).into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_does_not_answer_says_what_it_does() {
        let check = |name: &str, want: &str| {
            let got = otherwise(name);
            assert!(got.contains(want), "{name}: {got}");
        };
        check("smollm2-135m", "`quipu model pull smollm2-135m`");
        check("minilm-l6-v2", "vectors, at /v1/embeddings");
        check("ears", "/v1/audio/transcriptions");
        check("voice", "/v1/audio/speech");
        check("eyes", "that answers");
        assert_eq!(otherwise("no-such-model"), "");
    }

    #[test]
    fn why_a_model_is_not_there_names_no_folder() {
        let check = |error: NoModel, status: u16, code: &str, said: &str| {
            let refused = refused(&error);
            let got = (refused.status.as_u16(), refused.code);
            assert_eq!(got, (status, Some(code)), "{}", refused.message);
            assert!(refused.message.contains(said), "{}", refused.message);
            assert!(!refused.message.contains("/home"), "{}", refused.message);
        };
        let broken = CpuError::Load {
            path: "/home/ann/models/a.gguf".to_owned(),
            reason: "it is cut off".to_owned(),
        };
        check(broken.into(), 503, "model_not_loaded", "…/a.gguf");
        let reason = "nothing is at '/home/ann/a.gguf'".to_owned();
        let gone = NoModel::NotHere { reason };
        check(gone, 404, "model_not_found", "'…/a.gguf'");
        let (name, needs, room) = ("a".to_owned(), 2, 1);
        let full = NoModel::NoRoom { name, needs, room };
        check(full, 503, "no_room", "a");
    }
}
