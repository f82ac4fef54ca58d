//! Spaces: the parts of the disk that keep the pages of different agents apart.

use serde::{Deserialize, Serialize};

/// A part of the disk: the one that all share, or one with a name. Spaces order by name,
/// the shared one first.
///
/// On the disk and in JSON a space is its name, and the shared one an empty text: that is
/// what the conversions from and to a text are for. How a person writes it is the business
/// of whoever talks to people.
///
/// ```
/// use quipu_memory::{NewPage, Query, RamStore, Space, Store};
///
/// # fn main() -> Result<(), quipu_memory::StoreError> {
/// let store = RamStore::default();
/// let diary = Space::from("diary");
/// store.put(NewPage {
///     text: "The cord has seven knots.".into(),
///     space: diary.clone(),
///     ..NewPage::default()
/// })?;
///
/// let found = |spaces| {
///     store.search(&Query {
///         spaces: Some(spaces),
///         ..Query::new("knots", 5)
///     })
/// };
/// assert_eq!(found(vec![Space::SHARED])?.len(), 0);
/// assert_eq!(found(vec![Space::SHARED, diary])?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Space(Option<String>);

impl Space {
    /// The one that all share.
    pub const SHARED: Space = Space(None);

    /// Its name; `None` of the shared one.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Whether all share it.
    pub fn is_shared(&self) -> bool {
        self.0.is_none()
    }

    /// The text that stands for it on the disk and in JSON.
    pub(crate) fn as_stored(&self) -> &str {
        self.name().unwrap_or_default()
    }
}

impl From<String> for Space {
    /// The space that this text stands for on the disk.
    fn from(stored: String) -> Self {
        Self(Some(stored).filter(|name| !name.is_empty()))
    }
}

impl From<&str> for Space {
    /// The space that this text stands for on the disk.
    fn from(stored: &str) -> Self {
        Self::from(stored.to_owned())
    }
}

impl From<Space> for String {
    fn from(space: Space) -> Self {
        space.0.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_is_written_as_it_always_was() {
        let check = |json: &str, name: Option<&str>| {
            let space: Space = serde_json::from_str(json).unwrap();
            assert_eq!(space.name(), name, "{json}");
            assert_eq!(space.is_shared(), name.is_none(), "{json}");
            assert_eq!(serde_json::to_string(&space).unwrap(), json);
            assert_eq!(format!("{:?}", space.as_stored()), json);
        };
        check("\"\"", None);
        check("\"diary\"", Some("diary"));
        assert!(Space::SHARED < Space::from("a"));
        assert_eq!(Space::default(), Space::SHARED);
    }
}
