//! `/v1/embeddings`: what texts mean, as vectors of the model that the memory is searched
//! with, or of another embedding model that is here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quipu_memory::Embedder;
use quipu_models::catalogue::{self, Entry, Kind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::apart::Asker;
use super::ending;
use super::error::ApiError;
use super::known::{self, Api};
use super::late;
use super::state::Service;
use super::wire::Input;
use crate::session::embedder::{LazyEmbedder, how_to_get_one};

/// The most texts of one request, as with OpenAI: its clients send that many at once.
const TEXTS_MAX: usize = 2048;

/// Texts that are made vectors together: between them it is seen whether the client is still there.
const TEXTS_AT_ONCE: usize = 32;

/// The models, found when somebody first asks for them: one that comes here while the machine
/// runs is found too.
#[derive(Default)]
pub struct Meanings {
    /// The one that the memory is searched with.
    own: Mutex<Option<Arc<LazyEmbedder>>>,
    /// Others that a request has named.
    others: Mutex<BTreeMap<String, Arc<LazyEmbedder>>>,
}

impl Meanings {
    /// The model that texts are compared with.
    ///
    /// # Errors
    /// Where none is on this machine, or the one that was named cannot be used.
    pub fn find(&self, service: &Service) -> Result<Arc<LazyEmbedder>, ApiError> {
        let mut known = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref() {
            return Ok(known.clone());
        }
        match service.session.embedder() {
            Ok(Some(found)) => Ok(known.insert(Arc::new(found)).clone()),
            Ok(None) => Err(ApiError::not_found(
                Some("model"),
                "model_not_found",
                format!(
                    "no embedding model is on this machine; {}",
                    how_to_get_one()
                ),
            )),
            Err(error) => Err(ApiError::internal(format!("{error:#}"))),
        }
    }

    /// The model called `name`: the one that the memory is searched with, where nothing is named,
    /// or another that is here and has room in memory.
    ///
    /// # Errors
    /// As [`Meanings::find`]; where no other is called so, or it has no room.
    fn named(&self, service: &Service, name: Option<&str>) -> Result<Arc<LazyEmbedder>, ApiError> {
        let own = self.find(service)?;
        let Some(name) = name.filter(|name| !name.is_empty() && *name != own.called()) else {
            return Ok(own);
        };
        let mut known = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(name) {
            return Ok(known.clone());
        }
        let mut here = service.session.other_embedders(&own);
        let Some(at) = here.iter().position(|one| one.called() == name) else {
            let others = here.iter().map(LazyEmbedder::called);
            let names: Vec<&str> = std::iter::once(own.called()).chain(others).collect();
            let known = catalogue::find(name).filter(|entry| entry.kind == Kind::Embedder);
            let pull = known.map(|_| format!(" here yet: `quipu model pull {name}` fetches it"));
            let message = format!(
                "there is no embedding model {name:?}{}; this machine has {}",
                pull.unwrap_or_default(),
                names.join(", ")
            );
            return Err(ApiError::not_found(
                Some("model"),
                "model_not_found",
                message,
            ));
        };
        let needs = catalogue::find(name).map_or(0, Entry::bytes_of_all);
        if needs > service.kernel.room_for_models() {
            let message = format!(
                "there is no room for {name} in memory; unload another model, or ask for {:?}",
                own.called()
            );
            return Err(ApiError {
                param: Some("model".to_owned()),
                code: Some("no_room"),
                ..ApiError::stopping(message)
            });
        }
        let found = Arc::new(here.swap_remove(at));
        known.insert(name.to_owned(), found.clone());
        Ok(found)
    }
}

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct Body {
    model: Option<String>,
    input: Value,
    encoding_format: Option<String>,
    dimensions: Option<Value>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

impl Body {
    /// Whether the vectors are wanted as base64.
    fn wants_base64(&self) -> Result<bool, ApiError> {
        match self.encoding_format.as_deref() {
            None | Some("float") => Ok(false),
            Some("base64") => Ok(true),
            Some(_) => {
                let message = "a format is `float` or `base64`";
                Err(ApiError::invalid("encoding_format", message))
            }
        }
    }

    /// How long the vectors are to be, where that is asked.
    fn length(&self) -> Result<Option<usize>, ApiError> {
        let Some(wanted) = self.dimensions.as_ref().filter(|wanted| !wanted.is_null()) else {
            return Ok(None);
        };
        let length = wanted
            .as_u64()
            .and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|length| *length > 0);
        length.map(Some).ok_or_else(|| {
            ApiError::invalid(
                "dimensions",
                "it is how long a vector is, a whole number from 1",
            )
        })
    }
}

/// Refuses a length of vectors that `embedder` does not make, before it makes many.
fn check_length(embedder: &dyn Embedder, name: &str, wanted: usize) -> Result<(), ApiError> {
    let probe = embedder.embed(&["."]);
    let probe = probe.map_err(|error| ApiError::internal(error.to_string()))?;
    match probe.first().map_or(0, Vec::len) {
        length if length == wanted => Ok(()),
        length => Err(ApiError::unsupported(
            "dimensions",
            format!(
                "the vectors of {name:?} have {length} dimensions, and none can be left away; \
                 leave it out"
            ),
        )),
    }
}

/// Answers `POST /v1/embeddings`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    known::supported(Api::Embeddings, &body.rest)?;
    let (base64, length) = (body.wants_base64()?, body.length()?);
    let texts = texts(&body.input)?;
    let embedder = service.meanings.named(&service, body.model.as_deref())?;
    late::whole(
        embedded(service, embedder, texts, base64, length),
        ApiError::body,
    )
    .await
}

