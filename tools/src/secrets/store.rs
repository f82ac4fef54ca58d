//! Values that nobody is shown, and the file that they are kept in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::state_file::{self, StateError};

/// Shorter values could not be hidden without hiding half of an answer.
const VALUE_BYTES_MIN: usize = 8;
/// Longer values are looked for in everything that is written, at the cost of everything.
const VALUE_BYTES_MAX: usize = 16 << 10;
/// What stands in place of a device where a value is for any that is granted it.
const SHARED: &str = "*";

/// A value that does not show itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes `value`, without the line end that a file or a terminal adds.
    pub fn new(value: &str) -> Result<Self, &'static str> {
        let value = value.trim_end_matches(['\r', '\n']);
        if value.len() < VALUE_BYTES_MIN {
            return Err("a secret has at least 8 characters");
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err("a secret has at most 16384 characters");
        }
        if HeaderValue::from_str(value).is_err() {
            return Err("a secret is one line of printable characters");
        }
        Ok(Self(value.to_owned()))
    }
}

impl Secret {
    /// The value, for whoever it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The values, in a file that only its owner can read: by device, then by name. Those that
/// any device may be granted stand under a name that no device has.
///
/// What opens it fails where the file cannot be read or is not what this program wrote; what
/// changes it, where the file cannot be written.
#[derive(Debug)]
pub struct SecretStore {
    path: PathBuf,
    values: Values,
}

/// By device, then by name.
type Values = BTreeMap<String, BTreeMap<String, Secret>>;

impl SecretStore {
    /// Opens the file at `path`; one that is not there yet is empty.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        Ok(Self {
            path: path.to_owned(),
            values: state_file::read(path)?,
        })
    }

    /// The values for `device`: its own, and those that any device may be granted.
    pub fn of(&self, device: &str) -> BTreeMap<String, Secret> {
        let mut values = self.values.get(SHARED).cloned().unwrap_or_default();
        values.extend(self.values.get(device).cloned().unwrap_or_default());
        values
    }

    /// The value that any device may be granted by this `name`.
    pub fn shared(&self, name: &str) -> Option<&Secret> {
        self.values.get(SHARED)?.get(name)
    }

    /// Every value with its name and the device that it is for alone, if it is for one.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>, &Secret)> {
        self.values.iter().flat_map(|(device, values)| {
            let device = Some(device.as_str()).filter(|device| *device != SHARED);
            let named = values.iter();
            named.map(move |(name, value)| (name.as_str(), device, value))
        })
    }

    /// Keeps `secret` as `name` for any device that is granted it; says whether it takes the
    /// place of another.
    pub fn share(&mut self, name: &str, secret: Secret) -> Result<bool, StateError> {
        self.put(SHARED, name, secret)
    }

    /// Forgets the secret `name` that any device may be granted; says whether there was one.
    pub fn unshare(&mut self, name: &str) -> Result<bool, StateError> {
        self.take(SHARED, Some(name))
    }

    /// Keeps `secret` as `name` for `device`.
    pub fn set(&mut self, device: &str, name: &str, secret: Secret) -> Result<(), StateError> {
        self.put(device, name, secret).map(drop)
    }

    /// Forgets the secret `name` of `device`, or all of its secrets.
    pub fn remove(&mut self, device: &str, name: Option<&str>) -> Result<(), StateError> {
        self.take(device, name).map(drop)
    }

    fn put(&mut self, device: &str, name: &str, secret: Secret) -> Result<bool, StateError> {
        self.change(|values| {
            let values = values.entry(device.to_owned()).or_default();
            (true, values.insert(name.to_owned(), secret).is_some())
        })
    }

    fn take(&mut self, device: &str, name: Option<&str>) -> Result<bool, StateError> {
        self.change(|values| {
            let was = match name {
                None => values.remove(device).is_some(),
                Some(name) => {
                    let values = values.get_mut(device);
                    values.is_some_and(|values| values.remove(name).is_some())
                }
            };
            (was, was)
        })
    }

    /// Changes what the file has; nothing counts here that it has not.
    fn change<R>(
        &mut self,
        change: impl FnOnce(&mut Values) -> (bool, R),
    ) -> Result<R, StateError> {
        let (values, said) = state_file::change(&self.path, change)?;
        self.values = values;
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_for_one_device_or_for_any() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.toml");
        let secret = |text: &str| Secret::new(text).unwrap();
        let mut store = SecretStore::open(&path).unwrap();
        assert!(!store.share("token", secret("shared-value")).unwrap());
        store
            .set("weather", "key", secret("weather-value"))
            .unwrap();
        assert!(store.share("token", secret("shared-value-2")).unwrap());
        store.set("mail", "token", secret("mail-value")).unwrap();
        let store = SecretStore::open(&path).unwrap();
        let check = |device: &str, want: &str| {
            let values = store.of(device);
            let all: Vec<String> = values
                .iter()
                .map(|(name, value)| format!("{name}={}", value.reveal()))
                .collect();
            assert_eq!(all.join(" "), want, "{device}");
        };
        check("weather", "key=weather-value token=shared-value-2");
        // Its own comes first.
        check("mail", "token=mail-value");
        check("other", "token=shared-value-2");
        assert_eq!(store.iter().count(), 3);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let mut store = store;
        assert!(store.unshare("token").unwrap());
        assert!(!store.unshare("token").unwrap());
        assert!(format!("{store:?}").contains("Secret(…)"));
    }
}
