//! Dates and numbers: a case is right when every value that it states is found on exactly its span.

use std::collections::BTreeMap;
use std::error::Error;

use naba_enrich::expressions::{Amount, Counted, Moment, Reader};
use serde_json::Value;

const LANGUAGES: &[(&str, &str)] = &[
    ("Arabic", "ar"),
    ("English", "en"),
    ("French", "fr"),
    ("German", "de"),
    ("Portuguese", "pt"),
    ("Spanish", "es"),
    ("Turkish", "tr"),
];

/// Scores all cases; `show` prints those of a language and a model that are wrong.
pub fn run(
    cases: &str,
    show: Option<&(String, String)>,
    half: Option<u64>,
    data: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let mut figures: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut readers: BTreeMap<&str, Option<Reader>> = BTreeMap::new();
    for line in cases.lines() {
        let row: Value = serde_json::from_str(line)?;
        let (language, model) = (row["language"].as_str().unwrap_or(""), row["model"].as_str().unwrap_or(""));
        let Some((_, code)) = LANGUAGES.iter().find(|(name, _)| *name == language) else { continue };
        if half.is_some_and(|half| row["n"].as_u64().unwrap_or(0) % 2 != half) {
            continue;
        }
        if !readers.contains_key(code) {
            let own = data.map(|folder| std::fs::read_to_string(format!("{folder}/{code}.toml")));
            let reader = match own {
                Some(text) => text.ok().map(|text| Reader::with_data(code, &text)).transpose()?,
                None => Reader::of(code)?,
            };
            readers.insert(*code, reader);
        }
        let Some(reader) = readers.get(code).and_then(Option::as_ref) else { continue };
        let case = &row["case"];
        let input = case["Input"].as_str().unwrap_or("");
        let anchor = case["Context"]["ReferenceDateTime"].as_str().and_then(instant);
        // Without a reference time the stated values of relative expressions cannot be reached.
        let undated = anchor.is_none() && matches!(model, "DateParser" | "DatePeriodParser" | "DateTimeModel");
        let moments = reader.moments(input, anchor);
        let taken: Vec<(usize, usize)> = moments.iter().map(|moment| moment.range).collect();
        let found = Expressions { amounts: reader.amounts(input, &taken), moments };
        let wanted: Vec<Wanted> =
            case["Results"].as_array().into_iter().flatten().filter_map(|result| wanted(model, result)).collect();
        let none = case["Results"].as_array().is_none_or(Vec::is_empty);
        let group = |what: &str| format!("{what}.{code}");
        let numbers = if model == "NumberModel" { reader.numbers(input) } else { Vec::new() };
        let right = wanted.iter().all(|want| is_found(want, input, &found, &numbers));
        if show.is_some_and(|(l, m)| l == code && (m == model || m == "all")) && !right {
            println!("{model}{} {anchor:?} «{input}»", row["n"]);
            for want in wanted.iter().filter(|want| !is_found(want, input, &found, &numbers)) {
                println!("    want [{}] {} {:?}", want.text, want.kind, want.values);
            }
            for moment in &found.moments {
                println!("    have [{}] {} {}", surface(input, moment.range), moment.resolved, moment.granularity);
            }
            for amount in &found.amounts {
                println!("    amount [{}] {} {}", surface(input, amount.core), amount.value, amount.unit);
            }
            for (range, value) in &numbers {
                println!("    number [{}] {value}", surface(input, *range));
            }
        }
        let mut count = |name: String, right: bool| {
            let figure = figures.entry(name).or_default();
            figure.0 += u32::from(right);
            figure.1 += 1;
        };
        if !wanted.is_empty() {
            let dated = wanted.iter().any(|want| want.kind.starts_with("date"));
            let kind = match model {
                "NumberModel" | "PercentModel" | "CurrencyModel" => "numbers",
                _ if undated => "undated",
                _ if dated => "dates",
                _ => "times",
            };
            count(group(kind), right);
            if !undated {
                count(group(&format!("cases.{model}")), right);
            }
        } else if none {
            let quiet = match model {
                "NumberModel" => numbers.is_empty(),
                "PercentModel" => !found.amounts.iter().any(|amount| amount.counted == Counted::Percent),
                "CurrencyModel" => !found.amounts.iter().any(|amount| amount.counted == Counted::Money),
                _ => found.moments.is_empty(),
            };
            count(group("quiet"), quiet);
        }
    }
    if show.is_none() {
        for (name, (right, of)) in figures {
            println!("{name}\t{right}\t{of}");
        }
    }
    Ok(())
}

struct Expressions {
    moments: Vec<Moment>,
    amounts: Vec<Amount>,
}

