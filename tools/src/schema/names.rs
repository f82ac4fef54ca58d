//! Names by which the functions of several interfaces are told apart.

use super::{Exported, json_name};

/// The forms of a name, from the shortest on; the last one always differs.
const FORMS: usize = 5;

/// Gives each function a name of its own: that of its interface stands before it where two
/// are called the same, then the version or the package, whichever tells them apart.
pub(super) fn tell_apart(functions: &mut [Exported]) {
    let mut forms = vec![0; functions.len()];
    for _ in 0..FORMS * functions.len().min(50) {
        let names: Vec<String> = functions
            .iter()
            .zip(&forms)
            .map(|(function, form)| named(function, *form))
            .collect();
        let same = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
        let alike: Vec<usize> = (0..names.len())
            .filter(|at| same(&names[*at]) && forms[*at] + 1 < FORMS)
            .collect();
        if alike.is_empty() {
            return settle(functions, names);
        }
        // All that are called so change, and each as little as is needed.
        for at in alike {
            forms[at] += 1;
        }
    }
    let names = functions.iter().map(|function| named(function, FORMS - 1));
    settle(functions, names.collect());
}

/// The names, with a number where nothing else tells two apart.
fn settle(functions: &mut [Exported], names: Vec<String>) {
    let mut taken: Vec<String> = Vec::new();
    for (function, name) in functions.iter_mut().zip(names) {
        let numbered = (2..).map(|n| format!("{name}_{n}"));
        let mut free = std::iter::once(name.clone())
            .chain(numbered)
            .filter(|name| !taken.contains(name));
        let name = free.next().unwrap_or(name);
        taken.push(name.clone());
        function.spec.name = name;
    }
}

/// The name of `function` in one of its forms: bare, with its interface, with that and its
/// version, with its package, with all of that.
fn named(function: &Exported, form: usize) -> String {
    let bare = json_name(&function.name);
    let Some(whole) = function.interface.as_ref().filter(|_| form > 0) else {
        return bare;
    };
    let (path, version) = whole.split_once('@').unwrap_or((whole, ""));
    let (package, interface) = path.rsplit_once('/').unwrap_or(("", path));
    let parts = match form {
        1 => vec![interface],
        2 => vec![interface, version],
        3 => vec![package, interface],
        _ => vec![package, interface, version],
    };
    let plain = |text: &str| text.replace([':', '.', '-', '+', '/'], "_");
    let mut words: Vec<String> = parts.iter().map(|part| plain(part)).collect();
    words.push(bare);
    words.retain(|word| !word.is_empty());
    words.join("_")
}

#[cfg(test)]
mod tests {
    use super::super::command;
    use super::*;

    #[test]
    fn each_function_has_a_name_of_its_own() {
        let check = |given: &[(&str, &str)], want: &[&str]| {
            let mut all: Vec<Exported> = given
                .iter()
                .map(|(interface, name)| Exported {
                    interface: (!interface.is_empty()).then(|| (*interface).to_owned()),
                    name: (*name).to_owned(),
                    ..command::exported(String::new())
                })
                .collect();
            tell_apart(&mut all);
            let names: Vec<&str> = all.iter().map(|f| f.spec.name.as_str()).collect();
            assert_eq!(names, want);
        };
        check(&[("a:b/one", "f"), ("a:b/other", "g")], &["f", "g"]);
        check(
            &[("a:b/one", "f"), ("a:b/other", "f")],
            &["one_f", "other_f"],
        );
        check(
            &[("a:b/m@1.0.0", "f"), ("a:b/m@2.0.0", "f")],
            &["m_1_0_0_f", "m_2_0_0_f"],
        );
        check(&[("a:b/m", "f"), ("c:b/m", "f")], &["a_b_m_f", "c_b_m_f"]);
        check(
            &[("a:b/m@1.0.0", "f"), ("c:b/m@1.0.0", "f")],
            &["a_b_m_f", "c_b_m_f"],
        );
        check(
            &[("one", "f"), ("other", "f"), ("", "one-f")],
            &["one_f", "other_f", "one_f_2"],
        );
        check(&[("", "f"), ("a:b/m", "f")], &["f", "m_f"]);
    }
}
