//! Archives of 7-Zip. Their members are packed together in blocks: what stands before a member in
//! its block is unpacked with it, read or not. So a block is left where a member in it is too large.

use std::fs::File;
use std::io::Read;

use sevenz_rust2::{ArchiveEntry, ArchiveReader, EntryDecision, Error, Password};

use super::{MEMBER_BYTES_MAX, Unpacking, broken};

/// Memory that an archive may want for being unpacked, in KiB.
const KIB_MAX: usize = 128 << 10;
/// The bit of the attributes that says that those of Unix stand above them.
const HAS_UNIX: u32 = 0x8000;
/// The bits of the attributes of Unix that say what a file is.
const KIND: u32 = 0o170_000;
/// What they say of a link.
const LINK: u32 = 0o120_000;
/// Why the members of an archive stay in it that has a password.
const LOCKED: &str = "it is encrypted (unpack it with its password)";

impl Unpacking<'_> {
    /// Unpacks the members of the archive in `file`.
    pub(super) fn sevenz(&mut self, file: File) -> Result<(), String> {
        let reader = ArchiveReader::new_with_memory_limit(file, Password::empty(), KIB_MAX);
        let mut reader = reader.map_err(|error| why(&error, false))?;
        reader.set_thread_count(1);
        let count = reader.archive().files.len();
        if count == 0 {
            return Err("an archive that has nothing in it".to_owned());
        }
        let locked = (0..count).any(|n| reader.archive().is_file_encrypted(n));
        let mut left = count;
        let unpacked = reader.for_each_entries_with_decision(|entry, from| {
            let decision = self.sevenz_member(entry, from, left);
            left = left.saturating_sub(1);
            Ok(decision)
        });
        if let Err(error) = unpacked {
            self.refuse("the rest", &why(&error, locked));
        }
        Ok(())
    }

    /// Unpacks a member, where `left` are left with it; what is done with those behind it.
    fn sevenz_member(
        &mut self,
        entry: &ArchiveEntry,
        from: &mut dyn Read,
        left: usize,
    ) -> EntryDecision {
        if entry.is_directory || entry.is_anti_item {
            return EntryDecision::Continue;
        }
        if self.is_spent() {
            self.rest_left_out(Some(left));
            return EntryDecision::Stop;
        }
        if is_link(entry) {
            self.pass_over(&entry.name, "a link");
            return EntryDecision::Continue;
        }
        if entry.size > MEMBER_BYTES_MAX {
            let reason = format!(
                "larger than {MEMBER_BYTES_MAX} bytes when unpacked, and left out with what is \
                 packed behind it"
            );
            self.pass_over(&entry.name, &reason);
            return EntryDecision::SkipBlock;
        }
        self.member(&entry.name, from);
        EntryDecision::Continue
    }
}

fn is_link(entry: &ArchiveEntry) -> bool {
    let attributes = entry.windows_attributes;
    entry.has_windows_attributes && attributes & HAS_UNIX != 0 && (attributes >> 16) & KIND == LINK
}

/// Why an archive is not unpacked that has members that are encrypted (`locked`), or none.
fn why(error: &Error, locked: bool) -> String {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => LOCKED.to_owned(),
        _ if locked => LOCKED.to_owned(),
        // The list of its members is encrypted as well.
        Error::UnsupportedCompressionMethod(name) if name.starts_with("AES") => LOCKED.to_owned(),
        // One without a name is told as the bytes of its number.
        Error::UnsupportedCompressionMethod(name) if !name.starts_with(char::is_alphabetic) => {
            "compressed in a way that is not read (unpack it)".to_owned()
        }
        Error::UnsupportedCompressionMethod(name) => {
            format!("compressed with {name}, which is not read (pack it again, or unpack it)")
        }
        Error::MaxMemLimited { .. } => "it takes too much memory (unpack it)".to_owned(),
        Error::Other(reason) | Error::Unsupported(reason) => broken(reason),
        Error::Io(error, _) => broken(error),
        error => broken(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_an_archive_is_not_unpacked() {
        let check = |error: Error, locked: bool, want: &str| {
            assert_eq!(why(&error, locked), want, "{error}");
        };
        let unread = |name: &str| Error::UnsupportedCompressionMethod(name.to_owned());
        check(unread("AES256_SHA256"), false, LOCKED);
        check(
            unread("BZIP2"),
            false,
            "compressed with BZIP2, which is not read (pack it again, or unpack it)",
        );
        check(
            unread("[4, 247, 17, 9]"),
            false,
            "compressed in a way that is not read (unpack it)",
        );
        check(unread("BZIP2"), true, LOCKED);
        check(Error::PasswordRequired, false, LOCKED);
        check(
            Error::Other("next header offset out of range".into()),
            false,
            "it is damaged (next header offset out of range)",
        );
        let cut = std::io::Error::other("cut off");
        check(Error::Io(cut, "".into()), false, "it is damaged (cut off)");
    }
}
