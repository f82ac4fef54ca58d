//! What the user has granted to single devices, kept in a file.
//!
//! A grant is bound to the hash of the component it was given to: one that has
//! changed since has to ask again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::caps::{Capability, Grants};
use crate::state_file::{self, StateError};

/// The hash of a component, as the book and the specification show it.
pub fn component_hash(component: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(component))
}

/// The grants of all devices.
///
/// ```
/// use quipu_tools::grants::{GrantBook, component_hash};
/// use quipu_tools::Capability;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let mut book = GrantBook::open(&folder.path().join("grants.toml"))?;
/// let hash = component_hash(b"the bytes of a component");
/// book.grant("web", &hash, "net:example.org".parse()?)?;
/// assert!(book.held("web", &hash).grants.allows(&"net:example.org".parse()?));
///
/// // Other bytes under the same name hold nothing, and it is known what has lapsed.
/// let held = book.held("web", &component_hash(b"other bytes"));
/// assert!(held.grants.is_empty());
/// assert!(held.lapsed.allows(&"net:example.org".parse()?));
/// # Ok(())
/// # }
/// ```
///
/// What opens it fails where the file cannot be read or is not what this program wrote; what
/// changes it, where the file cannot be written.
#[derive(Debug)]
pub struct GrantBook {
    path: PathBuf,
    devices: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    component: String,
    granted: Grants,
    /// The hash of what a server lists, as its user saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listing: Option<String>,
}

/// What the book says of one component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// What was granted to exactly this component.
    pub grants: Grants,
    /// What was granted to an earlier component of the same name, and counts no more.
    pub lapsed: Grants,
    /// The hash of what it lists, as its user saw it.
    pub listing: Option<String>,
}

impl GrantBook {
    /// Opens the file at `path`; one that is not there yet is empty.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        Ok(Self {
            path: path.to_owned(),
            devices: state_file::read(path)?,
        })
    }

    /// What was granted to any device, whether or not that still counts.
    pub fn granted(&self) -> impl Iterator<Item = &Capability> {
        self.devices.values().flat_map(|entry| entry.granted.iter())
    }

    /// The devices that were granted `capability`, each as it was then.
    pub fn holders(&self, capability: &Capability) -> Vec<&str> {
        let holds = self.devices.iter();
        let holds = holds.filter(|(_, entry)| entry.granted.allows(capability));
        holds.map(|(device, _)| device.as_str()).collect()
    }

    /// What the component with `hash`, installed as `device`, holds.
    pub fn held(&self, device: &str, hash: &str) -> Held {
        held(&self.devices, device, hash)
    }

    /// Grants `capability` to the component with `hash`. What an earlier component
    /// of that name had is forgotten. `false` when it was granted already.
    pub fn grant(
        &mut self,
        device: &str,
        hash: &str,
        capability: Capability,
    ) -> Result<bool, StateError> {
        self.change(|devices| {
            let held = held(devices, device, hash);
            let mut granted = held.grants;
            let is_new = granted.add(capability);
            let entry = Entry {
                component: hash.to_owned(),
                granted,
                listing: held.listing,
            };
            devices.insert(device.to_owned(), entry);
            (is_new, is_new)
        })
    }

    /// Notes that the user saw what the server with `hash` lists, by the hash of the listing.
    /// Does nothing for one that holds no grant.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn note_listing(
        &mut self,
        device: &str,
        hash: &str,
        listing: &str,
    ) -> Result<(), StateError> {
        let entry = self.devices.get(device);
        let entry = entry.filter(|entry| entry.component == hash);
        // Most list what they did, and then nothing has to be written.
        if entry.is_none_or(|entry| entry.listing.as_deref() == Some(listing)) {
            return Ok(());
        }
        self.change(|devices| {
            let entry = devices.get_mut(device);
            match entry.filter(|entry| entry.component == hash) {
                Some(entry) if entry.listing.as_deref() != Some(listing) => {
                    entry.listing = Some(listing.to_owned());
                    (true, ())
                }
                _ => (false, ()),
            }
        })
    }

    /// Takes `capability` back. `false` when it was not granted.
    pub fn revoke(&mut self, device: &str, capability: &Capability) -> Result<bool, StateError> {
        self.change(|devices| {
            let entry = devices.get_mut(device);
            let was = entry.is_some_and(|entry| entry.granted.remove(capability));
            (was, was)
        })
    }

    /// Takes everything back, as when the device is removed.
    pub fn forget(&mut self, device: &str) -> Result<(), StateError> {
        self.change(|devices| (devices.remove(device).is_some(), ()))
    }

    /// Changes what the file has; nothing counts here that it has not.
    fn change<R>(
        &mut self,
        change: impl FnOnce(&mut BTreeMap<String, Entry>) -> (bool, R),
    ) -> Result<R, StateError> {
        let (devices, said) = state_file::change(&self.path, change)?;
        self.devices = devices;
        Ok(said)
    }
}

