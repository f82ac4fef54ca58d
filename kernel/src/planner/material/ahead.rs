//! Which of the links of a page a task speaks of: a small model opens them in the order in which
//! they stand.

use unicode_segmentation::UnicodeSegmentation;

use crate::planner::poor_answer::stem;
use crate::planner::shared_words::shared_things;

/// Those of `addresses` whose links on `page` share most of what `task` is about; all of them where
/// none shares anything.
pub(crate) fn meant(addresses: Vec<String>, page: &str, task: &str) -> Vec<String> {
    let labels: Vec<String> = addresses
        .iter()
        .map(|address| stems(&label(address, page)))
        .collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let shared = shared_things(&labels, &stems(task));
    let most = shared.iter().copied().fold(0.0, f32::max);
    let both = addresses.into_iter().zip(shared);
    both.filter(|(_, shared)| *shared >= most)
        .map(|(address, _)| address)
        .collect()
}

/// What `page` calls the link to `address`, and what the end of the address says.
fn label(address: &str, page: &str) -> String {
    let linked = format!("]({address}");
    let named = page.match_indices(&linked).filter_map(|(at, _)| {
        // Not what only begins with the address.
        let ends = page[at + linked.len()..].starts_with([')', ' ']);
        let before = &page[..at];
        let start = before.rfind('[').filter(|_| ends)?;
        Some(&before[start + 1..])
    });
    let path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let end = path.trim_end_matches('/').rsplit_once('/');
    let end = end.map_or("", |(_, end)| end);
    // The last ending is the kind of file.
    let end = end.rsplit_once('.').map_or(end, |(end, _)| end);
    let end = end.replace(|c: char| !c.is_alphanumeric(), " ");
    named.chain([end.as_str()]).collect::<Vec<_>>().join(" ")
}

/// The words of `text` without the endings of their plurals.
fn stems(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.unicode_words().map(stem);
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_that_a_task_speaks_of_is_meant() {
        let page = "[Canteen](http://a.example/p/1) - [Fire safety](http://a.example/p/2) \
            [Dogs](http://a.example/dog-rules.html \"Rules\") [食堂菜单](http://a.example/p/3)";
        let all = [
            "http://a.example/p/1",
            "http://a.example/p/2",
            "http://a.example/dog-rules.html",
            "http://a.example/p/3",
        ];
        let check = |task: &str, want: &[usize]| {
            let addresses = all.map(str::to_owned).to_vec();
            let want: Vec<&str> = want.iter().map(|at| all[*at]).collect();
            assert_eq!(meant(addresses, page, task), want, "{task}");
        };
        check("Who is in charge of fire safety?", &[1]);
        check("May I bring my dog?", &[2]);
        check("When does the canteen open?", &[0]);
        check("今天食堂有什么汤？", &[3]);
        // Two of them, and none.
        check("Is there fire in the canteen?", &[0, 1]);
        check("How much is a ticket?", &[0, 1, 2, 3]);
        check("", &[0, 1, 2, 3]);
        assert!(meant(Vec::new(), page, "fire").is_empty());
    }

    #[test]
    fn a_link_has_the_words_of_its_end_too() {
        let check = |address: &str, page: &str, want: &str| {
            assert_eq!(label(address, page), want, "{address} {page}");
        };
        let address = "https://a.example/club/how_to-join.html";
        check(address, "", "how to join");
        check(
            address,
            &format!("See [this]({address})."),
            "this how to join",
        );
        check(address, &format!("[this]({address}?page=2)"), "how to join");
        check("https://a.example/", "[Home](https://a.example/)", "Home ");
        check("https://a.example", "", "");
    }
}
