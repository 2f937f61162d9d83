"""Runs one Python extractor over a list of pages: `peers.py predict|time NAME [PASSES] < list`.

The counterpart of eval/peers/src/main.rs, with the same input and output.
"""
import json
import sys
import time


def trafilatura(html, url):
    import trafilatura as peer

    said = peer.bare_extraction(html, url=url or None, with_metadata=True, include_comments=False)
    if said is None:
        return {}
    said = said if isinstance(said, dict) else said.as_dict()
    authors = [name.strip() for name in (said.get("author") or "").split(";") if name.strip()]
    return {"title": said.get("title"), "authors": authors, "published": said.get("date"), "body": said.get("text") or "", "lang": said.get("language")}


def readability_lxml(html, url):
    import lxml.html
    from readability import Document

    document = Document(html, url=url or None)
    body = lxml.html.fromstring(document.summary(html_partial=True) or "<p></p>")
    blocks = "p div li h1 h2 h3 h4 h5 h6 blockquote pre tr br section article figure ul ol table".split()
    for element in body.iter(*blocks):
        element.tail = "\n\n" + (element.tail or "")
        element.text = "\n\n" + (element.text or "") if element.tag != "br" else element.text
    lines = [" ".join(line.split()) for line in body.text_content().split("\n")]
    return {"title": document.short_title(), "body": "\n\n".join(line for line in lines if line)}


def resiliparse(html, url):
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(html)
    body = extract_plain_text(tree, main_content=True, alt_texts=False, links=False, form_fields=False, noscript=False)
    return {"title": tree.title, "body": body}


def guarded(extractor, html, url):
    try:
        return extractor(html, url)
    except Exception:  # A peer that fails on a page has no answer for it.
        return {}


def pages():
    for line in sys.stdin:
        key, path, url = line.rstrip("\n").split("\t")
        with open(path, encoding="utf8", newline="") as page:
            yield key, page.read(), url


def memory(field):
    with open("/proc/self/status", encoding="utf8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))


def main():
    mode, name = sys.argv[1:3]
    extractor = {"trafilatura": trafilatura, "readability_lxml": readability_lxml, "resiliparse": resiliparse}[name]
    if mode == "predict":
        for key, html, url in pages():
            print(json.dumps({"id": key, **guarded(extractor, html, url)}, ensure_ascii=False))
        return
    loaded = list(pages())
    guarded(extractor, loaded[0][1], loaded[0][2])  # Imports are no extraction.
    print(json.dumps({"loaded_kib": memory("VmRSS:")}))
    for number in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
        for key, html, url in loaded:
            began = time.thread_time_ns()
            guarded(extractor, html, url)
            print(json.dumps({"id": key, "us": (time.thread_time_ns() - began) // 1000}))
        print(json.dumps({"pass": number + 1, "rss_kib": memory("VmRSS:"), "peak_kib": memory("VmHWM:")}))


if __name__ == "__main__":
    main()