/// What `devices` say of the component with `hash`, installed as `device`.
fn held(devices: &BTreeMap<String, Entry>, device: &str, hash: &str) -> Held {
    match devices.get(device) {
        None => Held::default(),
        Some(entry) if entry.component == hash => Held {
            grants: entry.granted.clone(),
            lapsed: Grants::default(),
            listing: entry.listing.clone(),
        },
        Some(entry) => Held {
            grants: Grants::default(),
            lapsed: entry.granted.clone(),
            listing: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_component_asks_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/grants.toml");
        let cap: Capability = "net:example.com:443".parse().unwrap();
        let (old, new) = (component_hash(b"old"), component_hash(b"new"));

        let mut book = GrantBook::open(&path).unwrap();
        assert!(book.grant("web", &old, cap.clone()).unwrap());
        assert!(!book.grant("web", &old, cap.clone()).unwrap());

        let mut book = GrantBook::open(&path).unwrap();
        assert!(book.held("web", &old).grants.allows(&cap));
        let held = book.held("web", &new);
        assert!(!held.grants.allows(&cap) && held.lapsed.allows(&cap));
        // What it lists was seen of this one only.
        book.note_listing("web", &new, "l0").unwrap();
        book.note_listing("web", &old, "l1").unwrap();
        let mut book = GrantBook::open(&path).unwrap();
        assert_eq!(book.held("web", &old).listing.as_deref(), Some("l1"));
        assert_eq!(book.held("web", &new).listing, None);
        assert_eq!(book.held("other", &old), Held::default());

        book.grant("web", &new, "clock".parse().unwrap()).unwrap();
        assert!(!book.held("web", &new).grants.allows(&cap));
        assert!(!book.held("web", &old).grants.allows(&cap));

        assert!(!book.revoke("web", &cap).unwrap());
        assert!(book.revoke("web", &"clock".parse().unwrap()).unwrap());
        book.forget("web").unwrap();
        assert_eq!(
            GrantBook::open(&path).unwrap().held("web", &new),
            Held::default()
        );
    }

    #[test]
    fn what_is_not_on_disk_does_not_count_and_no_program_undoes_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/grants.toml");
        let (clock, net): (Capability, Capability) =
            (Capability::Clock, "net:a.example".parse().unwrap());
        let mut book = GrantBook::open(&path).unwrap();
        // A file stands where the folder would be.
        std::fs::write(folder.path().join("state"), "").unwrap();
        assert!(book.grant("web", "h", clock.clone()).is_err());
        assert_eq!(book.held("web", "h"), Held::default());
        std::fs::remove_file(folder.path().join("state")).unwrap();

        // Two programs, each of which opened the book before the other one changed it.
        let mut other = GrantBook::open(&path).unwrap();
        assert!(book.grant("web", "h", net.clone()).unwrap());
        assert!(other.grant("mail", "m", clock.clone()).unwrap());
        assert!(other.revoke("web", &net).unwrap());
        assert!(book.grant("web", "h", clock.clone()).unwrap());
        let kept = GrantBook::open(&path).unwrap();
        assert!(!kept.held("web", "h").grants.allows(&net));
        assert!(kept.held("web", "h").grants.allows(&clock));
        assert!(kept.held("mail", "m").grants.allows(&clock));
    }

    #[test]
    #[cfg(unix)]
    fn only_the_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grants.toml");
        let mut book = GrantBook::open(&path).unwrap();
        book.grant("a", "h", Capability::Clock).unwrap();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        std::fs::write(&path, "[a]\ncomponent = \"hunter2hunter2\"").unwrap();
        let error = GrantBook::open(&path).unwrap_err().to_string();
        assert!(
            error.contains("granted") && !error.contains("hunter2"),
            "{error}"
        );
    }
}
