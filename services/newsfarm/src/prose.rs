//! The generator: sentences from frames and word lists, with quotations whose speakers are known.

use std::collections::HashSet;

use crate::draw::Draw;
use crate::story::{BlockRole, BodyBlock, Extent, ReaderComment, Story, TrueDateline, TrueQuote};
use crate::words::Words;

/// A person who speaks in the article.
struct Person {
    full: String,
    last: String,
    title: String,
    introduced: bool,
}

/// Words for the slots that are fixed by the sentence before they are drawn.
#[derive(Default)]
struct Given<'a> {
    full: &'a str,
    last: &'a str,
    title: &'a str,
    quote: &'a str,
    fragment: &'a str,
    time: &'a str,
}

/// Writes one article after the other from one stream of draws.
pub(crate) struct Writer {
    draw: Draw,
    words: &'static Words,
    used: HashSet<String>,
    used_frames: HashSet<&'static str>,
}

impl Writer {
    pub(crate) fn new(draw: Draw, words: &'static Words) -> Self {
        Self { draw, words, used: HashSet::new(), used_frames: HashSet::new() }
    }

    /// Writes an article without its headline; a live blog has a heading over every post.
    pub(crate) fn story(&mut self, live: bool) -> Story {
        let mut people = self.people();
        let mut story = Story {
            section: self.pick("sections"),
            deck: self.line("deck"),
            standfirst: self.line("lead"),
            authors: self.authors(),
            caption: self.line("caption"),
            credit: self.line("credit"),
            ..Story::default()
        };
        if !live && self.draw.chance(600) {
            story.dateline = Some(self.dateline());
        }
        let count = 5 + self.draw.below(6);
        let subhead = self.draw.chance(400).then_some(count / 2);
        let listed = self.draw.chance(150).then_some(2 + self.draw.below(2));
        for index in 0..count {
            if live && index % 2 == 0 {
                let time = format!("{:02}:{:02}", 20 - index, self.draw.below(60));
                let text = self.live_heading(&time);
                story.body.push(BodyBlock { role: BlockRole::Subhead, text });
            } else if !live && subhead == Some(index) {
                let text = self.line("subhead");
                story.body.push(BodyBlock { role: BlockRole::Subhead, text });
            }
            self.paragraph(&mut story, &mut people, index);
            if !live && listed == Some(index) {
                for _ in 0..3 {
                    let text = self.sentence();
                    story.body.push(BodyBlock { role: BlockRole::ListItem, text });
                }
            }
        }
        story.promo = self.pick("promo").split('|').map(str::to_owned).collect();
        story.comments = self.comments();
        story
    }

    /// Writes a headline.
    pub(crate) fn headline(&mut self) -> String {
        self.line("headline")
    }

    /// Writes a paragraph without quotations.
    pub(crate) fn plain(&mut self) -> String {
        let count = 1 + self.draw.below(3);
        let sentences: Vec<String> = (0..count).map(|_| self.sentence()).collect();
        sentences.join(self.words.gap())
    }

    /// Writes the heading of a post in a live blog.
    pub(crate) fn live_heading(&mut self, time: &str) -> String {
        self.fresh("live", &Given { time, ..Given::default() })
    }

