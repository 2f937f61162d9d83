//! Languages that are the only ones of the news in their script.

/// Scripts by their letters: first and last, the script's ISO 15924 code, the language.
const SCRIPTS: &[(u32, u32, &str, &str)] = &[
    (0x0530, 0x058F, "Armn", "hy"),
    (0x0780, 0x07BF, "Thaa", "dv"),
    (0x0A00, 0x0A7F, "Guru", "pa"),
    (0x0A80, 0x0AFF, "Gujr", "gu"),
    (0x0B00, 0x0B7F, "Orya", "or"),
    (0x0B80, 0x0BFF, "Taml", "ta"),
    (0x0C00, 0x0C7F, "Telu", "te"),
    (0x0C80, 0x0CFF, "Knda", "kn"),
    (0x0D00, 0x0D7F, "Mlym", "ml"),
    (0x0D80, 0x0DFF, "Sinh", "si"),
    (0x0E80, 0x0EFF, "Laoo", "lo"),
    (0x0F00, 0x0FFF, "Tibt", "bo"),
    (0x1000, 0x109F, "Mymr", "my"),
    (0x10A0, 0x10FF, "Geor", "ka"),
    (0x1200, 0x137F, "Ethi", "am"),
    (0x1780, 0x17FF, "Khmr", "km"),
    (0x1800, 0x18AF, "Mong", "mn"),
];

/// Returns the script of most letters that are in one of these scripts, and its language.
pub(crate) fn detect(text: &str) -> Option<(&'static str, &'static str)> {
    let mut counts = [0_u32; SCRIPTS.len()];
    for c in text.chars().filter(|c| c.is_alphabetic()).map(u32::from) {
        let at = SCRIPTS.iter().position(|(first, last, ..)| (*first..=*last).contains(&c));
        if let Some(count) = at.and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    let (count, (_, _, script, language)) = counts.iter().zip(SCRIPTS).max_by_key(|(count, _)| **count)?;
    (*count > 0).then_some((*script, *language))
}
