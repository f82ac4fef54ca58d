//! The key of an endpoint, kept out of what the endpoint says: in an error many show what they were
//! asked with, as it is or encoded.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use reqwest::Url;

/// The shortest key that is looked for: a shorter one could not be hidden without hiding half of
/// what is said.
const KEY_BYTES_MIN: usize = 8;
/// What stands in its place.
const MARK: &str = "…";

/// What an endpoint `said`, without the `key` it was asked with.
pub(super) fn without(said: String, key: &str) -> String {
    if key.len() < KEY_BYTES_MIN {
        return said;
    }
    let hide = |said: String, form: &String| said.replace(form.as_str(), MARK);
    forms(key).iter().fold(said, hide)
}

/// What in the address of an endpoint may be a key: its password, and the values of what goes with each
/// request, as they are written there and as they are. A version is none, and errors are about it.
pub(super) fn keys_in(address: &str) -> Vec<String> {
    let Ok(address) = Url::parse(address) else {
        return Vec::new();
    };
    let is_key = |name: &str| !name.to_ascii_lowercase().contains("version");
    let written = address.query().unwrap_or_default().split('&');
    let written = written.filter_map(|field| field.split_once('='));
    let written = written.filter(|(name, _)| is_key(name));
    let written = written.map(|(_, value)| value.to_owned());
    let meant = address.query_pairs().filter(|(name, _)| is_key(name));
    let meant = meant.map(|(_, value)| value.into_owned());
    let password = address.password().map(str::to_owned);
    written.chain(meant).chain(password).collect()
}

/// `key` as it is, backwards, in hexadecimal, and in base64 wherever in the encoded text it begins.
fn forms(key: &str) -> Vec<String> {
    let backwards: String = key.chars().rev().collect();
    let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![key.to_owned(), backwards, hex.to_uppercase(), hex];
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend(key.as_bytes());
        // The digits that depend on nothing else.
        let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            forms.push(engine.encode(&bytes)[from..to].to_owned());
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    #[test]
    fn a_key_is_not_said_again_in_any_form() {
        const KEY: &str = "sk-48151623421808/Zz";
        let check = |said: &str, want: &str| {
            assert_eq!(without(said.to_owned(), KEY), want, "{said}");
        };
        check("no model", "no model");
        check(&format!("bad key {KEY}."), "bad key ….");
        check(&KEY.chars().rev().collect::<String>(), "…");
        let hex: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
        check(&hex, "…");
        check(&hex.to_uppercase(), "…");
        for before in ["", "a", "ab", "Bearer ", "user:"] {
            let said = BASE64_STANDARD.encode(format!("{before}{KEY}"));
            let shown = without(said.clone(), KEY);
            // A digit at either end has bits of what stands beside the key.
            assert!(
                shown.contains(MARK) && shown.len() < said.len() / 2 + 8,
                "{shown}"
            );
        }
        let check = |address: &str, want: &[&str]| assert_eq!(keys_in(address), want, "{address}");
        check("http://a.example/v1", &[]);
        check(
            "https://me:hunter2@a.example/v1?Api-Version=3&key=x%2By",
            &["x%2By", "x+y", "hunter2"],
        );
        check("no address", &[]);
        assert_eq!(without("short".to_owned(), "short"), "short");
    }
}