struct Wanted {
    text: String,
    start: Option<usize>,
    kind: String,
    /// Values of which one must be found: one text, or beginning and end.
    values: Vec<(String, String)>,
}

fn wanted(model: &str, result: &Value) -> Option<Wanted> {
    let full = result["Text"].as_str()?;
    let text = full.trim().to_owned();
    let leading = full.chars().count() - full.trim_start().chars().count();
    let start = result["Start"].as_u64().and_then(|start| usize::try_from(start).ok()).map(|start| start + leading);
    let kind =
        result["TypeName"].as_str().or_else(|| result["Type"].as_str())?.trim_start_matches("datetimeV2.").to_owned();
    let text_of = |value: &Value| value.as_str().map(str::to_owned);
    let mut values = Vec::new();
    if matches!(model, "NumberModel" | "PercentModel" | "CurrencyModel") {
        let value = text_of(&result["Resolution"]["value"])?;
        if matches!(value.as_str(), "null" | "None") {
            return None;
        }
        let iso = text_of(&result["Resolution"]["isoCurrency"]).unwrap_or_default();
        values.push((value.trim_end_matches('%').replace(',', "."), iso));
    } else if let Some(stated) = result["Resolution"]["values"].as_array() {
        for value in stated {
            let single = text_of(&value["value"]).filter(|value| value != "not resolved");
            let (from, to) = (text_of(&value["start"]), text_of(&value["end"]));
            match single {
                Some(single) => values.push((single, String::new())),
                None if from.is_some() || to.is_some() => {
                    values.push((from.unwrap_or_default(), to.unwrap_or_default()))
                }
                None => {}
            }
        }
    } else {
        for resolution in ["PastResolution", "FutureResolution"] {
            let value = &result["Value"][resolution];
            let one = ["date", "dateTime", "time", "duration"].iter().find_map(|name| text_of(&value[*name]));
            let from = ["startDate", "startDateTime", "startTime"].iter().find_map(|name| text_of(&value[*name]));
            let to = ["endDate", "endDateTime", "endTime"].iter().find_map(|name| text_of(&value[*name]));
            match one {
                Some(one) => values.push((one, String::new())),
                None if from.is_some() || to.is_some() => {
                    values.push((from.unwrap_or_default(), to.unwrap_or_default()))
                }
                None => {}
            }
        }
    }
    (!values.is_empty() && kind != "set").then_some(Wanted { text, start, kind, values })
}

fn surface(input: &str, range: (usize, usize)) -> &str {
    input.get(range.0..range.1).unwrap_or_default()
}

fn is_found(want: &Wanted, input: &str, found: &Expressions, numbers: &[((usize, usize), f64)]) -> bool {
    let place = |range: (usize, usize)| {
        let same = surface(input, range).to_lowercase() == want.text.to_lowercase();
        // Some cases count their start otherwise; where the start fits the text, it is held to.
        let fits = want.start.is_some_and(|start| {
            let there: String = input.chars().skip(start).take(want.text.chars().count()).collect();
            there.to_lowercase() == want.text.to_lowercase()
        });
        same && (!fits || want.start == Some(input.get(..range.0).unwrap_or_default().chars().count()))
    };
    match want.kind.as_str() {
        "number" => numbers.iter().any(|(range, value)| place(*range) && close(want, *value)),
        "percentage" | "currency" => found.amounts.iter().any(|amount| {
            let iso = want.values.first().is_none_or(|(_, iso)| iso.is_empty() || amount.unit == *iso);
            let kind = if want.kind == "currency" { Counted::Money } else { Counted::Percent };
            place(amount.core) && close(want, amount.value) && iso && amount.counted == kind
        }),
        "duration" => found.amounts.iter().any(|amount| {
            let seconds = seconds_of(&amount.unit).unwrap_or(f64::NAN);
            (place(amount.core) || place(amount.full))
                && amount.counted == Counted::Time
                && close(want, amount.value * seconds)
        }),
        _ => found
            .moments
            .iter()
            .any(|moment| place(moment.range) && want.values.iter().any(|value| agrees(moment, value))),
    }
}

fn close(want: &Wanted, value: f64) -> bool {
    want.values.iter().any(|(stated, _)| {
        stated
            .parse::<f64>()
            .is_ok_and(|stated| (stated - value).abs() <= 1e-9 * stated.abs().max(1e-9).max(value.abs()))
    })
}

