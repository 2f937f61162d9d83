//! The people of a document: under which names and titles it knows them, and who was spoken of last.

use std::ops::Range;

use super::document::{Document, Paragraph};
use super::lexicon::Tags;
use super::names;

/// Titles kept of a person.
const MAX_TITLES: usize = 8;

/// Grammatical gender as far as the text shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Gender {
    /// Not shown.
    #[default]
    Unknown,
    /// Masculine.
    Male,
    /// Feminine.
    Female,
}

impl Gender {
    fn fits(self, other: Self) -> bool {
        self == Self::Unknown || other == Self::Unknown || self == other
    }
}

/// A person of the document.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    /// The longest name found, without titles.
    pub(super) name: String,
    /// The words of that name, folded.
    keys: Vec<String>,
    gender: Gender,
    /// Titles that introduced the person, folded and without articles.
    titles: Vec<Vec<String>>,
}

/// Who was meant by a subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Speaker {
    /// A person of the document.
    Person(usize),
    /// Somebody whom the document does not name, or an organisation.
    Unnamed,
    /// Nobody is named here: whoever spoke last.
    Unstated,
}

/// The people of a document.
#[derive(Default)]
pub(super) struct People {
    persons: Vec<Person>,
    /// Persons in the order in which they were spoken of.
    history: Vec<usize>,
}

impl People {
    /// Returns a person.
    pub(super) fn get(&self, id: usize) -> Option<&Person> {
        self.persons.get(id)
    }

    /// Returns the number of persons.
    pub(super) fn len(&self) -> usize {
        self.persons.len()
    }

    /// Notes that a person was spoken of.
    pub(super) fn touch(&mut self, id: usize) {
        if self.history.last() != Some(&id) {
            self.history.push(id);
        }
    }

    /// Returns the person spoken of last who fits a gender, and takes the gender on.
    pub(super) fn last(&mut self, gender: Gender) -> Option<usize> {
        let id = self.history.iter().rev().copied().find(|id| self.fits(*id, gender))?;
        self.learn_gender(id, gender);
        Some(id)
    }

    fn fits(&self, id: usize, gender: Gender) -> bool {
        self.persons.get(id).is_some_and(|person| person.gender.fits(gender))
    }

    /// Notes the gender of a person, unless one is known.
    pub(super) fn learn_gender(&mut self, id: usize, gender: Gender) {
        if let Some(person) = self.persons.get_mut(id).filter(|person| person.gender == Gender::Unknown) {
            person.gender = gender;
        }
    }

    /// Notes a title of a person.
    pub(super) fn learn_title(&mut self, id: usize, title: Vec<String>) {
        let room = |person: &&mut Person| person.titles.len() < MAX_TITLES && !person.titles.contains(&title);
        if let Some(person) = self.persons.get_mut(id).filter(room).filter(|_| !title.is_empty()) {
            person.titles.push(title);
        }
    }

    /// Finds the person of whom these words are a name: the latest spoken of, when several are.
    pub(super) fn find(&self, keys: &[String]) -> Option<usize> {
        if keys.is_empty() {
            return None;
        }
        let named = |id: &usize| self.persons.get(*id).is_some_and(|person| contains(&person.keys, keys));
        let all = 0..self.persons.len();
        self.history.iter().rev().find(|id| named(id)).copied().or_else(|| all.rev().find(named))
    }

    /// Finds the person whom the document introduced under a title that has all these words.
    pub(super) fn titled(&self, words: &[String], gender: Gender) -> Option<usize> {
        if words.is_empty() {
            return None;
        }
        let holds = |id: usize| {
            self.persons
                .get(id)
                .filter(|person| person.gender.fits(gender))
                .is_some_and(|person| person.titles.iter().any(|title| words.iter().all(|word| title.contains(word))))
        };
        self.history
            .iter()
            .rev()
            .copied()
            .find(|id| holds(*id))
            .or_else(|| (0..self.persons.len()).rev().find(|id| holds(*id)))
    }

    /// Returns the person with a name that stands at a place, new or known, under the longest form in the document.
    pub(super) fn named(&mut self, document: &Document, paragraph: &Paragraph, name: &Range<usize>) -> Option<usize> {
        let keys = names::keys(paragraph, name);
        if keys.is_empty() {
            return None;
        }
        let longest = names::longest(document, &keys);
        let (keys, surface) = longest.unwrap_or_else(|| (keys, names::surface(paragraph, name)));
        if surface.is_empty() {
            return None;
        }
        if let Some(id) = self.find(&keys) {
            return Some(id);
        }
        // A longer form of a person known by a shorter one.
        if let Some(id) =
            (0..self.persons.len()).find(|id| self.persons.get(*id).is_some_and(|p| contains(&keys, &p.keys)))
        {
            if let Some(person) = self.persons.get_mut(id) {
                (person.name, person.keys) = (surface, keys);
            }
            return Some(id);
        }
        self.persons.push(Person { name: surface, keys, ..Person::default() });
        Some(self.persons.len() - 1)
    }

    /// Returns the first person named by a token of a range, with the token.
    pub(super) fn mentioned(&self, paragraph: &Paragraph, range: Range<usize>) -> Option<(usize, usize)> {
        range.into_iter().find_map(|at| {
            let token = paragraph.token(at).filter(|token| token.word && !token.quoted)?;
            if token.tags.any(Tags::CUE.or(Tags::STOP).or(Tags::TITLE)) {
                return None;
            }
            let id = self
                .persons
                .iter()
                .rposition(|person| person.keys.iter().any(|key| names::same_word(key, &token.key)))?;
            Some((id, at))
        })
    }
}

/// Tells whether `part` stands in `whole` as a run.
fn contains(whole: &[String], part: &[String]) -> bool {
    !part.is_empty() && whole.windows(part.len()).any(|run| run.iter().zip(part).all(|(a, b)| names::same_word(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pronoun_means_the_last_person_of_its_gender() {
        let mut people = People::default();
        for (name, gender) in [("a", Gender::Male), ("b", Gender::Female), ("c", Gender::Male)] {
            people.persons.push(Person { name: name.into(), keys: vec![name.into()], gender, ..Person::default() });
            people.touch(people.len() - 1);
        }
        assert_eq!(people.last(Gender::Female), Some(1));
        assert_eq!(people.last(Gender::Unknown), Some(2));
    }

    #[test]
    fn a_title_names_its_holder_by_any_of_its_words() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut people = People::default();
        people.persons.push(Person {
            keys: words("a"),
            titles: vec![words("وزير خارجيه امريكي")],
            ..Person::default()
        });
        people.persons.push(Person {
            keys: words("b"), titles: vec![words("وزير خارجيه روسي")], ..Person::default()
        });
        assert_eq!(people.titled(&words("وزير امريكي"), Gender::Unknown), Some(0));
        assert_eq!(people.titled(&words("وزير خارجيه روسي"), Gender::Unknown), Some(1));
        assert_eq!(people.titled(&words("رئيس"), Gender::Unknown), None);
    }
}
