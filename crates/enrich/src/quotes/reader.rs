//! Reads a document from first to last sentence and notes who says what.

use std::ops::Range;

use naba_proto::v1::BlockRole;

use super::document::{Document, Paragraph};
use super::extent::Shape;
use super::lexicon::{Family, Lexicon, Tags};
use super::marks::Stretch;
use super::names::keys;
use super::people::{Gender, People, Speaker};
use super::subject::{Cue, Subject, honorific_gender, subject};
use super::{cased, definite, verb_last};

/// A quote that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Index in `Document::paragraphs`.
    pub(super) paragraph: usize,
    /// The words.
    pub(super) stretch: Stretch,
    /// The cue's tokens.
    pub(super) cue: Option<Range<usize>>,
    /// Whose words they are.
    pub(super) speaker: Speaker,
    /// Nobody is named beside it: the speaker was taken over.
    pub(super) carried: bool,
}

/// An act of speech: a cue with its subject.
#[derive(Clone, Debug)]
struct Event {
    cue: Cue,
    speaker: Speaker,
    named: bool,
}

/// Reads a document.
pub(super) struct Reader<'d, 'a> {
    document: &'d Document<'a>,
    people: People,
    /// The person of whom headline and standfirst speak.
    featured: Option<usize>,
    found: Vec<Found>,
}

impl<'d, 'a> Reader<'d, 'a> {
    /// Finds the quotes of a document and the people that speak.
    pub(super) fn read(document: &'d Document<'a>) -> (Vec<Found>, People) {
        let mut reader = Reader { document, people: People::default(), featured: None, found: Vec::new() };
        for (index, paragraph) in document.paragraphs.iter().enumerate() {
            let mut before: Option<Event> = None;
            for sentence in &paragraph.sentences {
                reader.introduce(paragraph, sentence);
                if paragraph.role == BlockRole::Paragraph {
                    let events = reader.events(paragraph, sentence, before.as_ref());
                    let used = reader.quotes(index, paragraph, sentence, &events, before.as_ref());
                    before = used.or_else(|| events.into_iter().next_back()).or(before);
                }
            }
        }
        reader.fill_gaps();
        (reader.found, reader.people)
    }

    /// Notes the people whom a sentence introduces.
    fn introduce(&mut self, p: &Paragraph, sentence: &Range<usize>) {
        match self.document.lexicon.family {
            Family::Definite => {
                for person in definite::introduced(self.document, p, sentence) {
                    let id = self.meet(p, &person.name, person.title);
                    if let Some(id) = id.filter(|_| person.female) {
                        self.people.learn_gender(id, Gender::Female);
                    }
                }
            }
            Family::Cased => {
                if p.role == BlockRole::Headline {
                    self.interviewee(p);
                }
                for name in cased::introduced(p, sentence) {
                    self.meet(p, &name, cased::titles(p, &name));
                }
                self.take_up(p, sentence);
            }
            Family::VerbLast => {
                for name in verb_last::introduced(p, sentence) {
                    self.meet(p, &name, Vec::new());
                }
            }
            Family::Han => {}
        }
    }

    /// "Aminata Coulibaly-Roy : « … »": the headline of an interview names who answers.
    fn interviewee(&mut self, p: &Paragraph) {
        let end = super::names::run(p, 0, p.tokens.len(), Family::Cased);
        if end > 1 && p.is_sign(end, &[":"]) {
            self.meet(p, &(0..end), Vec::new());
        }
    }

    /// A sentence that opens with a known person makes that person the one spoken of.
    fn take_up(&mut self, p: &Paragraph, sentence: &Range<usize>) {
        let head = sentence.start..sentence.end.min(sentence.start + 3);
        if let Some((id, _)) = self.people.mentioned(p, head) {
            self.people.touch(id);
        }
    }

    fn meet(&mut self, p: &Paragraph, name: &Range<usize>, title: Vec<String>) -> Option<usize> {
        let id = self.people.named(self.document, p, name)?;
        self.people.learn_title(id, title);
        self.people.touch(id);
        if p.role != BlockRole::Paragraph {
            self.featured = self.featured.or(Some(id));
        }
        Some(id)
    }

