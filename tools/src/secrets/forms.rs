//! The forms in which a value is looked for, squeezed as [`super::view`] does it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use data_encoding::HEXLOWER;

use super::view::squeeze;

/// Shorter forms stand in too many texts that have nothing to do with the value.
const FORM_BYTES_MIN: usize = 8;
/// The shortest part of a value that gives it away.
const PART_BYTES_MIN: usize = 8;

/// The longest part that is looked for wherever in the value it begins: for a longer value that
/// would take memory by its square, and a token can have thousands of letters.
const PART_BYTES_MAX: usize = 128;
/// Pieces of such a value, and how far one begins behind the other: of a part that is found so much
/// may stay at either end.
const PIECE_BYTES: usize = 64;
const PIECE_STEP: usize = 16;

/// One form of a value.
pub(super) struct Form {
    /// Letters and digits in lower case.
    pub(super) text: Vec<u8>,
    /// What it is called, after the name of the secret; empty for the value as it is.
    pub(super) called: &'static str,
}

/// All forms of `value`: as it is, backwards, in hexadecimal, in base64 wherever it stands in
/// the encoded text, and the parts of each that are as long as half of it, or long by themselves.
pub(super) fn of(value: &str) -> Vec<Form> {
    let backwards: String = value.chars().rev().collect();
    let mut whole = vec![
        (value.to_owned(), ""),
        (backwards.clone(), "backwards"),
        (HEXLOWER.encode(value.as_bytes()), "as hex"),
        (HEXLOWER.encode(backwards.as_bytes()), "as hex"),
    ];
    for text in [value, &backwards] {
        whole.extend(base64(text).into_iter().map(|form| (form, "as base64")));
    }
    let mirrored: Vec<_> = whole[2..]
        .iter()
        .map(|(text, called)| (text.chars().rev().collect::<String>(), *called))
        .collect();
    whole.extend(mirrored);
    let mut forms = Vec::new();
    for (text, called) in whole {
        let text = squeeze(&text);
        if text.len() < FORM_BYTES_MIN {
            continue;
        }
        let called_part = match called {
            "" | "backwards" => "in part",
            encoded => encoded,
        };
        // A byte is two digits of hexadecimal: a part of it says as much as one of half of it.
        let least = match called {
            "as hex" => 2 * PART_BYTES_MIN,
            _ => PART_BYTES_MIN,
        };
        let part = text.len().div_ceil(2).max(least);
        if part < text.len() {
            let parts: Vec<&[u8]> = match part > PART_BYTES_MAX {
                true => text.windows(PIECE_BYTES).step_by(PIECE_STEP).collect(),
                false => text.windows(part).collect(),
            };
            forms.extend(parts.into_iter().map(|part| Form {
                text: part.to_vec(),
                called: called_part,
            }));
        }
        forms.push(Form { text, called });
    }
    forms
}

/// What `text` looks like within base64, wherever in three bytes it begins: the digits that
/// depend on nothing else.
fn base64(text: &str) -> Vec<String> {
    let shifted = |before: usize| {
        let mut bytes = vec![0; before];
        bytes.extend(text.as_bytes());
        let whole = STANDARD_NO_PAD.encode(&bytes);
        let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        whole[from..to].to_owned()
    };
    (0..3).map(shifted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_long_value_grow_with_its_length() {
        let mut state = 1_u32;
        let mut letter = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + (state >> 24) as u8 % 26)
        };
        let value: String = (0..4_000).map(|_| letter()).collect();
        let forms = of(&value);
        let bytes: usize = forms.iter().map(|form| form.text.len()).sum();
        assert!(bytes < 160 * value.len(), "{bytes}");
        let found = |part: &str| {
            let mut texts = forms.iter().map(|form| form.text.as_slice());
            texts.any(|text| {
                part.as_bytes()
                    .windows(text.len())
                    .any(|window| window == text)
            })
        };
        for from in [0, 1, 15, 16, 1_000, 3_921] {
            assert!(found(&value[from..from + 79]), "{from}");
        }
        assert!(!found(&value[1..64]));
    }
}
