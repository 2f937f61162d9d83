//! The language of the text: by its script or letters where these decide, by a model of letter n-grams for languages with
//! data to learn from, by a library for the others.

mod arabic;
pub mod ngrams;
mod others;
mod scripts;

use std::sync::LazyLock;

use naba_proto::v1::{Article, Enrichments, LanguageDetail};
use naba_text::{Script, script_of};

use crate::pipeline::whole_text;
use crate::{EnrichError, Part, Step};
use ngrams::Model;

/// The weights, written by `cargo xtask train language`.
static WEIGHTS: &[u8] = include_bytes!("../../data/language.bin");
static MODEL: LazyLock<Result<Model, EnrichError>> = LazyLock::new(|| Model::read(WEIGHTS));

/// Scalar values that are read: more does not change the answer.
const SAMPLE: usize = 1000;
/// Letters from which on a detection is relied on where letters alone do not decide.
const RELIABLE_LETTERS: usize = 60;

/// Detects the language.
pub(crate) struct Language;

impl Step for Language {
    fn name(&self) -> &'static str {
        "language"
    }

    fn version(&self) -> u32 {
        2
    }

    fn enrich(&self, article: &Article, _so_far: &Enrichments) -> Result<Part, EnrichError> {
        let model = MODEL.as_ref().map_err(Clone::clone)?;
        let mut detail = detect(model, &whole_text(article));
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
pub fn detect(model: &Model, text: &str) -> LanguageDetail {
    let sample = text.char_indices().nth(SAMPLE).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
    let Some(script) = naba_text::dominant_script(sample) else { return LanguageDetail::default() };
    let letters = sample.chars().filter_map(script_of);
    let (total, kana) = letters.fold((0, 0), |(all, kana), of| (all + 1, kana + usize::from(of == Script::Kana)));
    let (language, confidence, iso) = match script {
        Script::Arabic => {
            let (language, confidence) = arabic::detect(sample);
            (language, confidence, "Arab")
        }
        Script::Hebrew => ("he", 1.0, "Hebr"),
        Script::Greek => ("el", 1.0, "Grek"),
        Script::Thai => ("th", 1.0, "Thai"),
        Script::Hangul => ("ko", 1.0, "Kore"),
        // Japanese is written with Chinese characters and kana mixed; Chinese has no kana.
        Script::Kana => ("ja", 1.0, "Jpan"),
        Script::Han if kana * 20 > total => ("ja", 1.0, "Jpan"),
        Script::Han => ("zh", 1.0, "Hani"),
        Script::Devanagari => devanagari(sample),
        Script::Bengali => ("bn", 0.9, "Beng"),
        Script::Cyrillic => alphabetic(model, sample, "Cyrl"),
        Script::Latin => alphabetic(model, sample, "Latn"),
        Script::OtherIndic | Script::Other => {
            scripts::detect(sample).map_or(("", 0.0, ""), |(script, language)| (language, 1.0, script))
        }
    };
    let reliable = total >= RELIABLE_LETTERS && confidence >= 0.5 && !language.is_empty();
    LanguageDetail { detected: language.to_owned(), confidence, reliable, script: iso.to_owned() }
}

/// Most news in Devanagari are Hindi: another language must be certain.
fn devanagari(sample: &str) -> (&'static str, f32, &'static str) {
    match others::detect(sample).filter(|(language, sure)| *language != "hi" && *sure > 0.9) {
        Some((language, confidence)) => (language, confidence, "Deva"),
        None => ("hi", 0.9, "Deva"),
    }
}

/// A language of an alphabet that many share: by the model, by the library where the text is unlike all that it knows.
fn alphabetic<'m>(model: &'m Model, sample: &str, script: &'static str) -> (&'m str, f32, &'static str) {
    let Some(guess) = model.guess(sample) else { return ("", 0.0, script) };
    let other = guess.foreign.then(|| others::detect(sample)).flatten();
    match other.filter(|(language, _)| !model.knows(language)) {
        Some((language, confidence)) => (language, confidence, script),
        None => (guess.language, guess.confidence, script),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        Model::read(WEIGHTS).unwrap()
    }

    #[test]
    fn languages_are_told_apart() {
        for (language, text) in [
            ("ar", "اتفقت موسكو وواشنطن على خطة لإرساء الهدنة في سوريا تمهيدًا للسلام الشامل"),
            ("fa", "آب رهاسازی‌شده از سد زاینده‌رود بامداد یکشنبه پس از هفت ماه به سی‌وسه‌پل رسید"),
            ("ur", "ملتان نے قومی انڈر ون ڈے کپ کے سیمی فائنل میں پشاور کو دو وکٹوں سے ہرا دیا ہے"),
            ("ps", "د افغانستان د بهرنیو چارو وزیر ویلي چې دوی غواړي له ټولو هېوادونو سره ښې اړیکې ولري"),
            ("ckb", "سەرۆکی حکومەتی هەرێمی کوردستان ڕایگەیاند کە گفتوگۆکان لەگەڵ بەغدا بەردەوامن"),
            ("ug", "شىنجاڭ ئۇيغۇر ئاپتونوم رايونىنىڭ پايتەختى ئۈرۈمچى شەھىرىدە يىغىن ئۆتكۈزۈلدى"),
            ("ja", "東京都は今日、新しい計画を発表した"),
            ("zh", "台東縣政府今天公布成果"),
            ("nl", "De gemeente wil dat er meer woningen worden gebouwd in de binnenstad"),
            ("sv", "Regeringen vill att fler bostäder ska byggas i städernas centrum"),
            ("uk", "Уряд повідомив, що переговори триватимуть до кінця тижня"),
            ("cs", "Vláda oznámila, že jednání s odbory bude pokračovat až do konce týdne příští měsíc"),
            ("ta", "அரசு புதிய திட்டத்தை அறிவித்தது"),
            ("he", "חברת השבבים מגייסת שבעים מיליון דולר"),
        ] {
            assert_eq!(detect(&model(), text).detected, language, "{text}");
        }
    }

    #[test]
    fn a_headline_alone_is_not_relied_on() {
        assert!(!detect(&model(), "Ice jam shifts bridge").reliable);
        let long =
            "An ice jam on the Little Fox River pushed a bridge about eleven inches off its footings early Friday.";
        let detail = detect(&model(), long);
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