    /// Finds the acts of speech of a sentence.
    fn events(&mut self, p: &Paragraph, sentence: &Range<usize>, before: Option<&Event>) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        let mut at = sentence.start;
        while at < sentence.end {
            let Some(cue) = cue_at(self.document.lexicon, &self.people, p, at, sentence) else {
                at += 1;
                continue;
            };
            at = cue.tokens.end;
            let from = events.last().map_or(sentence.start, |event| event.cue.tokens.end);
            let clause = from..sentence.end;
            let (speaker, named) = self.speaker(p, sentence, &cue, &clause, &events, before);
            events.push(Event { cue, speaker, named });
        }
        events
    }

    fn speaker(
        &mut self,
        p: &Paragraph,
        sentence: &Range<usize>,
        cue: &Cue,
        clause: &Range<usize>,
        events: &[Event],
        before: Option<&Event>,
    ) -> (Speaker, bool) {
        let gender = cue.gender();
        let found = subject(self.document, p, &self.people, cue, clause);
        let quotes = p.tokens.get(sentence.clone()).unwrap_or_default().iter().any(|t| t.quoted);
        match found {
            Subject::Name { name, title } => match self.person(p, &name, &title, gender) {
                Some(id) => {
                    if quotes || keys(p, &name).len() > 1 || self.people.get(id).is_some_and(|p| p.name.contains(' ')) {
                        self.people.touch(id);
                    }
                    (Speaker::Person(id), true)
                }
                None => (Speaker::Unnamed, true),
            },
            Subject::Pronoun(shown) => {
                let gender = if shown == Gender::Unknown { gender } else { shown };
                (self.people.last(gender).map_or(Speaker::Unstated, Speaker::Person), true)
            }
            Subject::Title(words) => match self.people.titled(&self.title_words(p, &words), gender) {
                Some(id) => {
                    self.people.touch(id);
                    (Speaker::Person(id), true)
                }
                None => (Speaker::Unnamed, true),
            },
            Subject::Same => (self.people.last(gender).map_or(Speaker::Unnamed, Speaker::Person), true),
            Subject::Unnamed => (Speaker::Unnamed, true),
            Subject::Missing => (self.carried(p, sentence, cue, events, before), false),
        }
    }

    /// Returns the words of a title that tell one holder from another.
    fn title_words(&self, p: &Paragraph, words: &Range<usize>) -> Vec<String> {
        if self.document.lexicon.family == Family::Definite {
            return definite::title_words(p, words);
        }
        let tokens = p.tokens.get(words.clone()).unwrap_or_default();
        tokens.iter().filter(|t| t.word && t.tags.any(Tags::TITLE)).map(|t| t.key.clone()).collect()
    }

    /// Returns the person with a name, unless the words are no name after all.
    fn person(&mut self, p: &Paragraph, name: &Range<usize>, title: &Range<usize>, gender: Gender) -> Option<usize> {
        let single = keys(p, name).len() == 1;
        let definite = p.token(name.start).is_some_and(|t| t.definite);
        let before = self.people.len();
        let known = self.people.find(&keys(p, name));
        let id = match known {
            Some(id) => id,
            None if title.is_empty() && !self.is_plausible(p, name, single, definite) => return None,
            None => self.people.named(self.document, p, name)?,
        };
        let honorific = honorific_gender(p, title);
        self.people.learn_gender(id, if honorific == Gender::Unknown { gender } else { honorific });
        match self.document.lexicon.family {
            Family::Definite if self.people.len() > before || !title.is_empty() => {
                self.people.learn_title(id, definite::title_words(p, title));
            }
            Family::Cased => self.people.learn_title(id, cased::titles(p, name)),
            _ => {}
        }
        Some(id)
    }

    /// Tells whether an unknown name without a title is one, in a language without capitals.
    ///
    /// One word, and a word with a genitive (دار النشر), must be taken up at once by what is said, or stand for somebody
    /// elsewhere; a word with an article must be the end of a longer name elsewhere.
    fn is_plausible(&self, p: &Paragraph, name: &Range<usize>, single: bool, definite: bool) -> bool {
        if self.document.lexicon.family != Family::Definite {
            return true;
        }
        let genitive = name.len() == 2
            && p.token(name.start + 1).is_some_and(|t| t.definite)
            && !p.token(name.start).is_some_and(|t| t.tags.any(Tags::PARTICLE));
        if !single && !genitive {
            return true;
        }
        let longer = super::names::longest(self.document, &keys(p, name)).is_some();
        if definite {
            return longer;
        }
        let closes = |t: &super::token::Token| {
            t.quoted || t.tags.any(Tags::THAT) || matches!(t.key.as_str(), "," | "،" | ":" | "(" | ".")
        };
        let alias = genitive && p.token(name.start + 1).is_some_and(|t| self.document.places(&t.key).len() > 1);
        longer || alias || p.token(name.end).is_none_or(closes)
    }

    /// Finds who speaks when the cue has no subject: whoever the sentence is about, else whoever spoke last.
    fn carried(
        &mut self,
        p: &Paragraph,
        sentence: &Range<usize>,
        cue: &Cue,
        events: &[Event],
        before: Option<&Event>,
    ) -> Speaker {
        if let Some(event) = events.last().filter(|event| event.speaker != Speaker::Unstated) {
            return event.speaker;
        }
        let left = sentence.start..cue.tokens.start;
        if let Some((id, _)) = self.people.mentioned(p, left.clone()) {
            self.people.touch(id);
            return Speaker::Person(id);
        }
        if self.document.lexicon.family == Family::Definite && cue.depends() {
            // The verb of the sentence is in no list; its subject follows it all the same.
            let name = definite::phrase(self.document, p, sentence.start + 1, cue.tokens.start)
                .and_then(|phrase| phrase.name)
                .filter(|name| name.len() > 1);
            let id = name.and_then(|name| self.person(p, &name, &(name.start..name.start), cue.gender()));
            if let Some(id) = id {
                self.people.touch(id);
                return Speaker::Person(id);
            }
        }
        if let Some(Speaker::Unnamed) = before.map(|event| event.speaker) {
            return Speaker::Unnamed;
        }
        self.people.last(cue.gender()).map_or(Speaker::Unstated, Speaker::Person)
    }

    /// Attributes the quotes that open in a sentence; returns the act of speech to which the last one belongs.
    fn quotes(
        &mut self,
        index: usize,
        p: &Paragraph,
        sentence: &Range<usize>,
        events: &[Event],
        before: Option<&Event>,
    ) -> Option<Event> {
        let mut used = None;
        for stretch in &p.marked.stretches {
            let range = p.tokens_of(stretch);
            if !sentence.contains(&range.start) {
                continue;
            }
            let shape = Shape::of(self.document, p, stretch);
            let event = choose(self.document, p, sentence, &range, events);
            let beside = event.is_some_and(|event| is_beside(p, &event.cue, &range));
            if !shape.is_quote(self.document, event.is_some() || before.is_some(), beside) {
                continue;
            }
            let (cue, speaker, carried) = match event.or(before) {
                Some(event) => {
                    let unstated = event.speaker == Speaker::Unstated;
                    (Some(event.cue.tokens.clone()), event.speaker, unstated || !event.named)
                }
                None => (None, self.people.last(Gender::Unknown).map_or(Speaker::Unstated, Speaker::Person), true),
            };
            if let Speaker::Person(id) = speaker {
                self.people.touch(id);
            }
            used = event.cloned().or(used);
            self.found.push(Found { paragraph: index, stretch: *stretch, cue, speaker, carried });
        }
        used
    }

    /// Gives quotes before the first named speaker to the person of the headline, or to the only speaker there is.
    fn fill_gaps(&mut self) {
        let mut speakers: Vec<usize> = self
            .found
            .iter()
            .filter_map(|f| if let Speaker::Person(id) = f.speaker { Some(id) } else { None })
            .collect();
        speakers.sort_unstable();
        speakers.dedup();
        let only = speakers.first().copied().filter(|_| speakers.len() == 1);
        for found in self.found.iter_mut().filter(|f| f.speaker == Speaker::Unstated) {
            if let Some(id) = self.featured.or(only) {
                found.speaker = Speaker::Person(id);
            }
        }
    }
}

