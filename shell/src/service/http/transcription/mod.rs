//! `/v1/audio/transcriptions`: what is said in a recording, in OpenAI's form.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what is asked for, and hears it |
//! | `written` | the forms of the reply |
//!
//! The ears compute on a thread of their own. A client that leaves, the time that a request has
//! and a machine that stops end that; the same recording goes on there when it is sent again.

mod written;

use std::fs::File;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use quipu_tools::{ErrorKind, ToolError};

use super::apart::aside;
use super::ending;
use super::error::ApiError;
use super::form::{self, Form};
use super::sense::{check_model, said};
use super::state::{Lease, Service};
use crate::session::hearing::Heard;
use crate::session::stop::Stop;
use crate::session::{Session, builtin};

pub use written::Written;

/// The field of the form that has the recording.
const FILE: &str = "file";
/// Characters of the longest code of a language, such as `zh-hans`.
const LANGUAGE_CHARS_MAX: usize = 16;

/// A recording to be heard, as it was asked for.
#[derive(Debug)]
struct Wanted {
    recording: File,
    language: Option<String>,
    written: Written,
}

/// Answers `POST /v1/audio/transcriptions`.
pub async fn post(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, ApiError> {
    let _place = service.receive()?;
    let stopped = ending::told(service.stopping.clone());
    tokio::select! {
        reply = answer(&service, request) => reply,
        () = stopped => {
            let message = "the machine is being stopped; send the recording again later";
            Err(ApiError::stopping(message))
        }
    }
}

/// Reads the form, hears its recording and writes the reply.
async fn answer(service: &Arc<Service>, request: Request) -> Result<Response, ApiError> {
    let wanted = wanted(form::read(request, FILE).await?)?;
    let lease = service.admit()?;
    let patience = service.patience();
    let heard = heard(service, lease, wanted.recording, wanted.language);
    let heard = tokio::time::timeout(patience, heard).await;
    let heard = heard.map_err(|_| late(patience.as_secs()))??;
    Ok(wanted.written.reply(&heard))
}

/// Answers `POST /v1/audio/translations`.
pub async fn translate() -> ApiError {
    let message = "the ears write down what is said in its own language, and do not translate; ask \
                   /v1/audio/transcriptions, and then a model to translate the text";
    ApiError::unsupported("model", message)
}

/// Hears `recording` once there is a place; until this is dropped.
async fn heard(
    service: &Arc<Service>,
    lease: Lease,
    recording: File,
    language: Option<String>,
) -> Result<Heard, ApiError> {
    let place = service.ears.place().await?;
    let stop = Stop::default();
    let (service, cancel) = (service.clone(), stop.0.clone());
    let work = move || {
        let _kept = (lease, place);
        let ears = service.ears.open(&service.session, Session::ears)?;
        let recording = service.session.recording_from(recording);
        let recording = recording.map_err(|error| ApiError::internal(said(error)))?;
        let heard = ears.hear(&recording, language.as_deref(), &cancel, &mut |_| {});
        heard.map_err(unheard)
    };
    aside(work).await
}

/// Why nothing was heard: mostly that the file is no recording, or the language none.
fn unheard(error: ToolError) -> ApiError {
    let message = match error.hint.is_empty() {
        true => error.message,
        false => format!("{}; {}", error.message, error.hint),
    };
    match error.kind {
        ErrorKind::Failed | ErrorKind::InvalidArgs => ApiError::invalid(FILE, message),
        ErrorKind::Busy | ErrorKind::Cancelled => ApiError::stopping(message),
        _ => ApiError::internal(message),
    }
}

fn late(seconds: u64) -> ApiError {
    let message = format!(
        "the recording was not heard in {seconds} seconds (`seconds` under [limits] of the \
         configuration); send the same again to go on there, or a shorter one"
    );
    ApiError {
        message,
        ..ApiError::timeout(seconds)
    }
}

/// Checks what a client asks for.
fn wanted(mut form: Form) -> Result<Wanted, ApiError> {
    check_model(form.text("model")?.as_deref(), builtin::EARS, "hears")?;
    let has_bytes = |file: &File| file.metadata().is_ok_and(|meta| meta.len() > 0);
    let Some(recording) = form.file().filter(has_bytes) else {
        let message = "a recording is needed: WAV, FLAC, MP3, Ogg, Opus, M4A or WebM";
        return Err(ApiError::invalid(FILE, message));
    };
    let written = match form.text("response_format")? {
        None => Written::Json,
        Some(name) => Written::named(&name).ok_or_else(|| {
            let message = format!("a reply is one of {}", Written::NAMES.join(", "));
            ApiError::unsupported("response_format", message)
        })?,
    };
    let language = form.text("language")?;
    if language.as_deref().is_some_and(|code| !is_code(code)) {
        let message = "a language is a code such as en, zh or zh-hans; left out, it is found";
        return Err(ApiError::invalid("language", message));
    }
    check_times(&mut form, written)?;
    if form.text("prompt")?.is_some() {
        let message = "the ears take no prompt; leave it out";
        return Err(ApiError::unsupported("prompt", message));
    }
    if let Some(given) = form.text("temperature")?
        && given.trim().parse::<f64>() != Ok(0.0)
    {
        let message = "the ears write the likeliest words; leave it out, or send 0";
        return Err(ApiError::unsupported("temperature", message));
    }
    if form.text("stream")?.is_some_and(|given| given != "false") {
        let message = "a transcription is sent as a whole; leave it out";
        return Err(ApiError::unsupported("stream", message));
    }
    if let Some(name) = form.left() {
        let message = "the ears do not know this field; leave it out";
        return Err(ApiError::unsupported(name, message));
    }
    Ok(Wanted {
        recording,
        language,
        written,
    })
}

/// Whether `code` may be one of a language.
fn is_code(code: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphabetic() || c == '-' || c == '_';
    code.len() <= LANGUAGE_CHARS_MAX && code.chars().all(plain)
}

/// Checks of what the times are wanted: the ears know those of sentences, and one form has them.
fn check_times(form: &mut Form, written: Written) -> Result<(), ApiError> {
    let name = "timestamp_granularities[]";
    let mut times = form.texts(name);
    // Some clients write it like this.
    times.extend(form.texts("timestamp_granularities"));
    if times.iter().any(|of| of == "word") {
        let message = "the ears tell when sentences begin and end, not words; ask for `segment`";
        return Err(ApiError::unsupported(name, message));
    }
    if times.iter().any(|of| of != "segment") {
        return Err(ApiError::invalid(name, "times are those of a `segment`"));
    }
    if !times.is_empty() && written != Written::Verbose {
        let message = "a reply with times is asked for by `response_format` = `verbose_json`";
        return Err(ApiError::invalid(name, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_honoured_is_refused_by_its_name() {
        let check = |texts: &[(&str, &str)], param: Option<&str>| {
            let said = wanted(Form::of(texts, b"sound"));
            match (said, param) {
                (Ok(_), None) => {}
                (Err(said), Some(_)) => assert_eq!(said.param.as_deref(), param, "{texts:?}"),
                (said, _) => panic!("{texts:?}: {said:?}"),
            }
        };
        let times = "timestamp_granularities[]";
        check(&[], None);
        let all = [
            ("model", "ears"),
            ("language", "zh-Hans"),
            ("prompt", ""),
            ("response_format", "verbose_json"),
            ("temperature", "0.0"),
            (times, "segment"),
            ("stream", "false"),
        ];
        check(&all, None);
        check(&[("model", "whisper-1")], Some("model"));
        check(&[("model", "ears"), ("model", "ears")], Some("model"));
        check(&[("language", "../en")], Some("language"));
        check(&[("language", "English, please")], Some("language"));
        check(&[("prompt", "Names: Ann.")], Some("prompt"));
        check(&[("temperature", "0.2")], Some("temperature"));
        check(&[("temperature", "warm")], Some("temperature"));
        check(
            &[("response_format", "diarized_json")],
            Some("response_format"),
        );
        check(&[(times, "segment")], Some(times));
        check(
            &[("response_format", "verbose_json"), (times, "word")],
            Some(times),
        );
        check(
            &[("response_format", "verbose_json"), (times, "x")],
            Some(times),
        );
        check(&[("stream", "true")], Some("stream"));
        check(&[("include[]", "logprobs")], Some("include[]"));
        let empty = wanted(Form::of(&[], b"")).unwrap_err();
        assert_eq!(empty.param.as_deref(), Some("file"));
        let none = wanted(Form::default()).unwrap_err();
        assert_eq!(none.param.as_deref(), Some("file"));
    }

    #[test]
    fn what_the_ears_say_has_a_status() {
        let check = |kind: ErrorKind, status: u16, want: &str| {
            let error = unheard(ToolError::new(kind, "this is no recording", "send a WAV"));
            assert_eq!(error.status.as_u16(), status, "{error:?}");
            assert_eq!(error.message, want);
        };
        let want = "this is no recording; send a WAV";
        check(ErrorKind::Failed, 400, want);
        check(ErrorKind::Busy, 503, want);
        check(ErrorKind::Timeout, 500, want);
        let late = late(600);
        assert_eq!((late.status.as_u16(), late.code), (504, Some("timeout")));
        assert!(late.message.contains("not heard in 600 seconds"));
    }
}
