//! As much of protocol buffers as rewriting an ONNX file takes: fields one after another,
//! read without copying and written. What the fields mean is said in `rewrite`.

/// A field of a message.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// Its number in the message.
    pub number: u64,
    /// What it holds.
    pub value: Value<'a>,
    /// All of its bytes, with number and length.
    pub whole: &'a [u8],
}

/// What a field holds.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// A whole number.
    Number(u64),
    /// A text, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Four or eight bytes that nothing here needs.
    Fixed,
}

impl<'a> Field<'a> {
    /// Its bytes, where it has a length.
    pub fn bytes(&self) -> &'a [u8] {
        match self.value {
            Value::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// Its text, where it is one.
    pub fn text(&self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }
}

/// The fields of the message in `bytes`.
///
/// # Errors
/// A sentence, where the bytes are no message.
pub fn fields(mut bytes: &[u8]) -> Result<Vec<Field<'_>>, String> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (field, rest) = field(bytes).ok_or("it is cut off, or no ONNX file")?;
        found.push(field);
        bytes = rest;
    }
    Ok(found)
}

fn field(bytes: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let (value, rest) = match tag & 7 {
        0 => {
            let (number, rest) = varint(rest)?;
            (Value::Number(number), rest)
        }
        1 => (Value::Fixed, rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            let (held, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (Value::Bytes(held), rest)
        }
        5 => (Value::Fixed, rest.get(4..)?),
        _ => return None,
    };
    let whole = &bytes[..bytes.len() - rest.len()];
    let number = tag >> 3;
    Some((
        Field {
            number,
            value,
            whole,
        },
        rest,
    ))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (n, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(7 * n as u32)?;
        if byte & 0x80 == 0 {
            return Some((number, &bytes[n + 1..]));
        }
    }
    None
}

/// The numbers of a repeated field, packed or one by one.
///
/// # Errors
/// A sentence, where the bytes are no numbers.
pub fn numbers(field: &Field<'_>) -> Result<Vec<u64>, String> {
    let mut found = Vec::new();
    match field.value {
        Value::Number(number) => found.push(number),
        Value::Bytes(mut bytes) => {
            while let Some((number, rest)) = varint(bytes) {
                found.push(number);
                bytes = rest;
            }
        }
        Value::Fixed => return Err("numbers were expected".into()),
    }
    Ok(found)
}

/// Appends the field `number` with a whole number.
pub fn put_number(into: &mut Vec<u8>, number: u64, value: u64) {
    put_varint(into, number << 3);
    put_varint(into, value);
}

/// Appends the field `number` with bytes.
pub fn put_bytes(into: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    put_length(into, number, bytes.len());
    into.extend_from_slice(bytes);
}

/// Appends the head of the field `number`, whose `length` bytes follow.
pub fn put_length(into: &mut Vec<u8>, number: u64, length: usize) {
    put_varint(into, number << 3 | 2);
    put_varint(into, length as u64);
}

fn put_varint(into: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut message = Vec::new();
        put_number(&mut message, 3, 300);
        put_bytes(&mut message, 20, b"a text");
        let found = fields(&message).expect("a message");
        assert_eq!((found[0].number, found[1].number), (3, 20));
        assert_eq!(numbers(&found[0]).expect("a number"), [300]);
        assert_eq!(found[1].text(), "a text");
        for end in 1..message.len() {
            let cut = fields(&message[..end]);
            assert!(cut.is_err() || end == found[0].whole.len(), "{end}");
        }
    }
}
