//! The language of the text: by letters where a script or its letters decide, else by n-grams.

use naba_proto::v1::{Article, Enrichments, LanguageDetail};
use naba_text::{Script, script_of};

use crate::pipeline::whole_text;
use crate::{EnrichError, Part, Step};

/// Scalar values that are read: more does not change the answer.
const SAMPLE: usize = 2000;
/// Letters from which on a detection by n-grams is relied on: below, every detector measured errs often.
const RELIABLE_LETTERS: usize = 60;

/// Detects the language.
pub(crate) struct Language;

impl Step for Language {
    fn name(&self) -> &'static str {
        "language"
    }

    fn version(&self) -> u32 {
        1
    }

    fn enrich(&self, article: &Article, _so_far: &Enrichments) -> Result<Part, EnrichError> {
        let mut detail = detect(&whole_text(article));
        if detail.detected.is_empty() {
            article.language.clone_into(&mut detail.detected);
        }
        Ok(Part::new(move |enrichments| enrichments.language = Some(detail)))
    }
}

/// Returns the language by which later steps choose their data: what was detected, if reliably, else what was declared.
pub(crate) fn language_of<'a>(article: &'a Article, so_far: &'a Enrichments) -> &'a str {
    let detected = so_far.language.as_ref();
    match detected {
        Some(detail) if detail.reliable || article.language.is_empty() => &detail.detected,
        _ => &article.language,
    }
}

/// Detects the language of a text.
pub(crate) fn detect(text: &str) -> LanguageDetail {
    let sample: String = text.chars().take(SAMPLE).collect();
    let mut letters = [0_usize; 16];
    let mut total = 0;
    for script in sample.chars().filter_map(script_of) {
        if let Some(count) = letters.get_mut(script as usize) {
            *count += 1;
        }
        total += 1;
    }
    let count = |script: Script| letters.get(script as usize).copied().unwrap_or(0);
    let Some(script) = naba_text::dominant_script(&sample) else { return LanguageDetail::default() };
    let enough = total >= RELIABLE_LETTERS;
    let (language, confidence, iso) = match script {
        Script::Arabic => {
            let (language, confidence) = arabic_script(&sample);
            (language.to_owned(), confidence, "Arab")
        }
        Script::Hebrew => ("he".to_owned(), 1.0, "Hebr"),
        Script::Greek => ("el".to_owned(), 1.0, "Grek"),
        Script::Thai => ("th".to_owned(), 1.0, "Thai"),
        Script::Hangul => ("ko".to_owned(), 1.0, "Kore"),
        // Japanese is written with Chinese characters and kana mixed; Chinese has no kana.
        Script::Kana => ("ja".to_owned(), 1.0, "Jpan"),
        Script::Han if count(Script::Kana) * 20 > total => ("ja".to_owned(), 1.0, "Jpan"),
        Script::Han => ("zh".to_owned(), 1.0, "Hani"),
        Script::Devanagari => by_ngrams(&sample, "Deva"),
        Script::Bengali => ("bn".to_owned(), 0.9, "Beng"),
        Script::Cyrillic => by_ngrams(&sample, "Cyrl"),
        Script::Latin => by_ngrams(&sample, "Latn"),
        Script::OtherIndic | Script::Other => by_ngrams(&sample, ""),
    };
    let reliable = enough && confidence >= 0.5 && !language.is_empty();
    LanguageDetail { detected: language, confidence, reliable, script: iso.to_owned() }
}

fn by_ngrams(sample: &str, script: &'static str) -> (String, f32, &'static str) {
    match whatlang::detect(sample) {
        #[allow(clippy::cast_possible_truncation, reason = "a confidence between 0 and 1")]
        Some(info) => (bcp47(info.lang()).to_owned(), info.confidence() as f32, script),
        None => (String::new(), 0.0, script),
    }
}

