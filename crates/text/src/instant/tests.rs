use proptest::prelude::*;

use super::*;

fn iso(text: &str) -> String {
    let Some(instant) = parse_instant(text) else { return "none".to_owned() };
    let stamp = jiff::Timestamp::from_millisecond(instant.millis).unwrap().to_string();
    let stamp = if instant.precision == TimePrecision::Day { stamp[..10].to_owned() } else { stamp };
    if instant.zone_known { format!("{stamp} zoned") } else { stamp }
}

#[test]
fn iso_8601_and_its_profiles() {
    assert_eq!(iso("2024-06-20T06:00:00+02:00"), "2024-06-20T04:00:00Z zoned");
    assert_eq!(iso("2024-06-20T06:00:00.250Z"), "2024-06-20T06:00:00.25Z zoned");
    assert_eq!(iso("2025-10-21T21:05"), "2025-10-21T21:05:00Z");
    assert_eq!(iso("2024-03-15"), "2024-03-15");
    assert_eq!(iso("2003-12"), "2003-12-01");
    assert_eq!(iso("20030610T040000Z"), "2003-06-10T04:00:00Z zoned");
    assert_eq!(iso("2023-11-04 20:30:00 +0500"), "2023-11-04T15:30:00Z zoned");
    assert_eq!(iso("2024-01-01T00:00:00-05"), "2024-01-01T05:00:00Z zoned");
}

#[test]
fn rfc_822_and_its_common_errors() {
    assert_eq!(iso("Thu, 01 Jan 2004 19:48:21 GMT"), "2004-01-01T19:48:21Z zoned");
    assert_eq!(iso("Tue, 10 Jun 03 04:00 EST"), "2003-06-10T09:00:00Z zoned");
    assert_eq!(iso("Sun Jan  4 16:29:06 PST 2004"), "2004-01-05T00:29:06Z zoned");
    assert_eq!(iso("Thursday, 01-Jan-04 19:48:21 GMT"), "2004-01-01T19:48:21Z zoned");
    assert_eq!(iso("Fri, 21 Nov 1997 09:55:06 -0600"), "1997-11-21T15:55:06Z zoned");
    assert_eq!(iso("Thu, 31 Jun 2004 19:48:21 GMT"), "none");
}

#[test]
fn dates_in_words_of_many_languages() {
    assert_eq!(iso("20. Juni 2024, 6:00 Uhr"), "2024-06-20T06:00:00Z");
    assert_eq!(iso("Wed 5 Feb 2025 06.00 GMT"), "2025-02-05T06:00:00Z zoned");
    assert_eq!(iso("March 15, 2024"), "2024-03-15");
    assert_eq!(iso("October 21 2025"), "2025-10-21");
    assert_eq!(iso("Tuesday, 03 March 2026, 18:10 IST"), "2026-03-03T12:40:00Z zoned");
    assert_eq!(iso("21 de octubre de 2025 - 9:05 p. m."), "2025-10-21T21:05:00Z");
    assert_eq!(iso("Mis en ligne le 18 novembre 2025"), "2025-11-18");
    assert_eq!(iso("16 mars 2024 à 8 h 12 min"), "2024-03-16T08:12:00Z");
    assert_eq!(iso("9 de Setembro de 2024, 12:00"), "2024-09-09T12:00:00Z");
    assert_eq!(iso("14 мая 2025, 11:47"), "2025-05-14T11:47:00Z");
    assert_eq!(iso("7 Ağustos 2025"), "2025-08-07");
    assert_eq!(iso("2026/03/03 14:35"), "2026-03-03T14:35:00Z");
    assert_eq!(iso("2026年3月3日 下午2:35"), "2026-03-03T14:35:00Z");
    assert_eq!(iso("2026년 3월 3일 오후 2시 35분"), "2026-03-03T14:35:00Z");
    assert_eq!(iso("20. lipca 2024"), "2024-07-20");
}

#[test]
fn dates_of_right_to_left_languages() {
    assert_eq!(iso("الثلاثاء ٢٣ شوال ١٤٤٣هـ - ٢٤ مايو ٢٠٢٢م"), "2022-05-24");
    assert_eq!(iso("الأربعاء 18 غشت 2021 - 20:15"), "2021-08-18T20:15:00Z");
    assert_eq!(iso("تاريخ النشر: 21/09/2020 - 15:10 بتوقيت غرينتش"), "2020-09-21T15:10:00Z zoned");
    assert_eq!(iso("‏٨ ديسمبر ٢٠٢٠ ١٦:٠٥"), "2020-12-08T16:05:00Z");
    assert_eq!(iso("الأربعاء 22 آذار 2023 06:30 م"), "2023-03-22T18:30:00Z");
    assert_eq!(iso("5 تشرين الأول/أكتوبر 2020"), "2020-10-05");
    assert_eq!(iso("الجمعة 24 نيسان / أبريل 2020"), "2020-04-24");
    assert_eq!(iso("۶ تیر ۱۴۰۱ - ۰۹:۱۰"), "2022-06-27T09:10:00Z");
    assert_eq!(iso("سه‌شنبه، ۱۵ عقرب ۱۳۹۷"), "2018-11-06");
    assert_eq!(iso("יום א', כ\"ח באלול תשפ\"א, 5 בספטמבר 2021"), "2021-09-05");
    assert_eq!(iso("4 نومبر 2023، 20:30 PKT"), "2023-11-04T15:30:00Z zoned");
}

#[test]
fn numeric_dates_are_day_first_unless_that_cannot_be() {
    assert_eq!(iso("02/09/2014"), "2014-09-02");
    assert_eq!(iso("09/21/2020"), "2020-09-21");
    assert_eq!(iso("20.06.24"), "2024-06-20");
    assert_eq!(iso("2020. 06. 04. 11:27"), "2020-06-04T11:27:00Z");
    assert_eq!(iso("2026. 7. 2."), "2026-07-02");
}

#[test]
fn a_sentence_with_a_date_in_it_is_no_date() {
    assert_eq!(iso("Half were sent to a 90-minute walk in May 2024 while the rest received the usual leaflet"), "none");
    assert_eq!(iso("12:30"), "none");
    let found = find_instant("Harriet Poole, Health correspondent | Wed 5 Feb 2025 06.00 GMT").unwrap();
    assert!(found.before.starts_with("Harriet Poole, Health correspondent"));
}

proptest! {
    #[test]
    fn any_text_is_read_without_failing(text in "\\PC{0,80}") {
        let _ = find_instant(&text);
    }

    #[test]
    fn what_is_written_as_rfc_3339_is_read_back(millis in 0i64..4_000_000_000_000) {
        let text = jiff::Timestamp::from_millisecond(millis).unwrap().to_string();
        prop_assert_eq!(parse_instant(&text).map(|i| i.millis), Some(millis));
    }
}