fn seconds_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "second" => 1.0,
        "minute" => 60.0,
        "hour" => 3600.0,
        "day" | "night" => 86_400.0,
        "week" => 604_800.0,
        "fortnight" => 1_209_600.0,
        "month" => 2_592_000.0,
        "quarter" => 7_776_000.0,
        "year" => 31_536_000.0,
        "decade" => 315_360_000.0,
        _ => return None,
    })
}

/// Tells whether a moment has a stated value. An ISO interval names its last part; the cases name the beginning of the
/// last part ("from 4 to 22") or the beginning of what follows ("next week"), and parts of the day by their hours.
fn agrees(moment: &Moment, (from, to): &(String, String)) -> bool {
    let hours = match moment.granularity {
        "morning" => Some(("08:00:00", "12:00:00")),
        "afternoon" => Some(("12:00:00", "16:00:00")),
        "evening" => Some(("16:00:00", "20:00:00")),
        "night" => Some(("20:00:00", "23:59:59")),
        "daytime" => Some(("08:00:00", "18:00:00")),
        "dawn" => Some(("04:00:00", "08:00:00")),
        "lunch" => Some(("11:00:00", "13:00:00")),
        _ => None,
    };
    if let Some((start, end)) = hours {
        return if moment.resolved.is_empty() {
            (from.as_str(), to.as_str()) == (start, end)
        } else {
            *from == format!("{} {start}", moment.resolved) && *to == format!("{} {end}", moment.resolved)
        };
    }
    let (first, last) = moment.resolved.split_once('/').unwrap_or((&moment.resolved, &moment.resolved));
    if to.is_empty() && !moment.resolved.contains('/') {
        return bounds(first).is_some_and(|(start, _)| long(from) == start);
    }
    let start = if first == ".." { Some(String::new()) } else { bounds(first).map(|(start, _)| start) };
    let ends =
        if last == ".." { vec![String::new()] } else { bounds(last).map(|(a, b)| vec![a, b]).unwrap_or_default() };
    start.is_some_and(|start| start == long(from)) && ends.iter().any(|end| *end == long(to))
}

/// Writes a value of the cases as date and time.
fn long(text: &str) -> String {
    if text.is_empty() || text.contains(' ') || text.contains(':') && !text.contains('-') {
        return text.to_owned();
    }
    format!("{text} 00:00:00")
}

/// Returns the beginning of an ISO date, and the beginning of what follows it.
fn bounds(iso: &str) -> Option<(String, String)> {
    if let Some(time) = iso.strip_prefix('T') {
        return Some((seconds(time), seconds(time)));
    }
    if let Some((date, time)) = iso.split_once('T') {
        let at = format!("{date} {}", seconds(time));
        return Some((at.clone(), at));
    }
    let midnight = |(y, m, d): (i64, i64, i64)| format!("{y:04}-{m:02}-{d:02} 00:00:00");
    let parts: Vec<&str> = iso.split('-').collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<i64>().ok());
    let days = |y, m, d| instant(&format!("{y:04}-{m:02}-{d:02}T00:00:00")).map(|seconds| seconds / 86_400);
    let year = number(0)?;
    if let Some(week) = parts.get(1).and_then(|part| part.strip_prefix('W')).and_then(|week| week.parse::<i64>().ok()) {
        let fourth = days(year, 1, 4)?;
        let start = fourth - (fourth + 3).rem_euclid(7) + (week - 1) * 7;
        return Some((midnight(date_of(start)), midnight(date_of(start + 7))));
    }
    match (number(1), number(2)) {
        (None, _) => Some((midnight((year, 1, 1)), midnight((year + 1, 1, 1)))),
        (Some(12), None) => Some((midnight((year, 12, 1)), midnight((year + 1, 1, 1)))),
        (Some(month), None) => Some((midnight((year, month, 1)), midnight((year, month + 1, 1)))),
        (Some(month), Some(day)) => {
            let day = days(year, month, day)?;
            Some((midnight(date_of(day)), midnight(date_of(day + 1))))
        }
    }
}

fn seconds(time: &str) -> String {
    if time.len() == 5 { format!("{time}:00") } else { time.to_owned() }
}

/// Reads "2016-11-07T00:00:00" as seconds of civil time.
fn instant(text: &str) -> Option<i64> {
    let digits = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (y, m, d) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let time = digits(11..13).unwrap_or(0) * 3600 + digits(14..16).unwrap_or(0) * 60 + digits(17..19).unwrap_or(0);
    let year = if m <= 2 { y - 1 } else { y };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (m + if m > 2 { -3 } else { 9 }) + 2) / 5 + d - 1;
    Some((era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468) * 86_400 + time)
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let (era, of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let cycle = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * cycle + cycle / 4 - cycle / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (cycle + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}