/// The vectors of `texts` as a reply.
async fn embedded(
    service: Arc<Service>,
    embedder: Arc<LazyEmbedder>,
    texts: Vec<String>,
    base64: bool,
    length: Option<usize>,
) -> Result<Value, ApiError> {
    let name = embedder.called().to_owned();
    let _place = service.admit()?;
    let on = service.clone();
    let work = move |asker: &Asker| -> Result<(usize, Vec<Vec<f32>>), ApiError> {
        if let Some(length) = length {
            check_length(&*embedder, embedder.called(), length)?;
        }
        let (mut tokens, mut vectors) = (0, Vec::with_capacity(texts.len()));
        for some in texts.chunks(TEXTS_AT_ONCE) {
            let some: Vec<&str> = some.iter().map(String::as_str).collect();
            for text in &some {
                asker.stays()?;
                tokens += on.cpu().count(text);
            }
            asker.stays()?;
            let embedded = embedder.embed(&some);
            vectors.extend(embedded.map_err(|error| ApiError::internal(error.to_string()))?);
        }
        Ok((tokens, vectors))
    };
    // Even a short text is computed for longer than a request may keep its thread.
    let work = service.embedding.run(usize::MAX, service.patience(), work);
    let (tokens, vectors) = ending::unless(&service.stopping, work).await?;
    Ok(json!({
        "object": "list", "model": name, "data": listed(&vectors, base64),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }))
}

/// The vectors as OpenAI lists them.
fn listed(vectors: &[Vec<f32>], base64: bool) -> Vec<Value> {
    let one = |(index, vector): (usize, &Vec<f32>)| {
        let value = match base64 {
            true => packed(vector),
            false => json!(vector),
        };
        json!({"object": "embedding", "index": index, "embedding": value})
    };
    vectors.iter().enumerate().map(one).collect()
}

/// A vector as OpenAI's own clients ask for it: base64 of little-endian floats.
fn packed(vector: &[f32]) -> Value {
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    STANDARD.encode(bytes).into()
}

fn texts(input: &Value) -> Result<Vec<String>, ApiError> {
    let wrong = |message: String| Err(ApiError::invalid("input", message));
    let texts = match input {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => {
            let texts: Option<Vec<String>> = list
                .iter()
                .map(|text| text.as_str().map(str::to_owned))
                .collect();
            match texts {
                Some(texts) => texts,
                None => {
                    return wrong(
                        "texts are taken, and no tokens, which are those of another model's \
                         tokenizer; send strings (LangChain: check_embedding_ctx_length=False)"
                            .into(),
                    );
                }
            }
        }
        _ => return wrong("an input is a text or a list of texts".into()),
    };
    if texts.is_empty() || texts.len() > TEXTS_MAX || texts.iter().any(String::is_empty) {
        return wrong(format!("send 1 to {TEXTS_MAX} texts, none of them empty"));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_texts() {
        let check = |input: Value, want: Option<&[&str]>| {
            let got = texts(&input).ok();
            let want = want.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect());
            assert_eq!(got, want, "{input}");
        };
        check(json!("a"), Some(&["a"]));
        check(json!(["a", "b"]), Some(&["a", "b"]));
        check(json!([[1, 2]]), None);
        check(json!([]), None);
        check(json!(""), None);
        check(json!(7), None);
        assert_eq!(packed(&[1.0]), json!("AACAPw=="));
    }

    /// A model whose vectors are two long, and that takes one short text at a time.
    struct Two;

    impl Embedder for Two {
        fn name(&self) -> &str {
            "two"
        }

        fn embed(
            &self,
            texts: &[&str],
        ) -> Result<Vec<Vec<f32>>, Box<dyn std::error::Error + Send + Sync>> {
            assert_eq!(texts.len(), 1);
            Ok(vec![vec![1.0, 0.0]])
        }
    }

    #[test]
    fn a_length_that_no_vector_has_is_refused_first() {
        let check = |dimensions: Value, want: Option<&str>| {
            let body: Body =
                serde_json::from_value(json!({"input": "a", "dimensions": dimensions})).unwrap();
            let checked = body.length().and_then(|length| match length {
                Some(length) => check_length(&Two, "two", length),
                None => Ok(()),
            });
            let said = checked.err().map(|error| error.message);
            let fits = match (&said, want) {
                (Some(said), Some(want)) => said.contains(want),
                (said, want) => said.is_none() && want.is_none(),
            };
            assert!(fits, "{dimensions}: {said:?}");
        };
        check(Value::Null, None);
        check(json!(2), None);
        check(json!(3), Some("have 2 dimensions"));
        for wrong in [json!(0), json!(-1), json!(1.5), json!("2")] {
            check(wrong, Some("a whole number from 1"));
        }
    }
}
