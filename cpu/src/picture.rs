//! A picture for a model that sees: its pixels, and what it is known by.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use png::{BitDepth, ColorType, Compression};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::CpuError;

/// Pixels of a picture. Projectors scale to fewer than a million; more would only take memory.
pub const PIXELS_MAX: usize = 1 << 20;
/// Pixels of a side.
pub const SIDE_MAX: u32 = 4096;
/// Bytes of a picture's file. Even pixels that do not compress take no more: each row has a byte
/// beside its pixels, and a block of the compression a few.
const FILE_BYTES_MAX: usize = 4 << 20;
/// Bytes of a pixel: red, green, blue.
const PIXEL_BYTES: usize = 3;

/// A picture, decoded. Two with the same pixels are the same; a clone shares them.
#[derive(Clone)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Arc<[u8]>,
    digest: [u8; 32],
}

impl Picture {
    /// A picture of `width` by `height` pixels, row by row from the top, three bytes each: red,
    /// green, blue.
    ///
    /// # Errors
    /// [`CpuError::Picture`] for one without pixels, with more than [`PIXELS_MAX`] of them or
    /// than [`SIDE_MAX`] in a row or a column, or with another number of bytes than that.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, CpuError> {
        if rgb.len() != rgb_bytes(width, height)? {
            return Err(CpuError::Picture(format!(
                "{} bytes are not {width} by {height} pixels",
                rgb.len()
            )));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&width.to_le_bytes());
        hasher.update(&height.to_le_bytes());
        let digest = *hasher.update(&rgb).finalize().as_bytes();
        Ok(Self {
            width,
            height,
            rgb: rgb.into(),
            digest,
        })
    }

    /// Pixels of a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels of a column.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, as [`Picture::new`] takes them.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The picture as a PNG file, of at most 4 MiB. Nothing of it is lost.
    ///
    /// # Errors
    /// [`CpuError::Picture`] where it cannot be encoded.
    pub fn file(&self) -> Result<Vec<u8>, CpuError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fast);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&self.rgb)?;
            writer.finish()
        });
        written.map_err(|error| CpuError::Picture(error.to_string()))?;
        match file.len() > FILE_BYTES_MAX {
            true => Err(CpuError::Picture(format!(
                "its file has {} bytes; {FILE_BYTES_MAX} are the most",
                file.len()
            ))),
            false => Ok(file),
        }
    }

    /// The picture in `file`, as [`Picture::file`] writes it.
    ///
    /// # Errors
    /// [`CpuError::Picture`] for a file that is too large, is no such PNG file, or whose picture
    /// is refused by [`Picture::new`].
    pub fn of_file(file: &[u8]) -> Result<Self, CpuError> {
        if file.len() > FILE_BYTES_MAX {
            return Err(CpuError::Picture(format!(
                "its file has {} bytes; {FILE_BYTES_MAX} are the most",
                file.len()
            )));
        }
        let unreadable = |error: png::DecodingError| CpuError::Picture(error.to_string());
        let mut reader = png::Decoder::new(Cursor::new(file))
            .read_info()
            .map_err(unreadable)?;
        let (width, height) = reader.info().size();
        // Before there is room made for its pixels.
        let bytes = rgb_bytes(width, height)?;
        let format = (ColorType::Rgb, BitDepth::Eight);
        if reader.output_color_type() != format || reader.output_buffer_size() != Some(bytes) {
            return Err(CpuError::Picture("its pixels are not of RGB".into()));
        }
        let mut rgb = vec![0; bytes];
        reader.next_frame(&mut rgb).map_err(unreadable)?;
        // To its last byte, so that a file that was changed anywhere is none.
        reader.finish().map_err(unreadable)?;
        Self::new(width, height, rgb)
    }

    /// The BLAKE3 digest of its size and its pixels.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The digest in hexadecimal digits.
    pub fn id(&self) -> String {
        blake3::Hash::from_bytes(self.digest).to_hex().to_string()
    }
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Picture {}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Picture({} by {}, {})",
            self.width,
            self.height,
            self.id()
        )
    }
}

/// Bytes of the pixels of a picture of this size.
fn rgb_bytes(width: u32, height: u32) -> Result<usize, CpuError> {
    let refuse = |reason: String| Err(CpuError::Picture(reason));
    if width == 0 || height == 0 {
        return refuse("it has no pixels".into());
    }
    if width > SIDE_MAX || height > SIDE_MAX {
        return refuse(format!(
            "it has {width} by {height} pixels; {SIDE_MAX} is the most of a side"
        ));
    }
    let pixels = width as usize * height as usize;
    if pixels > PIXELS_MAX {
        return refuse(format!("it has {pixels} pixels; {PIXELS_MAX} are the most"));
    }
    Ok(pixels * PIXEL_BYTES)
}

