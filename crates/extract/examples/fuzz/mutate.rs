//! Mutations of documents, the same for tests and for the long run.

/// A small generator: the same seed gives the same mutations everywhere.
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// Returns a number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % limit.max(1)
    }
}

/// Cuts, doubles and overwrites pieces of a page, as a broken transfer or a hostile editor would.
pub fn mutated(page: &[u8], random: &mut Random) -> Vec<u8> {
    const ODD: &[&[u8]] = &[
        b"<",
        b">",
        b"\"",
        b"</p>",
        b"<!--",
        b"<script>",
        b"\xff",
        b"\0",
        b"&#x110000;",
        b"{",
        b"<table>",
        b"</div>",
        b"<svg>",
        b"</b>",
        b"<a ",
        b"class='",
        b"<p>Comments (3)</p>",
        b"2024-01-01",
        b"\xd9\x84",
        b"<br>",
    ];
    let mut bytes = page.to_vec();
    for _ in 0..1 + random.below(12) {
        let (at, length) = (random.below(bytes.len()), random.below(400));
        let end = (at + length).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes.get(at..end).unwrap_or_default().to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            2 => bytes.truncate(bytes.len() - random.below(bytes.len() / 8 + 1)),
            3 => {
                let piece = bytes.get(at..end.min(at + 60)).unwrap_or_default().repeat(1 + random.below(40));
                bytes.splice(at..at, piece);
            }
            _ => drop(bytes.splice(at..at, ODD.get(random.below(ODD.len())).copied().unwrap_or_default().to_vec())),
        }
    }
    bytes
}
