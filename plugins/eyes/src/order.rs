//! In which order are the lines read? Down one column, then down the next. Only what reads
//! like prose is a column; the cells of a table are read row by row.

/// A line that was read, in the frame of its page.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f32,
    /// Left, top, right and bottom in pixels of the picture.
    pub bounds: [u32; 4],
    /// The same in the frame of the page, in which lines run to the right.
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Line {
    fn height(&self) -> f32 {
        self.bottom - self.top
    }

    fn middle(&self) -> f32 {
        (self.top + self.bottom) / 2.0
    }
}

/// Lines that a column has at least.
const LINES_MIN: usize = 3;
/// The part of its column that a line of prose fills, on average.
const FILL_MIN: f32 = 0.55;
/// How wide a line of prose is on average, by its height.
const PROSE_MIN: f32 = 5.0;
/// How far apart lines side by side may be in height, by their own, and how far the cells of a
/// row.
const BESIDE: f32 = 0.75;
const ALIGNED: f32 = 0.25;
/// The part of the cells of a table that stand in a row, and how far its rows are apart, by
/// their height.
const ALIGNED_MIN: f32 = 0.9;
const ROW_STEP: f32 = 1.5;
/// Columns within columns.
const DEPTH_MAX: usize = 5;
/// Places that are looked at as the edge of a column.
const EDGES_MAX: usize = 48;
/// A gap between two lines of a row that is wider than this many heights is one of a table.
const CELL: f32 = 1.0;
/// A gap between two rows that is higher than this many heights ends a paragraph.
const PARAGRAPH: f32 = 0.9;

/// All lines in order, and their text: rows as lines, paragraphs with an empty line
/// between them.
pub fn ordered(lines: Vec<Line>) -> (Vec<Line>, String) {
    let mut all = Vec::new();
    let mut text = String::new();
    for part in cut(lines, 0) {
        let rows = rows(part);
        let mut above: Option<(f32, f32)> = None;
        for row in rows {
            let top = row.iter().map(|line| line.top).fold(f32::MAX, f32::min);
            let bottom = row.iter().map(|line| line.bottom).fold(f32::MIN, f32::max);
            if !text.is_empty() {
                let high = above.map_or(0.0, |(_, high)| high).min(bottom - top);
                let is_near =
                    above.is_some_and(|(above, _)| top - above < PARAGRAPH * high.max(1.0));
                text.push_str(if is_near { "\n" } else { "\n\n" });
            }
            text.push_str(&row_text(&row));
            above = Some((bottom, bottom - top));
            all.extend(row);
        }
    }
    (all, text)
}

/// The lines of a row, with wider spaces between the cells of a table.
fn row_text(row: &[Line]) -> String {
    let mut text = String::new();
    let mut before: Option<&Line> = None;
    for line in row {
        if let Some(before) = before {
            let wide = CELL * before.height().min(line.height());
            let is_cell = line.left - before.right > wide;
            text.push_str(if is_cell { "  " } else { " " });
        }
        text.push_str(&line.text);
        before = Some(line);
    }
    text
}

/// Lines side by side are a row, each row from left to right, the rows from the top.
fn rows(mut lines: Vec<Line>) -> Vec<Vec<Line>> {
    lines.sort_by(|a, b| a.middle().total_cmp(&b.middle()));
    let mut rows: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        let fits = |row: &Vec<Line>| {
            // Beside all of them: a slope may not lead from one row into the next.
            row.iter().all(|other| {
                let near = (other.middle() - line.middle()).abs();
                let beside = other.right <= line.left + other.height() / 2.0
                    || line.right <= other.left + line.height() / 2.0;
                beside && near < 0.5 * other.height().min(line.height())
            })
        };
        match rows.last_mut().filter(|row| fits(row)) {
            Some(row) => row.push(line),
            None => rows.push(vec![line]),
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| a.left.total_cmp(&b.left));
    }
    rows
}

/// Parts of a page in the order in which they are read.
fn cut(lines: Vec<Line>, depth: usize) -> Vec<Vec<Line>> {
    let strip = match depth < DEPTH_MAX && lines.len() >= 2 * LINES_MIN {
        true => strip(&lines),
        false => None,
    };
    let Some(Strip { x, top, bottom, .. }) = strip else {
        return match lines.is_empty() {
            true => Vec::new(),
            false => vec![lines],
        };
    };
    let mut parts = [const { Vec::new() }; 4];
    for line in lines {
        let place = match line.middle() {
            middle if middle <= top => 0,
            middle if middle >= bottom => 3,
            _ if line.left < x => 1,
            _ => 2,
        };
        parts[place].push(line);
    }
    parts
        .into_iter()
        .flat_map(|lines| cut(lines, depth + 1))
        .collect()
}

