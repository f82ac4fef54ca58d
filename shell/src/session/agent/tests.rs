//! Agents in each form that a file can have, and who is believed.

use quipu_memory::{PageId, Space, Store};

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
    let reads = loaded.memory.reads.as_ref().unwrap();
    assert_eq!(reads[0].0, Space::from("clerk.knowledge"));
    // What a stranger wrote is no example of what is right.
    let trust_of = |loaded: &Loaded| loaded.examples[0].label.trust;
    assert_eq!(trust_of(&loaded), Trust::Untrusted);
    trust::vouch(&file, &paths).unwrap();
    assert_eq!(trust_of(&load(&file, &paths).unwrap()), Trust::User);
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
    trust::vouch(&below, &paths).unwrap();
    check(&folder, true);
    check(&below, false);
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
