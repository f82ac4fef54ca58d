//! The container of older office documents ([MS-CFB]): streams in storages, as files in
//! folders. It is cut into sectors; each stream is a chain of them, and short streams lie
//! together in one that is cut into smaller sectors.

/// A number of a sector or an entry that means none.
const NONE: u32 = 0xffff_fff0;
/// Bytes of an entry of the directory.
const ENTRY_BYTES: usize = 128;
/// Where the header lists the sectors of the table of sectors, and how many it lists.
const TABLE: usize = 76;
const TABLE_MAX: usize = 109;
/// Bytes of the sectors of short streams.
const SMALL_BYTES: usize = 64;
/// Entries that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// An open container.
pub struct Container<'a> {
    bytes: &'a [u8],
    /// Bytes of a sector.
    size: usize,
    /// For each sector the number of the one after it.
    table: Vec<u32>,
    directory: Vec<u8>,
    /// Streams shorter than this are short.
    short: u64,
    short_table: Vec<u32>,
    short_streams: Vec<u8>,
}

/// What lies in a storage.
struct Entry {
    name: String,
    /// By which the container knows it.
    number: u32,
}

impl<'a> Container<'a> {
    /// The container in `bytes`; `None` where it is damaged.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        let shift = u32::from(u16_at(bytes, 30)?);
        if !(7..=16).contains(&shift) {
            return None;
        }
        let mut container = Self {
            bytes,
            size: 1_usize << shift,
            table: Vec::new(),
            directory: Vec::new(),
            short: u64::from(u32_at(bytes, 56)?),
            short_table: Vec::new(),
            short_streams: Vec::new(),
        };
        container.table = container.table()?;
        container.directory = container.chain(u32_at(bytes, 48)?)?;
        // A container without short streams has no table of them.
        container.short_table = numbers(&container.chain(u32_at(bytes, 60)?).unwrap_or_default());
        let root = container.entry(0)?;
        let start = u32_at(root, 116)?;
        container.short_streams = container.chain(start).unwrap_or_default();
        Some(container)
    }

    /// The names of what lies at the top; `None` where the container is damaged.
    pub fn names(&self) -> Option<Vec<String>> {
        let entries = self.below(0)?;
        Some(entries.into_iter().map(|entry| entry.name).collect())
    }

    /// The bytes of the stream `name` at the top, or in a storage there.
    pub fn stream(&self, storage: Option<&str>, name: &str) -> Option<Vec<u8>> {
        let above = match storage {
            None => 0,
            Some(storage) => self.find(0, storage)?,
        };
        let entry = self.entry(self.find(above, name)?)?;
        let (start, len) = (u32_at(entry, 116)?, u64::from(u32_at(entry, 120)?));
        let mut bytes = match len < self.short {
            true => self.short_chain(start)?,
            false => self.chain(start)?,
        };
        bytes.truncate(usize::try_from(len).ok()?);
        Some(bytes)
    }

    fn find(&self, storage: u32, name: &str) -> Option<u32> {
        let entries = self.below(storage)?;
        let found = entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
        found.map(|entry| entry.number)
    }

    /// What lies in a storage: a tree by left and right neighbours.
    fn below(&self, storage: u32) -> Option<Vec<Entry>> {
        let mut found = Vec::new();
        let mut open = vec![u32_at(self.entry(storage)?, 76)?];
        while let Some(number) = open.pop() {
            if number >= NONE || found.len() > ENTRIES_MAX {
                continue;
            }
            let entry = self.entry(number)?;
            open.extend([u32_at(entry, 68)?, u32_at(entry, 72)?]);
            let units = entry[..64].as_chunks::<2>().0;
            let units = units.iter().map(|pair| u16::from_le_bytes(*pair));
            let name: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
            found.push(Entry {
                name: String::from_utf16_lossy(&name),
                number,
            });
        }
        Some(found)
    }

    fn entry(&self, number: u32) -> Option<&[u8]> {
        let at = (number as usize).checked_mul(ENTRY_BYTES)?;
        self.directory.get(at..at.checked_add(ENTRY_BYTES)?)
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let at = (number as usize).checked_add(1)?.checked_mul(self.size)?;
        let end = self.bytes.len().min(at.checked_add(self.size)?);
        self.bytes.get(at..end)
    }

    /// The table of sectors, whose own sectors the header lists, and after them a chain.
    fn table(&self) -> Option<Vec<u32>> {
        let sectors_max = self.bytes.len() / self.size;
        let mut listed: Vec<u32> = (0..TABLE_MAX)
            .filter_map(|n| u32_at(self.bytes, TABLE + 4 * n))
            .collect();
        let mut at = u32_at(self.bytes, 68)?;
        for _ in 0..sectors_max {
            if at >= NONE {
                break;
            }
            let mut more = numbers(self.sector(at)?);
            // The last number leads to the next such list.
            at = more.pop()?;
            listed.extend(more);
        }
        let mut table = Vec::new();
        for number in listed.into_iter().filter(|number| *number < NONE) {
            table.extend(numbers(self.sector(number)?));
            if table.len() > sectors_max + self.size {
                break;
            }
        }
        Some(table)
    }

    /// The bytes of a chain of sectors.
    fn chain(&self, start: u32) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut at = start;
        while at < NONE {
            bytes.extend_from_slice(self.sector(at)?);
            // One that leads back to itself has no end.
            if bytes.len() > self.bytes.len() {
                return None;
            }
            at = *self.table.get(at as usize)?;
        }
        Some(bytes)
    }

    fn short_chain(&self, start: u32) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut at = start;
        while at < NONE {
            let from = (at as usize).checked_mul(SMALL_BYTES)?;
            let end = self.short_streams.len().min(from.checked_add(SMALL_BYTES)?);
            bytes.extend_from_slice(self.short_streams.get(from..end)?);
            if bytes.len() > self.short_streams.len() {
                return None;
            }
            at = *self.short_table.get(at as usize)?;
        }
        Some(bytes)
    }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let chunks = bytes.as_chunks::<4>().0;
    chunks.iter().map(|four| u32::from_le_bytes(*four)).collect()
}

pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let end = at.checked_add(2)?;
    Some(u16::from_le_bytes(bytes.get(at..end)?.try_into().ok()?))
}

pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let end = at.checked_add(4)?;
    Some(u32::from_le_bytes(bytes.get(at..end)?.try_into().ok()?))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    const END: u32 = 0xffff_fffe;

    /// A container with these streams at its top, all of them short.
    pub fn container(streams: &[(&str, &[u8])]) -> Vec<u8> {
        let put = |bytes: &mut [u8], at: usize, number: u32| {
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        };
        // The short streams, one after another, and where each begins.
        let (mut short, mut short_table, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for (_, bytes) in streams {
            starts.push(if bytes.is_empty() { END } else { short_table.len() as u32 });
            let sectors = bytes.len().div_ceil(SMALL_BYTES);
            for n in 1..=sectors {
                let next = short_table.len() as u32 + 1;
                short_table.push(if n == sectors { END } else { next });
            }
            short.extend_from_slice(bytes);
            short.resize(short_table.len() * SMALL_BYTES, 0);
        }
        let mut directory = Vec::new();
        let root: (&str, &[u8]) = ("Root Entry", &[]);
        let all = std::iter::once(&root).chain(streams);
        for (n, (name, bytes)) in all.enumerate() {
            let mut entry = vec![0; ENTRY_BYTES];
            for (at, unit) in name.encode_utf16().enumerate() {
                entry[2 * at..2 * at + 2].copy_from_slice(&unit.to_le_bytes());
            }
            let right = if n > 0 && n < streams.len() { n as u32 + 1 } else { u32::MAX };
            let child = if n == 0 && !streams.is_empty() { 1 } else { u32::MAX };
            put(&mut entry, 68, u32::MAX);
            put(&mut entry, 72, right);
            put(&mut entry, 76, child);
            if n > 0 {
                put(&mut entry, 116, starts[n - 1]);
                put(&mut entry, 120, bytes.len() as u32);
            }
            directory.extend(entry);
        }
        // Sectors: the table, then the directory, the table of short streams, and these.
        let short_table: Vec<u8> = short_table.iter().flat_map(|n| n.to_le_bytes()).collect();
        let mut table = vec![END];
        let mut place = |bytes: &[u8]| {
            let first = table.len() as u32;
            let count = bytes.len().div_ceil(512) as u32;
            table.extend((1..=count).map(|n| if n == count { END } else { first + n }));
            if count == 0 { END } else { first }
        };
        let first = place(&directory);
        let (at_short_table, at_short) = (place(&short_table), place(&short));
        put(&mut directory, 116, at_short);
        assert!(table.len() <= 128, "more than one sector of the table");
        let mut bytes = vec![0; 512];
        bytes[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        bytes[30..32].copy_from_slice(&9_u16.to_le_bytes());
        put(&mut bytes, 48, first);
        put(&mut bytes, 56, 4096);
        put(&mut bytes, 60, at_short_table);
        put(&mut bytes, 68, END);
        bytes[TABLE..512].fill(0xff);
        put(&mut bytes, TABLE, 0);
        let mut table: Vec<u8> = table.iter().flat_map(|n| n.to_le_bytes()).collect();
        table.resize(512, 0xff);
        for mut part in [table, directory, short_table, short] {
            part.resize(part.len().div_ceil(512) * 512, 0);
            bytes.extend(part);
        }
        bytes
    }

    fn names(bytes: &[u8]) -> Option<Vec<String>> {
        Container::open(bytes)?.names()
    }

    #[test]
    fn a_container_says_what_lies_at_its_top() {
        let check = |all: &[&str]| {
            let empty: &[u8] = &[];
            let streams: Vec<(&str, &[u8])> = all.iter().map(|name| (*name, empty)).collect();
            assert_eq!(names(&container(&streams)).expect("names"), all);
        };
        check(&[]);
        check(&["WordDocument", "Data", "1Table"]);
        assert_eq!(names(b"\xd0\xcf\x11\xe0"), None);
        assert_eq!(names(&[0xff; 4096]), None);
        let cut = &container(&[("Workbook", &b""[..])])[..700];
        assert_eq!(names(cut), None);
    }

    #[test]
    fn a_stream_has_its_bytes() {
        let long: Vec<u8> = (0..300_u16).map(|n| n as u8).collect();
        let file = container(&[("a", &b"wool"[..]), ("b", &long[..]), ("c", &b""[..])]);
        let open = Container::open(&file).expect("a container");
        let check = |name: &str, expected: Option<&[u8]>| {
            assert_eq!(open.stream(None, name).as_deref(), expected, "{name}");
        };
        check("a", Some(&b"wool"[..]));
        check("B", Some(&long));
        check("c", Some(&b""[..]));
        check("d", None);
        assert!(open.stream(Some("a"), "b").is_none());
    }
}