/// A picture as earlier releases wrote it down.
#[derive(Deserialize)]
struct Written {
    width: u32,
    height: u32,
    /// Base64.
    rgb: String,
}

impl<'de> Deserialize<'de> for Picture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let rgb = BASE64_STANDARD.decode(written.rgb);
        let rgb = rgb.map_err(D::Error::custom)?;
        Self::new(written.width, written.height, rgb).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_refused() {
        let check = |width, height, bytes: usize, want: &str| {
            let made = Picture::new(width, height, vec![7; bytes]);
            let said = made.map_or_else(|error| error.to_string(), |picture| picture.id());
            assert!(said.contains(want), "{width} by {height}: {said}");
        };
        check(0, 3, 0, "no pixels");
        check(5000, 1, 15_000, "4096 is the most of a side");
        check(2048, 2048, 3 << 22, "1048576 are the most");
        check(2, 2, 11, "11 bytes are not 2 by 2 pixels");
    }

    #[test]
    fn a_picture_is_its_size_and_its_pixels() {
        let picture = |width, height, byte| {
            let rgb = vec![byte; width as usize * height as usize * PIXEL_BYTES];
            Picture::new(width, height, rgb).unwrap()
        };
        assert_eq!(picture(2, 3, 1), picture(2, 3, 1));
        assert_ne!(picture(2, 3, 1), picture(3, 2, 1));
        assert_ne!(picture(2, 3, 1), picture(2, 3, 2));
        assert_eq!(picture(2, 3, 1).id().len(), 64);
        let written = r#"{"width":2,"height":1,"rgb":"AQEBAQEB"}"#;
        assert_eq!(
            serde_json::from_str::<Picture>(written).unwrap(),
            picture(2, 1, 1)
        );
        let torn = written.replace("\"width\":2", "\"width\":3");
        assert!(serde_json::from_str::<Picture>(&torn).is_err());
    }

    #[test]
    fn a_file_has_all_of_a_picture() {
        // Pixels that do not compress, by a generator of pseudorandom numbers.
        let noise = |bytes: usize| {
            let mut state = 1_u32;
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            };
            (0..bytes).map(|_| next()).collect::<Vec<u8>>()
        };
        let check = |width: u32, height: u32, rgb: Vec<u8>, most: usize| {
            let picture = Picture::new(width, height, rgb).unwrap();
            let file = picture.file().unwrap();
            assert!(file.starts_with(b"\x89PNG"));
            assert!(file.len() <= most, "{} of {most} bytes", file.len());
            assert_eq!(Picture::of_file(&file).unwrap().rgb(), picture.rgb());
            assert_eq!(Picture::of_file(&file).unwrap(), picture);
            assert!(Picture::of_file(&file[..file.len() / 2]).is_err());
        };
        check(1, 1, vec![1, 2, 3], 200);
        check(1000, 1000, vec![200; 3_000_000], 100_000);
        check(1024, 1024, noise(3 << 20), FILE_BYTES_MAX);
        check(256, 4096, noise(3 << 20), FILE_BYTES_MAX);
    }

    #[test]
    fn a_file_that_is_no_picture_is_refused() {
        let check = |file: &[u8], want: &str| {
            let error = Picture::of_file(file).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        };
        let encoded = |width: u32, height: u32, color: ColorType| {
            let mut file = Vec::new();
            let mut encoder = png::Encoder::new(&mut file, width, height);
            encoder.set_color(color);
            encoder.set_depth(BitDepth::Eight);
            let pixels = width as usize * height as usize * color.samples();
            let mut writer = encoder.write_header().unwrap();
            writer.write_image_data(&vec![0; pixels]).unwrap();
            writer.finish().unwrap();
            file
        };
        check(b"", "");
        check(b"no picture", "");
        check(&encoded(2, 2, ColorType::Grayscale), "not of RGB");
        check(&encoded(2, 2, ColorType::Rgba), "not of RGB");
        // It is refused by its size, before there is room made for its pixels.
        check(&encoded(2048, 2048, ColorType::Rgb), "1048576 are the most");
        check(
            &encoded(5000, 1, ColorType::Rgb),
            "4096 is the most of a side",
        );
        check(&vec![0; FILE_BYTES_MAX + 1], "4194304 are the most");
    }
}
