//! Merges defaults, file and environment, and collects every error on the way.

use std::path::Path;

use toml::{Table, Value};

use super::error::{ConfigError, ConfigErrors, Origin};
use super::schema::{Schema, Setting, SettingKind, dotted};

/// Similarity (Jaro-Winkler, 0 to 1) from which a known key is suggested for an unknown one.
const SUGGEST_FROM: f64 = 0.8;
/// Largest configuration or secret file read, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Merges the layers into one table; later layers win.
pub(crate) fn merge(
    schema: &Schema,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Table, ConfigErrors> {
    let mut merge = Merge { schema, table: Table::new(), errors: Vec::new() };
    merge.defaults();
    if let Some(path) = file {
        merge.file(path);
    }
    let mut variables: Vec<(String, String)> =
        environment.into_iter().filter(|(name, _)| name.starts_with("NABA__")).collect();
    variables.sort();
    for (name, value) in variables {
        merge.variable(&name, &value);
    }
    if merge.errors.is_empty() { Ok(merge.table) } else { Err(ConfigErrors(merge.errors)) }
}

/// Returns the environment variable of a dotted key.
pub(crate) fn variable_of(key: &str) -> String {
    format!("NABA__{}", key.to_uppercase().replace('.', "__"))
}

struct Merge<'a> {
    schema: &'a Schema,
    table: Table,
    errors: Vec<ConfigError>,
}

impl Merge<'_> {
    fn defaults(&mut self) {
        for section in self.schema.sections() {
            if !section.path.is_empty() {
                set(&mut self.table, &section.path, Value::Table(Table::new()));
            }
            for setting in section.settings.iter().filter(|s| s.kind == SettingKind::Default) {
                set(&mut self.table, &dotted(&section.path, &setting.key), setting.value.clone());
            }
        }
    }

    fn file(&mut self, path: &Path) {
        let origin = Origin::File(path.to_owned());
        let text = match read_small(path) {
            Ok(text) => text,
            Err(source) => {
                let path = path.display().to_string();
                return self.errors.push(ConfigError::Unreadable { origin: "--config".into(), path, source });
            }
        };
        match text.parse::<Table>() {
            Ok(table) => self.overlay("", table, &origin),
            // Not Display: that prints the offending line, which may hold a secret.
            Err(e) => self.errors.push(ConfigError::Syntax { origin, message: syntax(&text, &e) }),
        }
    }

    fn overlay(&mut self, path: &str, table: Table, origin: &Origin) {
        for (key, value) in table {
            let key = dotted(path, &key);
            match value {
                Value::Table(inner) if self.schema.is_free(&key) => set(&mut self.table, &key, Value::Table(inner)),
                Value::Table(inner) if self.schema.is_section(&key) && self.schema.setting(&key).is_none() => {
                    self.overlay(&key, inner, origin);
                }
                value => self.assign(&key, value, origin),
            }
        }
    }

    fn variable(&mut self, name: &str, text: &str) {
        let key = name.trim_start_matches("NABA__").replace("__", ".").to_lowercase();
        let origin = Origin::Environment(name.to_owned());
        // In a section that takes any keys, what follows is one key: NABA__KAFKA__EXTRA__SASL__MECHANISM is "sasl.mechanism".
        if let Some((section, rest)) = self.schema.free_section_of(&key) {
            return set_in(&mut self.table, section, rest, Value::String(text.to_owned()));
        }
        let value = match self.schema.setting(&key).map(|s| &s.value) {
            None | Some(Value::String(_)) => Value::String(text.to_owned()),
            // Anything else is written as in the file; what does not parse is reported by its type.
            Some(_) => format!("v = {text}")
                .parse::<Table>()
                .ok()
                .and_then(|mut t| t.remove("v"))
                .unwrap_or_else(|| Value::String(text.to_owned())),
        };
        self.assign(&key, value, &origin);
    }

    fn assign(&mut self, key: &str, value: Value, origin: &Origin) {
        if let Some(setting) = self.schema.setting(key) {
            return match (setting.kind, origin) {
                (SettingKind::Secret, Origin::File(_)) => {
                    let variable = variable_of(key);
                    self.errors.push(ConfigError::SecretInFile { origin: origin.clone(), key: key.into(), variable });
                }
                _ => self.checked(key, setting.clone(), value, origin),
            };
        }
        let secret = key.strip_suffix("_file").filter(|k| self.secret(k));
        match (secret, value.as_str()) {
            (Some(secret), Some(path)) => self.secret_file(secret, path, origin),
            (Some(_), None) => self.wrong_type(key, "a path", &value, false, origin),
            (None, _) => {
                let nearest = self.nearest(key);
                self.errors.push(ConfigError::UnknownKey { origin: origin.clone(), key: key.into(), nearest });
            }
        }
    }

    fn secret(&self, key: &str) -> bool {
        self.schema.setting(key).is_some_and(|s| s.kind == SettingKind::Secret)
    }

    fn checked(&mut self, key: &str, setting: Setting, value: Value, origin: &Origin) {
        match (&setting.value, value) {
            (Value::Float(_), Value::Integer(i)) => set(&mut self.table, key, Value::Float(i as f64)),
            (wanted, value) if wanted.same_type(&value) => set(&mut self.table, key, value),
            (wanted, value) => {
                self.wrong_type(key, type_name(wanted), &value, setting.kind == SettingKind::Secret, origin)
            }
        }
    }

    fn wrong_type(&mut self, key: &str, wanted: &'static str, value: &Value, secret: bool, origin: &Origin) {
        let found = if secret { "another type".to_owned() } else { format!("{} ({value})", type_name(value)) };
        self.errors.push(ConfigError::WrongType { origin: origin.clone(), key: key.into(), wanted, found });
    }

    fn secret_file(&mut self, key: &str, path: &str, origin: &Origin) {
        match read_small(Path::new(path)) {
            Ok(text) => set(&mut self.table, key, Value::String(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(source) => {
                let (origin, path) = (format!("{origin}: {key}_file"), path.to_owned());
                self.errors.push(ConfigError::Unreadable { origin, path, source });
            }
        }
    }

    fn nearest(&self, key: &str) -> Option<String> {
        let scored = self.schema.settings().map(|(known, _)| (strsim::jaro_winkler(&known, key), known));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
        (best.0 >= SUGGEST_FROM).then_some(best.1)
    }
}

fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            if let Some(inner) = inner.as_table_mut() {
                set(inner, rest, value);
            }
        }
        None => {
            table.insert(key.to_owned(), value);
        }
    }
}

