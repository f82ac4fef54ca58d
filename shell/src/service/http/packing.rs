//! Bodies that come packed, as some clients and proxies send them.

use std::io::Read;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::error::ApiError;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    No,
    /// By gzip.
    Gzip,
    /// By zlib, which HTTP calls deflate.
    Deflate,
}

impl Packing {
    /// As `headers` say.
    ///
    /// # Errors
    /// The status 415, where it is packed otherwise.
    pub fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let given = headers.get(header::CONTENT_ENCODING);
        let given = given.map(|given| given.to_str().unwrap_or_default().trim());
        match given.map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "identity") => Ok(Self::No),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip),
            Some("deflate") => Ok(Self::Deflate),
            Some(_) => Err(ApiError {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ..ApiError::malformed("send the body as it is, or with gzip or deflate")
            }),
        }
    }

    /// The body, of at most `bytes_max` when it is unpacked.
    ///
    /// # Errors
    /// A body that is larger, or was packed otherwise than it says.
    pub fn unpack(self, bytes: Bytes, bytes_max: usize) -> Result<Bytes, ApiError> {
        let most = bytes_max as u64 + 1;
        let mut whole = Vec::new();
        let read = match self {
            Self::No => return Ok(bytes),
            Self::Gzip => MultiGzDecoder::new(&bytes[..])
                .take(most)
                .read_to_end(&mut whole),
            Self::Deflate => ZlibDecoder::new(&bytes[..])
                .take(most)
                .read_to_end(&mut whole),
        };
        match read {
            Ok(length) if length > bytes_max => Err(ApiError::too_large(bytes_max)),
            Ok(_) => Ok(whole.into()),
            Err(error) => Err(ApiError::malformed(format!(
                "the body cannot be unpacked: {error}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use flate2::Compression;
    use flate2::read::{GzEncoder, ZlibEncoder};

    use super::*;

    const BYTES_MAX: usize = 1000;

    #[test]
    fn a_packed_body_is_unpacked_up_to_a_bound() {
        let packing = |name: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
            Packing::of(&headers)
        };
        assert_eq!(Packing::of(&HeaderMap::new()), Ok(Packing::No));
        assert_eq!(packing("identity"), Ok(Packing::No));
        assert_eq!(packing("GZip"), Ok(Packing::Gzip));
        assert_eq!(packing("deflate"), Ok(Packing::Deflate));
        let refused = packing("br").unwrap_err();
        assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);

        let packed = |packing: Packing, text: &[u8]| {
            let mut packed = Vec::new();
            let level = Compression::fast();
            let mut text = text;
            let read = match packing {
                Packing::No => text.read_to_end(&mut packed),
                Packing::Gzip => GzEncoder::new(text, level).read_to_end(&mut packed),
                Packing::Deflate => ZlibEncoder::new(text, level).read_to_end(&mut packed),
            };
            assert!(read.is_ok());
            Bytes::from(packed)
        };
        for packing in [Packing::No, Packing::Gzip, Packing::Deflate] {
            let got = packing.unpack(packed(packing, b"{}"), BYTES_MAX);
            assert_eq!(got.as_deref(), Ok(&b"{}"[..]), "{packing:?}");
        }
        let large = packed(Packing::Gzip, &vec![b' '; BYTES_MAX + 1]);
        let refused = Packing::Gzip.unpack(large, BYTES_MAX).unwrap_err();
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        let broken = Packing::Gzip.unpack(Bytes::from_static(b"{}"), BYTES_MAX);
        let broken = broken.unwrap_err();
        assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    }
}
