//! The lines that were typed, kept without secrets.

use quipu_tools::LeakScan;
use reedline::{
    FileBackedHistory, History, HistoryItem, HistoryItemId, HistorySessionId, Result, SearchQuery,
};

/// A history in a file, with a mark in place of each secret.
pub struct Clean {
    pub history: FileBackedHistory,
    pub leaks: LeakScan,
}

impl History for Clean {
    fn save(&mut self, mut line: HistoryItem) -> Result<HistoryItem> {
        line.command_line = self.leaks.redacted(&line.command_line).into_owned();
        self.history.save(line)
    }

    fn load(&self, id: HistoryItemId) -> Result<HistoryItem> {
        self.history.load(id)
    }

    fn count(&self, query: SearchQuery) -> Result<i64> {
        self.history.count(query)
    }

    fn search(&self, query: SearchQuery) -> Result<Vec<HistoryItem>> {
        self.history.search(query)
    }

    fn update(
        &mut self,
        id: HistoryItemId,
        updater: &dyn Fn(HistoryItem) -> HistoryItem,
    ) -> Result<()> {
        self.history.update(id, updater)
    }

    fn clear(&mut self) -> Result<()> {
        self.history.clear()
    }

    fn delete(&mut self, id: HistoryItemId) -> Result<()> {
        self.history.delete(id)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.history.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.history.session()
    }
}

#[cfg(test)]
mod tests {
    use quipu_tools::Secret;

    use super::*;

    #[test]
    fn a_typed_secret_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history.txt");
        let secret = Secret::new("tok-4815162342").unwrap();
        let mut history = Clean {
            history: FileBackedHistory::with_file(9, file.clone()).unwrap(),
            leaks: LeakScan::of([("token", &secret)]),
        };
        let line = HistoryItem::from_command_line("log in with tok-4815162342");
        history.save(line).unwrap();
        history.sync().unwrap();
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(kept.trim(), "log in with ⟦secret token⟧");
    }
}
