//! A TIFF file may have several pages, such as a fax or what a scanner with a feeder writes.
//! Decoders read the first one, so the head of the file is turned to each in its turn.

use crate::trouble::Trouble;

/// Pages that a file may have: each takes seconds.
const PAGES_MAX: usize = 40;
/// Directories that are looked at; some are small copies of pages.
const DIRECTORIES_MAX: usize = 4 * PAGES_MAX;
/// Where the head of a file says where its first directory is.
const FIRST: usize = 4;
/// Bytes of an entry of a directory, where its value is, and the entry that says what kind of
/// picture it is (TIFF 6.0, sections 2 and 8), with the bit of small copies.
const ENTRY: usize = 12;
const VALUE: usize = 8;
const KIND: u16 = 254;
const COPY: u32 = 1;

/// The order of the bytes of a number.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    /// That of the file in `bytes`; none where it is no TIFF.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes.get(..FIRST)? {
            b"II*\0" => Some(Order::Little),
            b"MM\0*" => Some(Order::Big),
            _ => None,
        }
    }

    fn short(self, bytes: &[u8], at: usize) -> Option<u16> {
        let two = bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Order::Little => u16::from_le_bytes(*two),
            Order::Big => u16::from_be_bytes(*two),
        })
    }

    fn long(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Order::Little => u32::from_le_bytes(*four),
            Order::Big => u32::from_be_bytes(*four),
        })
    }
}

/// Where the directories of the pages in `bytes` are, in order; none where the file is no TIFF.
///
/// # Errors
/// A file with too many pages.
pub fn pages(bytes: &[u8]) -> Result<Vec<u32>, Trouble> {
    let Some(order) = Order::of(bytes) else {
        return Ok(Vec::new());
    };
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    let mut next = order.long(bytes, FIRST);
    while let Some(directory) = next
        && directory != 0
        && !seen.contains(&directory)
        && seen.len() < DIRECTORIES_MAX
    {
        seen.push(directory);
        let at = directory as usize;
        let Some(count) = order.short(bytes, at) else {
            break;
        };
        let entries = at + 2;
        let is_copy = (0..usize::from(count)).any(|n| {
            let entry = entries + ENTRY * n;
            let kind = order.long(bytes, entry + VALUE);
            order.short(bytes, entry) == Some(KIND) && kind.is_some_and(|kind| kind & COPY != 0)
        });
        if !is_copy {
            found.push(directory);
        }
        next = order.long(bytes, entries + ENTRY * usize::from(count));
    }
    match found.len() > PAGES_MAX {
        true => Err(Trouble::new(
            format!("the file has more than {PAGES_MAX} pages"),
            "split it, or make a PDF of it, which `quipu mem add` reads page by page",
        )),
        false => Ok(found),
    }
}

/// Turns the head of the file to the page with this directory.
pub fn turn_to(bytes: &mut [u8], directory: u32) {
    let Some(order) = Order::of(bytes) else {
        return;
    };
    let number = match order {
        Order::Little => directory.to_le_bytes(),
        Order::Big => directory.to_be_bytes(),
    };
    if let Some(into) = bytes.get_mut(FIRST..FIRST + number.len()) {
        into.copy_from_slice(&number);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, RgbImage};

    use super::*;
    use crate::picture;

    /// A file with one page, and where its directory ends: there the next one is named.
    fn file() -> (Vec<u8>, usize) {
        let grey = RgbImage::from_pixel(40, 20, [90, 90, 90].into());
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgb8(grey);
        picture.write_to(&mut bytes, ImageFormat::Tiff).unwrap();
        let bytes = bytes.into_inner();
        let order = Order::of(&bytes).unwrap();
        let at = order.long(&bytes, FIRST).unwrap() as usize;
        let count = usize::from(order.short(&bytes, at).unwrap());
        (bytes, at + 2 + ENTRY * count)
    }

    #[test]
    fn each_page_of_a_file_is_found_and_decoded() {
        let (one, end) = file();
        assert_eq!(pages(&one).unwrap().len(), 1);
        // The same page again, behind it.
        let start = pages(&one).unwrap()[0];
        let mut two = one.clone();
        if two.len() % 2 == 1 {
            two.push(0);
        }
        let second = two.len() as u32;
        let directory = one[start as usize..end + 4].to_vec();
        two.extend(directory);
        turn_to(&mut two, start);
        let next = two[FIRST..FIRST + 4].to_vec();
        assert_eq!(next, one[FIRST..FIRST + 4]);
        let number = match Order::of(&two) {
            Some(Order::Big) => second.to_be_bytes(),
            _ => second.to_le_bytes(),
        };
        two[end..end + 4].copy_from_slice(&number);
        assert_eq!(pages(&two).unwrap(), [start, second]);
        turn_to(&mut two, second);
        assert_eq!(picture::decode(&two).unwrap().dimensions(), (40, 20));
    }

    #[test]
    fn directories_that_lead_nowhere_end_the_list() {
        assert!(pages(b"\x89PNG").unwrap().is_empty());
        assert!(pages(b"II*\0").unwrap().is_empty());
        assert!(pages(b"II*\0\xff\xff\xff\xff").unwrap().is_empty());
        // One without entries that names itself as the next.
        assert_eq!(pages(b"II*\0\x08\0\0\0\0\0\x08\0\0\0").unwrap(), [8]);
        // A small copy.
        let mut copy = b"MM\0*\0\0\0\x08\0\x01\0\xfe\0\x04\0\0\0\x01\0\0\0\x01".to_vec();
        copy.extend([0; 4]);
        assert!(pages(&copy).unwrap().is_empty());
        // A chain of directories without entries.
        let mut many = b"II*\0\x08\0\0\0".to_vec();
        for n in 0..100_u32 {
            many.extend([0, 0]);
            many.extend((8 + 6 * (n + 1)).to_le_bytes());
        }
        assert!(pages(&many).is_err());
    }
}
