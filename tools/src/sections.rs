//! Custom sections: what a component carries about itself, beside its code.

use wasmparser::{Parser, Payload};

/// The sections called `name`: those that were appended to `component`, the last one
/// first; where there are none, those that were compiled into a part of it.
pub(crate) fn find<'a>(component: &'a [u8], name: &str) -> Result<Vec<&'a [u8]>, String> {
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| error.to_string())? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if section.name() == name => match depth {
                0 => outside.insert(0, section.data()),
                _ => inside.push(section.data()),
            },
            _ => {}
        }
    }
    Ok(if outside.is_empty() { inside } else { outside })
}

/// `component` with one more section.
pub(crate) fn append(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut section = length(name.len());
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(data);
    let mut longer = component.to_vec();
    longer.push(0);
    longer.extend(length(section.len()));
    longer.extend(section);
    longer
}

/// LEB128, as the binary format writes lengths.
fn length(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
