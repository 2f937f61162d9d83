//! The partitioner of Kafka's Java client, used on every log so that a record lands on the same partition everywhere.

/// Hashes bytes with MurmurHash2, 32 bits, seed 0x9747b28c (Austin Appleby; as in Kafka's `Utils.murmur2`).
pub fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(data.len() & 0xffff_ffff).unwrap_or(u32::MAX);
    let mut h: u32 = 0x9747_b28c ^ length;
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        let mut k = chunk.iter().rev().fold(0_u32, |k, b| (k << 8) | u32::from(*b));
        k = k.wrapping_mul(M);
        k ^= k >> 24;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        h ^= rest.iter().rev().fold(0_u32, |k, b| (k << 8) | u32::from(*b));
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    h ^ (h >> 15)
}

/// Returns the partition of a field among `count` partitions (at least 1).
pub fn partition_for(field: &[u8], count: u32) -> u32 {
    (murmur2(field) & 0x7fff_ffff) % count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of Kafka's own `UtilsTest.testMurmur2`.
    #[test]
    fn hashes_agree_with_the_java_client() {
        let vectors: [(&str, i32); 7] = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
            ("", 275_646_681),
        ];
        for (text, hash) in vectors {
            assert_eq!(i32::from_ne_bytes(murmur2(text.as_bytes()).to_ne_bytes()), hash, "{text:?}");
        }
    }

    #[test]
    fn a_partition_is_below_the_count() {
        for i in 0..1000_u32 {
            assert!(partition_for(&i.to_be_bytes(), 7) < 7);
        }
        assert_eq!(partition_for(b"x", 0), 0);
    }
}
