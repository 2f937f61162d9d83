//! What a database promises, on real SQLite and real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops there")]

mod fixture;

use fixture::{Fixture, OnPostgres, OnSqlite, batch, of_records, partition, raw, record};
use naba_proto::v1::{EnrichedArticle, PubStatus};
use naba_stage::{Sink, StageError, Verdict, codes};
use naba_testkit::{EnrichedBuilder, workspace_root};

macro_rules! on_both {
    ($($behaviour:ident),* $(,)?) => {
        mod sqlite { $(
            #[tokio::test]
            async fn $behaviour() { super::$behaviour::<super::OnSqlite>().await }
        )* }
        mod postgres { $(
            #[tokio::test]
            async fn $behaviour() { super::$behaviour::<super::OnPostgres>().await }
        )* }
    };
}

on_both!(
    the_greatest_version_and_derivation_is_the_newest_whatever_the_order,
    a_replay_changes_nothing,
    the_transaction_of_a_zombie_is_rolled_back,
    a_position_is_found_again_by_the_next_owner,
    an_arabic_word_is_found_in_any_spelling,
    a_version_that_is_held_back_hides_the_earlier_one,
    an_embargo_hides_an_article_until_it_ends,
    a_record_that_cannot_be_read_is_poison_and_the_others_are_stored,
    a_record_that_the_database_refuses_is_poison_and_the_others_are_stored,
    a_tombstone_deletes_every_version,
    columns_hold_what_the_message_says,
);

const URL: &str = "https://news.example/1";

fn version(version: u32, derivation: u32) -> EnrichedArticle {
    EnrichedBuilder::new(URL)
        .version(version)
        .derivation(derivation)
        .headline(&format!("h{version}.{derivation}"))
        .build()
}

fn newest(fixture: &impl Fixture) -> String {
    fixture.ask("SELECT version, derivation, headline FROM visible_articles ORDER BY article_id")
}

fn versions(fixture: &impl Fixture) -> String {
    fixture.ask("SELECT version, derivation FROM article_versions ORDER BY version, derivation").replace('\n', " ")
}

async fn the_greatest_version_and_derivation_is_the_newest_whatever_the_order<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    let messages = [version(2, 0), version(1, 7), version(2, 1), version(1, 0)];
    let verdicts = store.write(&batch(0, &messages)).await.unwrap();
    assert_eq!(verdicts, vec![Verdict::Stored; 4]);
    assert_eq!(newest(&fixture), "2|1|h2.1");
    assert_eq!(versions(&fixture), "1|0 1|7 2|0 2|1");
    assert_eq!(fixture.search("h2"), ["h2.1"], "the index follows the newest version");
    assert!(fixture.search("h1").is_empty());
}

async fn a_replay_changes_nothing<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    let batch = batch(10, &[version(1, 0), version(2, 0), EnrichedBuilder::new("https://news.example/2").build()]);
    store.write(&batch).await.unwrap();
    let dump = || {
        (
            fixture.ask("SELECT * FROM articles ORDER BY article_id"),
            fixture.ask("SELECT article_id, version, derivation FROM article_versions ORDER BY 1, 2, 3"),
            fixture.ask("SELECT * FROM positions"),
        )
    };
    let before = dump();
    let verdicts = store.write(&batch).await.unwrap();
    assert_eq!(verdicts, vec![Verdict::Stored; 3]);
    assert_eq!(dump(), before);
}

async fn the_transaction_of_a_zombie_is_rolled_back<F: Fixture>() {
    let fixture = F::new();
    let (zombie, owner) = (fixture.open(), fixture.open());
    zombie.claim(&[partition()]).await.unwrap();
    zombie.write(&batch(0, &[version(1, 0)])).await.unwrap();
    assert_eq!(owner.claim(&[partition()]).await.unwrap(), [Some(1)]);

    let late = zombie.write(&batch(1, &[version(2, 0)])).await;
    assert!(matches!(late, Err(StageError::Fatal { .. })), "{late:?}");
    assert_eq!(versions(&fixture), "1|0", "nothing of the zombie's batch is stored");

    owner.write(&batch(1, &[version(3, 0)])).await.unwrap();
    assert_eq!(versions(&fixture), "1|0 3|0");
    assert_eq!(fixture.ask("SELECT position FROM positions"), "2");
}

async fn a_position_is_found_again_by_the_next_owner<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open();
    assert_eq!(store.claim(&[partition()]).await.unwrap(), [None]);
    store.write(&batch(41, &[version(1, 0)])).await.unwrap();
    drop(store);
    let other = naba_stage::log::TopicPartition::new("news.enriched.v1", 0);
    let claimed = fixture.open().claim(&[partition(), other]).await.unwrap();
    assert_eq!(claimed, [Some(42), None]);
}

async fn an_arabic_word_is_found_in_any_spelling<F: Fixture>() {
    let path = workspace_root().join("../shared/seed/expected.json");
    let seed: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let texts = |role: &str| -> Vec<String> {
        let units = seed["units"].as_array().unwrap().iter().filter(|unit| unit["role"] == role);
        units.map(|unit| unit["text"].as_str().unwrap().to_owned()).collect()
    };
    let (headline, body) = (texts("HEADLINE").remove(0), texts("PARAGRAPH"));
    let paragraphs: Vec<&str> = body.iter().map(String::as_str).collect();
    let article = EnrichedBuilder::new(URL).language("ar").headline(&headline).paragraphs(&paragraphs).build();

    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    store.write(&batch(0, &[article, EnrichedBuilder::new("https://news.example/2").build()])).await.unwrap();
    // As printed; with a tanwin that the text lacks and without the hamza it has; in the body; two words; beside a bracket.
    for query in ["أسبوعًا", "اسبوعا", "أَسْبُوعاً", "ماراثونية", "ماراثونيه", "الجيش الروسي", "«لافروف»"]
    {
        assert_eq!(fixture.search(query), std::slice::from_ref(&headline), "{query}");
    }
    assert!(fixture.search("الجيش الفرنسي").is_empty(), "every word must occur");
}

