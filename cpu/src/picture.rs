//! A picture for a model that sees: its pixels, and what it is known by.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::CpuError;

/// Pixels of a picture. Projectors scale to fewer than a million; more would only take memory.
pub const PIXELS_MAX: usize = 1 << 20;
/// Pixels of a side.
pub const SIDE_MAX: u32 = 4096;
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
        if rgb.len() != pixels * PIXEL_BYTES {
            return refuse(format!(
                "{} bytes are not {width} by {height} pixels",
                rgb.len()
            ));
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

/// A picture as it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    width: u32,
    height: u32,
    /// Base64.
    rgb: String,
}

impl Serialize for Picture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            width: self.width,
            height: self.height,
            rgb: BASE64_STANDARD.encode(&self.rgb),
        };
        written.serialize(serializer)
    }
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
        let written = serde_json::to_string(&picture(2, 3, 1)).unwrap();
        assert_eq!(
            serde_json::from_str::<Picture>(&written).unwrap(),
            picture(2, 3, 1)
        );
        let torn = written.replace("\"width\":2", "\"width\":3");
        assert!(serde_json::from_str::<Picture>(&torn).is_err());
    }
}
