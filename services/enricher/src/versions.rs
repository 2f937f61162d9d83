//! Which version of an article a content is.

use naba_proto::v1::{ArticleVersions, VersionedContent};

/// Contents kept of one article: the newest.
const MAX_CONTENTS: usize = 64;

/// What a content that has come in is to the article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignment {
    /// The content was enriched before by the same steps: there is nothing to say.
    Unchanged,
    /// The content is known, the steps have changed: a further derivation of its version.
    Derived {
        /// The version of the content.
        version: u32,
        /// One more than the highest derivation so far.
        derivation: u32,
    },
    /// The content is new: the next version, derivation 0.
    New {
        /// The version, from 1.
        version: u32,
    },
}

/// Decides what a content is, given those that the article had; `derivation_hash` names the steps that would enrich it.
///
/// A publisher that goes back to an earlier content makes no new version: that content is known.
pub fn assign(versions: &ArticleVersions, content_hash: &str, derivation_hash: &str) -> Assignment {
    match versions.contents.iter().find(|known| known.content_hash == content_hash) {
        Some(known) if known.derivation_hash == derivation_hash => Assignment::Unchanged,
        Some(known) => Assignment::Derived { version: known.version, derivation: known.derivation.saturating_add(1) },
        None => Assignment::New { version: versions.latest_version.saturating_add(1) },
    }
}

/// Notes an assignment, so that the next one builds on it; the oldest contents beyond 64 are forgotten.
pub fn note(versions: &mut ArticleVersions, content_hash: &str, derivation_hash: &str, assignment: Assignment) {
    match assignment {
        Assignment::Unchanged => {}
        Assignment::Derived { derivation, .. } => {
            if let Some(known) = versions.contents.iter_mut().find(|known| known.content_hash == content_hash) {
                known.derivation = derivation;
                derivation_hash.clone_into(&mut known.derivation_hash);
            }
        }
        Assignment::New { version } => {
            versions.latest_version = version;
            versions.contents.push(VersionedContent {
                content_hash: content_hash.to_owned(),
                version,
                derivation: 0,
                derivation_hash: derivation_hash.to_owned(),
            });
            let surplus = versions.contents.len().saturating_sub(MAX_CONTENTS);
            versions.contents.drain(..surplus);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    /// Lets contents come in, each with the hash of the steps, and returns what each was.
    fn arrive(contents: &[(&str, &str)]) -> Vec<Assignment> {
        let mut versions = ArticleVersions::default();
        let mut out = Vec::new();
        for (content, steps) in contents {
            let assignment = assign(&versions, content, steps);
            note(&mut versions, content, steps, assignment);
            out.push(assignment);
        }
        out
    }

    #[test]
    fn each_new_content_is_the_next_version() {
        let found = arrive(&[("a", "s1"), ("b", "s1"), ("c", "s1")]);
        assert_eq!(found, [1, 2, 3].map(|version| Assignment::New { version }));
    }

    #[test]
    fn a_known_content_is_unchanged_even_when_another_came_between() {
        let found = arrive(&[("a", "s1"), ("a", "s1"), ("b", "s1"), ("a", "s1")]);
        assert_eq!(found[1], Assignment::Unchanged);
        assert_eq!(found[3], Assignment::Unchanged);
    }

    #[test]
    fn new_steps_keep_the_version_and_raise_the_derivation() {
        let found = arrive(&[("a", "s1"), ("b", "s1"), ("a", "s2"), ("a", "s3"), ("a", "s3")]);
        assert_eq!(found[2], Assignment::Derived { version: 1, derivation: 1 });
        assert_eq!(found[3], Assignment::Derived { version: 1, derivation: 2 });
        assert_eq!(found[4], Assignment::Unchanged);
    }

    #[test]
    fn the_state_of_an_article_is_bounded_and_still_counts_on() {
        let mut versions = ArticleVersions::default();
        for content in 0..200 {
            let content = content.to_string();
            let assignment = assign(&versions, &content, "s");
            note(&mut versions, &content, "s", assignment);
        }
        assert_eq!(versions.contents.len(), MAX_CONTENTS);
        assert_eq!(versions.latest_version, 200);
        assert_eq!(assign(&versions, "0", "s"), Assignment::New { version: 201 }, "a forgotten content counts as new");
    }

    proptest! {
        #[test]
        fn no_pair_of_version_and_derivation_is_given_twice(arrivals in proptest::collection::vec((0..6_u8, 0..3_u8), 0..60)) {
            let mut versions = ArticleVersions::default();
            let mut given = HashSet::new();
            let mut version_of: HashMap<u8, u32> = HashMap::new();
            for (content, steps) in arrivals {
                let (hash, steps) = (content.to_string(), steps.to_string());
                let assignment = assign(&versions, &hash, &steps);
                note(&mut versions, &hash, &steps, assignment);
                prop_assert_eq!(assign(&versions, &hash, &steps), Assignment::Unchanged, "a repeat says nothing new");
                let (version, derivation) = match assignment {
                    Assignment::Unchanged => continue,
                    Assignment::Derived { version, derivation } => (version, derivation),
                    Assignment::New { version } => (version, 0),
                };
                prop_assert!(given.insert((version, derivation)));
                prop_assert_eq!(*version_of.entry(content).or_insert(version), version, "one content, one version");
            }
        }
    }
}
