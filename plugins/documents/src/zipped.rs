//! Archives of XML files: which document it is, and its files within limits.

use std::io::{Cursor, Read};

use roxmltree::{Document, ParsingOptions};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::found::{Failed, Found, broken, failed};
use crate::{book, office};

/// Bytes of one file of an archive, unpacked.
const FILE_BYTES_MAX: u64 = 128 << 20;
/// Bytes of all files of an archive that are read.
const ALL_BYTES_MAX: u64 = 256 << 20;

/// An open archive.
pub struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    left: u64,
}

/// The archive in `bytes`.
pub fn opened(bytes: &[u8]) -> Result<Archive<'_>, Failed> {
    let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken("archive", &error))?;
    Ok(Archive {
        zip,
        left: ALL_BYTES_MAX,
    })
}

/// The text of the document in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let mut archive = opened(bytes)?;
    let mimetype = archive.text("mimetype")?.unwrap_or_default();
    if mimetype.trim() == "application/epub+zip" || archive.has("META-INF/container.xml") {
        return book::read(&mut archive);
    }
    if mimetype
        .trim()
        .starts_with("application/vnd.oasis.opendocument.")
    {
        return office::open_document(&mut archive, bytes, mimetype.trim());
    }
    if archive.has("[Content_Types].xml") {
        return office::open_xml(&mut archive, bytes);
    }
    let apple = archive.zip.file_names().any(|name| name.ends_with(".iwa"));
    match apple {
        true => Err(failed(
            "a document of Pages, Numbers or Keynote",
            "export it as Word, Excel, PowerPoint or PDF",
        )),
        false => Err(failed("an archive", "unpack it and add what is in it")),
    }
}

impl Archive<'_> {
    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// The names of its files, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.zip.file_names().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// The bytes of a file; `None` if there is none.
    pub fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, Failed> {
        let file = match self.zip.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(failed(
                    "an encrypted archive",
                    "save it without its password first",
                ));
            }
            Err(error) => return Err(broken("archive", &error)),
        };
        let most = FILE_BYTES_MAX.min(self.left);
        let mut bytes = Vec::new();
        // What it says of its size need not be true.
        file.take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| broken("archive", &error))?;
        let read = bytes.len() as u64;
        if read > most {
            return Err(failed(
                format!("{name} in it is larger than {most} bytes when it is unpacked"),
                "split the document",
            ));
        }
        self.left -= read;
        Ok(Some(bytes))
    }

    /// The text of a file, UTF-8 or with a mark; `None` if there is none.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Failed> {
        Ok(self.bytes(name)?.map(|bytes| markup::decode(&bytes, "")))
    }
}

/// The XML document in `text`.
pub fn xml<'a>(text: &'a str, what: &str) -> Result<Document<'a>, Failed> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| broken(what, &error))
}

/// The path that `target` means in the file `base` of an archive.
pub fn resolved(base: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
pub mod tests {
    use std::io::Write;

    use super::*;

    /// An archive with these files.
    pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .expect("started");
            zip.write_all(text.as_bytes()).expect("written");
        }
        zip.finish().expect("finished").into_inner()
    }

    #[test]
    fn what_is_no_document_is_told() {
        let check = |files: &[(&str, &str)], expected: &str| {
            let failed = read(&archive(files)).expect_err("no document");
            assert_eq!(failed.message, expected);
        };
        check(&[("a.txt", "a")], "an archive");
        check(
            &[("Index/Document.iwa", "")],
            "a document of Pages, Numbers or Keynote",
        );
        assert!(read(b"PK\x03\x04cut").is_err());
    }

    #[test]
    fn paths_are_resolved() {
        let check = |base, target, expected: &str| assert_eq!(resolved(base, target), expected);
        check("ppt/slides/slide1.xml", "../notes/n.xml", "ppt/notes/n.xml");
        check("a.opf", "b.html", "b.html");
        check("OEBPS/a.opf", "/x/y", "x/y");
        check("a/b", "../../../c", "c");
    }
}
