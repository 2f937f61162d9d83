//! What kinds of phrases are dates, each shown in the languages that say it in their own way.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use naba_enrich::expressions::Reader;

/// 2022-05-18T00:00:00Z, a Wednesday.
const ANCHOR: i64 = 1_652_832_000;

/// Returns surface and value of each time of a text.
fn times(language: &str, text: &str) -> Vec<(String, String)> {
    let moments = Reader::of(language).unwrap().unwrap().moments(text, Some(ANCHOR));
    moments.into_iter().map(|moment| (text[moment.range.0..moment.range.1].to_owned(), moment.resolved)).collect()
}

fn check(cases: &[(&str, &str, &str, &str)]) {
    for (language, text, surface, resolved) in cases {
        assert_eq!(times(language, text), [((*surface).to_owned(), (*resolved).to_owned())], "{text}");
    }
}

#[test]
fn turkish_cases_join_two_dates_and_stay_out_of_one() {
    check(&[
        ("tr", "Sergi 3 Ocak'tan 9 Şubat'a kadar açıktı", "3 Ocak'tan 9 Şubat'a kadar", "2022-01-03/2022-02-09"),
        ("tr", "Mart'ın 5'inden 8'ine kadar sürdü", "Mart'ın 5'inden 8'ine kadar", "2022-03-05/2022-03-08"),
        ("tr", "2015 ile 2019 arasında yaşandı", "2015 ile 2019 arasında", "2015/2019"),
        ("tr", "Rapor Nisan 2021'den sonra çıktı", "Nisan 2021'den sonra", "2021-05/.."),
        ("tr", "Temmuz 2019'da kuruldu", "Temmuz 2019", "2019-07"),
        ("tr", "Geçen haftanın pazartesisinde", "Geçen haftanın pazartesisi", "2022-05-09"),
    ]);
}

#[test]
fn the_parts_of_a_range_are_as_exact_as_they_are_said() {
    check(&[
        ("en", "open from Feb 1st to March 2019", "from Feb 1st to March 2019", "2019-02-01/2019-03"),
        ("en", "between Jan 22 and now it rained", "between Jan 22 and now", "2022-01-22/2022-05-18"),
        (
            "es",
            "entre el 3 de enero y el 8 de febrero",
            "entre el 3 de enero y el 8 de febrero",
            "2022-01-03/2022-02-08",
        ),
    ]);
}

#[test]
fn what_is_earlier_or_later_in_a_span_is_counted_from_today() {
    check(&[
        ("en", "prices rose earlier this month", "earlier this month", "2022-05-01/2022-05-17"),
        ("en", "talks resume later this week", "later this week", "2022-05-18/2022-05-22"),
        ("en", "the 5 past years were dry", "5 past years", "2017-05-18/2022-05-17"),
        ("en", "the year after next", "year after next", "2024"),
    ]);
}

#[test]
fn decades_and_centuries_are_spans_of_years() {
    check(&[
        ("en", "in the 1970s", "the 1970s", "1970/1979"),
        ("es", "en los años noventa", "los años noventa", "1990/1999"),
        ("es", "arte del siglo XIX", "siglo XIX", "1800/1899"),
    ]);
}

#[test]
fn the_stop_of_an_abbreviation_is_part_of_the_date() {
    check(&[
        ("en", "by Feb. 14 it was over", "by Feb. 14", "2022-02-14"),
        ("es", "del 30 jul. al 2 ago. de 2021", "del 30 jul. al 2 ago. de 2021", "2021-07-30/2021-08-02"),
    ]);
}

#[test]
fn two_dates_parted_by_a_comma_stay_two() {
    let found: Vec<String> =
        times("en", "on 11/20, 11/22 or 11/25").into_iter().map(|(_, resolved)| resolved).collect();
    assert_eq!(found, ["2022-11-20", "2022-11-22", "2022-11-25"]);
}

#[test]
fn ordinals_of_units_and_tens_are_one_number() {
    check(&[("ar", "في الثاني والعشرين من مايو", "الثاني والعشرين من مايو", "2022-05-22")]);
}

#[test]
fn months_of_the_levant_are_read_with_their_article() {
    check(&[
        ("ar", "في 5 كانون الأول 2015", "5 كانون الأول 2015", "2015-12-05"),
        ("ar", "افتتح في تشرين الثاني 2016", "تشرين الثاني 2016", "2016-11"),
        ("ar", "انطلقت في ربيع الأول ١٤٤١هـ", "ربيع الأول ١٤٤١هـ", "2019-10-29/2019-11-27"),
    ]);
}
