//! Archives: which files are some, and their members in a folder of their own, within limits.
//!
//! | kind | what opens it |
//! | --- | --- |
//! | zip | the crate zip; documents that are zipped XML are none |
//! | tar, also compressed | the crate tar |
//! | 7z | the crate sevenz-rust2, in `archive/sevenz.rs` |
//! | compressed files (gz, xz, zst) | flate2, lzma-rust2, ruzstd |
//!
//! A member becomes a plain file below the folder or is refused by its name. Links are never
//! made, so that no path below the folder leads out of it. What the files are read as is
//! decided in `opened`.

mod sevenz;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;
use tar::EntryType;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::decode::decoded;

/// Larger archives are left out.
pub const ARCHIVE_BYTES_MAX: u64 = 256 << 20;
/// How deep an archive may lie in another.
pub const DEPTH_MAX: usize = 3;
/// Members of an archive and all archives in it.
const MEMBERS_MAX: usize = 10_000;
/// Folders that a member lies in.
const FOLDERS_MAX: usize = 64;
/// Bytes of one member, unpacked.
const MEMBER_BYTES_MAX: u64 = 32 << 20;
/// Bytes of all members, unpacked, with those of archives in it.
const ALL_BYTES_MAX: u64 = 512 << 20;
/// Where a tar archive says that it is one.
const TAR_MARK: std::ops::Range<usize> = 257..262;
/// Bytes looked at to tell what a file is.
const HEAD_BYTES: u64 = 512;
/// What only zipped documents have.
const DOCUMENT_NAMES: &[&str] = &[
    "[Content_Types].xml",
    "META-INF/container.xml",
    // Where somebody packed one again without its list.
    "word/document.xml",
    "ppt/presentation.xml",
    "xl/workbook.xml",
    // What Pages, Numbers and Keynote look like.
    super::apple::PREVIEW,
];
/// What a map of Google Earth has; its pictures lie in folders.
const MAP: &str = "doc.kml";
/// What a mind map of XMind has, and a document that was packed again without its type.
const TOGETHER: &[[&str; 2]] = &[
    ["content.json", "metadata.json"],
    ["content.xml", "META-INF/manifest.xml"],
];

/// How members of a zip may be compressed that are not read, and what that is called.
const UNREAD: &[(CompressionMethod, &str)] = &[
    (CompressionMethod::IMPLODE, "Implode"),
    (CompressionMethod::DEFLATE64, "Deflate64"),
    (CompressionMethod::BZIP2, "bzip2"),
    (CompressionMethod::LZMA, "LZMA"),
    (CompressionMethod::ZSTD, "Zstandard"),
    (CompressionMethod::XZ, "xz"),
    (CompressionMethod::PPMD, "PPMd"),
];

/// The kind of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Members compressed one by one.
    Zip,
    /// Members one after the other.
    Tar,
    /// The same, compressed as a whole.
    PackedTar(Packing),
    /// One compressed file.
    Packed(Packing),
    /// Members compressed together, by 7-Zip.
    SevenZ,
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// By gzip.
    Gz,
    /// By xz.
    Xz,
    /// By Zstandard.
    Zst,
}

/// Memory that a file may want for being unpacked, in KiB. (ruzstd has a limit of its own.)
const XZ_KIB_MAX: u32 = 128 << 10;

impl Packing {
    /// The kind of archive that begins with `head`.
    fn of(head: &[u8]) -> Option<Self> {
        let starts: [(&[u8], Self); 3] = [
            (b"\x1f\x8b", Self::Gz),
            (b"\xfd7zXZ\0", Self::Xz),
            (b"\x28\xb5\x2f\xfd", Self::Zst),
        ];
        let found = starts.iter().find(|(start, _)| head.starts_with(start));
        found.map(|(_, packing)| *packing)
    }

    /// A reader of what is packed in `from`.
    fn unpacked<'a>(self, from: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Gz => Box::new(MultiGzDecoder::new(from)),
            Self::Xz => Box::new(XzReader::new_mem_limit(from, true, XZ_KIB_MAX)),
            Self::Zst => Box::new(StreamingDecoder::new(from).map_err(io::Error::other)?),
        })
    }
}

/// The bytes and members that may still be unpacked, of an archive and of those in it.
#[derive(Debug)]
pub struct Budget {
    members: usize,
    bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            members: MEMBERS_MAX,
            bytes: ALL_BYTES_MAX,
        }
    }
}

/// The archive that the file at `path` is; none where it is no archive, or not readable.
pub fn kind(path: &Path) -> Option<Kind> {
    let mut file = File::open(path).ok()?;
    let head = head(&mut file).ok()?;
    let ending = path.extension().unwrap_or_default();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        let zip = ZipArchive::new(file);
        // A broken document is reported by whoever reads it.
        return zip.is_ok_and(|zip| !is_document(zip)).then_some(Kind::Zip);
    }
    if head.starts_with(b"7z\xbc\xaf\x27\x1c") {
        return Some(Kind::SevenZ);
    }
    if let Some(packing) = Packing::of(&head) {
        let rest = Cursor::new(head).chain(file);
        let inner = self::head(&mut packing.unpacked(rest).ok()?).ok()?;
        return Some(match is_tar(&inner) {
            true => Kind::PackedTar(packing),
            false => Kind::Packed(packing),
        });
    }
    let is_tar = is_tar(&head) || (ending.eq_ignore_ascii_case("tar") && head.contains(&0));
    is_tar.then_some(Kind::Tar)
}

