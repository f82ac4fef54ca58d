//! A page of HTML that lies on the disk: all of it is content but what leads around.

use crate::found::{Failed, Found, broken};

/// The text of the page in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let (title, text) = of_html(&markup::decode(bytes, ""))?;
    Ok(Found::whole(title, text))
}

/// The title and the text of a page of HTML.
pub fn of_html(html: &str) -> Result<(String, String), Failed> {
    let tidied = markup::tidied(html);
    let text = markup::markdown(&tidied.html, markup::SKIPPED.to_vec())
        .map_err(|error| broken("page of HTML", &error))?;
    Ok((tidied.title, text))
}
