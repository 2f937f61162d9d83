//! The window of entries that a listing shows, and how far it moved between two polls.

/// Names that are kept of each end of a long listing: what is new stands at one of them.
const END: usize = 64;

/// The names of a listing's entries, as far as a comparison with the next poll needs them: 512 bytes at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// Hashes, sorted.
    names: Vec<u32>,
    len: usize,
    /// New entries that were left out so far.
    owed: usize,
}

/// How far a window moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shift {
    /// Entries that were not there before or were left out; an estimate where a listing is long and more than one end of it is new.
    pub(crate) new: usize,
    /// True when nothing of the window before is left: entries between the two may never have been seen.
    pub(crate) is_gap: bool,
}

impl Window {
    /// Makes the window of a listing from the addresses of its entries, in their order.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<u32> = names.into_iter().map(hash).collect();
        let len = names.len();
        if len > 2 * END {
            names.drain(END..len - END);
        }
        names.sort_unstable();
        names.dedup();
        Self { names, len, owed: 0 }
    }

    /// Notes how many new entries were left out.
    pub(crate) fn owing(self, owed: usize) -> Self {
        Self { owed, ..self }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Compares the window with the one of the poll before.
    pub(crate) fn since(&self, before: &Self) -> Shift {
        let kept = self.names.len();
        let fresh = self.names.iter().filter(|name| before.names.binary_search(name).is_err()).count();
        let new = match fresh {
            fresh if fresh == kept => self.len,
            fresh if fresh >= END && self.len > kept => self.len / 2,
            fresh => fresh,
        };
        // What was left out can be had as long as it is still named.
        let new = (new + before.owed).min(self.len);
        Shift { new, is_gap: fresh == kept && kept > 0 && !before.is_empty() }
    }
}

/// FNV-1a.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(names: std::ops::Range<u32>) -> Window {
        let names: Vec<String> = names.rev().map(|n| format!("https://a.example/{n}")).collect();
        Window::of(names.iter().map(String::as_str))
    }

    #[test]
    fn new_entries_are_counted_in_short_and_in_long_listings() {
        let new = |before, after| window(after).since(&window(before)).new;
        assert_eq!(new(0..20, 0..20), 0);
        assert_eq!(new(0..20, 3..23), 3);
        assert_eq!(new(0..50_000, 0..50_005), 5, "a long listing that grows at one end");
        assert_eq!(new(0..10_000, 10_000..20_000), 10_000, "a listing of other entries only");
    }

    #[test]
    fn a_window_that_holds_nothing_of_the_one_before_is_a_gap() {
        let is_gap = |before, after| window(after).since(&window(before)).is_gap;
        assert!(is_gap(0..20, 20..40));
        assert!(!is_gap(0..20, 19..39), "the last entry seen is still there");
        assert!(!is_gap(0..0, 0..20), "before there was nothing to lose");
        assert!(!is_gap(0..20, 0..0));
    }
}
