//! Bodies of forms with a file, `multipart/form-data`: what each field says, and the file. What
//! the fields mean is for the routes to say.
//!
//! The file goes to the disk as it comes. It has no name there, and is gone with the form.

use std::fs::File;
use std::io::{Seek, Write};
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::StatusCode;

use super::apart::aside;
use super::error::ApiError;
use super::wire;

/// The largest body that is read, with its file: 25 MB, as in the API that this is the form of.
pub const FORM_BYTES_MAX: usize = 25 << 20;
/// How long a client may take to send it.
const FORM_PATIENCE: Duration = Duration::from_secs(300);
/// Bytes of a field that is no file.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Bytes of the name of a field.
const NAME_BYTES_MAX: usize = 64;
/// Fields of a form.
const FIELDS_MAX: usize = 32;

/// What a form says.
#[derive(Debug, Default)]
pub struct Form {
    /// The fields that are no file, as they came.
    texts: Vec<(String, String)>,
    file: Option<File>,
}

impl Form {
    /// Takes the file out, which is read from its start.
    pub fn file(&mut self) -> Option<File> {
        self.file.take()
    }

    /// Takes the values of all fields called `name` out.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let all = std::mem::take(&mut self.texts);
        let (own, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(key, _)| key == name);
        self.texts = rest;
        own.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes the value of the field `name` out. One that is empty says nothing.
    ///
    /// # Errors
    /// Where there are several.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        let mut values = self.texts(name);
        match values.len() {
            0 | 1 => Ok(values.pop().filter(|value| !value.trim().is_empty())),
            _ => Err(ApiError::invalid(name, "send this field once")),
        }
    }

    /// The name of a field that nobody took out.
    pub fn left(&self) -> Option<&str> {
        self.texts.first().map(|(name, _)| name.as_str())
    }
}

/// The form in the body of `request`, of at most [`FORM_BYTES_MAX`], whose file is the field
/// `file`.
///
/// # Errors
/// A body of another kind, which is broken, too large, or does not come in time.
pub async fn read(request: Request, file: &str) -> Result<Form, ApiError> {
    wire::check_kind(&request, "multipart/form-data")?;
    let mut request = wire::within(request, FORM_BYTES_MAX).await?;
    DefaultBodyLimit::max(FORM_BYTES_MAX).apply(&mut request);
    let parts = Multipart::from_request(request, &()).await;
    let parts = parts.map_err(|_| {
        ApiError::malformed("the `Content-Type` of a form names the `boundary` of its fields")
    })?;
    let form = tokio::time::timeout(FORM_PATIENCE, fields(parts, file)).await;
    form.map_err(|_| ApiError::too_slow())?
}

async fn fields(mut parts: Multipart, file: &str) -> Result<Form, ApiError> {
    let mut form = Form::default();
    let mut count = 0;
    while let Some(field) = parts.next_field().await.map_err(broken)? {
        count += 1;
        if count > FIELDS_MAX {
            let message = format!("a form has at most {FIELDS_MAX} fields");
            return Err(ApiError::malformed(message));
        }
        let name = field.name().unwrap_or_default().to_owned();
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let message = format!("each field of a form has a name of 1 to {NAME_BYTES_MAX} bytes");
            return Err(ApiError::malformed(message));
        }
        if name != file {
            let text = text(&name, field).await?;
            form.texts.push((name, text));
        } else if form.file.is_none() {
            form.file = Some(kept(field).await?);
        } else {
            return Err(ApiError::invalid(name, "send one file a request"));
        }
    }
    Ok(form)
}

/// What the field `name` says.
async fn text(name: &str, mut field: Field<'_>) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > TEXT_BYTES_MAX {
            let message = format!("this field has at most {TEXT_BYTES_MAX} bytes");
            return Err(ApiError::invalid(name, message));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| ApiError::invalid(name, "texts are sent as UTF-8"))
}

/// The file in a field, on the disk.
async fn kept(mut field: Field<'_>) -> Result<File, ApiError> {
    let failed = |error: std::io::Error| {
        ApiError::internal(format!(
            "the file could not be written to the folder for temporary files: {error}"
        ))
    };
    let mut file = aside(move || tempfile::tempfile().map_err(failed)).await?;
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        file = aside(move || {
            file.write_all(&chunk).map_err(failed)?;
            Ok(file)
        })
        .await?;
    }
    file.rewind().map_err(failed)?;
    Ok(file)
}

