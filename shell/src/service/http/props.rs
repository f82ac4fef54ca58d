//! What programs written for llama.cpp's server look for beside an answer: `/props`, `/slots`,
//! `/apply-template`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use quipu_cpu::{Cpu, Sampling};
use serde_json::{Value, json};

use super::chat::request::Body;
use super::error::ApiError;
use super::headers::Unknown;
use super::plain::{Ask, prompt_text};
use super::state::{ANSWERS_MAX, Service};
use super::wire::{self, Input, Params};
use super::{beside, known, late, pictures};

/// What `/props` and `/slots` may be asked for in their addresses.
const OF_PROPS: &[&str] = &["model"];
const OF_SLOTS: &[&str] = &["fail_on_no_slot"];

/// Answers `GET /props`: what the plain model runs with, or the one that `model` names.
///
/// # Errors
/// Where there is no such model, or it cannot be run.
pub async fn get(
    State(service): State<Arc<Service>>,
    Extension(unknown): Extension<Unknown>,
    params: Params,
) -> Result<Response, ApiError> {
    unknown.note(known::parameters(params.names(), OF_PROPS)?);
    let model = params.get("model").map(str::to_owned);
    late::whole(props_of(service, model), ApiError::body).await
}

async fn props_of(service: Arc<Service>, model: Option<String>) -> Result<Value, ApiError> {
    let service = beside::of(&service, model.as_deref()).await?;
    let usual = service.session.settings.sampling();
    Ok(props(service.cpu(), &service.model, usual))
}

/// What a client is told of `cpu`, which goes by the name `model`. Of a model whose template is not
/// known here it is empty, as clients expect a text.
fn props(cpu: &dyn Cpu, model: &str, usual: Sampling) -> Value {
    let info = cpu.info();
    let template = cpu.template().cloned().unwrap_or_default();
    json!({
        "default_generation_settings": {
            "n_ctx": info.window,
            "params": {"temperature": usual.temperature, "seed": usual.seed, "n_predict": -1,
                       "top_k": 0, "top_p": 1.0, "repeat_penalty": 1.0,
                       "presence_penalty": 0.0, "frequency_penalty": 0.0},
        },
        "n_ctx": info.window, "total_slots": ANSWERS_MAX,
        "model_alias": model, "model_path": info.model,
        "chat_template": template.source,
        "bos_token": template.bos, "eos_token": template.eos,
        "modalities": {"vision": cpu.sees(), "audio": false}, "is_sleeping": false,
        "endpoint_slots": true, "endpoint_props": false, "endpoint_metrics": true,
        "build_info": concat!("quipu ", env!("CARGO_PKG_VERSION")),
    })
}

/// Answers `GET /slots`: as many places as answers may be under way, and how many are taken. What
/// is asked in one is nobody else's to read.
///
/// # Errors
/// No place is free, and `fail_on_no_slot` asks for a status that says so; a slip in that name.
pub async fn slots(
    State(service): State<Arc<Service>>,
    Extension(unknown): Extension<Unknown>,
    params: Params,
) -> Result<Response, ApiError> {
    unknown.note(known::parameters(params.names(), OF_SLOTS)?);
    let taken = service.under_way();
    let fails = params.get("fail_on_no_slot").is_some();
    if fails && taken >= ANSWERS_MAX {
        return Err(ApiError::stopping("no place is free; try again shortly"));
    }
    let window = service.cpu().info().window;
    let one = |at: usize| json!({"id": at, "n_ctx": window, "speculative": false, "is_processing": at < taken});
    let slots: Vec<Value> = (0..ANSWERS_MAX).map(one).collect();
    Ok(wire::json(&slots.into()))
}

/// Answers `POST /apply-template`: the prompt that `/v1/chat/completions` makes of the same body.
pub async fn apply(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    let ask = body.ask(service.session.settings.sampling())?;
    late::whole(applied(service, body.model, ask), ApiError::body).await
}

async fn applied(
    service: Arc<Service>,
    model: Option<String>,
    mut ask: Ask,
) -> Result<Value, ApiError> {
    let service = beside::of(&service, model.as_deref()).await?;
    let _place = service.admit()?;
    pictures::see(&service, &mut ask.said, false).await?;
    let prompt = prompt_text(&service, ask).await?;
    Ok(json!({ "prompt": prompt }))
}

#[cfg(test)]
mod tests {
    use quipu_cpu::scripted::ScriptedCpu;
    use quipu_cpu::{CpuError, CpuInfo, Job, Message, Prompt, TemplateSource, Ticket};

    use super::*;

    /// A model with a template.
    struct Templated(ScriptedCpu, TemplateSource);

    impl Cpu for Templated {
        fn info(&self) -> &CpuInfo {
            self.0.info()
        }

        fn template(&self) -> Option<&TemplateSource> {
            Some(&self.1)
        }

        fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
            self.0.prepare(messages)
        }

        fn count(&self, text: &str) -> usize {
            self.0.count(text)
        }

        fn submit(&self, job: Job) -> Ticket {
            self.0.submit(job)
        }
    }

    #[test]
    fn a_template_is_told_where_it_is_known() {
        let script = || ScriptedCpu::parse("s", "", Some(4096)).unwrap();
        let usual = Sampling {
            temperature: 0.0,
            seed: 0,
        };
        let check = |cpu: &dyn Cpu, want: [&str; 3]| {
            let told = props(cpu, "m", usual);
            let got = ["chat_template", "bos_token", "eos_token"].map(|name| &told[name]);
            assert_eq!(got, want.map(Value::from).each_ref());
            assert_eq!(told["model_alias"], "m");
            assert_eq!(told["default_generation_settings"]["n_ctx"], 4096);
        };
        check(&script(), ["", "", ""]);
        let written = TemplateSource {
            source: "{{ bos_token }}".into(),
            bos: "<s>".into(),
            eos: "</s>".into(),
        };
        let templated = Templated(script(), written);
        check(&templated, ["{{ bos_token }}", "<s>", "</s>"]);
    }
}
