//! Lists of byte strings in a form that can be read in one way only, and keyed digests of them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// HMAC-SHA-256 with its key already taken in; cloned for each use.
pub(super) type KeyedDigest = Hmac<Sha256>;

/// Bytes in a block of SHA-256, the length to which HMAC pads its key (RFC 2104).
const BLOCK_BYTES: usize = 64;

/// Hands over each part behind its length (8 bytes, big-endian), so that no two lists give the same bytes.
pub(super) fn frame(parts: &[&[u8]], mut sink: impl FnMut(&[u8])) {
    for part in parts {
        sink(&(part.len() as u64).to_be_bytes());
        sink(part);
    }
}

/// HMAC-SHA-256 under a key.
///
/// Padding the key with zeros to a block, as RFC 2104 does itself, leaves no length to be wrong and no error.
pub(super) fn keyed_digest(key: &[u8; 32]) -> KeyedDigest {
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    block[..key.len()].copy_from_slice(key);
    KeyedDigest::new((&*block).into())
}

/// Takes in a list of parts, framed.
pub(super) fn absorb(mut digest: KeyedDigest, parts: &[&[u8]]) -> KeyedDigest {
    frame(parts, |bytes| digest.update(bytes));
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(parts: &[Vec<u8>]) -> Vec<u8> {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let mut bytes = Vec::new();
        frame(&parts, |more| bytes.extend_from_slice(more));
        bytes
    }

    proptest! {
        #[test]
        fn two_lists_never_look_alike(one: Vec<Vec<u8>>, two: Vec<Vec<u8>>) {
            prop_assert_eq!(one == two, framed(&one) == framed(&two));
        }

        #[test]
        fn moving_a_border_is_seen(bytes in prop::collection::vec(any::<u8>(), 1..40), a: usize, b: usize) {
            let (a, b) = (a % (bytes.len() + 1), b % (bytes.len() + 1));
            let split = |at: usize| framed(&[bytes[..at].to_vec(), bytes[at..].to_vec()]);
            prop_assert_eq!(a == b, split(a) == split(b));
        }

        #[test]
        fn a_padded_key_is_the_same_key(key: [u8; 32], value: Vec<u8>) {
            let expected = KeyedDigest::new_from_slice(&key).unwrap().chain_update(&value).finalize();
            prop_assert!(keyed_digest(&key).chain_update(&value).finalize() == expected);
        }
    }
}