fn broken(error: MultipartError) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(FORM_BYTES_MAX),
        _ => ApiError::malformed(format!("the form cannot be read: {}", error.body_text())),
    }
}

#[cfg(test)]
impl Form {
    /// The form of these `texts` and a file.
    pub fn of(texts: &[(&str, &str)], bytes: &[u8]) -> Self {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("it is written");
        file.rewind().expect("it is read from its start");
        let texts = texts
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Self {
            texts: texts.collect(),
            file: Some(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::body::Body;
    use axum::http::header;

    use super::*;

    const KIND: &str = "multipart/form-data; boundary=x";

    fn request(kind: &str, body: impl Into<Body>) -> Request {
        let request = Request::builder().method("POST");
        let request = request.header(header::CONTENT_TYPE, kind);
        request.body(body.into()).unwrap()
    }

    /// A body of these fields, of which `file` is one.
    fn body(fields: &[(&str, &str)]) -> String {
        let fields = fields.iter().map(|(name, value)| {
            let file = if *name == "file" {
                "; filename=\"a\""
            } else {
                ""
            };
            format!(
                "--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
            )
        });
        fields.collect::<String>() + "--x--\r\n"
    }

    /// The form of these fields.
    async fn form(fields: &[(&str, &str)]) -> Result<Form, ApiError> {
        read(request(KIND, body(fields)), "file").await
    }

    #[tokio::test]
    async fn fields_and_the_file_are_told_apart() {
        let fields = [
            ("model", "ears"),
            ("many[]", "a"),
            ("file", "sound\r\n--y"),
            ("many[]", "b"),
            ("empty", " "),
            ("more", "c"),
        ];
        let mut form = form(&fields).await.unwrap();
        let mut sound = String::new();
        form.file().unwrap().read_to_string(&mut sound).unwrap();
        assert_eq!(sound, "sound\r\n--y");
        assert_eq!(form.text("model"), Ok(Some("ears".to_owned())));
        assert_eq!(form.text("empty"), Ok(None));
        assert_eq!(form.text("absent"), Ok(None));
        assert_eq!(form.texts("many[]"), ["a", "b"]);
        assert_eq!(form.left(), Some("more"));
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused() {
        let check = async |request: Request, status: u16, want: &str| {
            let error = read(request, "file").await.unwrap_err();
            assert_eq!(error.status.as_u16(), status, "{error:?}");
            assert!(error.message.contains(want), "{error:?}");
        };
        let one = body(&[("model", "ears")]);
        check(
            request("application/json", "{}"),
            415,
            "multipart/form-data",
        )
        .await;
        check(request("multipart/form-data", one.clone()), 400, "boundary").await;
        let cut = one.trim_end_matches("--x--\r\n").to_owned();
        check(request(KIND, cut), 400, "cannot be read").await;
        check(request(KIND, ""), 400, "cannot be read").await;
        let nameless = one.replace("; name=\"model\"", "");
        check(request(KIND, nameless), 400, "name of 1 to").await;
        let long = "b".repeat(TEXT_BYTES_MAX + 1);
        let long = body(&[("a", long.as_str())]);
        check(request(KIND, long), 400, "at most 16384 bytes").await;
        let many = body(&[("a", "b"); FIELDS_MAX + 1]);
        check(request(KIND, many), 400, "at most 32 fields").await;
        let twice = body(&[("file", "a"), ("file", "b")]);
        check(request(KIND, twice), 400, "one file").await;
        let (before, after) = one.split_once("ears").unwrap();
        let odd = [before.as_bytes(), &[0xff], after.as_bytes()].concat();
        check(request(KIND, odd), 400, "UTF-8").await;
        // It does not say how large it is.
        let large = "a".repeat(FORM_BYTES_MAX);
        let large = body(&[("file", large.as_str())]);
        check(request(KIND, large), 413, "larger than 26214400 bytes").await;
    }

    #[tokio::test]
    async fn a_field_that_is_asked_for_once_comes_once() {
        let mut form = form(&[("model", "a"), ("model", "b")]).await.unwrap();
        let error = form.text("model").unwrap_err();
        assert_eq!(error.param.as_deref(), Some("model"));
    }
}
