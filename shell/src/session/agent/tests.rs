//! Agents in each form that a file can have, and who is believed.

use quipu_memory::{PageId, Space, Store};
use quipu_tools::{CallContext, Device, ErrorKind};
use serde_json::json;

use super::*;

fn check(name: &str, text: &str, want: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    let said = match load_apart(&file) {
        Ok(Loaded { agent, limits, .. }) => format!(
            "{} | {} | {:?} | {:?}",
            agent.name, agent.instructions, agent.tools, limits.steps
        ),
        Err(error) => format!("{error:#}"),
    };
    assert!(said.contains(want), "{said}");
}

#[test]
fn every_form_of_agent() {
    check(
        "a.toml",
        "name = 'n'\ninstructions = 'i'\ntools = ['t']",
        "n | i | Some([\"t\"])",
    );
    check("a.toml", "[limits]\nsteps = 3", "a |  | None | Some(3)");
    check("a.toml", "nam = 'n'", "unknown field");
    let line = "a name has a line end";
    check("a.toml", "name = 'n'\nmodel = \"m\\nwarning: x\"", line);
    check("a.toml", "name = \"n\\nwarning: all is well\"", line);
    check("S.md", "---\nname: \"n\\nb\"\n---\nBody.\n", line);
    check(
        "a.toml",
        "[memory]\nspace = 'a b'",
        "cannot be the name of a space",
    );
    check(
        "S.md",
        "---\r\nname: crlf\r\n---\r\nBody.\r\n",
        "crlf | Body. | None",
    );
    check(
        "SKILL.md",
        "---\nname: sums\ndescription: Adds.\nallowed-tools: calculator, browser\n---\nBe exact.\n",
        "sums | Adds.\n\nBe exact. | None",
    );
    check(
        "SKILL.md",
        "\u{feff}---\nname: sums\nallowed-tools: WebFetch Edit\n---\nBe exact.\n",
        "Be exact.\n\nThis was written for another program. Here there is browser.fetch for WebFetch. | None",
    );
    // Of other programs.
    check(
        "plan.agent.md",
        "---\ndescription: Plans.\ntools: ['search', 'fetch']\nmodel: x\n---\nPlan.\n",
        "plan | Plans.\n\nPlan.\n\nThis was written for another program. Here there is browser.fetch for fetch. | None",
    );
    check(
        "agent.json",
        r#"{"name": "sums", "description": "Adds.", "prompt": "Be exact."}"#,
        "sums | Adds.\n\nBe exact. | None",
    );
    check("agent.json", "{\"name\": \"sums\"}", "has no `prompt`");
    check("SKILL.md", "---\nname: sums\nBe exact.\n", "has no end");
    check(
        "Skill.md",
        "---\nname: sums\n---\nBe exact.\n",
        "sums | Be exact. | None",
    );
    check("plain.md", "Just do it.", "plain | Just do it. | None");
    check(
        "do",
        "#!/usr/bin/env -S quipu run --agent\nJust do it.\n",
        "do | Just do it. | None",
    );
    check("do", "#!/usr/bin/env -S quipu run --agent", "do |  | None");
    check("a.toml", "schema = '../s.json'", "is not in the folder");
    check("a.toml", "schema = 's.json'", "a.toml: there is no ");
    check(
        "a.toml",
        "[[examples]]\ntask = 't'",
        "missing field `answer`",
    );
}

#[test]
fn an_agent_says_more_than_instructions() {
    let root = tempfile::tempdir().unwrap();
    let paths = Paths::find(Some(root.path().join("root").as_path())).unwrap();
    let file = root.path().join("clerk.toml");
    let text = "model = 'tiny'\nknowledge = ['docs', '/srv/docs']\nschema = { type = 'number' }\n\
                [[examples]]\ntask = 'one'\nanswer = 1\n";
    std::fs::write(&file, text).unwrap();
    let loaded = load(&file, &paths).unwrap();
    assert_eq!(loaded.model.as_deref(), Some("tiny"));
    let folders = [root.path().join("docs"), PathBuf::from("/srv/docs")];
    assert_eq!(loaded.knowledge, folders);
    assert_eq!(loaded.schema.as_ref().unwrap()["type"], "number");
    // What a stranger wrote is no example of what is right, nor does it read what is known here.
    let trust_of = |loaded: &Loaded| loaded.examples[0].label.trust;
    let reads = |loaded: &Loaded| {
        let reads = loaded.memory.reads.iter().flatten();
        reads.map(|space| space.0.clone()).collect::<Vec<_>>()
    };
    assert_eq!(trust_of(&loaded), Trust::Untrusted);
    assert_eq!(reads(&loaded), Vec::<Space>::new());
    trust::vouch(&file, &parts(&file), &paths).unwrap();
    let trusted = load(&file, &paths).unwrap();
    assert_eq!(trust_of(&trusted), Trust::User);
    assert_eq!(reads(&trusted), [Space::from("clerk.knowledge")]);
    // A stranger that names that space itself is looked at as before.
    let other = format!("{text}[memory]\nreads = ['clerk.knowledge']\n");
    std::fs::write(&file, other).unwrap();
    let changed = load(&file, &paths).unwrap();
    assert_eq!(reads(&changed), [Space::from("clerk.knowledge")]);
}

