//! Key phrases by statistics: how often, how early, how long, and whether in the headline.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use naba_model::is_body;
use naba_proto::v1::{Article, BlockRole, Enrichments, Keyphrase};
use naba_text::{Script, dominant_script, fold_str, words};

use crate::data::STOPWORDS;
use crate::language::language_of;
use crate::{EnrichError, Part, Step};

/// Phrases kept.
const LIMIT: usize = 12;
/// Most words of a phrase.
const MAX_WORDS: usize = 3;
/// Most characters of a phrase where no spaces part words.
const MAX_HAN: usize = 6;
/// Words of the article that are read: key phrases come early.
const MAX_READ: usize = 3000;

static STOPS: LazyLock<HashMap<&'static str, HashSet<String>>> = LazyLock::new(|| {
    STOPWORDS.iter().map(|(language, list)| (*language, list.lines().map(fold_str).collect())).collect()
});

/// Extracts key phrases.
pub(crate) struct Keyphrases;

impl Step for Keyphrases {
    fn name(&self) -> &'static str {
        "keyphrases"
    }

    fn version(&self) -> u32 {
        1
    }

    fn parameters(&self) -> &str {
        "limit 12, 3 words, 6 characters for han, 3000 words read"
    }

    fn enrich(&self, article: &Article, so_far: &Enrichments) -> Result<Part, EnrichError> {
        let language = language_of(article, so_far).split(['-', '_']).next().unwrap_or_default();
        let phrases = keyphrases(article, STOPS.get(language));
        Ok(Part::new(move |enrichments| enrichments.keyphrases = phrases))
    }
}

#[derive(Default)]
struct Candidate {
    count: u32,
    /// Place of the first occurrence, in words.
    first: usize,
    words: usize,
    headline: bool,
    forms: HashMap<String, u32>,
}

fn keyphrases(article: &Article, stops: Option<&HashSet<String>>) -> Vec<Keyphrase> {
    let mut candidates: HashMap<String, Candidate> = HashMap::new();
    let mut read = 0;
    let headline =
        [(true, article.headline.as_str()), (false, article.deck.as_str()), (false, article.standfirst.as_str())];
    let body = article.blocks.iter().filter(|block| is_body(block.role()) && block.role() != BlockRole::Table);
    for (is_headline, text) in headline.into_iter().chain(body.map(|block| (false, block.text.as_str()))) {
        if read > MAX_READ {
            break;
        }
        let han = matches!(dominant_script(text), Some(Script::Han | Script::Kana));
        for run in runs(text) {
            gather(&run, text, han, stops, read, is_headline, &mut candidates);
            read += run.len();
        }
    }
    best(candidates)
}

struct Word {
    start: usize,
    end: usize,
    key: String,
}

/// Splits a text into runs of words with nothing but white space between them.
fn runs(text: &str) -> Vec<Vec<Word>> {
    let mut out: Vec<Vec<Word>> = Vec::new();
    let mut last = usize::MAX;
    for (start, word) in words(text) {
        let joined = last <= start && text.get(last..start).is_some_and(|gap| gap.chars().all(char::is_whitespace));
        if !joined {
            out.push(Vec::new());
        }
        last = start + word.len();
        if let Some(run) = out.last_mut() {
            run.push(Word { start, end: last, key: fold_str(word) });
        }
    }
    out
}

fn gather(
    run: &[Word],
    text: &str,
    han: bool,
    stops: Option<&HashSet<String>>,
    read: usize,
    headline: bool,
    candidates: &mut HashMap<String, Candidate>,
) {
    let stop = |word: &Word| stops.is_some_and(|stops| stops.contains(&word.key));
    let telling =
        |word: &Word| !stop(word) && word.key.chars().any(char::is_alphabetic) && (han || word.key.chars().count() > 2);
    let (least, most) = if han { (2, MAX_HAN) } else { (1, MAX_WORDS) };
    for start in 0..run.len() {
        for length in least..=most {
            let Some(part) = run.get(start..start + length) else { break };
            let (Some(first), Some(last)) = (part.first(), part.last()) else { break };
            if !telling(first) || !telling(last) || (han && part.iter().any(stop)) {
                continue;
            }
            let keys: Vec<String> = part.iter().map(|word| bare(&word.key)).collect();
            let candidate = candidates.entry(keys.join(" ")).or_default();
            if candidate.count == 0 {
                (candidate.first, candidate.words) = (read + start, length);
            }
            candidate.count += 1;
            candidate.headline |= headline;
            if let Some(form) = text.get(first.start..last.end) {
                *candidate.forms.entry(form.to_owned()).or_default() += 1;
            }
        }
    }
}

