//! The skills that were learnt: listed, shown, switched off and on, removed.

use anyhow::Result;

use crate::session::learnt::{Gain, Shelf, Skill};
use crate::terminal::error::UserError;
use crate::terminal::hints;
use crate::terminal::output::{self, ago, counted, one_line, shortened, visible};

/// Characters of a task in the list.
const TASK_CHARS: usize = 60;

/// Lists the skills.
pub fn list(shelf: &Shelf, as_json: bool) -> Result<u8> {
    let skills = shelf.all()?;
    if as_json {
        output::json(&skills)?;
        return Ok(0);
    }
    if skills.is_empty() {
        say!("nothing was learnt yet: `quipu learn CASES.jsonl` learns from cases");
        return Ok(0);
    }
    let row = |skill: &Skill| {
        vec![
            skill.id.clone(),
            skill.set.to_string(),
            on_words(skill.on).to_owned(),
            skill.shows().word().to_owned(),
            format!("{}:{}", skill.origin.suite, skill.origin.case),
            skill.gain.as_ref().map_or_else(|| "-".into(), short),
            shortened(&one_line(&skill.task), TASK_CHARS),
        ]
    };
    output::table(
        &["ID", "SET", "SHOWN", "KIND", "FROM", "GAIN", "TASK"],
        skills.iter().map(row).collect(),
    )?;
    Ok(0)
}

fn on_words(on: bool) -> &'static str {
    match on {
        true => "yes",
        false => "no",
    }
}

fn short(gain: &Gain) -> String {
    format!("{} -> {} of {}", gain.before, gain.after, gain.cases)
}

/// Shows the skill `id`.
pub fn show(shelf: &Shelf, id: &str, as_json: bool) -> Result<u8> {
    let skill = found(&shelf.all()?, id)?;
    if as_json {
        output::json(&skill)?;
        return Ok(0);
    }
    let origin = &skill.origin;
    let who = match &origin.model {
        Some(model) => format!("done by {model}"),
        None => "told by its user".to_owned(),
    };
    let mut lines = vec![
        format!("{}  {}, set {}", skill.id, skill.shows().word(), skill.set),
        format!("shown: {}", on_words(skill.on)),
        format!(
            "from: {}, case {}, {who}, {}",
            origin.suite,
            origin.case,
            ago(origin.learnt_ms)
        ),
    ];
    if let Some(gain) = &skill.gain {
        lines.push(format!(
            "gain of its set: {} cases held aside (p = {:.3})",
            short(gain),
            gain.p
        ));
    }
    lines.push(format!("\ntask: {}", skill.task));
    for turn in &skill.turns {
        lines.push(match turn.action["args"]["code"].as_str() {
            Some(program) => format!("program:\n{program}"),
            None => turn.action.to_string(),
        });
        lines.extend(turn.observation.iter().map(|text| format!("-> {text}")));
    }
    for line in lines.iter().flat_map(|line| line.split('\n')) {
        output::line(&visible(line))?;
    }
    Ok(0)
}

/// Switches the skills `ids`, or all, on or off.
pub fn switch(shelf: &Shelf, ids: &[String], on: bool) -> Result<u8> {
    let all = shelf.all()?;
    let chosen: Vec<Skill> = match ids.is_empty() {
        true => all,
        false => ids
            .iter()
            .map(|id| found(&all, id))
            .collect::<Result<_>>()?,
    };
    let mut changed = 0;
    for skill in chosen.into_iter().filter(|skill| skill.on != on) {
        shelf.put(&Skill { on, ..skill })?;
        changed += 1;
    }
    let word = match on {
        true => "on",
        false => "off",
    };
    say!("{changed} switched {word}");
    Ok(0)
}

/// Removes the skills `ids`.
pub fn remove(shelf: &Shelf, ids: &[String]) -> Result<u8> {
    let all = shelf.all()?;
    let chosen: Vec<Skill> = ids
        .iter()
        .map(|id| found(&all, id))
        .collect::<Result<_>>()?;
    for skill in &chosen {
        shelf.remove(&skill.id)?;
    }
    say!("{} removed", chosen.len());
    Ok(0)
}

/// Removes the newest set.
pub fn roll_back(shelf: &Shelf) -> Result<u8> {
    let all = shelf.all()?;
    let Some(last) = all.iter().map(|skill| skill.set).max() else {
        say!("nothing was learnt yet");
        return Ok(0);
    };
    let newest: Vec<&Skill> = all.iter().filter(|skill| skill.set == last).collect();
    for skill in &newest {
        shelf.remove(&skill.id)?;
    }
    let left = all.len() - newest.len();
    say!(
        "set {last} is removed: {}; left: {left}",
        counted(newest.len(), "example")
    );
    Ok(0)
}

/// The skill `id`.
fn found(skills: &[Skill], id: &str) -> Result<Skill> {
    let skill = skills.iter().find(|skill| skill.id == id);
    skill.cloned().ok_or_else(|| {
        let known = skills.iter().map(|skill| skill.id.as_str());
        let lists = "`quipu learn ls` lists them; those of an agent with --agent";
        UserError::usage(
            format!("there is no skill {}", visible(id)),
            hints::near(id, known, lists),
        )
    })
}