/// Sets a key that may hold dots.
fn set_in(table: &mut Table, section: &str, key: &str, value: Value) {
    let inner = section.split('.').try_fold(table, |table, name| table.get_mut(name)?.as_table_mut());
    if let Some(inner) = inner {
        inner.insert(key.to_owned(), value);
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "an array",
        Value::Table(_) => "a table",
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message())
}

fn read_small(path: &Path) -> std::io::Result<String> {
    let bytes = std::fs::metadata(path)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!("{bytes} bytes, more than {MAX_FILE_BYTES}")));
    }
    std::fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: &str = "[kafka]\n# Brokers.\nbootstrap_servers = \"127.0.0.1:9092\"\n# Deadline.\nretries = 3\n# Ratio.\nratio = 0.5\n# Password.\n#password = \"<secret>\"\n# A file.\n#ca = \"ca.pem\"\n\n# Passed on.\n[kafka.properties]\n";

    fn merged(file: &str, environment: &[(&str, &str)]) -> Result<Table, ConfigErrors> {
        let schema = Schema::parse(&[DEFAULTS]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        merge(&schema, Some(&path), environment)
    }

    fn at<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
        table.get("kafka")?.get(key)
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file = "[kafka]\nretries = 5\nratio = 1\n";
        let table = merged(file, &[("NABA__KAFKA__RETRIES", "7"), ("PATH", "/bin")]).unwrap();
        assert_eq!(at(&table, "retries"), Some(&Value::Integer(7)));
        assert_eq!(at(&table, "ratio"), Some(&Value::Float(1.0)));
        assert_eq!(at(&table, "bootstrap_servers").and_then(Value::as_str), Some("127.0.0.1:9092"));
        assert_eq!(at(&table, "ca"), None);
    }

    #[test]
    fn all_errors_come_at_once_and_a_known_key_is_suggested() {
        let file = "[kafka]\nbootstrap_server = \"x\"\nretries = \"many\"\n[other]\na = 1\n";
        let errors = merged(file, &[("NABA__KAFKA__RATIO", "half"), ("NABA__KAFKA__RETRYS", "1")]).unwrap_err();
        let text = errors.to_string();
        assert_eq!(errors.0.len(), 5, "{text}");
        assert!(text.contains("did you mean \"kafka.bootstrap_servers\"?"), "{text}");
        assert!(text.contains("kafka.retries takes an integer, not a string"), "{text}");
        assert!(text.contains("unknown key \"other\""), "{text}");
        assert!(text.contains("kafka.ratio takes a number"), "{text}");
        assert!(text.contains("NABA__KAFKA__RETRYS"), "{text}");
    }

    #[test]
    fn a_secret_comes_from_a_file_of_its_own_or_the_environment_and_never_from_the_config_file() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "s3cret\n").unwrap();
        let file = format!("[kafka]\npassword_file = {:?}\n", secret.path());
        assert_eq!(at(&merged(&file, &[]).unwrap(), "password").and_then(Value::as_str), Some("s3cret"));
        let table = merged("", &[("NABA__KAFKA__PASSWORD", "pw")]).unwrap();
        assert_eq!(at(&table, "password").and_then(Value::as_str), Some("pw"));
        let errors = merged("[kafka]\npassword = \"leaked\"\n", &[]).unwrap_err().to_string();
        assert!(errors.contains("kafka.password_file or NABA__KAFKA__PASSWORD"), "{errors}");
        assert!(!errors.contains("leaked"), "{errors}");
    }

    #[test]
    fn a_section_without_settings_takes_any_keys() {
        let file = "[kafka.properties]\n\"linger.ms\" = 5\n";
        let table = merged(file, &[("NABA__KAFKA__PROPERTIES__SASL__MECHANISM", "PLAIN")]).unwrap();
        let properties = at(&table, "properties").and_then(Value::as_table).unwrap();
        assert_eq!(properties.get("linger.ms"), Some(&Value::Integer(5)));
        assert_eq!(properties.get("sasl.mechanism").and_then(Value::as_str), Some("PLAIN"));
    }

    #[test]
    fn a_syntax_error_names_the_line_and_not_its_text() {
        let errors = merged("[kafka]\npassword = leaked\n", &[]).unwrap_err().to_string();
        assert!(errors.contains("line 2"), "{errors}");
        assert!(!errors.contains("leaked"), "{errors}");
    }
}
