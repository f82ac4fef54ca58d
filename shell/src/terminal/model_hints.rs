//! What a user can do about an error of the models crate. That crate says what happened;
//! the commands, flags and variables to turn are this program's, so the hints are here.

use std::path::Path;

use indicatif::DecimalBytes;
use quipu_models::ModelError;
use quipu_models::gguf::GgufError;

/// What the user can do about `error`, if anything.
pub fn hint(error: &ModelError) -> Option<String> {
    use ModelError as E;
    Some(match error {
        E::NotDownloaded { name, bytes } => {
            let size = bytes.map(|n| format!("  ({})", DecimalBytes(n)));
            format!("quipu model pull {name}{}", size.unwrap_or_default())
        }
        E::Unknown { name, .. } if Path::new(name).is_file() => {
            format!("for the file that is called so write ./{name}")
        }
        E::Unknown { near, .. } if near.is_empty() => "quipu model ls shows the names".into(),
        E::Unknown { near, .. } => {
            format!(
                "did you mean {}? quipu model ls shows the names",
                near.join(" or ")
            )
        }
        E::NoFile { .. } => "give the path of a .gguf file, or a name of quipu model ls".into(),
        E::BadName { .. } => {
            "give a path, a name of quipu model ls, or org/repo:QUANT of the hub".into()
        }
        E::NotOurs { .. } => "remove the file yourself if you mean to".into(),
        E::Busy { .. } => "wait for it to finish; what it has fetched is not lost".into(),
        E::NoSpace { .. } => {
            "make room, or choose a folder on another disk with --root; what was fetched is kept"
                .into()
        }
        E::NoClient { client, .. } => match *client {
            "npm" => "install Node.js, which brings npm, and pull again".into(),
            _ => "install Python, which brings pip, and pull again".into(),
        },
        E::Client { .. } | E::Index { .. } | E::Stalled { .. } | E::Unreachable { .. } => {
            "check the network and pull again: what was fetched is kept".into()
        }
        E::Checksum { .. } => {
            "pull again; if it recurs, the source has changed: please report it".into()
        }
        E::Altered { .. } => "remove it with quipu model rm, then pull again".into(),
        E::NotOnHub { .. } => "check the spelling: org/repo:QUANT, as on the hub's page".into(),
        E::Denied { token: true, .. } => {
            "check the spelling, and that the owner of HF_TOKEN has accepted the model's terms"
                .into()
        }
        E::Denied { token: false, .. } => {
            "check the spelling; for a gated model accept its terms on the hub and set HF_TOKEN"
                .into()
        }
        E::NoSuchQuant { have, .. } if have.is_empty() => {
            "the repository holds no GGUF file; look for one ending in -GGUF".into()
        }
        E::NoSuchQuant { have, place, .. } => {
            format!(
                "name one of its files, as {place}:FILE: {}",
                have.join(", ")
            )
        }
        E::Several { place, files, .. } => {
            format!(
                "name the file: {place}:{}",
                files.first().map_or("FILE", |f| f)
            )
        }
        E::Split { .. } => {
            "choose a smaller quantisation, or join the files with llama-gguf-split --merge".into()
        }
        E::AllFailed { attempts, .. } => attempts.iter().rev().find_map(hint)?,
        E::Gguf(error) => gguf_hint(error)?.into(),
        E::Package { .. } | E::Hub { .. } | E::Io { .. } => return None,
    })
}

fn gguf_hint(error: &GgufError) -> Option<&'static str> {
    Some(match error {
        GgufError::NotGguf { .. } => "convert it to GGUF, or choose a GGUF model",
        GgufError::Truncated { .. } | GgufError::Damaged { .. } => "pull or copy it again",
        GgufError::Version { .. } => "convert the model again with a current llama.cpp",
        GgufError::BigEndian { .. } => "take the little-endian file of the model",
        GgufError::Io { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_hint_that_fits_it() {
        let check = |error: ModelError, want: &str| {
            let said = hint(&error).unwrap();
            assert!(said.contains(want), "{error}: {said}");
        };
        let name = || "a".to_owned();
        let missing = |bytes| ModelError::NotDownloaded {
            name: name(),
            bytes,
        };
        check(
            missing(Some(1_120_000_000)),
            "quipu model pull a  (1.12 GB)",
        );
        check(missing(None), "quipu model pull a");
        let unknown = |near: &[&str]| ModelError::Unknown {
            name: name(),
            near: near.iter().map(|near| (*near).to_owned()).collect(),
        };
        check(unknown(&["b", "c"]), "did you mean b or c?");
        check(unknown(&[]), "quipu model ls");
        let denied = |token| ModelError::Denied {
            what: name(),
            token,
        };
        check(
            denied(false),
            "accept its terms on the hub and set HF_TOKEN",
        );
        check(denied(true), "the owner of HF_TOKEN has accepted");
        let several = ModelError::Several {
            place: "o/r".into(),
            wish: name(),
            files: vec!["x.gguf".into(), "y.gguf".into()],
        };
        check(several, "name the file: o/r:x.gguf");
        let other = ModelError::NoSuchQuant {
            place: "o/r".into(),
            wish: name(),
            have: vec!["x.gguf".into(), "y.gguf".into()],
        };
        check(other, "as o/r:FILE: x.gguf, y.gguf");
        let absent = |client| ModelError::NoClient {
            client,
            package: name(),
        };
        check(absent("pip"), "install Python");
        check(absent("npm"), "install Node.js");
        // Of several failures the last that has one.
        let all = ModelError::AllFailed {
            name: name(),
            attempts: vec![absent("pip"), ModelError::NotOnHub { what: name() }],
        };
        check(all, "check the spelling");
        let version = GgufError::Version {
            path: "a.gguf".into(),
            version: 1,
        };
        check(version.into(), "a current llama.cpp");
    }
}
