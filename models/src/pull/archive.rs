//! Takes one member out of a package's archive.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;

/// Writes the member of `archive` whose path ends as `member` says (a final `*`
/// stands for any ending) to `into`. A member longer than `limit` bytes is refused,
/// so that a bomb cannot fill the disk.
///
/// # Errors
/// A sentence for the user: what is wrong with the archive.
pub fn extract(archive: &Path, member: &str, into: &Path, limit: u64) -> Result<(), String> {
    let file = File::open(archive).map_err(|error| error.to_string())?;
    let name = archive.to_string_lossy().to_ascii_lowercase();
    match () {
        () if name.ends_with(".whl") || name.ends_with(".zip") => {
            from_zip(file, member, into, limit)
        }
        () if name.ends_with(".tgz") || name.ends_with(".tar.gz") => {
            from_tar(file, member, into, limit)
        }
        () => Err("it is neither a zip nor a tar archive".into()),
    }
}

fn from_zip(file: File, member: &str, into: &Path, limit: u64) -> Result<(), String> {
    let mut zip = zip::ZipArchive::new(file).map_err(|error| error.to_string())?;
    let found: Vec<String> = zip
        .file_names()
        .filter(|path| fits(path, member))
        .map(str::to_owned)
        .collect();
    let [path] = found.as_slice() else {
        return Err(format!(
            "{} of its files end in {member}, not one",
            found.len()
        ));
    };
    let member = zip.by_name(path).map_err(|error| error.to_string())?;
    copy(member, into, limit)
}

fn from_tar(file: File, member: &str, into: &Path, limit: u64) -> Result<(), String> {
    let mut tar = tar::Archive::new(GzDecoder::new(file));
    for entry in tar.entries().map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let path = entry.path().map_err(|error| error.to_string())?;
        // Only contents are taken, never the path or a link: nothing is written elsewhere.
        if entry.header().entry_type().is_file() && fits(&path.to_string_lossy(), member) {
            return copy(entry, into, limit);
        }
    }
    Err(format!("none of its files ends in {member}"))
}

fn fits(path: &str, member: &str) -> bool {
    match member.strip_suffix('*') {
        Some(middle) => path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains(middle)),
        None => path.ends_with(member),
    }
}

fn copy(from: impl Read, into: &Path, limit: u64) -> Result<(), String> {
    let mut out = File::create(into).map_err(|error| error.to_string())?;
    let taken = io::copy(&mut from.take(limit.saturating_add(1)), &mut out);
    match taken.map_err(|error| error.to_string())? {
        0 => Err("the wanted file in it is empty".into()),
        n if n > limit => Err(format!(
            "the wanted file in it is longer than {limit} bytes"
        )),
        _ => Ok(()),
    }
}
