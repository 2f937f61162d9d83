//! The language of an article: what is declared, unless the script says otherwise.

use std::sync::LazyLock;

use foldhash::HashMap;
use naba_proto::v1::Method;
use naba_text::{Script, dominant_script};

use crate::candidate::Candidate;
use crate::page::Page;

/// Collects candidates for the language, as BCP 47 tags.
pub fn candidates(page: Option<&Page>, headers: &[(String, String)], feed: &str, text: &str) -> Vec<Candidate<String>> {
    let mut out = Vec::new();
    let script = dominant_script(text);
    let mut add = |raw: &str, method, rule, confidence: f32| {
        if let Some(tag) = tag(raw) {
            let fits = script.is_none_or(|script| fits_script(&tag, script));
            out.push(Candidate {
                raw: raw.to_owned(),
                value: tag,
                method,
                rule,
                confidence: if fits { confidence } else { 0.05 },
            });
        }
    };
    if let Some(page) = page {
        add(&page.ld.language, Method::JsonLd, "ld:inLanguage", 0.85);
        add(&page.meta.lang, Method::Dom, "dom:lang", 0.8);
        if let Some((_, locale)) = page.meta.first(&["og:locale", "content-language", "language", "dc.language"]) {
            add(locale, Method::Meta, "meta:locale", 0.7);
        }
    }
    if let Some((_, value)) = headers.iter().find(|(name, _)| name == "content-language") {
        add(value, Method::Http, "http:content-language", 0.55);
    }
    add(feed, Method::Feed, "feed:language", 0.5);
    if let Some((tag, confidence)) = guess(text) {
        out.push(Candidate {
            raw: String::new(),
            value: tag.to_owned(),
            method: Method::Derived,
            rule: "text:words",
            confidence,
        });
    }
    out
}

/// Normalises a language tag: "ar_AR" and "AR-ar" become "ar-AR"; what is none becomes nothing.
fn tag(raw: &str) -> Option<String> {
    let first = raw.split([',', ';']).next()?.trim().replace('_', "-");
    let mut parts = first.split('-');
    let primary = parts.next()?.to_ascii_lowercase();
    let known = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
    if !known {
        return None;
    }
    let primary = match primary.as_str() {
        "iw" => "he",
        "in" => "id",
        "ji" => "yi",
        other => other,
    };
    let region = parts.find(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_alphabetic()));
    Some(match region {
        Some(region) => format!("{primary}-{}", region.to_ascii_uppercase()),
        None => primary.to_owned(),
    })
}

fn fits_script(tag: &str, script: Script) -> bool {
    let primary = tag.split('-').next().unwrap_or_default();
    let expected = match primary {
        "ar" | "fa" | "ur" | "ps" | "ckb" | "sd" | "ug" => Script::Arabic,
        "he" | "yi" => Script::Hebrew,
        "ru" | "uk" | "bg" | "be" | "mk" | "kk" | "ky" | "mn" => Script::Cyrillic,
        "el" => Script::Greek,
        "zh" => Script::Han,
        "ko" => Script::Hangul,
        "th" => Script::Thai,
        "hi" | "mr" | "ne" => Script::Devanagari,
        "bn" => Script::Bengali,
        "ja" => return matches!(script, Script::Kana | Script::Han),
        "en" | "fr" | "es" | "de" | "pt" | "it" | "nl" | "tr" | "pl" | "id" | "vi" | "sv" | "da" | "no" | "fi"
        | "cs" | "ro" | "hu" => Script::Latin,
        _ => return true,
    };
    script == expected
}