fn head(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    from.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

fn is_tar(head: &[u8]) -> bool {
    head.get(TAR_MARK) == Some(b"ustar")
}

/// Whether it is a document of an office program or a book.
fn is_document(mut zip: ZipArchive<File>) -> bool {
    let named = |name: &str| DOCUMENT_NAMES.contains(&name) || name.ends_with(".iwa");
    let has = |name: &str| zip.index_for_name(name).is_some();
    let is_map = has(MAP)
        && zip
            .file_names()
            .all(|name| name == MAP || name.contains('/'));
    if is_map
        || zip.file_names().any(named)
        || TOGETHER
            .iter()
            .any(|pair| pair.iter().all(|name| has(name)))
    {
        return true;
    }
    let mut mimetype = String::new();
    if let Ok(file) = zip.by_name("mimetype") {
        // One that is not text is no mark either.
        let _ = file.take(HEAD_BYTES).read_to_string(&mut mimetype);
    }
    [
        "application/epub+zip",
        "application/hwp+zip",
        "application/vnd.oasis.opendocument.",
    ]
    .iter()
    .any(|kind| mimetype.starts_with(kind))
}

/// Unpacks the archive at `path` into `folder`, which is empty. Gives what was left out, by
/// name and with the reason.
///
/// # Errors
/// A sentence for the report, where the archive cannot be read or its end is missing.
pub fn unpack(
    path: &Path,
    kind: Kind,
    folder: &Path,
    budget: &mut Budget,
) -> Result<Vec<String>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut into = Unpacking {
        folder,
        budget,
        refused: Vec::new(),
    };
    match kind {
        Kind::Zip => into.zip(file)?,
        Kind::Tar => into.tar(file),
        Kind::SevenZ => into.sevenz(file)?,
        Kind::PackedTar(packing) => into.tar(unpacked(packing, file)?),
        Kind::Packed(packing) => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            into.member(&name, unpacked(packing, file)?);
        }
    }
    Ok(into.refused)
}

fn unpacked(packing: Packing, file: File) -> Result<Box<dyn Read>, String> {
    packing.unpacked(file).map_err(|error| broken(&error))
}

/// An archive that is being unpacked.
struct Unpacking<'a> {
    folder: &'a Path,
    budget: &'a mut Budget,
    refused: Vec<String>,
}

impl Unpacking<'_> {
    fn zip(&mut self, file: File) -> Result<(), String> {
        let mut zip = ZipArchive::new(file).map_err(|error| broken(&error))?;
        if zip.is_empty() {
            return Err("an archive that has nothing in it".to_owned());
        }
        for at in 0..zip.len() {
            if self.is_spent() {
                self.rest_left_out(Some(zip.len() - at));
                break;
            }
            let Ok(member) = zip.by_index_raw(at) else {
                self.pass_over("a member", "it is damaged");
                continue;
            };
            let name = name_of(member.name_raw(), member.name());
            let (is_folder, link, locked) =
                (member.is_dir(), member.is_symlink(), member.encrypted());
            let method = member.compression();
            drop(member);
            if is_folder {
                continue;
            }
            match (link, locked) {
                (true, _) => self.pass_over(&name, "a link"),
                (_, true) => {
                    self.pass_over(&name, "it is encrypted (unpack it with its password)");
                }
                _ => match zip.by_index(at) {
                    Ok(member) => self.member(&name, member),
                    Err(ZipError::UnsupportedArchive(_)) => {
                        self.pass_over(&name, &unread(method));
                    }
                    Err(_) => self.pass_over(&name, "it is damaged"),
                },
            }
        }
        Ok(())
    }

    fn tar(&mut self, from: impl Read) {
        let mut from = from.take(self.budget.bytes);
        self.tar_members(&mut from);
        // Skipped members were unpacked too.
        self.budget.bytes = self.budget.bytes.min(from.limit());
    }

    fn tar_members(&mut self, from: &mut impl Read) {
        let mut tar = tar::Archive::new(from);
        let entries = match tar.entries() {
            Ok(entries) => entries,
            Err(error) => return self.refuse("all members", &broken(&error)),
        };
        for entry in entries {
            let Ok(entry) = entry else {
                return self.refuse("the rest", "the archive ends too early, or is too large");
            };
            let name = entry.path_bytes();
            let name = name_of(&name, &String::from_utf8_lossy(&name));
            match entry.header().entry_type() {
                EntryType::Directory | EntryType::XGlobalHeader => continue,
                _ if self.is_spent() => return self.rest_left_out(None),
                EntryType::Regular | EntryType::Continuous => self.member(&name, entry),
                EntryType::Symlink | EntryType::Link => self.pass_over(&name, "a link"),
                EntryType::GNUSparse => self.pass_over(&name, "a file with holes"),
                _ => self.pass_over(&name, "not a file"),
            }
        }
    }

    /// Writes a member, unless its name or its size forbids it.
    fn member(&mut self, name: &str, from: impl Read) {
        self.budget.members = self.budget.members.saturating_sub(1);
        let place = match place(name) {
            Ok(place) => place,
            Err(reason) => return self.refuse(name, reason),
        };
        let path = self.folder.join(place);
        let most = MEMBER_BYTES_MAX.min(self.budget.bytes);
        match write(&path, &mut from.take(most + 1)) {
            Ok(written) => {
                self.budget.bytes = self.budget.bytes.saturating_sub(written);
                if written <= most {
                    return;
                }
                self.refuse(name, &format!("larger than {most} bytes when unpacked"));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // An existing file stays.
                return self.refuse(name, "its name is taken by another member");
            }
            Err(error) => {
                // It was unpacked up to the failure.
                let written = path.metadata().map_or(0, |meta| meta.len());
                self.budget.bytes = self.budget.bytes.saturating_sub(written);
                self.refuse(name, &broken(&error));
            }
        }
        // A part of a file is not read as the whole. There may be none.
        let _ = fs::remove_file(path);
    }

    fn is_spent(&self) -> bool {
        self.budget.members == 0 || self.budget.bytes == 0
    }

    /// Says that what follows is left out, `count` members where that is known.
    fn rest_left_out(&mut self, count: Option<usize>) {
        let rest = match count {
            Some(count) => format!("the last {count} members"),
            None => "the rest".to_owned(),
        };
        let reason = format!(
            "an archive may have {MEMBERS_MAX} members and {ALL_BYTES_MAX} bytes (unpack it)"
        );
        self.refuse(&rest, &reason);
    }

    /// Leaves a member out that is not looked at any further. It counts as one: each is named.
    fn pass_over(&mut self, name: &str, reason: &str) {
        self.budget.members = self.budget.members.saturating_sub(1);
        self.refuse(name, reason);
    }

    fn refuse(&mut self, name: &str, reason: &str) {
        self.refused.push(format!("{name}: {reason}"));
    }
}

