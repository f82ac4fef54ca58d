//! The container of older office documents ([MS-CFB]): what lies at its top. What lies deeper is
//! embedded, such as the table of another program in a letter.

/// A number of a sector or an entry that means none.
const NONE: u32 = 0xffff_fff0;
/// Bytes of an entry of the directory.
const ENTRY_BYTES: usize = 128;
/// Where the header lists the sectors of the table of sectors, and how many it lists.
const TABLE: usize = 76;
const TABLE_MAX: usize = 109;
/// Entries that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// The names of what lies at the top; `None` where the container is damaged.
pub fn names(bytes: &[u8]) -> Option<Vec<String>> {
    let directory = directory(bytes)?;
    let entry = |number: u32| {
        let at = (number as usize).checked_mul(ENTRY_BYTES)?;
        directory.get(at..at.checked_add(ENTRY_BYTES)?)
    };
    let mut names = Vec::new();
    // The children of the root are a tree by left and right neighbours.
    let mut open = vec![u32_at(entry(0)?, 76)?];
    while let Some(number) = open.pop() {
        if number >= NONE || names.len() > ENTRIES_MAX {
            continue;
        }
        let entry = entry(number)?;
        open.extend([u32_at(entry, 68)?, u32_at(entry, 72)?]);
        let units = entry[..64].as_chunks::<2>().0;
        let units = units.iter().map(|pair| u16::from_le_bytes(*pair));
        let name: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
        names.push(String::from_utf16_lossy(&name));
    }
    Some(names)
}

/// The bytes of the directory, whose sectors are a chain.
fn directory(bytes: &[u8]) -> Option<Vec<u8>> {
    let shift = u32::from(u16_at(bytes, 30)?);
    if !(7..=16).contains(&shift) {
        return None;
    }
    let size = 1_usize << shift;
    let sector = |number: u32| {
        let at = (number as usize).checked_add(1)?.checked_mul(size)?;
        bytes.get(at..bytes.len().min(at.checked_add(size)?))
    };
    let next = |number: u32| {
        let (table, place) = (number as usize / (size / 4), number as usize % (size / 4));
        let table = (table < TABLE_MAX).then(|| u32_at(bytes, TABLE + 4 * table))??;
        u32_at(sector(table)?, 4 * place)
    };
    let mut directory = Vec::new();
    let mut at = u32_at(bytes, 48)?;
    while at < NONE && directory.len() < ENTRIES_MAX * ENTRY_BYTES {
        directory.extend_from_slice(sector(at)?);
        at = next(at)?;
    }
    Some(directory)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A container with these at its top: a header, a table of sectors, and a directory.
    pub fn container(names: &[&str]) -> Vec<u8> {
        let mut bytes = vec![0; 512];
        bytes[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        bytes[30..32].copy_from_slice(&9_u16.to_le_bytes());
        bytes[48..52].copy_from_slice(&1_u32.to_le_bytes());
        // The table is in sector 0, and the directory is sector 1 alone.
        let end = 0xffff_fffe_u32;
        let mut table = vec![0xff; 512];
        table[4..8].copy_from_slice(&end.to_le_bytes());
        bytes.extend(table);
        for (n, name) in std::iter::once(&"Root Entry").chain(names).enumerate() {
            let mut entry = vec![0; ENTRY_BYTES];
            for (at, unit) in name.encode_utf16().enumerate() {
                entry[2 * at..2 * at + 2].copy_from_slice(&unit.to_le_bytes());
            }
            let none = u32::MAX.to_le_bytes();
            let right = if n > 0 && n < names.len() {
                n as u32 + 1
            } else {
                u32::MAX
            };
            let child = if n == 0 && !names.is_empty() {
                1
            } else {
                u32::MAX
            };
            entry[68..72].copy_from_slice(&none);
            entry[72..76].copy_from_slice(&right.to_le_bytes());
            entry[76..80].copy_from_slice(&u32::to_le_bytes(child));
            bytes.extend(entry);
        }
        bytes.resize(512 * 4, 0);
        bytes
    }

    #[test]
    fn a_container_says_what_lies_at_its_top() {
        let check = |all: &[&str]| assert_eq!(names(&container(all)).expect("names"), all);
        check(&[]);
        check(&["WordDocument", "Data", "1Table"]);
        assert_eq!(names(b"\xd0\xcf\x11\xe0"), None);
        assert_eq!(names(&[0xff; 4096]), None);
        let cut = &container(&["Workbook"])[..700];
        assert_eq!(names(cut), None);
    }
}
