//! Month names of the main news languages, and the Solar Hijri calendar of Iran and Afghanistan.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::fold::fold_str;

/// The calendar that a month belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Calendar {
    /// The Gregorian calendar.
    Gregorian,
    /// The Solar Hijri (Jalali) calendar.
    Jalali,
}

/// A month as its name tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Month {
    /// 1 to 12.
    pub number: u8,
    /// The calendar.
    pub calendar: Calendar,
}

static MONTHS: LazyLock<HashMap<String, Month>> = LazyLock::new(|| {
    let mut months = HashMap::new();
    for line in include_str!("../data/months.txt").lines().filter(|l| !l.starts_with('#')) {
        let mut fields = line.splitn(3, ' ');
        let (Some(calendar), Some(number), Some(names)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        let calendar = if calendar == "j" { Calendar::Jalali } else { Calendar::Gregorian };
        for name in names.split('|') {
            months.entry(fold_str(name.trim())).or_insert(Month { number, calendar });
        }
    }
    months
});

/// Looks a month up by its name, in any language, case and spelling; dual Arabic names ("تموز/يوليو") are split by the caller.
pub fn month_of(name: &str) -> Option<Month> {
    month_of_folded(&fold_str(name))
}

pub(crate) fn month_of_folded(name: &str) -> Option<Month> {
    if let Some(month) = MONTHS.get(name) {
        return Some(*month);
    }
    // Hebrew prepositions and the Arabic article's companions stand fused before the name.
    let rest = name.strip_prefix(['ב', 'ל', 'מ']).or_else(|| name.strip_suffix('م'))?;
    MONTHS.get(rest).copied()
}

/// Converts a Solar Hijri date to the Gregorian one, by the 33-year cycle (exact for years 1178 to 1633).
pub fn jalali_to_gregorian(year: i32, month: u8, day: u8) -> Option<(i16, i8, i8)> {
    if !(1178..=1633).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted = year + 1595;
    let before = if month < 7 { (i32::from(month) - 1) * 31 } else { (i32::from(month) - 7) * 30 + 186 };
    let leaps = (shifted / 33) * 8 + ((shifted % 33) + 3) / 4;
    // Days since the Gregorian epoch of the algorithm; -355 668 places 1 Farvardin; 719 528 days lie before 1970.
    let days = -355_668 + 365 * shifted + leaps + i32::from(day) + before;
    civil_from_days(days - 719_528)
}

/// Returns the Gregorian date of a number of days since 1970-01-01.
fn civil_from_days(days: i32) -> Option<(i16, i8, i8)> {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i32::from(month <= 2);
    Some((i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_languages_are_known() {
        for (name, number) in [
            ("March", 3),
            ("août", 8),
            ("ИЮНЯ", 6),
            ("شباط", 2),
            ("غشت", 8),
            ("תשרי", 0),
            ("בספטמבר", 9),
            ("Ağustos", 8),
        ] {
            assert_eq!(month_of(name).map_or(0, |m| m.number), number, "{name}");
        }
        assert_eq!(month_of("تیر"), Some(Month { number: 4, calendar: Calendar::Jalali }));
    }

    #[test]
    fn solar_hijri_dates_convert() {
        assert_eq!(jalali_to_gregorian(1401, 4, 6), Some((2022, 6, 27)));
        assert_eq!(jalali_to_gregorian(1397, 8, 15), Some((2018, 11, 6)));
        assert_eq!(jalali_to_gregorian(1403, 12, 30), Some((2025, 3, 20)));
        assert_eq!(jalali_to_gregorian(1404, 1, 1), Some((2025, 3, 21)));
        assert_eq!(jalali_to_gregorian(20, 1, 1), None);
    }
}
