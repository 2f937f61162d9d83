//! Edits: what changes from one version to the next.

use crate::prose::Writer;
use crate::story::{BlockRole, BodyBlock, Story};
use crate::template::Template;

/// Changes a story into its next version. Every edit changes the headline or the body, so that versions can be told
/// apart by content.
pub(crate) fn apply(story: &mut Story, template: Template, mut writer: Writer) {
    match (template, writer.below(3)) {
        (Template::LiveBlog, _) => add_post(story, &mut writer),
        // What a paywall hides cannot be seen to change.
        (Template::Paywall, _) | (_, 0) => retitle(story, &mut writer),
        (_, 1) => rewrite(story, &mut writer),
        _ => extend(story, &mut writer),
    }
}

fn retitle(story: &mut Story, writer: &mut Writer) {
    let old = std::mem::take(&mut story.headline);
    loop {
        story.headline = writer.headline();
        if story.headline != old {
            return;
        }
    }
}

/// Replaces a paragraph that bears no quotation; without one, the article grows.
fn rewrite(story: &mut Story, writer: &mut Writer) {
    let candidates: Vec<usize> = story
        .body
        .iter()
        .enumerate()
        .skip(1)
        .filter(|(index, block)| {
            block.role == BlockRole::Paragraph && story.quotes.iter().all(|quote| quote.block != *index)
        })
        .map(|(index, _)| index)
        .collect();
    let chosen = candidates.get(writer.below(candidates.len())).copied();
    match chosen.and_then(|index| story.body.get_mut(index)) {
        Some(block) => {
            let text = writer.plain();
            if block.text == text {
                extend(story, writer);
            } else {
                block.text = text;
            }
        }
        None => extend(story, writer),
    }
}

fn extend(story: &mut Story, writer: &mut Writer) {
    story.body.push(BodyBlock { role: BlockRole::Paragraph, text: writer.plain() });
}

fn add_post(story: &mut Story, writer: &mut Writer) {
    let time = format!("21:{:02}", writer.below(60));
    let heading = writer.live_heading(&time);
    story.body.insert(0, BodyBlock { role: BlockRole::Subhead, text: heading });
    story.body.insert(1, BodyBlock { role: BlockRole::Paragraph, text: writer.plain() });
    for quote in &mut story.quotes {
        quote.block += 2;
    }
}
