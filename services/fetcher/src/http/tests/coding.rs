//! Content codings, honest and hostile.

use std::io::Write;

use axum::routing::get as on_get;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn br(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(bytes).unwrap();
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Serves a body under a Content-Encoding.
async fn coded(coding: &'static str, body: Vec<u8>) -> SocketAddr {
    serve(Router::new().route("/", on_get(move || async move { ([("content-encoding", coding)], body) }))).await
}

/// About 400 KB that pack like prose, not like a bomb.
fn article() -> Vec<u8> {
    (0..40_000u64).flat_map(|n| (n.wrapping_mul(2_654_435_761) % 1_000_000_007).to_string().into_bytes()).collect()
}

#[tokio::test]
async fn every_coding_that_is_asked_for_is_undone() {
    let article = article();
    for (coding, body) in [
        ("gzip", gzip(&article)),
        ("x-gzip", gzip(&article)),
        ("deflate", zlib(&article)),
        ("deflate", bare_deflate(&article)),
        ("br", br(&article)),
        ("zstd", zstd(&article)),
        ("gzip, br", br(&gzip(&article))),
        ("identity", article.clone()),
        ("utf-8", article.clone()),
    ] {
        let coded_len = body.len() as u64;
        let answer = get(coded(coding, body).await, "/", Limits::page()).await.unwrap();
        assert!(answer.body == article, "{coding} gave {} bytes of {}", answer.body.len(), article.len());
        assert_eq!((answer.encoded_bytes, answer.truncated), (coded_len, false));
    }
}

#[tokio::test]
async fn gzip_in_several_members_and_with_rubbish_behind_is_read() {
    let mut body = gzip(b"one ");
    body.extend(gzip(b"two"));
    body.extend(b"\0\0\0rubbish");
    let answer = get(coded("gzip", body).await, "/", Limits::page()).await.unwrap();
    assert_eq!(answer.body.as_ref(), b"one two");
}

#[tokio::test]
async fn a_bomb_is_defused_in_every_coding() {
    let zeros = vec![0u8; 40 * 1024 * 1024];
    for (coding, body) in [
        ("gzip", gzip(&zeros)),
        ("deflate", zlib(&zeros)),
        ("br", br(&zeros)),
        ("zstd", zstd(&zeros)),
        ("gzip, gzip", gzip(&gzip(&zeros))),
    ] {
        let error = get(coded(coding, body).await, "/", Limits::sitemap()).await.unwrap_err();
        assert_eq!(error.code(), "bomb", "{coding}: {error}");
    }
}

#[tokio::test]
async fn a_page_that_unpacks_beyond_its_limit_is_refused_and_a_listing_is_cut() {
    let article = article();
    let small = Limits { max_bytes: 100_000, ..Limits::page() };
    let error = get(coded("gzip", gzip(&article)).await, "/", small).await.unwrap_err();
    assert_eq!(error.code(), "too_large");

    let small = Limits { max_bytes: 100_000, ..Limits::feed() };
    for (coding, body) in [("br", br(&article)), ("zstd", zstd(&article)), ("gzip, gzip", gzip(&gzip(&article)))] {
        let Ok(answer) = get(coded(coding, body).await, "/", small).await else {
            panic!("{coding} was refused");
        };
        assert!(answer.truncated);
        assert!(article.starts_with(&answer.body) && answer.body.len() <= 100_000, "{coding}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_it_claims_is_refused() {
    let article = article();
    let half = |body: Vec<u8>| body.get(..body.len() / 2).unwrap().to_vec();
    for (coding, body) in [
        ("gzip", b"<html>plain</html>".to_vec()),
        ("br", b"<html>plain</html>".to_vec()),
        ("zstd", b"<html>plain</html>".to_vec()),
        ("gzip", half(gzip(&article))),
        ("deflate", half(zlib(&article))),
        ("br", half(br(&article))),
        ("zstd", half(zstd(&article))),
        ("compress", article.clone()),
        ("gzip, gzip, gzip", gzip(&gzip(&gzip(&article)))),
    ] {
        let outcome = get(coded(coding, body).await, "/", Limits::page()).await;
        assert_eq!(outcome.map(|answer| answer.body.len()).unwrap_err().code(), "bad_encoding", "{coding}");
    }
}

#[tokio::test]
async fn an_empty_body_needs_no_coding() {
    let answer = get(coded("gzip", Vec::new()).await, "/", Limits::page()).await.unwrap();
    assert!(answer.body.is_empty());
}
