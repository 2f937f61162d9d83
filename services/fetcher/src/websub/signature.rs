//! Signatures of pushed bodies (WebSub §7): `X-Hub-Signature: method=hex`.

use ring::hmac;

/// Tells whether a body was signed with a secret.
pub(super) fn is_signed(header: &str, secret: &str, body: &[u8]) -> bool {
    let Some((method, signature)) = header.trim().split_once('=') else { return false };
    let algorithm = match method.to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return false,
    };
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    bytes_of(signature).is_some_and(|signature| hmac::verify(&key, body, &signature).is_ok())
}

/// Reads hexadecimal digits.
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_standard_is_checked() {
        // RFC 2202 and RFC 4231, test case 2.
        let (key, text) = ("Jefe", b"what do ya want for nothing?");
        for signature in [
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "SHA256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ] {
            assert!(is_signed(signature, key, text), "{signature}");
            assert!(!is_signed(signature, "other", text) && !is_signed(signature, key, b"other"));
        }
        for wrong in ["", "sha256", "sha256=", "sha256=zz", "md5=00", "sha1=abc"] {
            assert!(!is_signed(wrong, key, text), "{wrong}");
        }
    }
}
