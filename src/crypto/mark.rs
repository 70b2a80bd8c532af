//! Fingerprints of sealed bytes, by which a search of raw files can tell that erased ones are gone.

use sha2::{Digest, Sha256};

/// Bytes of sealed ones that a mark is made of: format, nonce and what is left of ciphertext and tag.
pub const MARKED_BYTES: usize = 32;
/// Bytes of a mark.
pub const MARK_BYTES: usize = 16;
/// Domain of the digest.
const DOMAIN: &[u8] = b"guestlog/mark/1";

/// The mark of sealed bytes or of a wrapped key: of their first 32, or of all when there are fewer.
///
/// Those hold a nonce of 96 random bits, so no two marks are alike, and nothing can be learnt from one but whether some
/// bytes are the ones it was made of.
#[must_use]
pub fn mark(sealed: &[u8]) -> [u8; MARK_BYTES] {
    let head = &sealed[..sealed.len().min(MARKED_BYTES)];
    let digest = Sha256::new().chain_update(DOMAIN).chain_update(head).finalize();
    let mut mark = [0; MARK_BYTES];
    mark.copy_from_slice(&digest[..MARK_BYTES]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_head_counts() {
        let mut sealed = [7; 80];
        let whole = mark(&sealed);
        sealed[MARKED_BYTES] = 8;
        assert_eq!(mark(&sealed), whole);
        sealed[MARKED_BYTES - 1] = 8;
        assert_ne!(mark(&sealed), whole);
    }

    #[test]
    fn marks_stay_what_they_are() {
        // printf 'guestlog/mark/1Anna' | sha256sum: stored marks must be found again by a later version.
        assert_eq!(mark(b"Anna")[..4], [0xd9, 0x35, 0xa2, 0xdf]);
    }
}
