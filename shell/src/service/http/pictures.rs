//! Pictures in requests: they come as `data:` URLs or base64, never as addresses to fetch. A model
//! that sees is shown them; otherwise the eyes read them, and their text stands in their place.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use quipu_cpu::Picture;
use serde_json::Value;

use super::apart::Asker;
use super::error::ApiError;
use super::plain::Said;
use super::sense;
use super::state::Service;
use crate::session::Session;
use crate::session::senses::{PICTURE_BYTES_MAX, is_picture};

/// Pictures of a request.
const PICTURES_MAX: usize = 16;

/// A picture of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Where it stands in the request.
    param: String,
    /// Its file.
    bytes: Vec<u8>,
    /// Its pixels, for a model that sees.
    pub picture: Option<Picture>,
    /// The text in it, where that was asked for.
    pub words: String,
}

/// The picture behind the address `url`, at the place `param` of a request.
///
/// # Errors
/// An address that would have to be fetched, and what is no picture.
fn at(param: String, url: Option<&str>) -> Result<Image, ApiError> {
    let data = url.and_then(|url| url.strip_prefix("data:"));
    let base64 = data
        .and_then(|data| data.split_once(','))
        .filter(|(kind, _)| kind.ends_with(";base64"));
    match base64 {
        Some((_, base64)) => of(param, base64),
        None => Err(ApiError::unsupported(
            param,
            "a picture comes in the request, as data:image/png;base64,…; nothing is fetched",
        )),
    }
}

/// The picture in `base64`, at the place `param` of a request.
///
/// # Errors
/// What is no picture.
fn of(param: String, base64: &str) -> Result<Image, ApiError> {
    let bytes = BASE64_STANDARD.decode(base64.trim());
    let bytes = bytes.map_err(|error| ApiError::invalid(&*param, format!("no base64: {error}")))?;
    if !is_picture(&bytes) || bytes.len() as u64 > PICTURE_BYTES_MAX {
        let message = "this is no picture that can be read: PNG, JPEG, WebP, TIFF or BMP";
        return Err(ApiError::invalid(param, message));
    }
    Ok(Image {
        param,
        bytes,
        picture: None,
        words: String::new(),
    })
}

/// The picture in a part of a content, in the forms of three APIs; `None` for another part.
///
/// # Errors
/// As [`at`].
pub fn in_part(param: impl FnOnce() -> String, part: &Value) -> Result<Option<Image>, ApiError> {
    let (url, source) = (&part["image_url"], &part["source"]);
    let image = match part["type"].as_str() {
        Some("image_url" | "input_image") => at(param(), url.as_str().or(url["url"].as_str())),
        Some("image") => match source["type"].as_str() {
            Some("base64") => of(param(), source["data"].as_str().unwrap_or_default()),
            _ => at(param(), source["url"].as_str()),
        },
        _ => return Ok(None),
    };
    image.map(Some)
}

/// Decodes the pictures of a conversation where the model sees; otherwise puts the text that the
/// eyes read in them behind what was said with them. Where `apart`, that text is read of every
/// picture, and stands beside what was said: what others wrote is no word of who sends it.
///
/// # Errors
/// A picture that cannot be decoded or read, too many of them, eyes without weights where they
/// are needed, and no place within the time of a request.
pub async fn see(service: &Arc<Service>, said: &mut [Said], apart: bool) -> Result<(), ApiError> {
    let count: usize = said.iter().map(|said| said.images.len()).sum();
    if count == 0 {
        return Ok(());
    }
    if count > PICTURES_MAX {
        let message = format!("a request has at most {PICTURES_MAX} pictures");
        return Err(ApiError::invalid("messages", message));
    }
    let sees = service.cpu().sees();
    for said in said {
        let images = std::mem::take(&mut said.images);
        if images.is_empty() {
            continue;
        }
        let on = service.clone();
        let work = move |asker: &Asker| seen(&on.session, images, sees, apart, asker);
        // Even a small picture takes longer than a request may keep its thread.
        let seeing = service.seeing.run(usize::MAX, service.patience(), work);
        let images = seeing.await?;
        match sees || apart {
            true => said.images = images,
            false => put_into(&mut said.text, &images),
        }
    }
    Ok(())
}

/// Puts the words of `images` behind a `text`.
fn put_into(text: &mut String, images: &[Image]) {
    for image in images {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&format!("[The text in a picture:]\n{}", image.words));
    }
}