/// A white strip between two columns.
struct Strip {
    /// Where the right column begins.
    x: f32,
    /// From where to where it runs.
    top: f32,
    bottom: f32,
    /// Lines along it.
    lines: usize,
}

/// The white strip with most lines along it.
fn strip(lines: &[Line]) -> Option<Strip> {
    let mut best: Option<Strip> = None;
    for x in edges(lines) {
        for found in strips_at(lines, x) {
            if best.as_ref().is_none_or(|best| found.lines > best.lines) {
                best = Some(found);
            }
        }
    }
    best
}

/// Where several lines begin, the most common places first.
fn edges(lines: &[Line]) -> Vec<f32> {
    let mut lefts: Vec<(f32, f32)> = lines
        .iter()
        .map(|line| (line.left, line.height()))
        .collect();
    lefts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut groups: Vec<(f32, usize)> = Vec::new();
    for (left, height) in lefts {
        match groups.last_mut() {
            Some((first, count)) if left - *first < height => *count += 1,
            _ => groups.push((left, 1)),
        }
    }
    groups.retain(|(_, count)| *count >= LINES_MIN);
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    groups.truncate(EDGES_MAX);
    groups.into_iter().map(|(left, _)| left).collect()
}

/// The strips before `x`, between lines that cross it, that have prose on both sides.
fn strips_at(lines: &[Line], x: f32) -> Vec<Strip> {
    let crosses = |line: &&Line| line.left < x - 0.5 && line.right > x + 0.3 * line.height();
    let mut walls: Vec<f32> = lines.iter().filter(crosses).map(Line::middle).collect();
    walls.extend([f32::MIN, f32::MAX]);
    walls.sort_by(f32::total_cmp);
    let mut found = Vec::new();
    for wall in walls.windows(2) {
        let (top, bottom) = (wall[0], wall[1]);
        let along = lines
            .iter()
            .filter(|line| line.middle() > top && line.middle() < bottom);
        let (left, right): (Vec<&Line>, Vec<&Line>) = along.partition(|line| line.left < x - 0.5);
        let are_columns = is_prose(&left) && is_prose(&right) && side_by_side(&left, &right);
        if are_columns && !is_table(&left, &right) {
            found.push(Strip {
                x: x - 0.5,
                top,
                bottom,
                lines: left.len() + right.len(),
            });
        }
    }
    found
}

/// Whether most of the shorter column has the other one beside it, line for line: the bubbles
/// of a conversation stand on both sides, one after the other.
fn side_by_side(left: &[&Line], right: &[&Line]) -> bool {
    let range = |lines: &[&Line]| {
        let top = lines.iter().map(|line| line.top).fold(f32::MAX, f32::min);
        let bottom = lines
            .iter()
            .map(|line| line.bottom)
            .fold(f32::MIN, f32::max);
        (top, bottom)
    };
    let ((a, b), (c, d)) = (range(left), range(right));
    let is_long = b.min(d) - a.max(c) > 0.5 * (b - a).min(d - c);
    is_long && beside(left, right, BESIDE) > 0.5
}

/// Whether lines on two sides are the cells of a table: row for row at one height, and with
/// more between the rows than lines of prose have.
fn is_table(left: &[&Line], right: &[&Line]) -> bool {
    let mut middles: Vec<f32> = left.iter().map(|line| line.middle()).collect();
    middles.sort_by(f32::total_cmp);
    let height = left.iter().map(|line| line.height()).sum::<f32>() / left.len().max(1) as f32;
    let steps = middles.windows(2).map(|two| two[1] - two[0]);
    let mut steps: Vec<f32> = steps.filter(|step| *step > height / 2.0).collect();
    steps.sort_by(f32::total_cmp);
    let is_wide = steps
        .get(steps.len() / 2)
        .is_some_and(|step| *step >= ROW_STEP * height);
    is_wide && beside(left, right, ALIGNED) >= ALIGNED_MIN
}

