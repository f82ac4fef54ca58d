//! The label of a text that somebody says was an answer given here.

use super::schema::{ANSWER, ANSWERED, HEAD_CHARS, answer_head};
use super::{Journal, Result, wrap};
use crate::label::{Label, Secrecy, Trust};
use crate::process::Pid;

/// The most processes with the same answer that are looked at. With more ("yes") it is not known
/// what they all had read.
const SAME_ANSWER_MAX: usize = 256;

impl Journal {
    /// The label of `text` as an answer that was given here: the least trust, the highest secrecy
    /// and the highest suspicion of all that any process here had read that gave this answer,
    /// apart from spaces around it. `None` where no process did.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn label_of_answer(&self, text: &str) -> Result<Option<Label>> {
        let pids = self.answered(text, SAME_ANSWER_MAX + 1)?;
        let mut worst: Option<Label> = None;
        for pid in pids.iter().take(SAME_ANSWER_MAX) {
            let read = self.label_of(*pid)?;
            worst = Some(match worst {
                Some(worst) => worst.held_to(read.level()).suspected(read.suspicion),
                None => read,
            });
        }
        let all_seen = pids.len() <= SAME_ANSWER_MAX;
        Ok(worst.map(|worst| match all_seen {
            true => worst,
            false => worst.lowered_to(Trust::Untrusted).kept(Secrecy::Private),
        }))
    }

    /// At most `limit` of the processes here that answered with `text`, the newest first.
    fn answered(&self, text: &str, limit: usize) -> Result<Vec<Pid>> {
        let wrap = |error| wrap(&self.path, error);
        let head = answer_head();
        let sql = format!(
            "SELECT pid FROM process WHERE {ANSWERED} AND {head}=substr(?1, 1, {HEAD_CHARS})
             AND {ANSWER}=?1 ORDER BY pid DESC LIMIT ?2"
        );
        let connection = self.connection.lock();
        let mut statement = connection.prepare_cached(&sql).map_err(wrap)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map((text.trim(), limit), |row| row.get(0));
        rows.and_then(|rows| rows.collect()).map_err(wrap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Suspicion;
    use crate::process::{Exit, Program, State, Status};

    /// Writes a process for each label that ends with an answer.
    fn answer(journal: &Journal, ends: &[(&str, Label)]) {
        for (answer, label) in ends {
            let program = Program {
                label: label.clone(),
                ..Program::new("task")
            };
            let pid = journal.create(&program, "model").unwrap();
            let exit = Exit {
                status: Status::Exited,
                answer: Some((*answer).into()),
                error: None,
                ..Exit::killed()
            };
            journal.exit(pid, State::Exited, &exit, None).unwrap();
        }
    }

    fn level(journal: &Journal, text: &str) -> Option<(Trust, Secrecy)> {
        let label = journal.label_of_answer(text).unwrap();
        label.map(|label| (label.trust, label.secrecy))
    }

    #[test]
    fn the_worst_of_all_that_answered_so_counts() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db"), true).unwrap();
        let stranger = Label::new("input", Trust::Untrusted);
        let private = Label::user().kept(Secrecy::Private);
        let long = "x".repeat(1000);
        let longer = format!("{long}y");
        let ends = [
            ("42", stranger),
            ("42", private),
            (" 42\n", Label::user()),
            ("mine", Label::user()),
            (long.as_str(), Label::user()),
        ];
        answer(&journal, &ends);
        let check = |text: &str, want: Option<(Trust, Secrecy)>| {
            assert_eq!(level(&journal, text), want, "{text:.20}");
        };
        // Not the newest: that one was asked by the user, who may have asked for just this text.
        check("42", Some((Trust::Untrusted, Secrecy::Private)));
        check("\t42 ", Some((Trust::Untrusted, Secrecy::Private)));
        check("mine", Some((Trust::User, Secrecy::Public)));
        check(&long, Some((Trust::User, Secrecy::Public)));
        check(&longer, None);
        check("4", None);
        check("", None);
    }

    #[test]
    fn an_answer_is_as_suspicious_as_what_was_read() {
        let journal = Journal::in_memory().unwrap();
        let said = |score: f32| Some(Suspicion::new(score, 1.0));
        let stranger = |said| Label::new("tool:web", Trust::Untrusted).suspected(said);
        answer(
            &journal,
            &[
                ("harmless", stranger(said(0.1))),
                ("both", stranger(said(0.97))),
                ("both", stranger(said(0.2))),
                ("both", Label::user()),
                ("unknown", Label::user()),
            ],
        );
        let check = |text: &str, want: Option<Suspicion>| {
            let label = journal.label_of_answer(text).unwrap().expect("known");
            assert_eq!(label.suspicion, want, "{text}");
        };
        check("harmless", said(0.1));
        check("both", said(0.97));
        check("unknown", None);
    }

    #[test]
    fn what_very_many_answered_is_not_known() {
        let journal = Journal::in_memory().unwrap();
        let ends = vec![("yes", Label::user()); SAME_ANSWER_MAX];
        answer(&journal, &ends);
        assert_eq!(level(&journal, "yes"), Some((Trust::User, Secrecy::Public)));
        answer(&journal, &ends[..1]);
        let unknown = Some((Trust::Untrusted, Secrecy::Private));
        assert_eq!(level(&journal, "yes"), unknown);
    }

    #[test]
    fn an_answer_is_found_by_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db"), true).unwrap();
        let head = answer_head();
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT pid FROM process
             WHERE {ANSWERED} AND {head}=substr('a', 1, {HEAD_CHARS})"
        );
        let connection = journal.connection.lock();
        let plan: String = connection.query_row(&sql, [], |row| row.get(3)).unwrap();
        assert!(plan.contains("process_answer"), "{plan}");
    }
}