#[test]
fn an_agent_is_a_strangers_until_it_is_trusted() {
    let root = tempfile::tempdir().unwrap();
    let paths = Paths::find(Some(root.path().join("root").as_path())).unwrap();
    let folder = root.path().join("ag");
    let file = folder.join("agent.toml");
    std::fs::create_dir_all(folder.join(".quipu/agents")).unwrap();
    let below = folder.join(".quipu/agents/b.toml");
    let write = |text: &str| {
        std::fs::write(&file, text).unwrap();
        std::fs::write(&below, text).unwrap();
    };
    let check = |path: &Path, stranger: bool| {
        let loaded = load(path, &paths).unwrap();
        assert_eq!(loaded.agent.stranger, stranger, "{}", path.display());
    };
    let trust = || {
        let folder = trust::Folder::read(&folder).unwrap();
        let mut book = trust::book(&paths).unwrap();
        book.trust(folder.key().unwrap(), folder.hashes()).unwrap();
    };
    write("name = 'a'");
    check(&folder, true);
    trust();
    check(&folder, false);
    check(&below, false);
    write("name = 'b'");
    check(&folder, true);
    check(&below, true);
    trust::vouch(&below, &parts(&below), &paths).unwrap();
    check(&folder, true);
    check(&below, false);
}

#[test]
fn trust_is_bound_to_all_that_an_agent_pulls_in() {
    let root = tempfile::tempdir().unwrap();
    let paths = Paths::find(Some(root.path().join("root").as_path())).unwrap();
    let check = |agent: &str, text: &str, part: &str, by_folder: bool| {
        let folder = root.path().join(format!("{agent}-{by_folder}"));
        std::fs::create_dir_all(folder.join("forms")).unwrap();
        let file = folder.join(agent);
        std::fs::write(&file, text).unwrap();
        let write = |text: &str| std::fs::write(folder.join(part), text).unwrap();
        let trust = || match by_folder {
            true => {
                let folder = folder_to_trust(&folder).unwrap();
                let mut book = trust::book(&paths).unwrap();
                book.trust(folder.key().unwrap(), folder.hashes()).unwrap();
            }
            false => drop(trust::vouch(&file, &parts(&file), &paths).unwrap()),
        };
        let stands = |stranger: bool, changed: &[&str]| {
            let loaded = load(&file, &paths).unwrap();
            let got = (loaded.agent.stranger, loaded.changed);
            let want: Vec<String> = changed.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(got, (stranger, want), "{agent} {by_folder}");
        };
        write("{\"type\": \"number\"}");
        stands(true, &[]);
        trust();
        stands(false, &[]);
        write("{\"type\": \"string\"}");
        stands(true, &[part]);
        trust();
        stands(false, &[]);
        std::fs::write(&file, format!("{text}\n")).unwrap();
        stands(true, &["the file itself"]);
    };
    for by_folder in [false, true] {
        let form = "forms/form.json";
        check(
            "agent.toml",
            "schema = './forms/form.json'",
            form,
            by_folder,
        );
        check("SKILL.md", "Be exact.", "forms/how.md", by_folder);
    }
}

#[test]
fn files_beside_an_agent_are_read_only_where_it_was_trusted_before() {
    let root = tempfile::tempdir().unwrap();
    let paths = Paths::find(Some(root.path().join("root").as_path())).unwrap();
    let folder = root.path().join("project/skill");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("SKILL.md");
    for name in ["SKILL.md", "how.md"] {
        std::fs::write(folder.join(name), "Be exact.").unwrap();
    }
    let check = |is_known: bool| {
        assert_eq!(trust::is_known(&file, &paths).unwrap(), is_known);
        let loaded = load(&file, &paths).unwrap();
        assert_eq!(loaded.parts.contains_key("how.md"), is_known);
        assert_eq!(loaded.agent.stranger, !is_known);
    };
    check(false);
    // What else is trusted says nothing of it.
    std::fs::write(root.path().join("project/AGENTS.md"), "Be brief.").unwrap();
    let above = folder_to_trust(&root.path().join("project")).unwrap();
    let mut book = trust::book(&paths).unwrap();
    book.trust(above.key().unwrap(), above.hashes()).unwrap();
    check(false);
    trust::vouch(&file, &parts(&file), &paths).unwrap();
    check(true);
}

