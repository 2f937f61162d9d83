//! The settings a service knows, read from its commented defaults: one text is default, schema and documentation.

use toml::{Table, Value};

/// The text that marks a secret in the defaults.
const SECRET: &str = "<secret>";

/// What kind of value a setting has when nobody sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// It has a default.
    Default,
    /// It is unset; the defaults hold an example of its type.
    Optional,
    /// It is unset and a secret: it comes from the environment or from the file that `<key>_file` names.
    Secret,
}

/// A setting with its documentation.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key inside its section.
    pub key: String,
    /// The comment above it, as one paragraph.
    pub about: String,
    /// The default, or an example where there is none.
    pub value: Value,
    /// The default as it is written.
    pub written: String,
    /// Whether it has a default.
    pub kind: SettingKind,
}

/// A section of settings. One without settings and subsections takes any keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The dotted path; empty for settings before the first section.
    pub path: String,
    /// The comment above it.
    pub about: String,
    /// Its settings, in order.
    pub settings: Vec<Setting>,
}

/// All settings that a service knows.
///
/// The defaults are TOML with three habits. The comment (`# …`) above a section or a setting is its documentation. A
/// commented-out setting without a space (`#key = value`) is a setting without a default, its value an example. The example
/// `"<secret>"` marks a secret.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    sections: Vec<Section>,
}

/// A line of the defaults that does not follow the habits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A line is neither comment, section nor setting.
    #[error("line {line} is neither a comment, a [section] nor a setting: {text:?}")]
    Line {
        /// Its number in its part, from 1.
        line: usize,
        /// The text from there.
        text: String,
    },
    /// A setting without documentation.
    #[error("line {line}: setting {key:?} has no comment above it")]
    Undocumented {
        /// Its number in its part, from 1.
        line: usize,
        /// The key.
        key: String,
    },
    /// A key that is defined twice.
    #[error("setting {0:?} is defined twice")]
    Twice(String),
}

impl Schema {
    /// Reads the commented defaults of all parts of a service.
    pub fn parse(parts: &[&str]) -> Result<Self, SchemaError> {
        let mut schema = Self::default();
        for part in parts {
            schema.parse_part(part)?;
        }
        let mut keys: Vec<String> = schema.settings().map(|(key, _)| key).collect();
        keys.sort();
        match keys.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => Err(SchemaError::Twice(pair.first().cloned().unwrap_or_default())),
            None => Ok(schema),
        }
    }

    fn parse_part(&mut self, part: &str) -> Result<(), SchemaError> {
        let mut section = Section { path: String::new(), about: String::new(), settings: Vec::new() };
        let mut about: Vec<&str> = Vec::new();
        let mut lines = part.lines().enumerate().map(|(i, line)| (i + 1, line.trim_end()));
        while let Some((number, line)) = lines.next() {
            if line.is_empty() {
                about.clear();
            } else if let Some(path) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                let next = Section { path: path.to_owned(), about: join(&mut about), settings: Vec::new() };
                self.push(std::mem::replace(&mut section, next));
            } else if line == "#" || line.starts_with("# ") {
                about.push(line.get(2..).unwrap_or_default());
            } else {
                let optional = line.starts_with('#');
                let mut text = line.trim_start_matches('#').to_owned();
                let (key, value) = loop {
                    match text.parse::<Table>() {
                        Ok(table) => break table.into_iter().next(),
                        Err(_) => match lines.next() {
                            Some((_, more)) => {
                                text.push('\n');
                                text.push_str(more.trim_start_matches('#'));
                            }
                            None => break None,
                        },
                    }
                }
                .ok_or_else(|| SchemaError::Line { line: number, text: line.to_owned() })?;
                let setting = setting(key, value, &text, join(&mut about), optional);
                if setting.about.is_empty() {
                    return Err(SchemaError::Undocumented { line: number, key: setting.key });
                }
                section.settings.push(setting);
            }
        }
        self.push(section);
        Ok(())
    }

    fn push(&mut self, section: Section) {
        match self.sections.iter_mut().find(|s| s.path == section.path) {
            Some(known) => known.settings.extend(section.settings),
            None if section.path.is_empty() && section.settings.is_empty() => {}
            None => self.sections.push(section),
        }
    }

    /// Returns the sections in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Returns every setting with its dotted key.
    pub fn settings(&self) -> impl Iterator<Item = (String, &Setting)> {
        self.sections
            .iter()
            .flat_map(|section| section.settings.iter().map(|setting| (dotted(&section.path, &setting.key), setting)))
    }

    /// Returns the setting of a dotted key.
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings().find(|(known, _)| known == key).map(|(_, setting)| setting)
    }

    /// Tells whether the section takes any keys.
    pub fn is_free(&self, path: &str) -> bool {
        self.sections.iter().any(|s| s.path == path && s.settings.is_empty()) && !self.has_subsection(path)
    }

    /// Splits a dotted key below a section that takes any keys into that section and the rest.
    pub fn free_section_of<'a>(&'a self, key: &'a str) -> Option<(&'a str, &'a str)> {
        let free = self.sections.iter().filter(|section| self.is_free(&section.path));
        free.map(|s| s.path.as_str()).find_map(|path| Some((path, key.strip_prefix(path)?.strip_prefix('.')?)))
    }

    /// Tells whether the path names a section or the way to one.
    pub fn is_section(&self, path: &str) -> bool {
        self.sections.iter().any(|s| s.path == path) || self.has_subsection(path)
    }

    fn has_subsection(&self, path: &str) -> bool {
        self.sections.iter().any(|s| s.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }
}

fn setting(key: String, value: Value, text: &str, about: String, optional: bool) -> Setting {
    let kind = match (optional, value.as_str()) {
        (true, Some(SECRET)) => SettingKind::Secret,
        (true, _) => SettingKind::Optional,
        (false, _) => SettingKind::Default,
    };
    let written = text.split_once('=').map(|(_, v)| v.trim().to_owned()).unwrap_or_default();
    Setting { key, about, value, written, kind }
}

fn join(about: &mut Vec<&str>) -> String {
    let joined = about.join(" ").trim().to_owned();
    about.clear();
    joined
}

/// Joins a section path and a key.
pub(crate) fn dotted(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_gives_defaults_optional_settings_and_secrets() {
        let text = "# About a.\n[a]\n# Lines of\n# prose.\nx = 1\n# Words.\n#words = [\n#  \"w\",\n#]\n# Key.\n#key = \"<secret>\"\n\n# Anything.\n[a.free]\n";
        let schema = Schema::parse(&[text]).unwrap();
        assert_eq!(schema.setting("a.x").unwrap().about, "Lines of prose.");
        assert_eq!(schema.setting("a.words").unwrap().kind, SettingKind::Optional);
        assert_eq!(schema.setting("a.key").unwrap().kind, SettingKind::Secret);
        assert!(schema.is_free("a.free") && !schema.is_free("a"));
    }

    #[test]
    fn a_setting_without_documentation_is_refused() {
        let error = Schema::parse(&["[a]\nx = 1\n"]).unwrap_err();
        assert_eq!(error, SchemaError::Undocumented { line: 2, key: "x".into() });
    }

    #[test]
    fn a_setting_of_two_parts_is_refused() {
        let part = "[a]\n# X.\nx = 1\n";
        assert_eq!(Schema::parse(&[part, part]).unwrap_err(), SchemaError::Twice("a.x".into()));
    }
}
