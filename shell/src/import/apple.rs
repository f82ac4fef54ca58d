//! Documents of Pages, Numbers and Keynote: how they look, as their programs keep it beside them.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::formats::Format;

/// The document as a PDF.
pub const PREVIEW: &str = "QuickLook/Preview.pdf";
/// Bytes that are read of it.
const PREVIEW_BYTES_MAX: u64 = 32 << 20;

/// The readable part of the file in `bytes` of this `format`: its preview, where it has one that
/// says more than the rest.
pub fn looks(format: Format, bytes: &[u8]) -> (Format, Cow<'_, [u8]>) {
    let looks = match format {
        Format::Document("zipped") => preview(bytes),
        _ => None,
    };
    match looks {
        Some(looks) => (Format::Pdf, looks.into()),
        None => (format, bytes.into()),
    }
}

/// The PDF in the document in `bytes`, where there is one.
fn preview(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let file = zip.by_name(PREVIEW).ok()?;
    let mut pdf = Vec::new();
    // The size that it states may be wrong.
    file.take(PREVIEW_BYTES_MAX).read_to_end(&mut pdf).ok()?;
    pdf.starts_with(b"%PDF-").then_some(pdf)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_document_of_apple_has_its_looks() {
        let check = |name: &str, text: &str, expected: Option<&str>| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(name, options).expect("started");
            zip.write_all(text.as_bytes()).expect("written");
            let file = zip.finish().expect("finished").into_inner();
            assert_eq!(
                preview(&file).as_deref(),
                expected.map(str::as_bytes),
                "{name}"
            );
            let zipped = Format::Document("zipped");
            let (format, read) = looks(zipped, &file);
            let want = expected.map_or((zipped, &*file), |pdf| (Format::Pdf, pdf.as_bytes()));
            assert_eq!((format, &*read), want, "{name}");
            // Another format is what it is.
            assert_eq!(
                looks(Format::Note, &file),
                (Format::Note, file.as_slice().into())
            );
        };
        check(PREVIEW, "%PDF-1.4 wool", Some("%PDF-1.4 wool"));
        check(PREVIEW, "<html>", None);
        check("Index/Document.iwa", "%PDF-1.4", None);
        assert_eq!(preview(b"PK\x03\x04cut"), None);
    }
}