    /// Draws from the writer's own stream.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.draw.below(bound)
    }

    fn paragraph(&mut self, story: &mut Story, people: &mut [Person], index: usize) {
        let block = story.body.len();
        let kind = self.draw.below(100);
        let text = if index == 0 || kind < 50 {
            self.plain()
        } else {
            let who = self.draw.below(people.len());
            match people.get_mut(who) {
                Some(person) if person.introduced && kind >= 90 => self.fragment(person, block, story),
                Some(person) => self.quotation(person, block, story),
                None => self.plain(),
            }
        };
        story.body.push(BodyBlock { role: BlockRole::Paragraph, text });
    }

    fn quotation(&mut self, person: &mut Person, block: usize, story: &mut Story) -> String {
        let list = match (person.introduced, self.draw.below(2)) {
            (true, _) => "cue_again",
            (false, 0) => "cue_before",
            (false, _) => "cue_after",
        };
        let line = self.pick(list);
        let (cue, frame) = line.split_once('|').unwrap_or(("", line.as_str()));
        let clause = self.fresh_raw("clause", &Given::default());
        let clause = if frame.starts_with("{q}") || frame.contains(": {q}") { capital(&clause) } else { clause };
        let quote = format!("{}{clause}{}", self.words.open, self.words.close);
        let given =
            Given { full: &person.full, last: &person.last, title: &person.title, quote: &quote, ..Given::default() };
        let mut text = capital(&self.fill(frame, &given));
        story.quotes.push(TrueQuote {
            block,
            text: clause,
            speaker: person.full.clone(),
            cue: cue.to_owned(),
            extent: Extent::Statement,
        });
        person.introduced = true;
        if self.draw.chance(500) {
            text = format!("{text}{}{}", self.words.gap(), self.sentence());
        }
        text
    }

    fn fragment(&mut self, person: &Person, block: usize, story: &mut Story) -> String {
        let line = self.pick("fragment");
        let (cue, frame) = line.split_once('|').unwrap_or(("", line.as_str()));
        let piece = self.fresh_raw("pieces", &Given::default());
        let marked = format!("{}{piece}{}", self.words.open, self.words.close);
        let given = Given { full: &person.full, last: &person.last, fragment: &marked, ..Given::default() };
        let text = capital(&self.fill(frame, &given));
        story.quotes.push(TrueQuote {
            block,
            text: piece,
            speaker: person.full.clone(),
            cue: cue.to_owned(),
            extent: Extent::Fragment,
        });
        format!("{text}{}{}", self.words.gap(), self.sentence())
    }

    fn sentence(&mut self) -> String {
        self.line("sentence")
    }

    fn dateline(&mut self) -> TrueDateline {
        let frame = self.pick("dateline");
        let place = self.pick("places");
        let agency = if frame.contains("{agency}") { self.pick("agencies") } else { String::new() };
        let prefix = frame.replace("{place}", &place).replace("{agency}", &agency);
        TrueDateline { place, agency, prefix }
    }

    fn people(&mut self) -> Vec<Person> {
        let mut people: Vec<Person> = Vec::new();
        while people.len() < 2 {
            let (first, last) = (self.pick("first"), self.pick("last"));
            if people.iter().any(|person| person.last == last) && self.words.list("last").len() > 1 {
                continue;
            }
            let full = self.full_name(&first, &last);
            people.push(Person { full, last, title: self.pick("titles"), introduced: false });
        }
        people
    }

    fn full_name(&self, first: &str, last: &str) -> String {
        if self.words.code == "zh" { format!("{last}{first}") } else { format!("{first} {last}") }
    }

    fn authors(&mut self) -> Vec<String> {
        let count = if self.draw.chance(250) { 2 } else { 1 };
        let mut authors = Vec::new();
        for _ in 0..count {
            let (first, last) = (self.pick("first"), self.pick("last"));
            let name = self.full_name(&first, &last);
            if !authors.contains(&name) {
                authors.push(name);
            }
        }
        authors
    }

    fn comments(&mut self) -> Vec<ReaderComment> {
        let count = self.draw.below(4);
        (0..count)
            .map(|_| ReaderComment { title: String::new(), author: self.pick("commenter"), text: self.line("comment") })
            .collect()
    }

    fn pick(&mut self, list: &str) -> String {
        self.draw.pick(self.words.list(list)).cloned().unwrap_or_default()
    }

    fn line(&mut self, list: &str) -> String {
        self.fresh(list, &Given::default())
    }

    fn fresh(&mut self, list: &str, given: &Given<'_>) -> String {
        capital(&self.fresh_raw(list, given))
    }

    /// Fills a frame, again while the same words are already in the article: a page that says a thing twice would
    /// make it undecidable which of the two was lost.
    fn fresh_raw(&mut self, list: &str, given: &Given<'_>) -> String {
        let mut text = String::new();
        for _ in 0..20 {
            let frame = self.frame(list);
            text = self.fill(frame, given);
            if self.used.insert(text.clone()) {
                break;
            }
        }
        text
    }

    /// Draws a frame, each once before any comes again, so that paragraphs of an article differ in more than names.
    fn frame(&mut self, list: &str) -> &'static str {
        let all = self.words.list(list);
        if all.iter().all(|frame| self.used_frames.contains(frame.as_str())) {
            all.iter().for_each(|frame| {
                self.used_frames.remove(frame.as_str());
            });
        }
        let left: Vec<&str> =
            all.iter().map(String::as_str).filter(|frame| !self.used_frames.contains(frame)).collect();
        let frame = self.draw.pick(&left).copied().unwrap_or_default();
        self.used_frames.insert(frame);
        frame
    }

    fn fill(&mut self, frame: &str, given: &Given<'_>) -> String {
        let mut out = String::with_capacity(frame.len() * 2);
        let mut rest = frame;
        let mut place = String::new();
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((slot, tail)) = after.split_once('}') else {
                rest = after;
                break;
            };
            let word = self.slot(slot, given, &mut place);
            out.push_str(&word);
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    fn slot(&mut self, slot: &str, given: &Given<'_>, place: &mut String) -> String {
        match slot {
            "speaker" => given.full.to_owned(),
            "last" => given.last.to_owned(),
            "title" => given.title.to_owned(),
            "q" => given.quote.to_owned(),
            "f" => given.fragment.to_owned(),
            "time" => given.time.to_owned(),
            "org" => self.pick("orgs"),
            "action" => self.pick("actions"),
            "topic" => self.pick("topics"),
            "day" => self.pick("days"),
            "agency" => self.pick("agencies"),
            "n" | "n2" => self.draw.between(12, 980).to_string(),
            "pct" => self.draw.between(2, 79).to_string(),
            "place" | "place2" => {
                let mut drawn = self.pick("places");
                while drawn == *place && self.words.list("places").len() > 1 {
                    drawn = self.pick("places");
                }
                place.clone_from(&drawn);
                drawn
            }
            _ => String::new(),
        }
    }
}

/// Writes the first letter as a capital, where the script has them.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::LANGUAGES;

    #[test]
    fn no_slot_is_left_open_and_every_quote_stands_in_its_block() {
        for code in LANGUAGES {
            let words = Words::of(code);
            for index in 0..60 {
                let story = Writer::new(Draw::new(3, code, index), words).story(index % 5 == 0);
                let all = format!("{story:?}");
                assert!(!all.contains("{place") && !all.contains("{q}"), "{code}: {all}");
                for quote in &story.quotes {
                    let text = &story.body[quote.block].text;
                    let marked = format!("{}{}{}", words.open, quote.text, words.close);
                    assert!(text.contains(&marked), "{code}: {} is not in {text}", quote.text);
                    let all: String = story.body.iter().map(|block| block.text.as_str()).collect();
                    assert!(all.contains(&quote.speaker), "{code}: {} is never named in full", quote.speaker);
                }
            }
        }
    }

    #[test]
    fn no_paragraph_of_an_article_is_said_twice() {
        for index in 0..50 {
            let story = Writer::new(Draw::new(9, "twice", index), Words::of("fr")).story(false);
            let distinct: HashSet<&str> = story.body.iter().map(|block| block.text.as_str()).collect();
            assert_eq!(distinct.len(), story.body.len());
        }
    }
}