/// Words that are frequent in one language and rare in its neighbours.
const WORDS: &[(&str, &[&str])] = &[
    ("en", &["the", "and", "of", "to", "was", "that", "for", "with", "said", "is"]),
    ("fr", &["le", "les", "des", "est", "une", "dans", "pour", "qui", "du", "pas", "sur", "et"]),
    ("es", &["el", "los", "las", "del", "una", "por", "con", "para", "que", "su", "y", "se"]),
    ("pt", &["o", "os", "da", "do", "um", "uma", "não", "com", "em", "para", "que", "ao"]),
    ("de", &["der", "die", "das", "und", "ist", "nicht", "den", "mit", "ein", "eine", "auf", "von"]),
    ("it", &["il", "di", "che", "della", "per", "una", "con", "gli", "non", "sono", "nel", "è"]),
    ("nl", &["de", "het", "een", "van", "en", "dat", "niet", "voor", "zijn", "met", "op"]),
    (
        "tr",
        &[
            "bir", "ve", "bu", "için", "ile", "olarak", "çok", "olan", "dedi", "diyor", "gibi", "daha", "sonra",
            "kadar", "en", "ilk",
        ],
    ),
    ("pl", &["w", "na", "nie", "się", "że", "jest", "z", "do", "przez", "od", "który"]),
    ("sv", &["och", "att", "det", "som", "är", "inte", "på", "för", "den", "har"]),
    ("da", &["og", "det", "som", "ikke", "til", "af", "på", "har", "der", "en"]),
    ("no", &["og", "det", "som", "ikke", "til", "av", "på", "har", "er", "en"]),
    ("fi", &["ja", "on", "ei", "että", "oli", "se", "hän", "mutta", "ovat"]),
    ("cs", &["se", "na", "že", "je", "v", "a", "s", "do", "pro", "který", "jsou"]),
    ("ro", &["și", "în", "din", "este", "cu", "pe", "care", "să", "pentru", "mai", "fost"]),
    ("hu", &["a", "az", "és", "hogy", "nem", "egy", "is", "volt", "meg"]),
    ("id", &["yang", "dan", "di", "ini", "dengan", "untuk", "pada", "tidak", "dari", "akan"]),
    ("vi", &["và", "của", "là", "có", "cho", "không", "được", "trong", "với", "các"]),
    ("ru", &["и", "в", "не", "на", "что", "с", "по", "для", "это", "как"]),
    ("uk", &["і", "в", "не", "на", "що", "з", "та", "для", "це", "як", "є"]),
    ("bg", &["и", "на", "в", "да", "се", "за", "от", "с", "че", "е", "са"]),
    ("ar", &["في", "من", "على", "أن", "إلى", "التي", "عن", "الذي", "مع", "هذا"]),
    ("fa", &["در", "و", "به", "از", "که", "این", "را", "با", "است", "برای"]),
    ("ur", &["کے", "کی", "میں", "ہے", "اور", "کا", "سے", "کو", "نے", "پر"]),
    ("hi", &["के", "में", "है", "की", "और", "का", "से", "को", "ने", "पर"]),
    ("mr", &["आहे", "आणि", "या", "च्या", "हे", "ते"]),
];

/// The places in `WORDS` of the languages that have a word.
static LANGUAGES: LazyLock<HashMap<&str, Vec<usize>>> = LazyLock::new(|| {
    let mut languages: HashMap<&str, Vec<usize>> = HashMap::default();
    for (at, (_, words)) in WORDS.iter().enumerate() {
        words.iter().for_each(|word| languages.entry(word).or_default().push(at));
    }
    languages
});

/// Guesses the language by script and frequent words.
fn guess(text: &str) -> Option<(&'static str, f32)> {
    let fixed = match dominant_script(text)? {
        Script::Hebrew => Some("he"),
        Script::Greek => Some("el"),
        Script::Kana => Some("ja"),
        Script::Hangul => Some("ko"),
        Script::Thai => Some("th"),
        Script::Bengali => Some("bn"),
        Script::Han => {
            Some(if text.chars().any(|c| naba_text::script_of(c) == Some(Script::Kana)) { "ja" } else { "zh" })
        }
        _ => None,
    };
    if let Some(language) = fixed {
        return Some((language, 0.6));
    }
    let mut counts = vec![0_usize; WORDS.len()];
    let mut total = 0;
    for (_, word) in naba_text::words(text).take(600) {
        total += 1;
        for at in LANGUAGES.get(word.to_lowercase().as_str()).into_iter().flatten() {
            counts.get_mut(*at).into_iter().for_each(|count| *count += 1);
        }
    }
    let (best, count) = counts.iter().enumerate().max_by_key(|(at, count)| (**count, usize::MAX - at))?;
    let enough = *count >= 2 && *count * 30 >= total;
    enough.then(|| WORDS.get(best).map(|(language, _)| (*language, 0.6))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_language_in_the_wrong_script_loses() {
        let page = Page::parse("<html lang=en-us><p>x").unwrap();
        let text = "أعلن وزير الخارجية في وقت متأخر عن التوصل إلى خطة من شأنها إرساء هدنة في البلاد";
        let best = candidates(Some(&page), &[], "", text)
            .into_iter()
            .max_by(|a, b| a.confidence.total_cmp(&b.confidence))
            .unwrap();
        assert_eq!(best.value, "ar");
        assert_eq!(tag("pt_BR").as_deref(), Some("pt-BR"));
        assert_eq!(tag("english"), None);
    }

    #[test]
    fn neighbours_are_told_apart_by_their_words() {
        let of = |t: &str| guess(t).map(|(l, _)| l);
        assert_eq!(of("این آب حق کشاورزان شرق است و از شهروندان می‌خواهیم که در این روز"), Some("fa"));
        assert_eq!(
            of("ملتان نے قومی کپ کے سیمی فائنل میں پشاور کو دو وکٹوں سے ہرا کر فائنل میں جگہ بنا لی ہے"),
            Some("ur")
        );
        assert_eq!(of("Первая партия отправилась в Дубай и что это не было случайно"), Some("ru"));
    }
}