/// Reads the cue that begins at a token.
fn cue_at(lexicon: &Lexicon, people: &People, p: &Paragraph, at: usize, sentence: &Range<usize>) -> Option<Cue> {
    let (family, subject_first) = (lexicon.family, lexicon.subject_first);
    let people_know = |at: usize| people.mentioned(p, at..at + 1).is_some();
    let token = p.token(at).filter(|t| t.word && !t.quoted && t.cue_length > 0 && t.tags.any(Tags::CUE))?;
    let initial_only = !token.tags.any(Tags::CUE.without(Tags::SAY_INITIAL));
    let end = (at + token.cue_length).min(sentence.end);
    if initial_only && at != sentence.start {
        return None;
    }
    let previous = p.token_before(at).filter(|_| at > sentence.start);
    if family == Family::Definite && previous.is_some_and(|t| t.word && !t.quoted && t.tags.any(Tags::PARTICLE)) {
        return None;
    }
    // "عدم كشف هويته": a verb does not follow a bare noun; there the same letters are a noun.
    let before_verb = Tags::BREAK.or(Tags::RELATIVE).or(Tags::THAT).or(Tags::ANY_PRONOUN).or(Tags::CUE);
    let bare = previous.is_some_and(|t| t.word && !t.definite && !t.tags.any(before_verb)) && token.proclitic == 0;
    if family == Family::Definite && bare && !subject_first && token.tags.any(Tags::VERB) && !people_know(at - 1) {
        return None;
    }
    // A capital inside a sentence makes a verb part of a name; a word of a name's language particle never speaks.
    if token.upper && at > sentence.start && p.token_before(at).is_some_and(|t| t.word && !t.quoted) {
        return None;
    }
    Some(Cue { tokens: at..end, tags: token.tags })
}

