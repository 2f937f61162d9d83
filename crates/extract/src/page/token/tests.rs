use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use proptest::prelude::*;
use proptest::string::string_regex;

use super::*;
use crate::page::dom::Dom;

/// What a tree says: each node by its depth, with name, attributes in order of their names, and text.
fn said(dom: &Dom) -> Vec<String> {
    let node = |id| {
        let depth = dom.ancestors(id).count();
        let attrs = [Attr::Class, Attr::Id, Attr::Href, Attr::Type].map(|attr| dom.attr(id, attr));
        format!("{depth} {} {attrs:?} {:?}", dom.name(id), dom.text(id))
    };
    dom.subtree(0).map(node).collect()
}

fn by_html5ever(html: &str) -> Vec<String> {
    said(&parse_document(Sink::default(), ParseOpts::default()).one(html).flat().0)
}

fn ours(html: &str) -> Vec<String> {
    said(&Dom::parse(html).unwrap())
}

#[test]
fn the_corners_of_the_standard_give_the_tree_that_html5ever_gives() {
    for html in [
        "<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01 Transitional//EN'><p>a<table><tr><td>b",
        "<!doctype><title>a &lt b</titl></title ><p>x",
        "<script><!-- <script> </script> --> </script>a<script><!--></script>b<script><!-- </script>c",
        "<!-->a<!--->b<!-- x --!>c<!-- - -- > -->d<!x>e<?y>f</ z>g</>h<!--",
        "<a href=x/y class='a\"b' id=\"&amp;&copy=1\" ID=2 = href=3 / >t</a/ x><br/><b CLASS=q>",
        "a < b & c &nbsp;&nbsp d</p>e<",
        "<textarea>\n\na</textarea><pre>\nb</pre><plaintext>c</plaintext><p>d",
        "<svg><![CDATA[a<b]]><title>x</title><p>out",
        "<svg><font color=red>x<p>y</svg><input type=hidden><table><input type=hidden>z",
        "<p>\r\na\rb\0c<title>\0</title><i class='\0'>\u{feff}",
        "<b class=a><b class=a><b class=a><b class=a><p>x</b></b>y<b class=c>z</p>w",
        "x<a href='unclosed><p>gone",
    ] {
        assert_eq!(ours(html), by_html5ever(html), "{html}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_soup_gives_the_tree_that_html5ever_gives(pieces in proptest::collection::vec(piece(), 0..24)) {
        let html = pieces.concat();
        prop_assert_eq!(ours(&html), by_html5ever(&html));
    }
}

fn piece() -> impl Strategy<Value = String> {
    let names = "p|div|a|b|i|table|tr|td|ul|li|script|style|title|textarea|svg|math|select|option|form|h1|noscript|template|body|html|br|SPAN|font|x-y";
    prop_oneof![
        4 => string_regex(&format!("<({names})( (class|id|href|type|data-x)( ?= ?(a|'b c'|\"d&amp;e\"|&copy=|))?){{0,2}} ?/?>")).unwrap(),
        3 => string_regex(&format!("</({names}) ?>")).unwrap(),
        2 => "[a-z &\n]{0,8}",
        1 => "<!--|-->|--!>|<!|<\\?|</|]]>|<!\\[CDATA\\[|<!DOCTYPE html>|<!doctype|>|<|=|\"|'|&[a-z#x0-9]{0,6};?|\r|\0|-",
        1 => "[<>/a-zא-ת\"'=&! \r\n-]{0,12}",
    ]
}
