//! Which pixels are one line, and how does it lie? Pixels of text that touch are a line;
//! the smallest rectangle around them, made larger again, is where it is read.

use rten_imageproc::{PointF, min_area_rect};

use crate::find::Map;

/// From these odds on a pixel is text.
const TEXT_MIN: f32 = 0.3;
/// The odds that the pixels of a line have on average.
const LINE_MIN: f32 = 0.5;
/// A row of a mark with less of it than this part of its fullest row is a thorn.
const THORN: f32 = 0.15;
/// The network marks the middle of a line. Its edges are this far away, as a part of the
/// mark's area through its circumference.
const GROWTH: f32 = 1.6;
/// Pixels of the map that the shorter side of a mark has at least.
const SIDE_MIN: f32 = 3.0;
/// A rectangle that lies straight is taken if it is hardly larger than the smallest one.
const STRAIGHT: f32 = 1.12;
/// How long a mark has to be, by its height, to say how it lies.
const TELLING: f32 = 2.5;
/// Most lines of a picture.
const STRIPS_MAX: usize = 2000;

/// A rectangle around a line of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strip {
    /// Its centre, in pixels of the picture.
    pub centre: (f32, f32),
    /// The direction in which it is read, of length 1; x to the right, y down.
    pub along: (f32, f32),
    /// Its length in that direction.
    pub width: f32,
    /// Its height across it.
    pub height: f32,
}

impl Strip {
    /// The same rectangle, read in a direction that lies `quarters` of a turn clockwise.
    pub fn turned(self, quarters: u32) -> Strip {
        let mut strip = self;
        for _ in 0..quarters % 4 {
            let (x, y) = strip.along;
            strip.along = (-y, x);
            std::mem::swap(&mut strip.width, &mut strip.height);
        }
        strip
    }

    /// Whether it is a line that runs up or down, or several letters one below the other.
    pub fn is_tall(&self) -> bool {
        self.height > 1.5 * self.width
    }

    /// Left, top, right and bottom of the upright rectangle around it, inside a picture
    /// of this size.
    pub fn bounds(&self, width: u32, height: u32) -> [u32; 4] {
        let (x, y) = self.along;
        let dx = (x * self.width).abs() / 2.0 + (y * self.height).abs() / 2.0;
        let dy = (y * self.width).abs() / 2.0 + (x * self.height).abs() / 2.0;
        let (cx, cy) = self.centre;
        let within = |value: f32, most: u32| value.round().clamp(0.0, most as f32) as u32;
        [
            within(cx - dx, width),
            within(cy - dy, height),
            within(cx + dx, width),
            within(cy + dy, height),
        ]
    }
}

/// The lines of a map, in pixels of the picture it was made from.
pub fn strips(map: &Map) -> Vec<Strip> {
    let mut found: Vec<Strip> = marks(map)
        .iter()
        .filter_map(|mark| strip_of(mark, map.scale))
        .collect();
    // Where there are too many, the small ones are noise.
    found.sort_by(|a, b| (b.width * b.height).total_cmp(&(a.width * a.height)));
    found.truncate(STRIPS_MAX);
    found
}

/// Pixels of text that touch.
#[derive(Default)]
struct Mark {
    /// First and last pixel of each run: enough for the rectangle around all.
    edges: Vec<PointF>,
    /// Sum of the odds.
    odds: f32,
    /// Its first row, and how many pixels each row from there on has.
    first: usize,
    rows: Vec<f32>,
}

impl Mark {
    /// Top and bottom without the thorns that stand out of a line here and there.
    fn body(&self) -> (f32, f32) {
        let fullest = self.rows.iter().copied().fold(0.0, f32::max);
        let is_full = |row: &f32| *row >= THORN * fullest;
        let top = self.rows.iter().position(is_full).unwrap_or(0);
        let bottom = self.rows.iter().rposition(is_full).unwrap_or(0) + 1;
        ((self.first + top) as f32, (self.first + bottom) as f32)
    }
}

/// A run of text in a row of the map.
struct Run {
    row: usize,
    from: usize,
    /// Behind its last pixel.
    to: usize,
    /// The run that stands for all that touch, by its number.
    parent: usize,
}

