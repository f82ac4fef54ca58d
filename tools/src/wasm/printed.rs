//! The output of a guest before it was stopped or broke down, in words for its caller.

/// The most characters of a guest's output that a message tells: its end.
const TOLD_CHARS_MAX: usize = 2000;

/// How far a guest came that was stopped: what it had printed, or nothing.
pub(super) fn progress(printed: &str) -> String {
    told("until then it printed", printed)
}

/// Why a guest broke down: the exception of a Python program with its line, else
/// `reason` and the last line that was printed, which tells of a panic, mostly. What was
/// printed before that follows.
pub(super) fn cause(reason: &str, printed: &str) -> String {
    let before = |text| told("before that it printed", text);
    if let Some((text, error)) = exception(printed) {
        return format!("the tool failed: {error}{}", before(text));
    }
    match last_line(printed) {
        Some((text, line)) => format!("{reason}; it said: {line}{}", before(text)),
        None => reason.to_owned(),
    }
}

/// The end of `printed` under a heading, from the beginning of a line where it is cut.
fn told(heading: &str, printed: &str) -> String {
    let printed = printed.trim();
    if printed.is_empty() {
        return String::new();
    }
    let extra = printed.chars().count().saturating_sub(TOLD_CHARS_MAX);
    let end: String = printed.chars().skip(extra).collect();
    let end = match (extra, end.split_once('\n')) {
        (0, _) => end,
        (_, Some((_, lines))) => format!("…\n{lines}"),
        (_, None) => format!("…{end}"),
    };
    format!("; {heading}:\n{end}")
}

/// The exception at the end of a traceback of CPython's, with the line of the program
/// that raised it, and what was printed before.
fn exception(printed: &str) -> Option<(&str, String)> {
    let from = printed.rfind("Traceback (most recent call last):")?;
    let (before, traceback) = printed.split_at(from);
    let frames = || traceback.lines().filter_map(frame);
    // The program's own line says more than one of the library that it called.
    let mut own = frames().filter(|(file, _)| !file.starts_with("/python/"));
    let (file, place) = own.next_back().or_else(|| frames().next_back())?;
    let file = file.rsplit('/').next().unwrap_or(file);
    let unindented = |line: &&str| !line.is_empty() && !line.starts_with(' ');
    let error = traceback.lines().skip(1).find(unindented)?;
    Some((before, format!("{error} ({file}, {place})")))
}

/// The file and the place that a line of a traceback names, as in
/// `File "/0/app.py", line 3, in count`.
fn frame(line: &str) -> Option<(&str, &str)> {
    line.trim_start()
        .strip_prefix("File \"")?
        .split_once("\", ")
}

/// The last line that says something, and what was printed before the panic it is of.
fn last_line(printed: &str) -> Option<(&str, &str)> {
    let about = |line: &&str| !line.is_empty() && !line.starts_with("note:");
    let line = printed.lines().map(str::trim).rfind(about)?;
    let panic = match printed.starts_with("thread '") {
        true => Some(0),
        false => printed.rfind("\nthread '"),
    };
    let begun = panic.or_else(|| printed.rfind(line));
    let before = begun.and_then(|at| printed.get(..at)).unwrap_or_default();
    Some((before, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_short() {
        let check = |printed: &str, want: &str| assert_eq!(cause("trap", printed), want);
        let traceback = "Traceback (most recent call last):\n  \
             File \"/0/app.py\", line 8, in count\n    helper(text)\n  \
             File \"/0/app.py\", line 18, in helper\n  \
             File \"/python/json/decoder.py\", line 345, in decode\n\
             ValueError: not JSON\n\
             \nthread '<unnamed>' (1) panicked at lib.rs:1:\nPython function threw\n";
        check(
            traceback,
            "the tool failed: ValueError: not JSON (app.py, line 18, in helper)",
        );
        check(
            &format!("one\ntwo\n{traceback}"),
            "the tool failed: ValueError: not JSON (app.py, line 18, in helper); \
             before that it printed:\none\ntwo",
        );
        let panic = "\nthread 'main' panicked at src/lib.rs:3:5:\nno luck\nnote: run with\n";
        check(panic, "trap; it said: no luck");
        check(
            &format!("one{panic}"),
            "trap; it said: no luck; before that it printed:\none",
        );
        check(
            "one\ntwo\n",
            "trap; it said: two; before that it printed:\none",
        );
        check("", "trap");
        // Its beginning was not kept.
        check(
            "in helper\nValueError: x\n",
            "trap; it said: ValueError: x; before that it printed:\nin helper",
        );
    }

    #[test]
    fn the_end_of_what_was_printed_is_told() {
        assert_eq!(progress(" \n"), "");
        assert_eq!(progress("é\n"), "; until then it printed:\né");
        let long = progress(&"0123456789 and so on\n".repeat(1000));
        assert!(long.starts_with("; until then it printed:\n…\n0123456789 and"));
        assert!(long.chars().count() < TOLD_CHARS_MAX + 50, "{long}");
    }
}
