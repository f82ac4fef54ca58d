//! The pairs that `/compare` has kept, as a file for preference training. What is private stays
//! here unless it is asked for: such a file is made to be given away.

use std::path::Path;

use anyhow::Result;
use quipu_memory::Secrecy;

use crate::cli::eval::pairs;
use crate::config::private;
use crate::session::learnt::Shelf;
use crate::terminal::error::UserError;
use crate::terminal::lines::json_lines;
use crate::terminal::output::counted;

/// Writes the pairs on `shelf` whose texts are no more secret than `most` into the new file at
/// `path`, and tells how many are left out.
///
/// # Errors
/// Where there are no pairs, or the file exists or cannot be written.
pub fn run(shelf: &Shelf, path: &Path, most: Secrecy) -> Result<u8> {
    let kept = shelf.pairs();
    if !kept.is_file() {
        return Err(UserError::usage(
            "no pairs were kept",
            "/compare in the shell asks which of two answers is better, and keeps the pair",
        ));
    }
    let (mut lines, mut written, mut left_out) = (String::new(), 0_usize, 0_usize);
    for line in json_lines(&kept)? {
        let (_, pair) = line?;
        if pairs::secrecy(&pair) > most {
            left_out += 1;
            continue;
        }
        lines.push_str(&format!("{}\n", pairs::without_label(pair)));
        written += 1;
    }
    private::write_new(path, &lines)?;
    say!("{} in {}", counted(written, "pair"), path.display());
    if left_out > 0 {
        let left_out = counted(left_out, "pair");
        say!("left out: {left_out} with private text (--private or --secret writes them too)");
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use quipu_kernel::label::{Level, Trust};

    use super::*;
    use crate::cli::eval::pairs::Pair;
    use crate::config::paths::Paths;
    use crate::session::agent::Loaded;

    #[test]
    fn what_is_private_is_written_where_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::find(Some(folder.path().join("root").as_path())).unwrap();
        let shelf = Shelf::of(&paths, &Loaded::default());
        let file = |name: &str| folder.path().join(name);
        let none = run(&shelf, &file("none"), Secrecy::Secret).unwrap_err();
        assert!(none.to_string().contains("no pairs"), "{none}");

        let pair = |task: &str, secrecy: Secrecy| {
            let pair = Pair {
                prompt: task.to_owned(),
                chosen: "a".to_owned(),
                rejected: "b".to_owned(),
                level: Level {
                    trust: Trust::User,
                    secrecy,
                },
            };
            format!("{}\n", pair.line())
        };
        // An earlier release did not note what the texts were.
        let earlier = "{\"prompt\":[],\"chosen\":[],\"rejected\":[\"earlier\"]}\n".to_owned();
        let all = [
            pair("open", Secrecy::Public),
            pair("mine", Secrecy::Private),
            pair("hidden", Secrecy::Secret),
            earlier,
        ];
        let kept = shelf.pairs();
        std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
        std::fs::write(&kept, all.concat()).unwrap();
        let check = |name: &str, most: Secrecy, want: [bool; 4]| {
            run(&shelf, &file(name), most).unwrap();
            let text = std::fs::read_to_string(file(name)).unwrap();
            let words = ["open", "mine", "hidden", "earlier"];
            assert_eq!(words.map(|word| text.contains(word)), want, "{text}");
            assert!(!text.contains("secrecy"), "{text}");
        };
        check("public", Secrecy::Public, [true, false, false, false]);
        check("private", Secrecy::Private, [true, true, false, true]);
        check("secret", Secrecy::Secret, [true; 4]);
        let again = run(&shelf, &file("public"), Secrecy::Public);
        assert!(again.is_err(), "what is there stays");
    }
}
