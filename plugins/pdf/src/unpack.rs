//! Whether all that a page shows can be unpacked from the file.
//!
//! The library draws what it can and passes over the rest, so that a page whose stream is
//! damaged looks like one that is blank.

use hayro_interpret::hayro_syntax::Filter;
use hayro_interpret::hayro_syntax::content::TypedIter;
use hayro_interpret::hayro_syntax::content::ops::TypedInstruction;
use hayro_interpret::hayro_syntax::object::{Array, Dict, Name, Stream};
use hayro_interpret::hayro_syntax::page::{Page, Resources};
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

/// Forms within forms that are looked into.
const DEPTH_MAX: usize = 4;
/// Streams that are looked at for one page.
const STREAMS_MAX: usize = 1_000;
/// Bytes that are unpacked at once.
const PART_BYTES: usize = 16 << 10;

/// Whether each stream that `page` shows is in the file, and whole.
pub fn is_whole(page: &Page<'_>) -> bool {
    let Some(contents) = contents(page) else {
        return false;
    };
    if !contents.iter().all(is_stream_whole) {
        return false;
    }
    let drawn = page.page_stream().unwrap_or_default();
    let mut left = STREAMS_MAX;
    are_forms_whole(drawn, page.resources(), DEPTH_MAX, &mut left)
}

/// The streams of `page`; none where one of them is not in the file.
fn contents<'a>(page: &Page<'a>) -> Option<Vec<Stream<'a>>> {
    if let Some(stream) = page.raw().get::<Stream<'a>>(b"Contents") {
        return Some(vec![stream]);
    }
    match page.raw().get::<Array<'a>>(b"Contents") {
        Some(array) => {
            let streams: Vec<Stream<'a>> = array.iter().collect();
            (streams.len() == array.raw_iter().count()).then_some(streams)
        }
        None if page.raw().contains_key(b"Contents") => None,
        None => Some(Vec::new()),
    }
}

/// Whether the forms that `drawn` draws, and those that they draw, are whole.
fn are_forms_whole(
    drawn: &[u8],
    resources: &Resources<'_>,
    depth: usize,
    left: &mut usize,
) -> bool {
    let draws = |bytes: &[u8]| bytes.windows(2).any(|two| two == b"Do");
    if depth == 0 || !draws(drawn) {
        return true;
    }
    let mut steps = TypedIter::new(drawn);
    while let Some(step) = steps.next() {
        let TypedInstruction::XObject(object) = step else {
            continue;
        };
        let Some(form) = resources.get_x_object(object.0).filter(is_form) else {
            continue;
        };
        match left.checked_sub(1) {
            Some(rest) => *left = rest,
            None => return true,
        }
        if !is_stream_whole(&form) {
            return false;
        }
        let inner = form.dict().get::<Dict<'_>>(b"Resources");
        let inner = inner.map(Resources::new);
        let data = form.decoded_data().unwrap_or_default();
        if !are_forms_whole(&data, inner.as_ref().unwrap_or(resources), depth - 1, left) {
            return false;
        }
    }
    true
}

fn is_form(stream: &Stream<'_>) -> bool {
    let kind = stream.dict().get::<Name<'_>>(b"Subtype");
    kind.is_some_and(|kind| kind.as_str() == "Form")
}

fn is_stream_whole(stream: &Stream<'_>) -> bool {
    let packed = stream.raw_data();
    match stream.decoded_data() {
        Err(_) => false,
        // What unpacks it takes whatever it gets for the end.
        Ok(_) if stream.filters().first() == Some(&Filter::FlateDecode) => ends(&packed),
        Ok(data) => !data.is_empty() || packed.iter().all(u8::is_ascii_whitespace),
    }
}

/// Whether `packed`, which is deflated, goes on to its end. Its checksum is left out: many
/// programs write a wrong one or none, which costs no text.
fn ends(packed: &[u8]) -> bool {
    let mut rest = match packed {
        // A header of zlib (RFC 1950): the method, and a number that 31 divides.
        [method, flags, rest @ ..]
            if method & 15 == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) =>
        {
            rest
        }
        [] => return true,
        packed => packed,
    };
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let mut part = [0; PART_BYTES];
    loop {
        let done = inflate(&mut state, rest, &mut part, MZFlush::None);
        rest = &rest[done.bytes_consumed..];
        match done.status {
            Ok(MZStatus::StreamEnd) => return true,
            Ok(_) if done.bytes_consumed > 0 || done.bytes_written > 0 => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    use super::*;

    #[test]
    fn what_is_packed_has_an_end() {
        let check = |packed: &[u8], expected: bool| assert_eq!(ends(packed), expected);
        let text: Vec<u8> = (0..20_000_u32)
            .flat_map(|n| (n * n).to_le_bytes())
            .collect();
        let zlib = compress_to_vec_zlib(&text, 6);
        check(&zlib, true);
        check(&compress_to_vec(&text, 6), true);
        check(&[zlib.as_slice(), b"\r\n"].concat(), true);
        // Without its checksum, which some programs do not write.
        check(&zlib[..zlib.len() - 4], true);
        check(&zlib[..zlib.len() / 2], false);
        check(b"", true);
        check(b"this was never packed", false);
    }
}
