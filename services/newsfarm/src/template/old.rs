//! Structures that a decade or two have left behind.

use super::{Page, escape};
use crate::story::BlockRole;

/// Divs in divs with classes that mean nothing.
pub(super) fn div_soup(page: &Page<'_>) -> String {
    let story = page.story;
    let more = format!(
        "<meta property=\"og:title\" content=\"{}\">\n<meta name=\"description\" content=\"{}\">\n\
         <meta name=\"author\" content=\"{}\">\n<meta property=\"article:published_time\" content=\"{}\">\n",
        escape(&story.headline),
        escape(&story.deck),
        escape(&story.authors.join(", ")),
        page.published()
    );
    format!(
        "{head}<body>\n<div class=\"x1\"><div class=\"x2\">{nav}</div>\n<div class=\"c4 c9\"><div class=\"q7\">\n\
         <div class=\"t1\"><h1>{headline}</h1></div>\n<div class=\"t2\">{deck}</div>\n<div class=\"t3\"><span>{byline}</span> \
         <span>{date}</span></div>\n{promo}<div class=\"b0\"><div class=\"b1\">\n{body}</div></div>\n</div>\n\
         <div class=\"r8\">{related}</div></div>\n{comments}{footer}</div>\n</body>\n</html>\n",
        head = page.head(&more),
        nav = page.nav(),
        headline = escape(&story.headline),
        deck = escape(&story.deck),
        byline = escape(&page.byline()),
        date = escape(&page.printed_date()),
        promo = page.promo("<div class=\"z3 promo\">", "</div>"),
        body = page.body("<div class=\"p5\">", "</div>", "h4", ""),
        related = page.related("<div class=\"z4\">", "</div>"),
        comments = page.comments(),
        footer = page.footer(),
    )
}

/// Tables for layout and `<br><br>` for paragraphs.
pub(super) fn table(page: &Page<'_>) -> String {
    let story = page.story;
    format!(
        "<html dir=\"{dir}\"><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset={charset}\">\n\
         <title>{headline} - {site}</title>\n<link rel=\"canonical\" href=\"{canonical}\"></head>\n\
         <body bgcolor=\"#ffffff\"><table width=\"100%\" border=\"0\"><tr><td width=\"180\" valign=\"top\">{menu}</td>\n\
         <td valign=\"top\"><table width=\"600\"><tr><td><h1><font size=\"5\">{headline}</font></h1></td></tr>\n\
         <tr><td><font size=\"1\">{byline}</font></td></tr>\n<tr><td><font size=\"1\">{date}</font></td></tr>\n\
         <tr><td><font face=\"Arial\" size=\"2\">\n{body}</font></td></tr>\n</table>\n{comments}</td>\n\
         <td width=\"160\" valign=\"top\">{promo}{related}</td></tr></table>\n<center><font size=\"1\">© 2026 {site}</font></center></body></html>\n",
        dir = page.words.dir(),
        charset = page.charset,
        site = escape(&page.site.name),
        canonical = escape(&page.canonical),
        menu = menu(page),
        headline = escape(&story.headline),
        byline = escape(&page.byline()),
        date = escape(&page.printed_date()),
        body = broken_lines(page),
        comments = page.comments(),
        promo = page.promo("<font size=\"1\" class=\"promo\">", "</font><br>"),
        related = page.related("<div class=\"related\">", "</div>"),
    )
}

fn menu(page: &Page<'_>) -> String {
    let sections = page.words.list("sections").iter().enumerate();
    sections.map(|(n, name)| format!("<a href=\"/section/{n}/\">{}</a><br>\n", escape(name))).collect()
}

fn broken_lines(page: &Page<'_>) -> String {
    let mut out = String::new();
    let mut in_list = false;
    for (index, block) in page.story.body.iter().enumerate() {
        let item = block.role == BlockRole::ListItem;
        if item != in_list {
            out.push_str(if item { "<ul>\n" } else { "</ul>\n" });
            in_list = item;
        }
        match block.role {
            BlockRole::Paragraph => {
                out.push_str(&format!("{}<br><br>\n", super::inline(&page.story.printed(index), index)))
            }
            BlockRole::Subhead => out.push_str(&format!("<h3>{}</h3>\n", escape(&block.text))),
            BlockRole::ListItem => out.push_str(&format!("<li>{}</li>\n", escape(&block.text))),
        }
    }
    if in_list {
        out.push_str("</ul>\n");
    }
    out
}