#[test]
fn of_a_trusted_skill_nothing_else_is_read() {
    let root = tempfile::tempdir().unwrap();
    let paths = Paths::find(Some(root.path().join("root").as_path())).unwrap();
    let folder = root.path().join("skill");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str| std::fs::write(folder.join(name), "Be exact.").unwrap();
    let file = folder.join("SKILL.md");
    // Windows puts a mark before it.
    std::fs::write(&file, "\u{feff}Be exact.").unwrap();
    trust::vouch(&file, &parts(&file), &paths).unwrap();
    let trusted = load(&file, &paths).unwrap();
    // It comes while a machine starts.
    write("late.md");
    let stranger = load(&file, &paths).unwrap();
    let check = |loaded: &Loaded, name: &str, want: Result<&str, ErrorKind>| {
        let files = loaded.files().unwrap().unwrap();
        let said = files.call("read", &json!({ "path": name }), &CallContext::default());
        let said = said.map_err(|error| error.kind);
        assert_eq!(said, want.map(Value::from), "{name}");
    };
    check(&trusted, "late.md", Err(ErrorKind::Denied));
    check(&trusted, "SKILL.md", Ok("Be exact."));
    check(&stranger, "late.md", Ok("Be exact."));
}

#[test]
fn a_folder_takes_effect_whatever_its_agent_pulls_in() {
    let root = tempfile::tempdir().unwrap();
    let paths = Paths::find(Some(root.path().join("root").as_path())).unwrap();
    let folder = root.path().join("project");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write(trust::SERVERS, "{}");
    write("agent.toml", "schema = 's.json'");
    write("s.json", "{\"type\": \"number\"}");
    let found = folder_to_trust(&folder).unwrap();
    let mut book = trust::book(&paths).unwrap();
    book.trust(found.key().unwrap(), found.hashes()).unwrap();
    write("s.json", "{\"type\": \"string\"}");
    assert!(trust::effective(&folder, &paths).is_ok());
    assert!(load(&folder, &paths).unwrap().agent.stranger);
    write(trust::SERVERS, "{ }");
    assert!(trust::effective(&folder, &paths).is_err());
}

#[test]
fn a_stranger_gets_no_part_of_the_disk_that_is_anothers() {
    use quipu_memory::{Kind, NewPage, RamStore};
    let store = RamStore::new();
    let page = |id: PageId, space: &str| NewPage {
        id: Some(id),
        kind: Kind::Memory,
        text: "text".into(),
        space: space.into(),
        ..NewPage::default()
    };
    store
        .put(page(PageId::of_block(&Space::SHARED, "person"), ""))
        .unwrap();
    store.put(page("m1".into(), "notes")).unwrap();
    let documents = NewPage {
        kind: Kind::Document,
        ..page("d1".into(), "library")
    };
    store.put(documents).unwrap();
    let check = |memory: &str, want: &str| {
        let text = format!("[memory]\n{memory}");
        let mut loaded = parse("a.toml".as_ref(), &text).unwrap();
        assert!(loaded.check_memory(&store).is_ok());
        loaded.agent.stranger = true;
        let said = loaded
            .check_memory(&store)
            .map_err(|error| error.to_string());
        assert!(said.err().unwrap_or_default().contains(want), "{memory}");
    };
    check("space = 'notes'", "the space notes");
    check("reads = ['library']", "the space library");
    check("blocks = ['person']", "the note person");
    let fresh = parse(
        "a.toml".as_ref(),
        "[memory]\nspace = 'new'\nblocks = ['person']",
    );
    let mut fresh = fresh.unwrap();
    fresh.agent.stranger = true;
    assert!(fresh.check_memory(&store).is_ok());
}

#[test]
fn a_name_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let agents = folder.path().join("agents");
    std::fs::create_dir_all(agents.join("clerk")).unwrap();
    std::fs::write(agents.join("clerk/agent.toml"), "").unwrap();
    std::fs::write(agents.join("poet.md"), "Rhyme.").unwrap();
    std::fs::write(folder.path().join("outside.md"), "").unwrap();
    assert_eq!(
        all(&agents).into_keys().collect::<Vec<_>>(),
        ["clerk", "poet"]
    );
    let check = |name: &str, there: bool| {
        assert_eq!(named(&agents, name).is_some(), there, "{name}");
    };
    check("clerk", true);
    check("poet", true);
    check("nobody", false);
    for path in ["", ".", "..", "../outside", "clerk/../poet", "/etc/passwd"] {
        check(path, false);
    }
}
