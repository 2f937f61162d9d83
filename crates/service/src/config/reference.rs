//! The configuration reference, rendered from the commented defaults.

use std::fmt::Write;

use super::merge::variable_of;
use super::schema::{Schema, Section, Setting, SettingKind, dotted};

/// Renders the settings of a service as Markdown: a heading, then a table for each section.
pub fn reference(service: &str, schema: &Schema) -> String {
    let mut out = format!("## {service}\n");
    for section in schema.sections() {
        render_section(&mut out, section, schema.is_free(&section.path));
    }
    out
}

fn render_section(out: &mut String, section: &Section, free: bool) {
    if !section.path.is_empty() {
        let _ = write!(out, "\n### `[{}]`\n", section.path);
    }
    if !section.about.is_empty() {
        let _ = write!(out, "\n{}\n", section.about);
    }
    if free {
        out.push_str("\nTakes any keys.\n");
    }
    if section.settings.is_empty() {
        return;
    }
    out.push_str("\n| key | default | environment | meaning |\n|---|---|---|---|\n");
    for setting in &section.settings {
        let key = dotted(&section.path, &setting.key);
        let variable = variable_of(&key);
        let _ = writeln!(
            out,
            "| `{}` | {} | `{variable}` | {} |",
            setting.key,
            default(setting),
            setting.about.replace('|', "\\|")
        );
    }
}

fn default(setting: &Setting) -> String {
    let written = setting.written.replace('\n', " ").replace('|', "\\|");
    match setting.kind {
        SettingKind::Default => format!("`{written}`"),
        SettingKind::Optional => format!("unset; for example `{written}`"),
        SettingKind::Secret => format!("unset; a secret: here only as `{}_file`", setting.key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_in_the_reference_with_its_meaning_and_variable() {
        let text = "# The admin port.\n[admin]\n# Address | port.\nlisten = \"127.0.0.1:0\"\n# Token.\n#token = \"<secret>\"\n";
        let out = reference("naba-x", &Schema::parse(&[text]).unwrap());
        assert!(out.contains("### `[admin]`\n\nThe admin port.\n"), "{out}");
        assert!(out.contains("| `listen` | `\"127.0.0.1:0\"` | `NABA__ADMIN__LISTEN` | Address \\| port. |"), "{out}");
        assert!(out.contains("`token_file`"), "{out}");
    }
}
