//! What is offered, under which names, and what is not.

use quipu_kernel::gate::rules::{Confided, Rules};
use quipu_kernel::gate::{Approve, Secrecy};
use quipu_tools::{Device, DeviceSpec, LeakScan, Secret};

use super::*;
use crate::config::paths::Paths;

const LONG: &str = "a_name_that_goes_on_and_on_until_no_client_would_take_it_any_more";

/// A tool whose functions give its own name.
struct Named(DeviceSpec);

impl Device for Named {
    fn spec(&self) -> &DeviceSpec {
        &self.0
    }

    fn call(&self, name: &str, _: &Value, _: &CallContext) -> Result<Value, ToolError> {
        Ok(json!(format!("{}.{name}", self.0.name)))
    }
}

fn named(name: &str, functions: &[(&str, Effect)]) -> Arc<dyn Device> {
    let function = |(name, effect): &(&str, Effect)| FunctionSpec {
        name: (*name).to_owned(),
        effect: *effect,
        ..memory_calls()[0].1.clone()
    };
    Arc::new(Named(DeviceSpec {
        name: name.to_owned(),
        functions: functions.iter().map(function).collect(),
        ..DeviceSpec::default()
    }))
}

#[test]
fn only_what_is_listed_is_called_and_each_by_one_name() {
    let mut bus = Bus::default();
    for device in [
        named("a_b", &[("c", Effect::Read)]),
        named(
            "a",
            &[
                ("b_c", Effect::Read),
                ("b.c", Effect::Read),
                ("d", Effect::Write),
                (LONG, Effect::Read),
            ],
        ),
        named("memory", &[("search", Effect::Read)]),
    ] {
        bus.add(device).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let check = |approve: Approve, name: &str, want: &str| {
        let policy = Policy {
            grants: Grants::from_iter([Capability::MemWrite]),
            approve,
            ..Policy::default()
        };
        let shelf = Shelf::of(&Paths::find(Some(folder.path())).unwrap());
        let offer = Offer::new(shelf, &bus, policy);
        let args = json!({"query": "x"});
        let said = match offer.0.call(name, &args, &CallContext::default()) {
            Ok(value) => value.to_string(),
            Err(error) => error.message,
        };
        assert!(said.contains(want), "{name}: {said}");
    };
    check(Approve::Never, "a_b_c", "a_b.c");
    check(Approve::Never, "a_b_c_2", "a.b_c");
    check(Approve::Never, "a_b_c_3", "a.b.c");
    check(Approve::Never, "memory_search", "hits");
    check(Approve::Never, "memory_search_2", "memory.search");
    check(Approve::Never, "a.b_c", "there is no tool a.b_c");
    check(Approve::Never, "a_b.c", "there is no tool a_b.c");
    check(Approve::Never, "a_b_c_4", "there is no tool a_b_c_4");
    // Not as if its user had typed it.
    check(Approve::Never, "a_d", "has read untrusted text from");
    check(Approve::Never, &format!("a_{}", &LONG[..58]), LONG);
    check(Approve::All, "a_d", "a.d");
}

#[test]
fn what_its_user_keeps_private_is_not_offered() {
    let mut bus = Bus::default();
    for device in ["diary", "clock"] {
        bus.add(named(device, &[("read", Effect::Read)])).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let check = |private: &[&str], want: &[&str]| {
        let confided = |tool: &&str| Confided {
            tool: (*tool).to_owned().into(),
            secrecy: Secrecy::Private,
            origin: String::new(),
        };
        let rules = Rules {
            private: private.iter().map(confided).collect(),
            ..Rules::default()
        };
        let policy = Policy {
            approve: Approve::All,
            rules: Arc::new(rules),
            ..Policy::default()
        };
        let shelf = Shelf::of(&Paths::find(Some(folder.path())).unwrap());
        let offer = Offer::new(shelf, &bus, policy);
        let names: Vec<&str> = offer.0.tools.iter().map(|tool| &*tool.name).collect();
        assert_eq!(names, want, "{private:?}");
        let args = json!({"query": "x"});
        let called = offer.0.call("diary_read", &args, &CallContext::default());
        assert_eq!(called.is_ok(), want.contains(&"diary_read"), "{private:?}");
    };
    let memory = [SEARCH, SHOW, PUT];
    check(&[], &[&memory[..], &["diary_read", "clock_read"]].concat());
    check(&["diary.*"], &[&memory[..], &["clock_read"]].concat());
    check(&["memory.*", "diary.read"], &["clock_read"]);
}

#[test]
fn no_secret_is_in_a_page_that_another_program_is_shown_or_keeps() {
    let value = "tok-48151623421808";
    let secret = Secret::new(value).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let shelf = || Shelf::of(&Paths::find(Some(folder.path())).unwrap());
    // Kept before it was known as a secret.
    let old = NewPage {
        id: Some(PageId::from("old")),
        text: format!("The key of the llama house is {value}."),
        source: "test".into(),
        trust: Trust::User,
        ..NewPage::default()
    };
    shelf().write(|store| store.put(old)).unwrap();
    let policy = Policy {
        grants: Grants::from_iter([Capability::MemWrite]),
        approve: Approve::All,
        leaks: LeakScan::of([("house", &secret)]),
        ..Policy::default()
    };
    let offer = Offer::new(shelf(), &Bus::default(), policy);
    let call = |name: &str, args: Value| {
        let said = offer.0.call(name, &args, &CallContext::default());
        let said = said.unwrap();
        assert!(!said.to_string().contains(value), "{said}");
        said
    };
    let found = call(SEARCH, json!({"query": "llama"}));
    assert!(found.to_string().contains("⟦secret house⟧"), "{found}");
    call(SHOW, json!({"id": "old"}));
    let put = call(PUT, json!({"text": format!("Another llama: {value}")}));
    let id = put["id"].as_str().unwrap().to_owned();
    let store = shelf().read().unwrap();
    let kept = store.get(&PageId::from(id)).unwrap().unwrap();
    assert_eq!(kept.text, "Another llama: ⟦secret house⟧");
}