/// Why a member stays in its archive that is compressed with this `method`.
fn unread(method: CompressionMethod) -> String {
    match UNREAD.iter().find(|(unread, _)| *unread == method) {
        Some((_, name)) => format!("compressed with {name}, which is not read (unpack it)"),
        None => "compressed in a way that is not read (unpack it)".to_owned(),
    }
}

/// The name of a member, which is `said` in the first code page of DOS where the archive does not
/// say that it is UTF-8: most programs have written it in their own since.
fn name_of(raw: &[u8], said: &str) -> String {
    match raw == said.as_bytes() || is_western(said) {
        true => said.to_owned(),
        false => decoded(raw).map_or_else(|_| said.to_owned(), |(name, _)| name),
    }
}

/// Whether a name in the code page of DOS reads as a word of Western Europe, as Windows writes it
/// there: it is too short to be told from others by its bytes alone.
fn is_western(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let letters: Vec<char> = stem.chars().collect();
    let (mut accented, mut plain) = (0, 0);
    for (n, letter) in letters.iter().enumerate() {
        if letter.is_ascii() {
            plain += usize::from(letter.is_ascii_alphabetic());
            continue;
        }
        accented += 1;
        let before = n.checked_sub(1).map_or(' ', |n| letters[n]);
        let behind = letters.get(n + 1).copied().unwrap_or(' ');
        let stands_alone = !before.is_alphabetic() && !behind.is_alphabetic();
        // An apostrophe of another code page is a capital within a word here.
        let is_odd = |one: char, next: char| one.is_lowercase() && next.is_uppercase();
        let is_latin = ('À'..='ÿ').contains(letter) && letter.is_alphabetic();
        // Katakana of Japanese are such letters in a row.
        let run = letters[..n].iter().rev().take_while(|c| !c.is_ascii());
        let is_long = run.take(2).count() == 2;
        let turns = is_odd(before, *letter) || is_odd(*letter, behind);
        if !is_latin || stands_alone || is_long || turns {
            return false;
        }
    }
    (1..plain).contains(&accented)
}

/// Where a member of this name lies below the folder; why it lies nowhere, otherwise.
fn place(name: &str) -> Result<PathBuf, &'static str> {
    const OUT: &str = "its name leads out of the archive";
    let name = name.replace('\\', "/");
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with('/') || name.contains('\0') || drive {
        return Err(OUT);
    }
    let parts = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    let parts: Vec<&str> = parts.collect();
    match parts.len() {
        _ if parts.contains(&"..") => Err(OUT),
        0 => Err(OUT),
        folders if folders > FOLDERS_MAX => Err("it lies in too many folders"),
        _ => Ok(parts.iter().collect()),
    }
}

/// Writes a new file at `path`; gives its bytes.
fn write(path: &Path, from: &mut impl Read) -> io::Result<u64> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    io::copy(from, &mut file)
}

fn broken(error: &dyn std::fmt::Display) -> String {
    format!("it is damaged ({error})")
}

#[cfg(test)]
mod tests;
