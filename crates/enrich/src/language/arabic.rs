//! Languages of the Arabic script, told apart by letters that only some of them have.

/// Letters that decide; below that, a text may be of several languages.
const ENOUGH: u32 = 10;

/// Returns the language of a text in Arabic script, and how sure that is.
///
/// N-gram detectors call Pashto Persian and Uyghur Arabic; most of these letters do not occur in the other languages.
pub(crate) fn detect(text: &str) -> (&'static str, f32) {
    let mut letters = Letters::default();
    for c in text.chars() {
        letters.count(c);
    }
    (letters.language(), if letters.all < ENOUGH { 0.5 } else { 0.95 })
}

/// How many letters are of which languages.
#[derive(Default)]
struct Letters {
    all: u32,
    pashto: u32,
    urdu: u32,
    sorani: u32,
    uyghur: u32,
    /// The letter that both Sorani and Uyghur write for a short vowel.
    ae: u32,
    persian: u32,
    arabic: u32,
}

impl Letters {
    fn count(&mut self, c: char) {
        let of = match c {
            'ټ' | 'ډ' | 'ړ' | 'ښ' | 'ځ' | 'څ' | 'ۍ' | 'ګ' | 'ڼ' => &mut self.pashto,
            'ٹ' | 'ڈ' | 'ڑ' | 'ے' | 'ں' | 'ہ' | 'ۓ' => &mut self.urdu,
            'ڕ' | 'ڵ' | 'ۆ' | 'ێ' => &mut self.sorani,
            'ۈ' | 'ۇ' | 'ۋ' | 'ڭ' => &mut self.uyghur,
            'ە' => &mut self.ae,
            'پ' | 'چ' | 'ژ' | 'گ' | 'ک' | 'ی' => &mut self.persian,
            'ة' | 'ي' | 'ى' | 'ك' | 'أ' | 'إ' | 'ئ' | 'ؤ' => &mut self.arabic,
            _ => return,
        };
        *of += 1;
        self.all += 1;
    }

    fn language(&self) -> &'static str {
        // A name or two of another language may be quoted in a text.
        let marked = |letters: u32, percent: u32| letters * 100 > self.all * percent;
        if marked(self.urdu, 12) {
            return "ur";
        }
        // Only these two write their short vowels.
        if marked(self.ae + self.sorani + self.uyghur, 12) {
            return if self.sorani + self.persian > self.uyghur + self.arabic { "ckb" } else { "ug" };
        }
        if marked(self.pashto, 4) {
            return "ps";
        }
        if self.persian > self.arabic { "fa" } else { "ar" }
    }
}
