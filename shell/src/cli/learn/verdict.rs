//! Whether a set of skills is worth keeping.

use serde::Serialize;

use crate::cli::eval::comparison::Paired;

/// The result of a set that was tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether it is good enough.
    pub kept: bool,
    /// Why, in words.
    pub why: String,
}

/// The verdict on what showing a set of skills changed in the cases that were held aside. A
/// gain counts whose likelihood by chance is at most `p_max`.
pub fn on_the_half_aside(paired: &Paired, p_max: f64) -> Verdict {
    let (better, worse) = (paired.better.len(), paired.worse.len());
    let counts = format!(
        "{better} better, {worse} worse of {} (p = {:.3})",
        paired.n, paired.p
    );
    let refused = |reason: &str| Verdict {
        kept: false,
        why: format!("{counts}: {reason}"),
    };
    match (better > worse, paired.p <= p_max) {
        (false, _) => refused("no gain"),
        (true, false) => refused("it may be chance; more cases would tell"),
        (true, true) => Verdict {
            kept: true,
            why: counts,
        },
    }
}

/// Whether another suite loses by the set; in words, if so.
pub fn on_another(name: &str, paired: &Paired) -> Option<String> {
    let (better, worse) = (paired.better.len(), paired.worse.len());
    (worse > better).then(|| {
        format!(
            "{name} loses: {better} better, {worse} worse of {}",
            paired.n
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cli::eval::comparison::compare;
    use crate::cli::eval::rows::Row;

    fn paired(better: usize, worse: usize, same: usize) -> Paired {
        let rows = |held: &dyn Fn(usize) -> bool| -> Vec<Row> {
            let all = 0..better + worse + same;
            let row = |n| Row {
                id: json!(n),
                passed: held(n),
                ..Row::default()
            };
            all.map(row).collect()
        };
        let after = rows(&|n| n < better);
        let before = rows(&|n| (better..better + worse).contains(&n));
        compare(&after, &before)
    }

    #[test]
    fn a_gain_counts_that_chance_hardly_gives() {
        let check = |better, worse, p_max, kept: bool, why: &str| {
            let verdict = on_the_half_aside(&paired(better, worse, 3), p_max);
            assert_eq!(verdict.kept, kept, "{verdict:?}");
            assert!(verdict.why.contains(why), "{verdict:?}");
        };
        check(5, 0, 0.1, true, "5 better, 0 worse of 8 (p = 0.062)");
        check(4, 0, 0.1, false, "chance");
        check(4, 0, 1.0, true, "");
        check(2, 2, 1.0, false, "no gain");
        check(0, 5, 0.1, false, "no gain");
    }

    #[test]
    fn another_suite_may_not_lose() {
        assert_eq!(on_another("s", &paired(1, 1, 2)), None);
        let said = on_another("s", &paired(0, 1, 2)).map(Value::from);
        assert_eq!(said, Some(json!("s loses: 0 better, 1 worse of 3")));
    }
}
