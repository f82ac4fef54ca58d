//! Which pixels are in a file. What it says of its size is believed only after it was
//! compared with limits, so that a few bytes cannot ask for all memory.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

use crate::trouble::Trouble;

/// Bytes that the file of a picture may have.
pub const FILE_BYTES_MAX: usize = 32 << 20;
/// Pixels along a side.
const SIDE_MAX: u32 = 32_000;
/// Pixels of a picture: a page of A4 at 600 dots per inch has 35 million.
const PIXELS_MAX: u64 = 40_000_000;
/// Bytes of its pixels as they are decoded.
const DECODED_BYTES_MAX: u64 = 160 << 20;
/// From this brightness on, of 255, what is drawn on a transparent ground is light.
const LIGHT: u64 = 128;

/// What the file of a picture can be.
const FORMATS: &[ImageFormat] = &[
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::WebP,
    ImageFormat::Tiff,
    ImageFormat::Bmp,
];

/// The pixels of the picture in `bytes`, the right way up where the file says so.
///
/// # Errors
/// A file that is no picture of a known format, is cut off, or exceeds a limit.
pub fn decode(bytes: &[u8]) -> Result<RgbImage, Trouble> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Trouble::new(
            format!("the file has more than {FILE_BYTES_MAX} bytes"),
            "save a smaller picture",
        ));
    }
    let format = image::guess_format(bytes)
        .ok()
        .filter(|format| FORMATS.contains(format));
    let format = format.ok_or_else(|| {
        Trouble::new(
            "not a picture that can be read here",
            "save it as PNG, JPEG, WebP, TIFF or BMP",
        )
    })?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODED_BYTES_MAX * 2);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    check_size(decoder.dimensions(), decoder.total_bytes())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    picture.apply_orientation(orientation);
    Ok(opaque(picture))
}

/// `picture`, scaled down until it has at most `pixels_max` pixels, and `side_max` along a side.
pub fn scaled(picture: RgbImage, pixels_max: u32, side_max: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let pixels = f64::from(width) * f64::from(height);
    let longest = f64::from(width.max(height));
    let by_pixels = (f64::from(pixels_max) / pixels).sqrt();
    let factor = by_pixels.min(f64::from(side_max) / longest);
    if factor >= 1.0 {
        return picture;
    }
    // Rounded down, so that neither limit is passed.
    let side = |side: u32| ((f64::from(side) * factor) as u32).max(1);
    image::imageops::thumbnail(&picture, side(width), side(height))
}

/// Refuses a picture that would take too much memory or time.
fn check_size((width, height): (u32, u32), bytes: u64) -> Result<(), Trouble> {
    let pixels = u64::from(width) * u64::from(height);
    if width > SIDE_MAX || height > SIDE_MAX || pixels > PIXELS_MAX || bytes > DECODED_BYTES_MAX {
        return Err(Trouble::new(
            format!("the picture says that it is {width} x {height} pixels large"),
            format!(
                "scale it down: at most {} million pixels, {SIDE_MAX} along a side",
                PIXELS_MAX / 1_000_000
            ),
        ));
    }
    match pixels {
        0 => Err(Trouble::new("the picture has no pixels", "")),
        _ => Ok(()),
    }
}

fn broken(error: &ImageError) -> Trouble {
    let hint = "it may be cut off: copy it again, or save it anew from a program that opens it";
    match error {
        ImageError::Limits(_) => Trouble::new(
            "decoding the picture takes too much memory",
            "scale it down",
        ),
        ImageError::Unsupported(_) => Trouble::new(
            format!("a kind of picture that is not known here: {error}"),
            "save it as PNG",
        ),
        _ => Trouble::new(format!("the picture is broken: {error}"), hint),
    }
}

/// The picture without its transparency: on white, or on black where it is light itself.
fn opaque(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let (mut light, mut weight) = (0, 0);
    for pixel in picture.pixels() {
        let [r, g, b, a] = pixel.0.map(u64::from);
        light += (r + g + b) / 3 * a;
        weight += a;
    }
    let is_light = weight > 0 && light / weight >= LIGHT;
    let is_seen_through = weight < u64::from(picture.width()) * u64::from(picture.height()) * 255;
    let ground = if is_light && is_seen_through { 0 } else { 255 };
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.pixels()) {
        let a = u32::from(from[3]);
        for c in 0..3 {
            to[c] = ((u32::from(from[c]) * a + ground * (255 - a)) / 255) as u8;
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn grey(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, [90, 90, 90].into()))
    }

    #[test]
    fn each_format_is_decoded_and_each_part_of_one_is_refused() {
        for format in FORMATS {
            let bytes = saved(&grey(40, 20), *format);
            let picture = decode(&bytes).unwrap();
            assert_eq!(picture.dimensions(), (40, 20), "{format:?}");
            assert!(picture.get_pixel(7, 7)[0].abs_diff(90) < 4, "{format:?}");
            for part in [0, 1, 8, bytes.len() / 3] {
                assert!(decode(&bytes[..part]).is_err(), "{format:?} {part}");
            }
        }
    }

    #[test]
    fn sizes_that_are_only_claimed_are_refused() {
        let check = |width: u32, height: u32| {
            // A bitmap without its pixels.
            let mut bytes = saved(&grey(2, 2), ImageFormat::Bmp);
            bytes[18..22].copy_from_slice(&width.to_le_bytes());
            bytes[22..26].copy_from_slice(&height.to_le_bytes());
            let trouble = decode(&bytes).unwrap_err();
            assert!(
                !trouble.message.is_empty() && !trouble.hint.is_empty(),
                "{trouble:?}"
            );
        };
        check(60_000, 60_000);
        check(30_000, 30_000);
        check(65_535, 1);
        check(4_000, 4_000);
        assert!(check_size((0, 0), 0).is_err());
        assert!(check_size((5_000, 7_000), 105_000_000).is_ok());
        assert!(check_size((5_000, 7_000), 280_000_000).is_err());
    }

    #[test]
    fn a_picture_is_scaled_to_what_may_be_shown() {
        let check = |size: (u32, u32), most: (u32, u32), want: (u32, u32)| {
            let picture = grey(size.0, size.1).into_rgb8();
            let scaled = scaled(picture, most.0, most.1);
            assert_eq!(scaled.dimensions(), want, "{size:?}");
            assert_eq!(scaled.get_pixel(0, 0)[0], 90);
        };
        check((40, 20), (800, 40), (40, 20));
        check((40, 20), (200, 40), (20, 10));
        check((40, 20), (800, 10), (10, 5));
        check((400, 1), (10_000, 40), (40, 1));
    }

    #[test]
    fn other_files_are_refused() {
        for bytes in [&b"hello"[..], b"%PDF-1.7", b"GIF89a\x01\x00\x01\x00", b""] {
            let trouble = decode(bytes).unwrap_err();
            assert_eq!(trouble.message, "not a picture that can be read here");
        }
    }

    #[test]
    fn what_is_transparent_is_seen_on_a_ground_of_the_other_kind() {
        let check = |ink: u8, ground: u8| {
            let mut picture = image::RgbaImage::new(9, 9);
            picture.put_pixel(4, 4, [ink, ink, ink, 255].into());
            let flat = opaque(DynamicImage::ImageRgba8(picture));
            assert_eq!(
                (flat.get_pixel(4, 4)[0], flat.get_pixel(0, 0)[0]),
                (ink, ground)
            );
        };
        check(0, 255);
        check(255, 0);
    }
}
