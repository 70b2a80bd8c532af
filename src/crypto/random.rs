//! Random bytes and letters from the operating system's generator (ASVS V11.5.1).

use super::CryptoError;
use zeroize::Zeroizing;

/// Random bytes drawn in one go when letters are made.
const POOL_BYTES: usize = 64;

/// Fills the bytes from the operating system's generator.
///
/// # Errors
/// [`CryptoError::Random`] when the generator fails; the bytes must not be used then.
pub fn fill(bytes: &mut [u8]) -> Result<(), CryptoError> {
    getrandom::fill(bytes).map_err(|_| CryptoError::Random)
}

/// A byte by which things are spread that must not happen together; without randomness they merely are not.
#[must_use]
pub fn chance() -> u8 {
    let mut byte = [0_u8; 1];
    let _ = fill(&mut byte);
    byte[0]
}

/// Appends `count` letters, each of the alphabet with the same probability.
///
/// The caller reserves the room, so that a growing string leaves no copy of a secret behind.
pub(super) fn push_letters<const N: usize>(
    text: &mut String,
    alphabet: &[u8; N],
    count: usize,
) -> Result<(), CryptoError> {
    let mut pool = Zeroizing::new([0; POOL_BYTES]);
    let mut left = count;
    while left > 0 {
        fill(&mut *pool)?;
        let before = text.len();
        text.extend(pool.iter().filter_map(|byte| letter(alphabet, *byte)).take(left));
        left -= text.len() - before;
    }
    Ok(())
}

/// The letter that a random byte stands for; none for the few highest bytes, which would favour the first letters.
fn letter<const N: usize>(alphabet: &[u8; N], byte: u8) -> Option<char> {
    let byte = usize::from(byte);
    (byte < 256 - 256 % N).then(|| char::from(alphabet[byte % N]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn fills_differently_each_time() {
        let (mut one, mut two) = ([0; 32], [0; 32]);
        fill(&mut one).unwrap();
        fill(&mut two).unwrap();
        assert_ne!(one, two);
        assert_ne!(one, [0; 32]);
    }

    #[test]
    fn every_letter_has_the_same_share_of_bytes() {
        let alphabet = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut shares: HashMap<char, usize> = HashMap::new();
        for letter in (0..=u8::MAX).filter_map(|byte| letter(alphabet, byte)) {
            *shares.entry(letter).or_default() += 1;
        }
        assert_eq!(shares.len(), alphabet.len());
        assert!(shares.values().all(|share| *share == 7));
    }

    #[test]
    fn as_many_letters_as_asked_for() {
        for count in [0, 1, 43, 1_000] {
            let mut text = String::new();
            push_letters(&mut text, b"ab", count).unwrap();
            assert_eq!(text.len(), count);
            assert!(text.bytes().all(|letter| b"ab".contains(&letter)));
        }
    }
}