/// Chooses the act of speech to which a quote belongs.
fn choose<'e>(
    document: &Document,
    p: &Paragraph,
    sentence: &Range<usize>,
    quote: &Range<usize>,
    events: &'e [Event],
) -> Option<&'e Event> {
    let preceding = events.iter().rev().find(|event| event.cue.tokens.end <= quote.start);
    let following = events.iter().find(|event| event.cue.tokens.start >= quote.end);
    let lead = p.tokens.get(sentence.start..quote.start).unwrap_or_default();
    let opens = !lead.iter().any(|t| t.word && !t.quoted);
    if opens {
        return following.or(preceding);
    }
    let announced = lead.last().is_some_and(|t| matches!(t.key.as_str(), ":" | "：") || t.tags.any(Tags::THAT));
    let near = following.filter(|event| is_beside(p, &event.cue, quote));
    if document.lexicon.family == Family::VerbLast && !announced {
        return near.or(preceding).or(following);
    }
    let gap =
        |event: &Event| p.tokens.get(event.cue.tokens.end..quote.start).unwrap_or_default().iter().any(|t| t.quoted);
    match preceding {
        Some(event) if near.is_some() && !announced && (gap(event) || p.is_sign(quote.end, &[","])) => near,
        Some(event) => Some(event),
        None => following,
    }
}

/// Tells whether a cue stands next to a quote: at most three words between, none of them quoted.
fn is_beside(p: &Paragraph, cue: &Cue, quote: &Range<usize>) -> bool {
    let between = if cue.tokens.start >= quote.end { quote.end..cue.tokens.start } else { cue.tokens.end..quote.start };
    let tokens = p.tokens.get(between).unwrap_or_default();
    tokens.iter().filter(|t| t.word).count() <= 3 && !tokens.iter().any(|t| t.quoted)
}
