//! A program on its way to the machine of another program, with the pictures beside its task as
//! PNG files: where a program is written down, as in the journal, pictures are only named.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use quipu_kernel::process::{Picture, Program};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize)]
struct Carried<'a> {
    program: &'a Program,
    /// The pictures of the texts beside the task, in their order, in base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pictures: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct Brought {
    program: Box<Program>,
    #[serde(default)]
    pictures: Vec<Option<String>>,
}

/// Writes `program` with its pictures.
///
/// # Errors
/// Those of the serializer, and of a picture that cannot be encoded.
pub fn serialize<S: Serializer>(program: &Program, serializer: S) -> Result<S::Ok, S::Error> {
    let mut pictures = Vec::new();
    let attached = &program.attached;
    // Most have none.
    if attached.iter().any(|attached| attached.picture.is_some()) {
        for attached in attached {
            let file = attached.picture.as_ref().map(Picture::file);
            let file = file.transpose().map_err(serde::ser::Error::custom)?;
            pictures.push(file.map(|file| BASE64_STANDARD.encode(file)));
        }
    }
    Carried { program, pictures }.serialize(serializer)
}

/// Reads a program with its pictures.
///
/// # Errors
/// Those of the deserializer, and of what is no picture.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<Program>, D::Error> {
    let Brought {
        mut program,
        pictures,
    } = Brought::deserialize(deserializer)?;
    for (attached, file) in program.attached.iter_mut().zip(pictures) {
        let Some(file) = file else { continue };
        let file = BASE64_STANDARD.decode(file);
        let file = file.map_err(serde::de::Error::custom)?;
        let picture = Picture::of_file(&file);
        attached.picture = Some(picture.map_err(serde::de::Error::custom)?);
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use quipu_kernel::label::Label;
    use quipu_kernel::process::Attached;

    use super::super::conversation::{Ask, Start};
    use super::*;

    #[test]
    fn a_task_comes_with_its_pictures() {
        let check = |pictures: &[Option<u8>]| {
            let mut program = Program::new("What do they show?");
            let attached = pictures.iter().map(|picture| Attached {
                text: "a page".into(),
                label: Label::user(),
                picture: picture.map(|byte| Picture::new(2, 1, vec![byte; 6]).unwrap()),
            });
            program.attached = attached.collect();
            let ask = Ask {
                start: Start::Spawn {
                    program: Box::new(program),
                    must_fit: true,
                },
                think: None,
            };
            let said = serde_json::to_string(&ask).unwrap();
            assert_eq!(serde_json::from_str::<Ask>(&said).unwrap(), ask, "{said}");
            // A picture that is none is told.
            if let Some(at) = said.find("iVBOR") {
                let torn = format!("{}iVAAA{}", &said[..at], &said[at + 5..]);
                assert!(serde_json::from_str::<Ask>(&torn).is_err());
            }
            assert_eq!(said.contains("iVBOR"), pictures.iter().any(Option::is_some));
        };
        check(&[]);
        check(&[None]);
        check(&[Some(1), None, Some(2)]);
    }
}
