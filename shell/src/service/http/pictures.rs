//! Pictures in requests: they come as `data:` URLs or base64, never as addresses to fetch. A model
//! that sees is shown them; otherwise the eyes read them, and their text stands in their place.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use quipu_cpu::Picture;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::error::ApiError;
use super::plain::Said;
use super::sense;
use super::state::Service;
use crate::session::Session;
use crate::session::senses::{PICTURE_BYTES_MAX, is_picture};

/// Pictures of a request.
const PICTURES_MAX: usize = 16;
/// Requests whose pictures are decoded or read at the same time; others wait.
const AT_ONCE: usize = 2;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

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
pub fn at(param: String, url: Option<&str>) -> Result<Image, ApiError> {
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
pub fn of(param: String, base64: &str) -> Result<Image, ApiError> {
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

/// The picture in a part of a content, in the forms of two APIs; `None` for another part.
///
/// # Errors
/// As [`at`].
pub fn in_part(param: impl FnOnce() -> String, part: &Value) -> Result<Option<Image>, ApiError> {
    let url = match part["type"].as_str() {
        Some("image_url") => part["image_url"]["url"].as_str(),
        Some("input_image") => part["image_url"].as_str(),
        _ => return Ok(None),
    };
    at(param(), url).map(Some)
}

/// Decodes the pictures of a conversation where the model sees; otherwise puts the text that the
/// eyes read in them behind what was said with them. Also reads that text of pictures that are
/// shown, if it is wanted as `words`.
///
/// # Errors
/// A picture that cannot be decoded or read, too many of them, and eyes without weights where they
/// are needed.
pub async fn see(service: &Arc<Service>, said: &mut [Said], words: bool) -> Result<(), ApiError> {
    let count: usize = said.iter().map(|said| said.images.len()).sum();
    if count == 0 {
        return Ok(());
    }
    if count > PICTURES_MAX {
        let message = format!("a request has at most {PICTURES_MAX} pictures");
        return Err(ApiError::invalid("messages", message));
    }
    let place = PLACES.acquire().await;
    let _place = place.map_err(|_| ApiError::stopping("the machine is being stopped"))?;
    let sees = service.cpu().sees();
    for said in said {
        let images = std::mem::take(&mut said.images);
        if images.is_empty() {
            continue;
        }
        let service = service.clone();
        let work = move || seen(&service.session, images, sees, words);
        let images = tokio::task::spawn_blocking(work).await;
        let images = images.map_err(|error| ApiError::internal(error.to_string()))??;
        if sees {
            said.images = images;
            continue;
        }
        for image in images {
            if !said.text.is_empty() {
                said.text.push_str("\n\n");
            }
            said.text
                .push_str(&format!("[The text in a picture:]\n{}", image.words));
        }
    }
    Ok(())
}

/// The pictures with what becomes of them.
fn seen(
    session: &Session,
    mut images: Vec<Image>,
    sees: bool,
    words: bool,
) -> Result<Vec<Image>, ApiError> {
    for image in &mut images {
        let bytes = std::mem::take(&mut image.bytes);
        let bad = |error: anyhow::Error| ApiError::invalid(&*image.param, sense::said(error));
        if sees {
            let lens = session.lens().map_err(bad)?;
            image.picture = Some(lens.pixels(&bytes).map_err(|error| bad(error.into()))?);
            if words {
                image.words = session.words_in(&bytes);
            }
        } else {
            let eyes = session.eyes().map_err(bad)?;
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
    use serde_json::json;

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
}