/// All marks of a map. Runs of rows below each other that touch, also by a corner, are one.
fn marks(map: &Map) -> Vec<Mark> {
    let mut runs: Vec<Run> = Vec::new();
    let mut above = 0..0;
    for row in 0..map.height {
        let start = runs.len();
        let odds = &map.odds[row * map.width..(row + 1) * map.width];
        let mut column = 0;
        while column < map.width {
            if odds[column] <= TEXT_MIN {
                column += 1;
                continue;
            }
            let from = column;
            while column < map.width && odds[column] > TEXT_MIN {
                column += 1;
            }
            let parent = runs.len();
            runs.push(Run {
                row,
                from,
                to: column,
                parent,
            });
        }
        let here = start..runs.len();
        join(&mut runs, above, here.clone());
        above = here;
    }
    gathered(map, &mut runs)
}

/// Joins runs of two rows, each in order, where they touch.
fn join(runs: &mut [Run], above: std::ops::Range<usize>, here: std::ops::Range<usize>) {
    let (mut a, mut b) = (above.start, here.start);
    while a < above.end && b < here.end {
        if runs[a].from <= runs[b].to && runs[b].from <= runs[a].to {
            let (one, other) = (root(runs, a), root(runs, b));
            runs[other.max(one)].parent = one.min(other);
        }
        match runs[a].to < runs[b].to {
            true => a += 1,
            false => b += 1,
        }
    }
}

/// The run that stands for all that `run` touches.
fn root(runs: &mut [Run], mut run: usize) -> usize {
    while runs[run].parent != run {
        let parent = runs[run].parent;
        runs[run].parent = runs[parent].parent;
        run = runs[run].parent;
    }
    run
}

fn gathered(map: &Map, runs: &mut [Run]) -> Vec<Mark> {
    let mut places = vec![usize::MAX; runs.len()];
    let mut marks: Vec<Mark> = Vec::new();
    for n in 0..runs.len() {
        let root = root(runs, n);
        if places[root] == usize::MAX {
            places[root] = marks.len();
            marks.push(Mark::default());
        }
        let mark = &mut marks[places[root]];
        let Run { row, from, to, .. } = runs[n];
        // A pixel is a square: its corners count.
        for (x, y) in [(from, row), (to, row), (from, row + 1), (to, row + 1)] {
            mark.edges.push(PointF::from_yx(y as f32, x as f32));
        }
        if mark.rows.is_empty() {
            mark.first = row;
        }
        mark.rows.resize(row - mark.first + 1, 0.0);
        mark.rows[row - mark.first] += (to - from) as f32;
        mark.odds += map.odds[row * map.width + from..row * map.width + to]
            .iter()
            .sum::<f32>();
    }
    marks
}

/// The line that has this mark, unless it is too small or too unlikely.
fn strip_of(mark: &Mark, scale: f32) -> Option<Strip> {
    let mut strip = rectangle(&mark.edges)?;
    let pixels: f32 = mark.rows.iter().sum();
    if strip.width.min(strip.height) < SIDE_MIN || mark.odds / pixels < LINE_MIN {
        return None;
    }
    if strip.along == (1.0, 0.0) && strip.width > TELLING * strip.height {
        let (top, bottom) = mark.body();
        strip.centre.1 = (top + bottom) / 2.0;
        strip.height = bottom - top;
    }
    let area = strip.width * strip.height;
    let growth = area * GROWTH / (2.0 * (strip.width + strip.height));
    strip.width += 2.0 * growth;
    strip.height += 2.0 * growth;
    let (x, y) = strip.centre;
    Some(Strip {
        centre: (x / scale, y / scale),
        width: strip.width / scale,
        height: strip.height / scale,
        ..strip
    })
}