/// The pictures with what becomes of them.
fn seen(
    session: &Session,
    mut images: Vec<Image>,
    sees: bool,
    words: bool,
    asker: &Asker,
) -> Result<Vec<Image>, ApiError> {
    let first = images.first().map(|image| image.param.clone());
    let eyes = match sees {
        true => session.lens(),
        false => session.eyes(),
    };
    let eyes = eyes.map_err(|error| {
        ApiError::invalid(first.as_deref().unwrap_or("messages"), sense::said(error))
    })?;
    for image in &mut images {
        asker.stays()?;
        let bytes = std::mem::take(&mut image.bytes);
        let bad = |error: anyhow::Error| ApiError::invalid(&*image.param, sense::said(error));
        if sees {
            image.picture = Some(eyes.pixels(&bytes).map_err(|error| bad(error.into()))?);
            if words {
                image.words = session.words_in(&bytes);
            }
        } else {
            let read = eyes.look(&bytes).map_err(|error| bad(error.into()))?;
            image.words = match read.says_something() {
                true => read.text,
                false => "(no text was found in it)".to_owned(),
            };
        }
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use quipu_cpu::Sampling;
    use serde_json::json;

    use super::super::{chat, messages, responses};
    use super::*;

    #[test]
    fn pictures_come_in_the_request() {
        let check = |part: Value, want: &str| {
            let said = match in_part(|| "p".into(), &part) {
                Ok(Some(image)) => format!("{} bytes", image.bytes.len()),
                Ok(None) => "no picture".into(),
                Err(error) => error.body().to_string(),
            };
            assert!(said.contains(want), "{part}: {said}");
        };
        let png = format!(
            "data:image/png;base64,{}",
            BASE64_STANDARD.encode(b"\x89PNG1")
        );
        check(
            json!({"type": "image_url", "image_url": {"url": png}}),
            "5 bytes",
        );
        check(json!({"type": "input_image", "image_url": png}), "5 bytes");
        check(json!({"type": "image_url", "image_url": png}), "5 bytes");
        let source = json!({"type": "url", "url": png});
        check(json!({"type": "image", "source": source}), "5 bytes");
        let data = png.rsplit(',').next();
        let source = json!({"type": "base64", "media_type": "image/png", "data": data});
        check(json!({"type": "image", "source": source}), "5 bytes");
        check(json!({"type": "image"}), "nothing is fetched");
        check(json!({"type": "text", "text": "x"}), "no picture");
        let fetched = "http://127.0.0.1/a.png";
        check(
            json!({"type": "input_image", "image_url": fetched}),
            "nothing is fetched",
        );
        check(json!({"type": "input_image"}), "nothing is fetched");
        check(
            json!({"type": "input_image", "image_url": "data:,x"}),
            "nothing is fetched",
        );
        let text = format!("data:image/png;base64,{}", BASE64_STANDARD.encode("hello"));
        check(
            json!({"type": "input_image", "image_url": text}),
            "no picture that can be read",
        );
        let torn = "data:image/png;base64,%%%";
        check(
            json!({"type": "input_image", "image_url": torn}),
            "no base64",
        );
    }

    #[test]
    fn the_result_of_a_function_may_show_one() {
        let usual = Sampling {
            temperature: 0.0,
            seed: 0,
        };
        let check = |said: Result<Vec<Said>, ApiError>| {
            let shown = said.map(|said| said.last().map_or(0, |last| last.images.len()));
            assert_eq!(shown, Ok(1));
        };
        let data = BASE64_STANDARD.encode(b"\x89PNG1");
        let url = format!("data:image/png;base64,{data}");

        let call = json!({"id": "c", "function": {"name": "look", "arguments": "{}"}});
        let shown = json!([{"type": "image_url", "image_url": {"url": url}}]);
        let body: chat::request::Body = serde_json::from_value(json!({"messages": [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": shown},
        ]}))
        .unwrap();
        check(body.ask(usual).map(|ask| ask.said));

        let shown = json!([{"type": "input_image", "image_url": url}]);
        let body: responses::Body = serde_json::from_value(json!({"input": [
            {"role": "user", "content": "Look."},
            {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": shown},
        ]}))
        .unwrap();
        check(responses::ask(&body, usual).map(|ask| ask.said));

        let source = json!({"type": "base64", "media_type": "image/png", "data": data});
        let shown = json!([{"type": "image", "source": source}]);
        let body: messages::Body = serde_json::from_value(json!({"max_tokens": 9, "messages": [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c", "name": "look", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c", "content": shown}]},
        ]}))
        .unwrap();
        check(messages::ask(&body, usual).map(|ask| ask.said));
    }
}