/// Cuts the Arabic article and what is written on to it, so that forms of one noun count together.
fn bare(key: &str) -> String {
    let cut = ["وال", "بال", "فال", "كال", "لل", "ال"].iter().find_map(|prefix| key.strip_prefix(prefix));
    cut.filter(|rest| rest.chars().count() >= 3).unwrap_or(key).to_owned()
}

fn best(candidates: HashMap<String, Candidate>) -> Vec<Keyphrase> {
    let mut scored: Vec<(f32, String, Candidate)> = candidates
        .into_iter()
        .map(|(key, candidate)| (score(&candidate), key, candidate))
        .filter(|c| c.0 > 0.0)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let top = scored.first().map_or(1.0, |(score, ..)| *score);
    let mut kept: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for (score, key, candidate) in scored {
        if out.len() == LIMIT {
            break;
        }
        let padded = format!(" {key} ");
        // A part of a better phrase, or a longer form of it, says nothing new.
        if kept.iter().any(|known| known.contains(&padded) || padded.contains(known.as_str())) {
            continue;
        }
        kept.push(padded);
        let form = candidate.forms.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
        if let Some((text, _)) = form {
            out.push(Keyphrase { text, score: score / top });
        }
    }
    out
}

/// Weighs a candidate: a phrase that stands once outside the headline is no key phrase.
fn score(candidate: &Candidate) -> f32 {
    if candidate.count < 2 && !(candidate.headline && candidate.words > 1) {
        return 0.0;
    }
    #[allow(clippy::cast_precision_loss, reason = "counts of words are small")]
    let (count, first, words) = (candidate.count as f32, candidate.first as f32, candidate.words as f32);
    let length = 0.6 + 0.4 * words;
    let early = 1.0 + 1.0 / (1.0 + first / 50.0);
    let headline = if candidate.headline { 1.5 } else { 1.0 };
    (1.0 + count).ln() * length * early * headline
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::Block;

    use super::*;

    fn article(headline: &str, paragraphs: &[&str]) -> Article {
        let block = |text: &&str| Block { role: BlockRole::Paragraph.into(), text: (*text).into(), ..Block::default() };
        Article { headline: headline.into(), blocks: paragraphs.iter().map(block).collect(), ..Article::default() }
    }

    fn phrases(language: &str, article: &Article) -> Vec<String> {
        keyphrases(article, STOPS.get(language)).into_iter().map(|phrase| phrase.text).collect()
    }

    #[test]
    fn what_recurs_from_the_headline_on_comes_first() {
        let article = article(
            "Walking clinics cut knee surgery queue",
            &[
                "The knee surgery queue fell.",
                "Patients in walking clinics left the knee surgery queue.",
                "Tea was served.",
            ],
        );
        let found = phrases("en", &article);
        assert!(found[0].to_lowercase().contains("knee surgery"), "{found:?}");
        assert!(
            !found.iter().any(|phrase| phrase.to_lowercase().contains("tea") || phrase.starts_with("the ")),
            "{found:?}"
        );
    }

    #[test]
    fn arabic_forms_with_and_without_article_count_together() {
        let article = article("هدنة في سوريا", &["تبدأ الهدنة غدا.", "وتشمل الهدنة حلب.", "والهدنة هشة."]);
        assert_eq!(phrases("ar", &article)[0], "الهدنة");
    }

    #[test]
    fn chinese_phrases_need_no_spaces() {
        let article = article("夜貓郵局試辦一年", &["台東夜貓郵局試辦滿一年。", "夜貓郵局的局長表示。"]);
        assert!(phrases("zh", &article)[0].contains("夜貓郵局"));
    }
}
