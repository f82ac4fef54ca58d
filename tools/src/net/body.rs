//! Reading an answer, up to a limit.

use reqwest::header::HeaderMap;

use super::NetError;
use super::target::Target;

/// The body of `response`, decompressed on the way: what counts is its real length,
/// not the one it claims.
pub(super) async fn read(
    mut response: reqwest::Response,
    target: &Target,
    bytes_max: usize,
) -> Result<Vec<u8>, NetError> {
    let too_large = || NetError::TooLarge {
        host: target.host.to_string(),
        limit: bytes_max,
    };
    if response
        .content_length()
        .is_some_and(|bytes| bytes > bytes_max as u64)
    {
        return Err(too_large());
    }
    let mut body = Vec::new();
    loop {
        let chunk = response
            .chunk()
            .await
            .map_err(|error| NetError::Unreachable {
                host: target.host.to_string(),
                reason: format!("the answer breaks off: {error}"),
            })?;
        let Some(chunk) = chunk else {
            return Ok(body);
        };
        if body.len() + chunk.len() > bytes_max {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
}

/// The headers of an answer as text.
pub(super) fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        })
        .collect()
}
