"""What is wrong in a body: foreign text by its sort, and a lead that is missing.

The figures of the research on extraction: over the pages with a full body by hand or by the publisher's rules (LEAK_CORPORA),
the share of pages with at least one such paragraph. A paragraph is foreign when under 30 % of its 4-grams stand in the truth
and the truth has no paragraph like it. Its sort is told by its words, else by the names of the elements that hold it.
"""
import html.parser
import re
import unicodedata

LEAK_CORPORA = ("zyte", "fundus", "fundus_eval", "multi")
SORTS = ("title", "promo", "related", "byline")

CUES = {
    "promo": r"newsletter|subscri|sign up|follow us|follow .{0,40} on (twitter|facebook|instagram|whatsapp|google)|google news|whatsapp"
    r"|telegram|download .{0,20}app|our app|abonnier|abonnez|suscr[ií]b|inscri(vez|ption)|folgen sie|síguenos|siga .{0,20} no|подпис"
    r"|підпис|تابعنا|تابعونا|اشترك|عضو شوید|دنبال کنید|フォロー|登録|关注我们|關注我們|구독|카카오톡|share this|share on|donate|support us",
    "related": r"^(read|see|watch|more|related|also|lesen|mehr zum|lire|à lire|leia|lea|ler|le[ií]a|vea|читайте|читать|см\.|czytaj|zobacz|διαβάστε"
    r"|baca|اقرأ|إقرأ|شاهد|بیشتر بخوانید|مرتبط|関連|相关|相關|관련|اور پڑھیں|यह भी|এছাড়া)\b|also read|read more|see also|most read|recommended"
    r"|lesen sie auch|lire aussi|leia também|lea también|читайте также|baca juga|اقرأ أيض|إقرأ أيض",
    "byline": r"^(by|von|par|por|di|da|door|автор|بقلم|كتب|文／|作者|記者|记者)\b.{0,60}$|^(published|updated|posted|veröffentlicht|publié|publicado"
    r"|опубликовано|发布|發佈|更新)\b.{0,60}$|\bis an? .{0,60}(reporter|correspondent|editor|writer|journalist|columnist|author)\b"
    r"|^\W*\d{1,2}[./ ]\w{1,12}[./ ]\d{2,4}.{0,20}$|^\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}.{0,20}$",
}
NAMES = {
    "promo": r"promo|newsletter|subscri|signup|follow|share|social|donat|app-|piano|paywall|cta\b|banner",
    "related": r"related|read-?(more|also|next)|recommend|recirc|more-|most-|teaser|see-also|outbrain|taboola|link-?(list|block|box)",
    "byline": r"byline|author|date\b|time(stamp)?\b|published|signature|\bbio\b|contributor|meta\b",
}
CUES = {sort: re.compile(pattern, re.IGNORECASE) for sort, pattern in CUES.items()}
NAMES = {sort: re.compile(pattern, re.IGNORECASE) for sort, pattern in NAMES.items()}


def key(text):
    return "".join(c for c in unicodedata.normalize("NFKC", text or "").casefold() if c.isalnum())


class Holders(html.parser.HTMLParser):
    """The names of the elements that hold each text of a page."""

    VOID = set("area base br col embed hr img input link meta param source track wbr".split())

    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID and len(self.open) < 400:
            names = " ".join(value or "" for name, value in attrs if name in ("class", "id", "itemprop", "rel", "data-component"))
            self.open.append((tag, names))

    def handle_endtag(self, tag):
        for at in range(len(self.open) - 1, max(-1, len(self.open) - 20), -1):
            if self.open[at][0] == tag:
                del self.open[at:]
                return

    def handle_data(self, data):
        text = key(data)
        if len(text) >= 6 and not (self.open and self.open[-1][0] in ("script", "style")):
            self.texts.append((text, " ".join(names for _, names in self.open[-6:])))

    def names(self, paragraph):
        found = [names for text, names in self.texts if text in paragraph and len(text) * 2 >= len(paragraph)]
        return found[0] if found else ""


def _grams(tokens, size=4):
    return {tuple(tokens[i : i + size]) for i in range(max(1, len(tokens) - size + 1))}


def foreign(scorer, truth, body):
    """Returns the paragraphs of a body that the truth does not have."""
    true = key(truth)
    grams = _grams(scorer.TOK.findall(truth.lower()))
    out = []
    for paragraph in (p.strip() for p in body.split("\n")):
        own = key(paragraph)
        if own and own not in true:
            mine = _grams(scorer.TOK.findall(paragraph.lower()))
            if len(mine & grams) < 0.3 * len(mine):
                out.append(paragraph)
    return out


def sort_of(paragraph, titles, names):
    """Names the sort of a foreign paragraph, or None."""
    own = key(paragraph)
    if any(own == title or len(title) > 15 and (title in own or own in title and len(own) > 15) and len(own) < 1.5 * len(title) for title in titles):
        return "title"
    for sort, cue in CUES.items():
        if cue.search(paragraph) and len(paragraph) < 400:
            return sort
    for sort, cue in NAMES.items():
        if names and cue.search(names):
            return sort
    return None


def of_page(scorer, row, prediction, page):
    """Returns the sorts of foreign text in a body, with "lead" when the lead is missing; None where the truth has no body."""
    truth, body = row["expected"].get("body"), prediction.get("body") or ""
    if row["corpus"] not in LEAK_CORPORA or not truth or not body.strip():
        return None
    found = set()
    strangers = foreign(scorer, truth, body)
    if strangers:
        titles = {key(t) for t in (row["expected"].get("title"), prediction.get("title")) if t}
        holders = Holders()
        try:
            holders.feed(page.read_text(encoding="utf8", errors="replace"))
        except (AssertionError, ValueError):
            pass
        found = {sort_of(p, titles, holders.names(key(p))) for p in strangers} - {None}
        found.add("any")
    lead = next((p for p in truth.split("\n") if len(key(p)) >= 30), "")
    wanted = _grams(scorer.TOK.findall(lead.lower()))
    if lead and len(wanted & _grams(scorer.TOK.findall(body.lower()))) < 0.3 * len(wanted):
        found.add("lead")
    return found
