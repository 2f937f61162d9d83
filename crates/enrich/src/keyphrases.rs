//! Key phrases by statistics: how often, how early, how long, and whether in the headline.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use naba_model::is_prose;
use naba_proto::v1::{Article, Enrichments, Keyphrase};
use naba_text::fold_str;

use crate::data::STOPWORDS;
use crate::language::language_of;
use crate::words::{ByHash, Gap, Word, Words, follow, hash, without_article};
use crate::{EnrichError, Part, Step};

/// Phrases kept.
const LIMIT: usize = 12;
/// Most words of a phrase.
const MAX_WORDS: usize = 3;
/// Most characters of a phrase where no spaces part words.
const MAX_HAN: usize = 6;
/// Words of the article that are read: key phrases come early.
const MAX_READ: usize = 3000;

/// Stop words of each language, folded and hashed.
static STOPS: LazyLock<HashMap<&'static str, HashSet<u64>>> = LazyLock::new(|| {
    let hashes = |list: &str| list.lines().map(|word| hash(&fold_str(word))).collect();
    STOPWORDS.iter().map(|(language, list)| (*language, hashes(list))).collect()
});

/// Extracts key phrases.
pub(crate) struct Keyphrases;

impl Step for Keyphrases {
    fn name(&self) -> &'static str {
        "keyphrases"
    }

    fn version(&self) -> u32 {
        2
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

/// Where a phrase stands: which text, and the bytes in it.
#[derive(Clone, Copy)]
struct Place {
    text: usize,
    start: usize,
    end: usize,
}

struct Candidate {
    key: [u64; MAX_HAN],
    count: u32,
    /// Place of the first occurrence, in words.
    first: usize,
    words: usize,
    headline: bool,
    place: Place,
    others: Vec<Place>,
}

fn keyphrases(article: &Article, stops: Option<&HashSet<u64>>) -> Vec<Keyphrase> {
    let mut texts = vec![article.headline.as_str(), article.deck.as_str(), article.standfirst.as_str()];
    let body = article.blocks.iter().filter(|block| is_prose(block.role()));
    texts.extend(body.map(|block| block.text.as_str()));
    let mut gathered = Gathered { stops, candidates: ByHash::default(), read: 0 };
    for (index, text) in texts.iter().enumerate() {
        if gathered.read > MAX_READ {
            break;
        }
        gathered.add(index, text);
    }
    best(gathered.candidates, &texts)
}

struct Term {
    start: usize,
    end: usize,
    key: u64,
    stop: bool,
    /// It may begin or close a phrase.
    telling: bool,
}

/// What has been read of an article.
struct Gathered<'s> {
    stops: Option<&'s HashSet<u64>>,
    candidates: ByHash<Candidate>,
    read: usize,
}

impl Gathered<'_> {
    /// Reads one text: phrases are runs of words with nothing but white space between them.
    fn add(&mut self, index: usize, text: &str) {
        let words = Words::of(text);
        let han = words.all().iter().filter(|word| word.sign).count() * 2 > words.all().len();
        let mut run: Vec<Term> = Vec::new();
        for (at, word) in words.all().iter().enumerate() {
            if !matches!(word.gap, Gap::None | Gap::Space | Gap::Joint) {
                self.phrases(&run, index, han);
                run.clear();
            }
            run.push(self.term(word, words.folded(at), han));
        }
        self.phrases(&run, index, han);
    }

    fn term(&self, word: &Word, folded: &str, han: bool) -> Term {
        let stop = self.stops.is_some_and(|stops| stops.contains(&word.hash));
        let letters = folded.chars().any(char::is_alphabetic) && (han || folded.chars().nth(2).is_some());
        let bare = without_article(folded);
        let key = if bare.len() == folded.len() { word.hash } else { hash(bare) };
        Term { start: word.first_byte as usize, end: word.end_byte as usize, key, stop, telling: letters && !stop }
    }

    fn phrases(&mut self, run: &[Term], text: usize, han: bool) {
        let (least, most) = if han { (2, MAX_HAN) } else { (1, MAX_WORDS) };
        for (at, first) in run.iter().enumerate().filter(|(_, term)| term.telling) {
            for length in least..=most {
                let Some(part) = run.get(at..at + length) else { break };
                let Some(last) = part.last() else { break };
                if !last.telling || (han && part.iter().any(|term| term.stop)) {
                    continue;
                }
                let mut key = [0; MAX_HAN];
                key.iter_mut().zip(part).for_each(|(slot, term)| *slot = term.key);
                self.count(key, self.read + at, length, Place { text, start: first.start, end: last.end });
            }
        }
        self.read += run.len();
    }

    fn count(&mut self, key: [u64; MAX_HAN], first: usize, words: usize, place: Place) {
        let headline = place.text == 0;
        let phrase = key.iter().fold(0, |phrase, word| follow(phrase, *word));
        match self.candidates.get_mut(&phrase) {
            Some(known) => {
                known.count += 1;
                known.headline |= headline;
                known.others.push(place);
            }
            None => {
                let candidate = Candidate { key, count: 1, first, words, headline, place, others: Vec::new() };
                self.candidates.insert(phrase, candidate);
            }
        }
    }
}

fn best(candidates: ByHash<Candidate>, texts: &[&str]) -> Vec<Keyphrase> {
    let scored = candidates.into_values().map(|candidate| (score(&candidate), candidate));
    let mut scored: Vec<(f32, Candidate)> = scored.filter(|(score, _)| *score > 0.0).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.first.cmp(&b.1.first)).then(a.1.words.cmp(&b.1.words)));
    let top = scored.first().map_or(1.0, |(score, _)| *score);
    let mut kept: Vec<Candidate> = Vec::new();
    let mut out = Vec::new();
    for (score, candidate) in scored {
        if out.len() == LIMIT {
            break;
        }
        // A part of a better phrase, or a longer form of it, says nothing new.
        if kept.iter().any(|known| is_part(known, &candidate) || is_part(&candidate, known)) {
            continue;
        }
        out.push(Keyphrase { text: usual_form(&candidate, texts), score: score / top });
        kept.push(candidate);
    }
    out
}

/// Tells whether the words of one phrase are a run of another's.
fn is_part(whole: &Candidate, part: &Candidate) -> bool {
    let [whole, part] = [whole, part].map(|it| it.key.get(..it.words).unwrap_or_default());
    whole.windows(part.len().max(1)).any(|run| run == part)
}

/// Returns the form in which a phrase stands most often, the first of those that stand equally often.
fn usual_form(candidate: &Candidate, texts: &[&str]) -> String {
    let form =
        |place: &Place| texts.get(place.text).and_then(|text| text.get(place.start..place.end)).unwrap_or_default();
    let mut counts: Vec<(&str, u32)> = Vec::new();
    for text in std::iter::once(&candidate.place).chain(&candidate.others).map(form) {
        match counts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => counts.push((text, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts.iter().find(|(_, count)| *count == most).map(|(text, _)| (*text).to_owned()).unwrap_or_default()
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
    use naba_proto::v1::{Block, BlockRole};

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
