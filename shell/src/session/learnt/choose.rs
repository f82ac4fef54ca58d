//! Finds the skills that are like a task, and those of many that are worth keeping side by side.

use quipu_memory::likeness;

use super::Skill;

/// Skills that one process is given, before its budget is counted.
const GIVEN_MAX: usize = 8;
/// From which likeness on a skill is like a task: tasks that have hardly a word in common
/// teach each other nothing.
const LIKE: f32 = 0.05;
/// From which likeness on two tasks are the same in other words.
const SAME: f32 = 0.9;

/// The skills that are like `task`, the likest first.
pub fn likest<'a>(skills: &'a [Skill], task: &str) -> Vec<&'a Skill> {
    let mut found: Vec<(f32, &Skill)> = alike(skills, task)
        .zip(skills)
        .filter(|(likeness, _)| *likeness >= LIKE)
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.truncate(GIVEN_MAX);
    found.into_iter().map(|(_, skill)| skill).collect()
}

fn alike(skills: &[Skill], task: &str) -> impl Iterator<Item = f32> + use<> {
    let tasks: Vec<&str> = skills.iter().map(|skill| skill.task.as_str()).collect();
    likeness(task, &tasks).into_iter()
}

/// At most `most` of `skills` that do not say the same, in other words, as another or as a
/// `known` one. Of such skills the first is kept.
pub fn apart(known: &[Skill], skills: Vec<Skill>, most: usize) -> Vec<Skill> {
    let mut kept: Vec<Skill> = Vec::new();
    for skill in skills {
        let mut all = alike(known, &skill.task).chain(alike(&kept, &skill.task));
        let same = all.any(|likeness| likeness >= SAME);
        if kept.len() < most && !same {
            kept.push(skill);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::{Origin, Skill};
    use super::*;

    fn skills(tasks: &[&str]) -> Vec<Skill> {
        let skill = |task: &&str| Skill {
            id: (*task).to_owned(),
            task: (*task).to_owned(),
            turns: Vec::new(),
            origin: Origin {
                suite: String::new(),
                case: 1.into(),
                model: None,
                learnt_ms: 0,
            },
            gain: None,
            on: true,
            set: 1,
        };
        tasks.iter().map(skill).collect()
    }

    #[test]
    fn the_likest_come_first_and_strangers_not_at_all() {
        let skills = skills(&[
            "What is the capital of Peru?",
            "How many legs have three dogs?",
            "How many legs have four spiders on a web?",
        ]);
        let check = |task: &str, want: &[usize]| {
            let found = likest(&skills, task);
            let want: Vec<&Skill> = want.iter().map(|n| &skills[*n]).collect();
            assert_eq!(found, want, "{task}");
        };
        check("How many legs have nine dogs?", &[1, 2]);
        check("Name the capital of Chile.", &[0]);
        check("Sing a song.", &[]);
    }

    #[test]
    fn what_says_the_same_is_kept_once() {
        let given = skills(&[
            "How many legs have three dogs?",
            "How many legs have the three dogs?",
            "Who wrote Faust?",
            "Where is Lima?",
        ]);
        let kept = apart(&[], given.clone(), 2);
        assert_eq!(apart(&kept, given, 2).len(), 1);
        let ids: Vec<&str> = kept.iter().map(|skill| skill.id.as_str()).collect();
        assert_eq!(ids, ["How many legs have three dogs?", "Who wrote Faust?"]);
    }
}
