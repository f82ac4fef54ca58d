//! The window of a process as a bar of its pages.

use quipu_kernel::window::{PageKind, Window, WindowPage};

use crate::terminal::words::{fill, words};

/// Characters of the bar, so that a line has less than 80; fewer where a terminal has fewer
/// columns.
const BAR: usize = 70;
/// What stands for a free token, and for one that is kept for the answer.
const FREE: char = '·';
const RESERVED: char = '-';

/// A part of a window.
struct Part {
    mark: char,
    name: &'static str,
    tokens: u32,
}

/// The parts of `window`, from the front.
fn parts(window: &Window) -> Vec<Part> {
    let words = words();
    let sum = |kind: PageKind| {
        let pages = window.pages.iter();
        let resident = pages.filter(|page| page.kind == kind && page.resident);
        resident.map(|page| page.tokens).sum()
    };
    let mut parts: Vec<Part> = [
        (PageKind::Boot, 'B', words.page_boot),
        (PageKind::Example, 'x', words.page_examples),
        (PageKind::Reminder, 'm', words.page_reminder),
        (PageKind::Attached, 'a', words.page_attached),
        (PageKind::Picture, 'p', words.page_pictures),
        (PageKind::Task, 'T', words.page_task),
        (PageKind::Step, 's', words.page_steps),
    ]
    .into_iter()
    .map(|(kind, mark, name)| Part {
        mark,
        name,
        tokens: sum(kind),
    })
    .collect();
    let told: u32 = parts.iter().map(|part| part.tokens).sum();
    let used = window.prompt + window.reserve;
    for (mark, name, tokens) in [
        // A template stands between the pages; joined, texts may also have fewer tokens.
        ('=', words.page_template, window.prompt.saturating_sub(told)),
        (RESERVED, words.page_reserve, window.reserve),
        (FREE, words.page_free, window.size.saturating_sub(used)),
    ] {
        parts.push(Part { mark, name, tokens });
    }
    parts.retain(|part| part.tokens > 0);
    parts
}

/// The lines that show `window`, of process `pid`: the bar, unless it is to be `plain`, and
/// what each mark stands for. The terminal has so many `columns`.
pub fn lines(pid: i64, window: &Window, plain: bool, columns: usize) -> Vec<String> {
    let mut lines = vec![fill(
        words().window_of,
        &[
            ("pid", &pid),
            ("used", &window.prompt),
            ("size", &window.size),
        ],
    )];
    let parts = parts(window);
    if !plain {
        lines.push(bar(&parts, BAR.min(columns.saturating_sub(3))));
    }
    for part in &parts {
        lines.push(match plain {
            true => fill(
                words().part,
                &[("name", &part.name), ("tokens", &part.tokens)],
            ),
            false => format!("  {} {:>6}  {}", part.mark, part.tokens, part.name),
        });
    }
    let out = ids(window, |page| !page.resident);
    lines.extend(out.map(|pages| fill(words().evicted_steps, &[("pages", &pages)])));
    let held = ids(window, |page| page.held);
    lines.extend(held.map(|pages| fill(words().held_steps, &[("pages", &pages)])));
    lines
}

/// The ids of those pages of `window` that are `such`; none where there are none.
fn ids(window: &Window, such: fn(&WindowPage) -> bool) -> Option<String> {
    let pages = window.pages.iter().filter(|page| such(page));
    let ids: Vec<&str> = pages.filter_map(|page| page.id.as_deref()).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// The parts side by side in `marks` characters, each as long as its share; what is there has a
/// mark at least.
fn bar(parts: &[Part], marks: usize) -> String {
    let whole: u32 = parts.iter().map(|part| part.tokens).sum();
    let length = |tokens: u32| {
        let share = tokens as usize * marks / (whole as usize).max(1);
        share.max(1)
    };
    let mut lengths: Vec<usize> = parts.iter().map(|part| length(part.tokens)).collect();
    // The longest bar takes the remainder of the rounding.
    let total: usize = lengths.iter().sum();
    if let Some(longest) = lengths.iter_mut().max() {
        *longest = (*longest + marks).saturating_sub(total).max(1);
    }
    let marks = parts.iter().zip(lengths);
    let marks: String = marks
        .map(|(part, length)| part.mark.to_string().repeat(length))
        .collect();
    format!("[{marks}]")
}

#[cfg(test)]
mod tests {
    use quipu_kernel::label::Label;

    use super::*;

    fn page(kind: PageKind, id: Option<&str>, tokens: u32, resident: bool) -> WindowPage {
        WindowPage {
            kind,
            id: id.map(str::to_owned),
            label: Label::kernel(),
            tokens,
            resident,
            held: false,
        }
    }

    #[test]
    fn a_window_is_a_bar_of_its_pages() {
        let window = Window {
            size: 8192,
            prompt: 2300,
            reserve: 512,
            pages: vec![
                page(PageKind::Boot, None, 900, true),
                page(PageKind::Attached, None, 40, true),
                page(PageKind::Task, None, 300, true),
                page(PageKind::Step, Some("s1"), 700, false),
                WindowPage {
                    held: true,
                    ..page(PageKind::Step, Some("s2"), 600, true)
                },
                page(PageKind::Step, Some("s3"), 400, true),
            ],
        };
        let shown = lines(12, &window, false, 80);
        assert!(shown.iter().all(|line| line.chars().count() < 80));
        assert_eq!(shown[1].chars().count(), BAR + 2);
        let plain = lines(12, &window, true, 80);
        insta::assert_snapshot!([shown, plain].concat().join("\n"));
        // One that is nearly full, and one with next to nothing.
        for (prompt, size) in [(7680, 8192), (3, 100_000)] {
            let window = Window {
                size,
                prompt,
                reserve: 512,
                pages: vec![page(PageKind::Boot, None, prompt, true)],
            };
            assert_eq!(lines(1, &window, false, 80)[1].chars().count(), BAR + 2);
            assert_eq!(lines(1, &window, false, 40)[1].chars().count(), 39);
        }
    }
}