async fn a_version_that_is_held_back_hides_the_earlier_one<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    let held = EnrichedBuilder::new(URL).version(2).headline("secret").pub_status(PubStatus::Withheld).build();
    let canceled = EnrichedBuilder::new(URL).version(3).headline("secret").pub_status(PubStatus::Canceled).build();
    let verdicts = store.write(&batch(0, &[version(1, 0), held, canceled])).await.unwrap();
    assert_eq!(verdicts, [Verdict::Stored, Verdict::Skipped("withheld"), Verdict::Skipped("canceled")]);
    assert_eq!(newest(&fixture), "");
    assert!(fixture.search("secret").is_empty() && fixture.search("h1").is_empty());
    assert_eq!(fixture.ask("SELECT count(*) FROM article_versions WHERE version > 1 AND message IS NOT NULL"), "0");

    store.write(&batch(3, &[version(4, 0)])).await.unwrap();
    assert_eq!(newest(&fixture), "4|0|h4.0", "a later usable version is shown again");
}

async fn an_embargo_hides_an_article_until_it_ends<F: Fixture>() {
    const YEAR_2100: i64 = 4_102_444_800_000;
    const YEAR_2020: i64 = 1_577_836_800_000;
    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    let ahead = EnrichedBuilder::new("https://news.example/a").headline("ahead").embargoed_until(YEAR_2100).build();
    let over = EnrichedBuilder::new("https://news.example/b").headline("over").embargoed_until(YEAR_2020).build();
    let verdicts = store.write(&batch(0, &[ahead, over])).await.unwrap();
    assert_eq!(verdicts, [Verdict::Stored, Verdict::Stored]);
    assert_eq!(fixture.ask("SELECT headline FROM visible_articles"), "over");
    assert!(fixture.search("ahead").is_empty());
    assert_eq!(fixture.ask("SELECT count(*) FROM articles"), "2");
}

async fn a_record_that_cannot_be_read_is_poison_and_the_others_are_stored<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    let mut broken = version(1, 0);
    broken.article.as_mut().unwrap().article_id = "0".repeat(32);
    let records = vec![
        raw(0, b"k", Some(b"\xff\xff no protobuf".to_vec())),
        record(1, &broken),
        raw(2, b"no article id", None),
        record(3, &version(1, 0)),
    ];
    let verdicts = store.write(&of_records(records)).await.unwrap();
    let codes: Vec<&str> = verdicts
        .iter()
        .map(|verdict| match verdict {
            Verdict::Stored => "stored",
            Verdict::Skipped(code) | Verdict::Poison { code, .. } => code,
        })
        .collect();
    assert_eq!(codes, [codes::UNDECODABLE, "contract", "contract", "stored"]);
    assert_eq!(newest(&fixture), "1|0|h1.0");
    assert_eq!(fixture.ask("SELECT position FROM positions"), "4", "poison does not stop the position");
}

async fn a_record_that_the_database_refuses_is_poison_and_the_others_are_stored<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    fixture.refuse_headline("refused");
    let refused = EnrichedBuilder::new("https://news.example/2").headline("refused").build();
    let verdicts = store.write(&batch(0, &[version(1, 0), refused, version(2, 0)])).await.unwrap();
    assert!(
        matches!(verdicts.as_slice(), [Verdict::Stored, Verdict::Poison { code: "unstorable", .. }, Verdict::Stored]),
        "{verdicts:?}"
    );
    assert_eq!(newest(&fixture), "2|0|h2.0");
    assert_eq!(versions(&fixture), "1|0 2|0", "nothing of the refused article is left");
    assert_eq!(fixture.ask("SELECT position FROM positions"), "3");
}

async fn a_tombstone_deletes_every_version<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    store.write(&batch(0, &[version(1, 0)])).await.unwrap();
    let id = version(1, 0).article.unwrap().article_id;
    // In one batch: a version, the tombstone, and another article, which stays.
    let other = EnrichedBuilder::new("https://news.example/2").headline("other").build();
    let records = vec![record(1, &version(2, 0)), raw(2, id.as_bytes(), None), record(3, &other)];
    let verdicts = store.write(&of_records(records)).await.unwrap();
    assert_eq!(verdicts, vec![Verdict::Stored; 3]);
    assert_eq!(fixture.ask("SELECT headline FROM articles"), "other");
    assert_eq!(fixture.ask("SELECT count(*) FROM article_versions"), "1");
    assert!(fixture.search("h2").is_empty() && fixture.search("h1").is_empty());
}

async fn columns_hold_what_the_message_says<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open();
    store.claim(&[partition()]).await.unwrap();
    let article = EnrichedBuilder::new(URL).headline("a\0b").language("fr").published_at(86_400_000).with(|article| {
        article.kind = naba_proto::v1::ArticleKind::LiveBlog.into();
        article.authors.push(naba_proto::v1::Author { name: "Ana".into(), ..Default::default() });
    });
    store.write(&batch(0, &[article.build()])).await.unwrap();
    let columns = "article_id, headline, language, kind, domain, canonical_url, body, pub_status";
    let id = version(1, 0).article.unwrap().article_id;
    let expected = format!("{id}|a\u{fffd}b|fr|live_blog|news.example|{URL}|A paragraph.|usable");
    assert_eq!(fixture.ask(&format!("SELECT {columns} FROM visible_articles")), expected);
    let published = fixture.ask("SELECT published_at FROM articles");
    assert!(published == "86400000" || published.starts_with("1970-01-02"), "{published}");
}