/// The part of the lines on the side with fewer that have one on the other side at the same
/// height, give or take so many heights.
fn beside(left: &[&Line], right: &[&Line], give: f32) -> f32 {
    let (few, many) = match left.len() <= right.len() {
        true => (left, right),
        false => (right, left),
    };
    let is_beside = |line: &&&Line| {
        let near = |other: &&Line| {
            let height = line.height().max(other.height());
            (other.middle() - line.middle()).abs() < give * height
        };
        many.iter().any(near)
    };
    few.iter().filter(is_beside).count() as f32 / few.len().max(1) as f32
}

/// Whether lines one below the other are a column of prose.
fn is_prose(lines: &[&Line]) -> bool {
    if lines.len() < LINES_MIN {
        return false;
    }
    let left = lines.iter().map(|line| line.left).fold(f32::MAX, f32::min);
    let right = lines.iter().map(|line| line.right).fold(f32::MIN, f32::max);
    let count = lines.len() as f32;
    let width = lines.iter().map(|line| line.right - line.left).sum::<f32>() / count;
    let height = lines.iter().map(|line| line.height()).sum::<f32>() / count;
    width >= FILL_MIN * (right - left) && width >= PROSE_MIN * height
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page drawn with letters: each run of one letter is a line.
    fn page(drawing: &str) -> Vec<Line> {
        let mut lines = Vec::new();
        for (y, row) in drawing.lines().enumerate() {
            let row: Vec<char> = row.chars().collect();
            let mut x = 0;
            while x < row.len() {
                let from = x;
                while x < row.len() && row[x] == row[from] {
                    x += 1;
                }
                if row[from] != ' ' {
                    lines.push(Line {
                        text: row[from].to_string(),
                        confidence: 1.0,
                        bounds: [0; 4],
                        left: from as f32 * 10.0,
                        right: x as f32 * 10.0,
                        top: y as f32 * 12.0,
                        bottom: y as f32 * 12.0 + 11.0,
                    });
                }
            }
        }
        // The order in which they were found says nothing.
        lines.sort_by(|a, b| b.right.total_cmp(&a.right));
        lines
    }

    #[test]
    fn columns_of_prose_are_read_one_after_the_other() {
        let check = |drawing: &str, expected: &str| {
            assert_eq!(ordered(page(drawing)).1, expected, "{drawing}");
        };
        check("aaaaaaa\nbbbbbb\n\n\ncccccc", "a\nb\n\nc");
        check(
            "hhhhhhhhhhhhhhhhh\naaaaaaa   eeeeeee\nbbbbbbb   fffffff\nccccccc   ggggggg\nddd",
            "h\n\na\nb\nc\nd\n\ne\nf\ng",
        );
        // Two pairs of columns with a line across between them.
        check(
            "aaaaaaa   dddddd\nbbbbbbb   eeeeeee\nccccccc   ffffff\nxxxxxxxxxxxxxxxxxx\ngggggg   jjjjjjj\nhhhhhh   kkkkkkk\niiiiii   lllllll",
            "a\nb\nc\n\nd\ne\nf\n\nx\n\ng\nh\ni\n\nj\nk\nl",
        );
        // A table: short cells.
        check(
            "aaa    bbb\nccc    ddd\neee    fff\nggg    iii",
            "a  b\nc  d\ne  f\ng  i",
        );
        // A table of long cells: its rows stand apart.
        check(
            "aaaaaaa   ddddddd\n\nbbbbbbb   eeeeeee\n\nccccccc   fffffff",
            "a  d\n\nb  e\n\nc  f",
        );
        // A conversation: what is on the right answers what is on the left.
        check(
            "aaaaaaa\nbbbbbbb\n          cccccc\n          dddddd\neeeeeee\nfffffff\n          gggggg\n          hhhhhh",
            "a\nb\nc\nd\ne\nf\ng\nh",
        );
        // A receipt: names on the left, prices on the right.
        check(
            "aaaaaaaaa       b\ncccccc         dd\neeeeeeeee       f\ngggggggg      hhh",
            "a  b\nc  d\ne  f\ng  h",
        );
        // A form: labels and what was filled in.
        check(
            "aaaa  bbbbbbbbbb\ncccc  dddddddddd\neeee  ffffffffff",
            "a  b\nc  d\ne  f",
        );
        check("aaa bbb", "a b");
        check("", "");
    }

    #[test]
    fn no_line_is_lost() {
        let lines =
            page("aaaaaaa bbb\n ccccccccc dddddddd\neeeee fffffff\n gggggg hhhhhhh\nii jjjj");
        let count = lines.len();
        let (ordered, text) = ordered(lines);
        assert_eq!(ordered.len(), count);
        assert!(ordered.iter().all(|line| text.contains(&line.text)));
    }
}