/// Tells the languages of the Arabic script apart by letters that only some of them have.
///
/// N-gram detectors call Pashto Persian and Uyghur Arabic; these letters do not occur in the other languages.
fn arabic_script(sample: &str) -> (&'static str, f32) {
    let (mut pashto, mut urdu, mut sorani, mut uyghur, mut persian, mut arabic) =
        (0_u32, 0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    for c in sample.chars() {
        match c {
            'ټ' | 'ډ' | 'ړ' | 'ښ' | 'ځ' | 'څ' | 'ۍ' | 'ې' | 'ګ' | 'ڼ' => pashto += 1,
            'ٹ' | 'ڈ' | 'ڑ' | 'ے' | 'ں' | 'ہ' | 'ھ' | 'ۓ' => urdu += 1,
            'ڕ' | 'ڵ' | 'ۆ' | 'ێ' => sorani += 1,
            'ۈ' | 'ۇ' | 'ۋ' | 'ڭ' | 'ە' => uyghur += 1,
            'پ' | 'چ' | 'ژ' | 'گ' | 'ک' | 'ی' => persian += 1,
            'ة' | 'ي' | 'ى' | 'ك' | 'أ' | 'إ' | 'ئ' | 'ؤ' => arabic += 1,
            _ => {}
        }
    }
    let letters = pashto + urdu + sorani + uyghur + persian + arabic;
    let share = |count: u32| if letters == 0 { 0.0 } else { f64::from(count) / f64::from(letters) };
    let language = if share(urdu) > 0.2 {
        "ur"
    } else if share(sorani) > 0.08 {
        "ckb"
    } else if share(uyghur) > 0.2 {
        "ug"
    } else if share(pashto) > 0.05 {
        "ps"
    } else if persian > arabic {
        "fa"
    } else {
        "ar"
    };
    (language, if letters < 10 { 0.5 } else { 0.95 })
}

/// Maps the detector's languages to BCP 47.
fn bcp47(language: whatlang::Lang) -> &'static str {
    use whatlang::Lang;
    match language {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "nb",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_of_one_script_are_told_apart_by_their_letters() {
        for (language, text) in [
            ("ar", "اتفقت موسكو وواشنطن على خطة لإرساء الهدنة في سوريا تمهيدًا للسلام الشامل"),
            ("fa", "آب رهاسازی‌شده از سد زاینده‌رود بامداد یکشنبه پس از هفت ماه به سی‌وسه‌پل رسید"),
            ("ur", "ملتان نے قومی انڈر ون ڈے کپ کے سیمی فائنل میں پشاور کو دو وکٹوں سے ہرا دیا ہے"),
            ("ps", "د افغانستان د بهرنیو چارو وزیر ویلي چې دوی غواړي له ټولو هېوادونو سره ښې اړیکې ولري"),
            ("ckb", "سەرۆکی حکومەتی هەرێمی کوردستان ڕایگەیاند کە گفتوگۆکان لەگەڵ بەغدا بەردەوامن"),
            ("ug", "شىنجاڭ ئۇيغۇر ئاپتونوم رايونىنىڭ پايتەختى ئۈرۈمچى شەھىرىدە يىغىن ئۆتكۈزۈلدى"),
            ("ja", "東京都は今日、新しい計画を発表した"),
            ("zh", "台東縣政府今天公布成果"),
            ("he", "חברת השבבים מגייסת שבעים מיליון דולר"),
        ] {
            assert_eq!(detect(text).detected, language, "{text}");
        }
    }

    #[test]
    fn a_headline_alone_is_not_relied_on() {
        assert!(!detect("Ice jam shifts bridge").reliable);
        let long =
            "An ice jam on the Little Fox River pushed a bridge about eleven inches off its footings early Friday.";
        let detail = detect(long);
        assert!(detail.reliable && detail.detected == "en" && detail.script == "Latn", "{detail:?}");
    }

    #[test]
    fn text_without_letters_keeps_the_declared_language() {
        let article = Article { headline: "2020 — 5".into(), language: "ar".into(), ..Article::default() };
        let mut enrichments = Enrichments::default();
        Language.enrich(&article, &enrichments.clone()).unwrap().add_to(&mut enrichments);
        assert_eq!(enrichments.language.unwrap().detected, "ar");
    }
}
