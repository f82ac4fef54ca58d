//! Times of day: what `a.m.` and `p.m.` make of an hour.

use chrono::NaiveTime;

/// The time of day at `hour` and `minute`, where `half` stands behind it: of `am` and `p.m.` the
/// first letter counts. `None` where no clock shows it, such as 25:00.
pub(crate) fn time_of_day(hour: u32, minute: u32, half: Option<&str>) -> Option<NaiveTime> {
    let half = half.and_then(|half| half.chars().next());
    let hour = match (hour, half.map(|first| first.to_ascii_lowercase())) {
        (12, Some('a')) => 0,
        (0..=11, Some('p')) => hour + 12,
        _ => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halves_of_a_day_begin_at_twelve() {
        let check = |hour: u32, half: Option<&str>, want: Option<u32>| {
            let want = want.and_then(|hour| NaiveTime::from_hms_opt(hour, 30, 0));
            assert_eq!(time_of_day(hour, 30, half), want, "{hour} {half:?}");
        };
        check(9, None, Some(9));
        check(9, Some("a.m."), Some(9));
        check(9, Some("PM"), Some(21));
        check(12, Some("am"), Some(0));
        check(12, Some("p"), Some(12));
        check(12, None, Some(12));
        check(15, Some("pm"), Some(15));
        check(24, None, None);
        assert_eq!(time_of_day(9, 60, None), None);
    }
}
