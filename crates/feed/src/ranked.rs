//! A value that several elements may state, better and worse ones.

/// Keeps the offer of the lowest rank; of equal rank, the first.
#[derive(Debug)]
pub(crate) struct Ranked<T>(Option<(u8, T)>);

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Ranked<T> {
    /// Considers a value, which is made only if it would be kept; `None` is no offer.
    pub(crate) fn offer(&mut self, rank: u8, make: impl FnOnce() -> Option<T>) {
        if self.wants(rank)
            && let Some(value) = make()
        {
            self.0 = Some((rank, value));
        }
    }

    /// Tells whether an offer of a rank would be kept.
    pub(crate) fn wants(&self, rank: u8) -> bool {
        self.0.as_ref().is_none_or(|(known, _)| rank < *known)
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    pub(crate) fn take(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}
