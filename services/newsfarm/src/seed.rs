//! The founding article, read from its plain form into a story.

use crate::story::{BlockRole, BodyBlock, Extent, ReaderComment, Story, TrueDateline, TrueQuote};

/// Who says each quotation, in order; the text alone does not tell.
const SPEAKERS: &str = include_str!("../data/seed_speakers.txt");

/// Words that are quoted in part, not as a statement.
const FRAGMENT_WORDS: usize = 4;

/// Reads the plain form: blocks with empty lines between them, in the order section, headline, deck, promo, standfirst,
/// body, comments heading, comment. None when it has too few blocks for that.
pub(crate) fn read(text: &str) -> Option<Story> {
    let blocks: Vec<&str> = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()).collect();
    let (head, rest) = blocks.split_at_checked(5)?;
    let &[section, headline, deck, promo, standfirst] = head else { return None };
    let (body, tail) = rest.split_at_checked(rest.len().checked_sub(3)?)?;
    let (first, _) = body.split_first()?;
    let (place, _) = first.split_once(": ")?;
    let mut story = Story {
        section: section.to_owned(),
        headline: headline.to_owned(),
        deck: deck.to_owned(),
        standfirst: standfirst.to_owned(),
        promo: promo.lines().map(str::to_owned).collect(),
        dateline: Some(TrueDateline { place: place.to_owned(), agency: String::new(), prefix: format!("{place}: ") }),
        ..Story::default()
    };
    for (index, text) in body.iter().enumerate() {
        let text = if index == 0 { text.split_once(": ").map_or(*text, |(_, rest)| rest) } else { text };
        story.body.push(BodyBlock { role: BlockRole::Paragraph, text: text.to_owned() });
    }
    story.quotes = quotes(&story.body);
    if let [_heading, labels, comment] = tail {
        let mut lines = labels.lines().skip(1);
        let title = lines.next().unwrap_or_default().to_owned();
        let author = lines.next().unwrap_or_default().trim_end_matches(['-', ' ']).to_owned();
        story.comments.push(ReaderComment { title, author, text: (*comment).to_owned() });
    }
    Some(story)
}

fn quotes(body: &[BodyBlock]) -> Vec<TrueQuote> {
    let mut speakers = SPEAKERS.lines();
    let mut quotes = Vec::new();
    for (block, paragraph) in body.iter().enumerate() {
        for (index, piece) in paragraph.text.split('"').enumerate() {
            if index % 2 == 0 {
                continue;
            }
            let short = piece.split_whitespace().count() <= FRAGMENT_WORDS;
            quotes.push(TrueQuote {
                block,
                text: piece.to_owned(),
                speaker: speakers.next().unwrap_or_default().to_owned(),
                cue: String::new(),
                extent: if short { Extent::Fragment } else { Extent::Statement },
            });
        }
    }
    quotes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SEED_TEXT;

    #[test]
    fn the_founding_article_has_ten_paragraphs_nine_quotes_and_one_comment() {
        let story = read(SEED_TEXT).unwrap();
        assert_eq!(story.body.len(), 10);
        assert_eq!(story.dateline.as_ref().unwrap().place, "جنيف");
        assert!(story.body[0].text.starts_with("أعلن وزيرا"));
        assert_eq!(story.quotes.len(), 9);
        assert_eq!(story.quotes.iter().filter(|quote| quote.extent == Extent::Fragment).count(), 3);
        assert_eq!(story.promo.len(), 3);
        assert_eq!(story.comments[0].author, "سوري");
        assert_eq!(story.comments[0].title, "الاداره الفاشله");
    }

    #[test]
    fn another_text_is_refused() {
        assert_eq!(read("one\n\ntwo"), None);
    }
}