/// The smallest rectangle around points, read in the direction nearest to the right; an
/// upright one where that says no less.
fn rectangle(points: &[PointF]) -> Option<Strip> {
    let smallest = min_area_rect(points)?;
    let bound = |of: fn(&PointF) -> f32| {
        let values = points.iter().map(of);
        values.fold((f32::MAX, f32::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let ((left, right), (top, bottom)) = (bound(|point| point.x), bound(|point| point.y));
    let upright = Strip {
        centre: ((left + right) / 2.0, (top + bottom) / 2.0),
        along: (1.0, 0.0),
        width: right - left,
        height: bottom - top,
    };
    let (long, short) = (
        smallest.width().max(smallest.height()),
        smallest.width().min(smallest.height()),
    );
    let area = upright.width * upright.height;
    if long < TELLING * short || area <= STRAIGHT * smallest.area().abs() {
        return Some(upright);
    }
    let up = smallest.up_axis();
    let lying = Strip {
        centre: (smallest.center().x, smallest.center().y),
        along: (up.y, -up.x),
        width: smallest.width(),
        height: smallest.height(),
    };
    // Of the four directions of its sides, the one nearest to the right.
    (0..4)
        .map(|quarters| lying.turned(quarters))
        .max_by(|a, b| a.along.0.total_cmp(&b.along.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map where `is_text` says so.
    fn map(width: usize, height: usize, is_text: impl Fn(f32, f32) -> bool) -> Map {
        let odds = (0..width * height).map(|n| {
            let (x, y) = ((n % width) as f32 + 0.5, (n / width) as f32 + 0.5);
            if is_text(x, y) { 0.9 } else { 0.0 }
        });
        Map {
            width,
            height,
            odds: odds.collect(),
            scale: 0.5,
        }
    }

    #[test]
    fn marks_become_lines_of_the_picture() {
        let bar = map(200, 60, |x, y| {
            (20.0..120.0).contains(&x) && (20.0..30.0).contains(&y)
        });
        let found = strips(&bar);
        assert_eq!(found.len(), 1);
        let Strip {
            centre,
            along,
            width,
            height,
        } = found[0];
        assert_eq!((centre, along), ((140.0, 50.0), (1.0, 0.0)));
        let growth = 100.0 * 10.0 * GROWTH / 220.0;
        assert!(
            (width - 2.0 * (100.0 + 2.0 * growth)).abs() < 0.1,
            "{width}"
        );
        assert!(
            (height - 2.0 * (10.0 + 2.0 * growth)).abs() < 0.1,
            "{height}"
        );
        assert_eq!(found[0].bounds(400, 120)[1..], [25, 255, 75]);
    }

    #[test]
    fn thorns_make_no_line_higher() {
        let thorny = map(300, 60, |x, y| {
            let is_thorn = (50.0..54.0).contains(&x) && (5.0..50.0).contains(&y);
            is_thorn || (20.0..220.0).contains(&x) && (20.0..30.0).contains(&y)
        });
        let found = strips(&thorny);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].centre.1, found[0].along), (50.0, (1.0, 0.0)));
        assert!(found[0].height < 60.0, "{}", found[0].height);
    }

    #[test]
    fn what_lies_askew_is_read_so() {
        for degrees in [-40.0_f32, -8.0, 8.0, 40.0] {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let askew = map(300, 300, |x, y| {
                let (x, y) = (x - 150.0, y - 150.0);
                (x * cos + y * sin).abs() < 100.0 && (y * cos - x * sin).abs() < 8.0
            });
            let found = strips(&askew);
            assert_eq!(found.len(), 1, "{degrees}");
            let (x, y) = found[0].along;
            assert!((y.atan2(x).to_degrees() - degrees).abs() < 1.5, "{degrees}");
            assert!(found[0].width > found[0].height);
        }
    }

    #[test]
    fn marks_that_touch_anywhere_are_one() {
        let check = |text: &str, expected: usize| {
            let rows: Vec<&[u8]> = text.split_whitespace().map(str::as_bytes).collect();
            let found = map(rows[0].len(), rows.len(), |x, y| {
                rows[y as usize][x as usize] == b'#'
            });
            assert_eq!(marks(&found).len(), expected, "{text}");
        };
        check("#.# ###", 1);
        check("#.# ... #.#", 4);
        check("#.. .#. ..#", 1);
        check("#.# #.# ###", 1);
        check("..# .#. #.#", 1);
        check("...", 0);
    }

    #[test]
    fn quarters_of_a_turn_come_round() {
        let strip = Strip {
            centre: (5.0, 5.0),
            along: (1.0, 0.0),
            width: 4.0,
            height: 2.0,
        };
        assert_eq!(strip.turned(1).along, (0.0, 1.0));
        assert_eq!((strip.turned(1).width, strip.turned(1).height), (2.0, 4.0));
        assert_eq!(strip.turned(4), strip);
        assert_eq!(strip.bounds(100, 100), strip.turned(3).bounds(100, 100));
    }
}
