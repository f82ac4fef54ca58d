//! `/v1/audio/speech`: a text becomes sound, in OpenAI's form, sent sentence by sentence.
//!
//! The voice computes on a thread of its own and hands over each sentence when it is ready; a
//! client that leaves ends it after the one under way.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Stream, StreamExt, stream};
use quipu_voice::{RATE, sentences, wav};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::error::ApiError;
use super::sense::{check_model, said};
use super::state::Service;
use super::wire::{self, Input};
use crate::session::speech::explained;
use crate::session::{Session, builtin};

/// The most characters of one text, as in the API that this is the form of.
const CHARS_MAX: usize = 4096;
/// Sentences that wait to be sent.
const AHEAD: usize = 2;
/// How many times as fast as usual.
const SPEEDS: std::ops::RangeInclusive<f32> = 0.5..=2.0;
/// The speakers that programs ask for which were made for OpenAI: here the usual one of each
/// sentence's language.
const ELSEWHERE: &[&str] = &[
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
    "shimmer", "verse",
];

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct Asked {
    model: Option<String>,
    input: Option<String>,
    voice: Option<Value>,
    response_format: Option<String>,
    speed: Option<f32>,
    instructions: Option<String>,
    stream_format: Option<String>,
}

/// How the sound is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A WAV file.
    Wav,
    /// The samples alone, 16 bits each, little-endian.
    Pcm,
}

/// A text to be spoken, as it was asked for.
#[derive(Debug)]
struct Wanted {
    text: String,
    speaker: Option<String>,
    /// How many times as fast as usual.
    speed: f32,
    form: Form,
    /// As events, and not as a file.
    events: bool,
}

/// What the thread that speaks hands over.
type Spoken = Result<Vec<f32>, ApiError>;

/// Answers `POST /v1/audio/speech`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(asked): Input<Asked>,
) -> Result<Response, ApiError> {
    let wanted = wanted(asked)?;
    let lease = service.admit()?;
    let place = service.voice.place().await?;
    // The length of one sentence is known before it is sent.
    let is_one = sentences(&wanted.text).len() == 1;
    let (form, as_events) = (wanted.form, wanted.events);
    let tokens = service.cpu().count(&wanted.text);
    let (sender, mut spoken) = mpsc::channel::<Spoken>(AHEAD);
    let speaking = service.clone();
    tokio::task::spawn_blocking(move || {
        let _kept = (lease, place);
        if let Err(error) = say(&speaking, &wanted, &sender) {
            // Nobody may be there to hear it.
            let _ = sender.blocking_send(Err(error));
        }
    });
    // What fails before there is a sound has a status of its own.
    let first = match spoken.recv().await {
        Some(first) => first?,
        None => return Err(ApiError::internal("the voice failed")),
    };
    let head = match form {
        Form::Wav => wav::head(RATE, is_one.then_some(first.len())).to_vec(),
        Form::Pcm => Vec::new(),
    };
    let first = [head, wav::body(&first)].concat();
    let rest = stream::unfold(spoken, |mut spoken| async move {
        let next = spoken.recv().await?;
        Some((next.map(|sound| wav::body(&sound)), spoken))
    });
    let sound = stream::iter([Ok(first)]).chain(rest);
    Ok(match (as_events, form) {
        (true, _) => wire::events(events(tokens, sound)),
        (false, Form::Wav) => whole("audio/wav", sound),
        (false, Form::Pcm) => whole("audio/pcm", sound),
    })
}

/// The sound as the body of a reply. One that fails on the way is cut off: its client sees a
/// body that is not whole.
fn whole(
    kind: &'static str,
    sound: impl Stream<Item = Result<Vec<u8>, ApiError>> + Send + 'static,
) -> Response {
    let bytes = sound.map(|bytes| match bytes {
        Ok(bytes) => Ok(Bytes::from(bytes)),
        Err(error) => Err(std::io::Error::other(error.message)),
    });
    wire::with_type(kind, Body::from_stream(bytes))
}

/// The sound as the events of OpenAI's API; `tokens` are those of the text.
fn events(
    tokens: usize,
    sound: impl Stream<Item = Result<Vec<u8>, ApiError>> + Send + 'static,
) -> impl Stream<Item = String> + Send + 'static {
    stream::unfold(Some(Box::pin(sound)), move |sound| async move {
        let mut sound = sound?;
        Some(match sound.next().await {
            Some(Ok(bytes)) => {
                let audio = STANDARD.encode(bytes);
                let event = json!({"type": "speech.audio.delta", "audio": audio});
                (wire::event(None, &event), Some(sound))
            }
            // Nothing comes after what stopped it.
            Some(Err(error)) => (wire::failed(&error), None),
            None => {
                let usage = json!({"input_tokens": tokens, "output_tokens": 0,
                                   "total_tokens": tokens});
                let event = json!({"type": "speech.audio.done", "usage": usage});
                (wire::event(None, &event), None)
            }
        })
    })
}

/// Speaks the text, and hands over each sentence as it is ready.
fn say(service: &Service, wanted: &Wanted, sender: &mpsc::Sender<Spoken>) -> Result<(), ApiError> {
    let voice = service.voice.open(&service.session, Session::voice)?;
    let speaker = wanted.speaker.as_deref();
    if let Err(error) = voice.check(speaker) {
        return Err(ApiError::invalid("voice", said(explained(error))));
    }
    let mut is_silent = true;
    for sentence in sentences(&wanted.text) {
        if *service.stopping.borrow() {
            return Err(ApiError::stopping("the machine is being stopped"));
        }
        let sound = voice.speak(&sentence, speaker, wanted.speed);
        let sound = sound.map_err(|error| ApiError::internal(said(explained(error))))?;
        if sound.is_empty() {
            continue;
        }
        is_silent = false;
        if sender.blocking_send(Ok(sound)).is_err() {
            // The client has left.
            return Ok(());
        }
    }
    match is_silent {
        true => {
            let message =
                "the text has nothing that can be said; the voice says English and Chinese";
            Err(ApiError::invalid("input", message))
        }
        false => Ok(()),
    }
}

