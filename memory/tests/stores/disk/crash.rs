//! A process that is killed while it writes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use quipu_memory::{PageId, Store};

use super::{ids, open, page, search};

const CHILD_DIR: &str = "QUIPU_TEST_CHILD_DIR";

/// Not a test of its own: the process that the next test kills. Writes pages and says
/// which were acknowledged, until it dies.
#[test]
fn child_that_writes() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let store = open(Path::new(&dir));
    let mut out = std::io::stdout();
    for n in 0.. {
        if n % 5 == 4 {
            let id = PageId::from(format!("k{}", n - 2));
            assert!(store.remove(&id).expect("removed"));
            writeln!(out, "\nremoved {id}").expect("said");
        } else {
            let put = store
                .put(page(&format!("k{n}"), &format!("llama w{n}")))
                .expect("put");
            writeln!(out, "\nput {}", put.id).expect("said");
        }
        out.flush().expect("said");
    }
}

#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    let dir = crate::folder();
    let mut alive = BTreeSet::new();
    for acknowledged in [1, 7, 23] {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "disk::crash::child_that_writes",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD_DIR, dir.path().join("store"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut done = 0;
        let mut note = |line: String| {
            let noted = match line.split_once(' ') {
                Some(("put", id)) => alive.insert(id.to_owned()),
                Some(("removed", id)) => alive.remove(id),
                _ => false,
            };
            done += usize::from(noted);
            noted
        };
        let mut noted = 0;
        while noted < acknowledged {
            noted += usize::from(note(
                lines.next().expect("the child writes").expect("a line"),
            ));
        }
        child.kill().expect("killed"); // SIGKILL
        lines.map_while(Result::ok).for_each(|line| {
            note(line);
        });
        child.wait().expect("ended");

        let store = open(&dir.path().join("store"));
        // What the child was about to remove may be gone already: it died before it could say so.
        let may_be_gone = (done % 5 == 4).then(|| format!("k{}", done - 2));
        for id in alive.iter().filter(|id| Some(*id) != may_be_gone.as_ref()) {
            assert!(
                store.get(&id.as_str().into()).expect("get").is_some(),
                "{id} was acknowledged"
            );
            let word = id.replace('k', "w");
            assert_eq!(ids(&store, &word), [id.as_str()], "{id} was acknowledged");
        }
        // At most the one change that was under way when the child died is there besides.
        let pages = store.stats().expect("stats").pages as usize;
        assert!(
            pages.abs_diff(alive.len()) <= 1,
            "{pages} pages, {} acknowledged",
            alive.len()
        );
        assert_eq!(ids(&store, "llama").len(), pages);
        // The next child writes the same ids again.
        for hit in search(&store, "llama") {
            store.remove(&hit.id).expect("removed");
        }
        alive.clear();
    }
}
