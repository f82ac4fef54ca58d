//! What a file calls itself, where its writer gave it a name: many programs put the name of the
//! file that it was made of there.

use hayro_interpret::hayro_syntax::Pdf;

use crate::strings;

/// How names begin that programs give.
const GIVEN: &[&str] = &[
    "untitled",
    "microsoft word - ",
    "microsoft powerpoint - ",
    "microsoft excel - ",
    "powerpoint presentation",
    "powerpoint-präsentation",
    "présentation powerpoint",
    "about:blank",
    "file:",
    "http:",
    "https:",
];
/// Names that are given as they are.
const GIVEN_WHOLE: &[&str] = &[
    "(anonymous)",
    "(unspecified)",
    "anonymous",
    "document",
    "document1",
    "slide 1",
    "title",
    "unknown",
    "unbenannt",
    "sans titre",
    "无标题",
    "無題",
];
/// How the names of files end.
const ENDINGS: &[&str] = &[
    ".doc", ".docx", ".dvi", ".eps", ".fm", ".htm", ".html", ".indd", ".odp", ".ods", ".odt",
    ".p65", ".pages", ".pdf", ".pmd", ".ppt", ".pptx", ".ps", ".qxd", ".qxp", ".rtf", ".tex",
    ".txt", ".wpd", ".xls", ".xlsx",
];

/// The title of `pdf`; empty where it has none that somebody gave it.
pub fn of(pdf: &Pdf) -> String {
    let title = pdf.metadata().title.as_deref();
    given(&strings::decoded(title.unwrap_or_default()))
}

fn given(title: &str) -> String {
    let line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = line.to_lowercase();
    let is_odd = |c: char| c.is_control() || c == '\u{fffd}';
    let is_none = line.chars().filter(|c| c.is_alphabetic()).count() < 2
        || line.contains(is_odd)
        || GIVEN_WHOLE.contains(&lower.as_str())
        || GIVEN.iter().any(|start| lower.starts_with(start))
        || ENDINGS.iter().any(|ending| lower.ends_with(ending));
    if is_none { String::new() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_what_somebody_gave() {
        let check = |title: &str, expected: &str| assert_eq!(given(title), expected, "{title}");
        check("The wool\n ledger", "The wool ledger");
        check("磨坊", "磨坊");
        check("Microsoft Word - wool.doc", "");
        check("wool_final.docx", "");
        check("Untitled 1", "");
        check("Document", "");
        check("(anonymous)", "");
        check("無題", "");
        check("Document analysis", "Document analysis");
        check("", "");
        check("7", "");
        check("w\u{1}ool", "");
    }
}
