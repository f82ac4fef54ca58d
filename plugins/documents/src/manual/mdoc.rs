//! The macros of mdoc(7), which say what a word is: an option, an argument, a name of a file.
//! Many may stand in one line, each before its words.

use super::Page;

/// Marks around the words that follow.
const AROUND: &[(&str, &str, &str)] = &[
    ("Op", "[", "]"),
    ("Oo", "[", "]"),
    ("Bq", "[", "]"),
    ("Bo", "[", "]"),
    ("Pq", "(", ")"),
    ("Po", "(", ")"),
    ("Brq", "{", "}"),
    ("Aq", "<", ">"),
    ("Ao", "<", ">"),
    ("Dq", "“", "”"),
    ("Do", "“", "”"),
    ("Qq", "\"", "\""),
    ("Qo", "\"", "\""),
    ("Sq", "‘", "’"),
    ("So", "‘", "’"),
    ("Ql", "‘", "’"),
];
/// What ends marks that were opened for more than a line.
const ENDS: &[(&str, &str)] = &[
    ("Oc", "]"),
    ("Bc", "]"),
    ("Pc", ")"),
    ("Ac", ">"),
    ("Dc", "”"),
    ("Qc", "\""),
    ("Sc", "’"),
];
/// Macros that only say what their words are.
const NAMES: &[&str] = &[
    "Ar", "Cm", "Em", "Sy", "Li", "Pa", "Ev", "Va", "Vt", "Ic", "Fa", "Ft", "Fn", "Fo", "Dv", "Er",
    "An", "Ad", "Mt", "Lk", "Tn", "Cd", "In", "No", "St", "Nd", "Bx", "Ux", "Fx", "Nx", "Ox", "Dx",
    "At", "Bsx", "Ms", "Sx", "Lb", "Rv", "Ex", "%A", "%B", "%D", "%I", "%J", "%N", "%O", "%P",
    "%Q", "%R", "%T", "%U", "%V", "Dl", "D1", "Fl", "Nm", "Xr", "Ns", "Ap", "Sm", "Fc", "Xo", "Xc",
    "Ta",
];
/// Signs that stand at the word before them, and those at the word behind them.
const CLOSING: &[&str] = &[".", ",", ":", ";", ")", "]", "?", "!"];
const OPENING: &[&str] = &["(", "["];

/// Carries out a macro; what is none is a macro of the page's own, and its words are shown.
pub(super) fn line(page: &mut Page, name: &str, args: &[String]) {
    match name {
        "Dd" | "Os" | "Bk" | "Ek" | "Rs" | "Re" | "Ef" | "Bf" => {}
        "Dt" => {
            let said: Vec<&str> = args.iter().map(String::as_str).collect();
            page.title = match said.as_slice() {
                [name, section, ..] => format!("{name}({section})"),
                said => said.concat(),
            };
            let title = page.title.clone();
            page.heading(1, &title);
        }
        "Bl" | "El" => page.flush(),
        "It" => {
            page.flush();
            page.term = match args.is_empty() {
                true => "•".to_owned(),
                false => said(page, args),
            };
        }
        "Bd" => {
            page.flush();
            page.code = Some(Vec::new());
        }
        "Ed" => page.end_code(),
        "Nd" => {
            let words = format!("– {}", said(page, args));
            page.words(&words);
        }
        "Nm" if page.name.is_empty() => {
            page.name = args.first().cloned().unwrap_or_default();
            let words = said(page, args);
            page.words(&words);
        }
        _ => {
            let is_known = NAMES.contains(&name)
                || AROUND.iter().any(|(known, ..)| *known == name)
                || ENDS.iter().any(|(known, _)| *known == name);
            let words = match is_known {
                true => {
                    let all = [&[name.to_owned()][..], args].concat();
                    said(page, &all)
                }
                false => args.join(" "),
            };
            if !words.trim().is_empty() {
                page.words(&words);
            }
        }
    }
}

/// The words of a line, in which macros stand before their words.
fn said(page: &Page, args: &[String]) -> String {
    let mut whole = String::new();
    // What closes at the end of the line.
    let mut open: Vec<&str> = Vec::new();
    let mut is_joined = true;
    let mut at = 0;
    while let Some(word) = args.get(at) {
        at += 1;
        let next = args.get(at).map(String::as_str);
        let is_word = |next: Option<&str>| next.is_some_and(|next| !is_macro(next));
        let ends = ENDS.iter().find(|(known, _)| known == word);
        let around = AROUND.iter().find(|(known, ..)| known == word);
        let shown = match word.as_str() {
            _ if ends.is_some() => {
                is_joined = true;
                ends.map_or("", |(_, mark)| *mark).to_owned()
            }
            "Ns" => {
                is_joined = true;
                continue;
            }
            "Ap" => {
                whole.push('\'');
                is_joined = true;
                continue;
            }
            "Fl" => match next.filter(|next| is_word(Some(*next)) && !CLOSING.contains(next)) {
                Some(next) => {
                    at += 1;
                    format!("-{next}")
                }
                None => "-".to_owned(),
            },
            "Nm" if !is_word(next) || next.is_some_and(|next| CLOSING.contains(&next)) => {
                page.name.clone()
            }
            "Ar" if !is_word(next) => "file ...".to_owned(),
            "Xr" => {
                let name = next.unwrap_or_default().to_owned();
                let is_section = |said: &&String| said.starts_with(char::is_alphanumeric);
                let section = args.get(at + 1).filter(is_section);
                at += 1 + usize::from(section.is_some());
                section.map_or(name.clone(), |section| format!("{name}({section})"))
            }
            word if around.is_some() => {
                let (_, begins, ends) = around.unwrap_or(&("", "", ""));
                if !word.ends_with('o') {
                    open.push(ends);
                }
                push(&mut whole, begins, is_joined);
                is_joined = true;
                continue;
            }
            word if NAMES.contains(&word) => continue,
            word => word.to_owned(),
        };
        let is_closing = CLOSING.contains(&shown.as_str());
        push(&mut whole, &shown, is_joined || is_closing);
        is_joined = OPENING.contains(&shown.as_str());
    }
    // Signs at the end of a line stand behind what closes there.
    let end = whole.trim_end_matches(['.', ',', ':', ';']).len();
    let behind = match open.is_empty() {
        true => String::new(),
        false => whole.split_off(end),
    };
    for mark in open.iter().rev() {
        whole.push_str(mark);
    }
    whole + &behind
}

fn is_macro(word: &str) -> bool {
    NAMES.contains(&word)
        || AROUND.iter().any(|(known, ..)| *known == word)
        || ENDS.iter().any(|(known, _)| *known == word)
}

/// Adds a word, behind a space unless it is joined.
fn push(whole: &mut String, word: &str, is_joined: bool) {
    if !is_joined && !whole.is_empty() {
        whole.push(' ');
    }
    whole.push_str(word);
}