/// Checks what a client asks for.
fn wanted(asked: Asked) -> Result<Wanted, ApiError> {
    check_model(asked.model.as_deref(), builtin::VOICE, "speaks")?;
    let text = asked.input.unwrap_or_default();
    if text.trim().is_empty() {
        return Err(ApiError::invalid("input", "a text to be spoken is needed"));
    }
    let chars = text.chars().count();
    if chars > CHARS_MAX {
        let message =
            format!("the text has {chars} characters, at most {CHARS_MAX}: send it in parts");
        return Err(ApiError::invalid("input", message));
    }
    if asked.instructions.is_some_and(|words| !words.is_empty()) {
        let message = "this voice takes no instructions; leave them out";
        return Err(ApiError::unsupported("instructions", message));
    }
    let speed = asked.speed.unwrap_or(1.0);
    if !SPEEDS.contains(&speed) {
        let (least, most) = (SPEEDS.start(), SPEEDS.end());
        let message = format!("the speed is a number from {least} to {most}");
        return Err(ApiError::invalid("speed", message));
    }
    // What is asked for nothing in particular gets what there is.
    let form = match asked.response_format.as_deref() {
        None | Some("wav") => Form::Wav,
        Some("pcm") => Form::Pcm,
        Some(_) => {
            let message = "sound is sent as `wav` or as `pcm`";
            return Err(ApiError::unsupported("response_format", message));
        }
    };
    let events = match asked.stream_format.as_deref() {
        None | Some("audio") => false,
        Some("sse") => true,
        Some(_) => {
            let message = "a stream is `audio` or `sse`";
            return Err(ApiError::invalid("stream_format", message));
        }
    };
    Ok(Wanted {
        text,
        speaker: speaker(asked.voice)?,
        speed,
        form,
        events,
    })
}

/// Who is to speak: a name, or an object with an id, as the API has it.
fn speaker(asked: Option<Value>) -> Result<Option<String>, ApiError> {
    let named = match &asked {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(map)) => map.get("id").and_then(Value::as_str),
        Some(other) => other.as_str(),
    };
    match named {
        Some(name) if ELSEWHERE.contains(&name) => Ok(None),
        Some(name) => Ok(Some(name.to_owned())),
        None => Err(ApiError::invalid("voice", "a voice is named by a text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_honoured_is_refused_by_its_name() {
        let check = |asked: Value, param: Option<&str>| {
            let asked = serde_json::from_value(asked).unwrap();
            let said = wanted(asked).map_err(|error| error.param);
            match (said, param) {
                (Ok(_), None) => {}
                (Err(said), Some(_)) => assert_eq!(said.as_deref(), param),
                (said, _) => panic!("{said:?}"),
            }
        };
        check(json!({"input": "hi"}), None);
        let all = json!({"input": "hi", "model": "voice", "voice": "af_heart", "speed": 1.5,
                         "response_format": "pcm", "stream_format": "sse", "instructions": ""});
        check(all, None);
        check(json!({"input": "hi", "voice": {"id": "bm_george"}}), None);
        check(json!({}), Some("input"));
        check(json!({"input": " \n"}), Some("input"));
        check(json!({"input": "a".repeat(CHARS_MAX + 1)}), Some("input"));
        check(json!({"input": "hi", "model": "tts-1"}), Some("model"));
        check(json!({"input": "hi", "voice": 3}), Some("voice"));
        check(json!({"input": "hi", "speed": 4}), Some("speed"));
        let mp3 = json!({"input": "hi", "response_format": "mp3"});
        check(mp3, Some("response_format"));
        let form = json!({"input": "hi", "stream_format": "x"});
        check(form, Some("stream_format"));
        let sad = json!({"input": "hi", "instructions": "Speak sadly."});
        check(sad, Some("instructions"));
    }

    #[test]
    fn voices_of_elsewhere_are_the_usual_one() {
        assert_eq!(speaker(Some(json!("alloy"))), Ok(None));
        assert_eq!(speaker(None), Ok(None));
        let own = speaker(Some(json!("zf_xiaobei")));
        assert_eq!(own, Ok(Some("zf_xiaobei".to_owned())));
    }

    #[tokio::test]
    async fn events_end_with_a_word_or_with_what_failed() {
        let check = async |pieces: Vec<Result<Vec<u8>, ApiError>>, want: &[&str]| {
            let events: Vec<String> = events(3, stream::iter(pieces)).collect().await;
            let kind = |event: &String| {
                let data = event.trim().strip_prefix("data: ").unwrap_or_default();
                let value: Value = serde_json::from_str(data).unwrap();
                value["type"].as_str().unwrap_or("error").to_owned()
            };
            let kinds: Vec<String> = events.iter().map(kind).collect();
            assert_eq!(kinds, want);
        };
        let (delta, done) = ("speech.audio.delta", "speech.audio.done");
        check(vec![Ok(vec![1]), Ok(vec![2])], &[delta, delta, done]).await;
        let broken = vec![Ok(vec![1]), Err(ApiError::internal("x")), Ok(vec![2])];
        check(broken, &[delta, "error"]).await;
    }
}
