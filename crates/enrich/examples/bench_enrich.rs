//! Measures what each step costs on the articles of a file (JSON lines with `title` and `content`, gzipped).
//!
//! Each step runs over all articles before the next one does, on top of what the steps before it found; processor time counts.
//!
//! ```text
//! cargo run --release -p naba-enrich --example bench_enrich -- arabic-news-days.jsonl.gz [ARTICLES]
//! ```

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use naba_enrich::{DEFAULT_STEPS, Pipeline};
use naba_proto::v1::{Article, Block, BlockRole, Enrichments};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: bench_enrich FILE.jsonl.gz [ARTICLES]";
    let path = std::env::args().nth(1).ok_or(usage)?;
    let limit = std::env::args().nth(2).map_or(Ok(1000), |limit| limit.parse())?;
    let output = Command::new("gzip").arg("-dc").arg(&path).output()?;
    let articles: Vec<Article> =
        String::from_utf8(output.stdout)?.lines().take(limit).map(article).collect::<Result<_, _>>()?;
    let bytes: usize = articles.iter().flat_map(|article| &article.blocks).map(|block| block.text.len()).sum();
    println!("{} articles of {} bytes on average", articles.len(), bytes / articles.len().max(1));
    let mut found = vec![Enrichments::default(); articles.len()];
    let mut whole = Duration::ZERO;
    for name in DEFAULT_STEPS {
        let step = Pipeline::new(&[name])?;
        step.continue_from(&Article::default(), Enrichments::default());
        let started = cpu_time()?;
        for (article, so_far) in articles.iter().zip(&mut found) {
            *so_far = step.continue_from(article, std::mem::take(so_far));
        }
        let cost = cpu_time()?.saturating_sub(started);
        whole += cost;
        println!("{name:<12} {:8.1} us an article", micros(cost, articles.len()));
    }
    let each = micros(whole, articles.len());
    println!("{:<12} {each:8.1} us an article, {:.0} articles a second", "all", 1e6 / each);
    Ok(())
}

/// Returns the processor time of this thread (Linux).
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stated = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(stated.split(' ').next().unwrap_or_default().parse()?))
}

fn micros(time: Duration, articles: usize) -> f64 {
    time.as_secs_f64() * 1e6 / articles as f64
}

/// Makes an article of a row: the headline, and a paragraph for each line of the content.
fn article(line: &str) -> Result<Article, Box<dyn Error>> {
    let row: Value = serde_json::from_str(line)?;
    let headline = row["title"].as_str().unwrap_or_default();
    let block = |role: BlockRole, text: &str| Block { role: role.into(), text: text.into(), ..Block::default() };
    let lines = row["content"].as_str().unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty());
    let mut blocks = vec![block(BlockRole::Headline, headline)];
    blocks.extend(lines.map(|line| block(BlockRole::Paragraph, line)));
    Ok(Article { headline: headline.into(), blocks, ..Article::default() })
}
