//! `naba explain`: what was extracted from a document, and why.

mod document;
mod report;

use std::process::ExitCode;

use anyhow::{Context, Result};
use naba_enrich::Pipeline;
use naba_extract::{ExtractError, Extracted};
use naba_proto::to_json;
use naba_proto::v1::Enrichments;
use serde_json::{Value, json};

use crate::config::ConfigArgs;
use crate::place::block_on;
use crate::terminal::{print, print_json};

/// Exit code when a document gives no article.
const EXIT_NO_ARTICLE: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  naba explain page.html --url https://news.example/2026/11/a.html
  naba explain https://news.example/2026/11/a.html
  curl -s https://news.example/a.html | naba explain - --url https://news.example/a.html
  naba explain story.txt --json | jq .enrichments.quotes

For each field: its value, the layer and rule that gave it with their confidence, and the candidates that lost.
Exit codes: 0 an article, 2 no article (with the reason), 1 failed, 64 wrong command line or configuration.";

/// Show what is extracted from a file or an address, and why
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A file (HTML or text), an http(s) address, or - for standard input
    #[arg(value_name = "FILE|URL")]
    document: String,
    /// The address that a file was found at
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Media type of a file, such as text/html [default: by extension, else by content]
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Print one JSON object: article, enrichments and comments as protobuf JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Explains a document.
pub fn run(args: Args) -> Result<ExitCode> {
    let (_, config) = args.config.load()?;
    let hint = document::Hint { url: args.url.as_deref(), content_type: args.content_type.as_deref() };
    let raw = match document::address(&args.document) {
        Some(url) => block_on(document::fetch(url, &hint, &config.own.fetcher))?,
        None => document::read(&args.document, &hint)?,
    };
    let extracted = match naba_extract::extract(&raw) {
        Ok(extracted) => extracted,
        Err(error) => return refuse(&error, args.json),
    };
    let steps = &config.own.enricher.steps;
    let enrichments = Pipeline::new(steps).context("enricher.steps")?.run(&extracted.article);
    if args.json {
        print_json(&as_json(&extracted, &enrichments)?)?;
    } else {
        print(&report::render(&extracted, &enrichments)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says why a document gives no article.
fn refuse(error: &ExtractError, json: bool) -> Result<ExitCode> {
    if json {
        print_json(&json!({"refused": {"code": error.code(), "message": error.to_string()}}))?;
    }
    eprintln!("naba: no article ({}): {error}", error.code());
    Ok(ExitCode::from(EXIT_NO_ARTICLE))
}

fn as_json(extracted: &Extracted, enrichments: &Enrichments) -> Result<Value> {
    let comments: Result<Vec<Value>, _> = extracted.comments.iter().map(to_json).collect();
    let losers: Result<Vec<Value>, _> = extracted.losers.iter().map(to_json).collect();
    Ok(json!({
        "article": to_json(&extracted.article)?,
        "enrichments": to_json(enrichments)?,
        "comments": comments?,
        "losers": losers?,
    }))
}
