//! The unused middle of SQLite's b-tree pages (the file format, <https://sqlite.org/fileformat2.html>, 1.6).
//!
//! A page has its cell pointers at the front and the cells at the back. When SQLite spreads the cells of full pages over
//! more of them, copies of cells that have moved stay in the middle of the old page. `secure_delete` overwrites a cell
//! where it stands, not such a copy: of erased values some two in a thousand were found again in the file, all of them
//! there.

use std::ops::Range;

/// Pages from this one on are not told by their first byte: that of an overflow page is the highest of a page number.
pub const MAX_PAGES: i64 = 0x0200_0000;
/// Bytes of the file's header, which stand before that of the first page.
const FILE_HEADER_BYTES: usize = 100;

/// The unused middle of a b-tree page; none of any other page, or when it is not sound.
#[must_use]
pub fn unused(number: i64, page: &[u8]) -> Option<Range<usize>> {
    let at = if number == 1 { FILE_HEADER_BYTES } else { 0 };
    let two = |offset: usize| Some(usize::from(u16::from_be_bytes([*page.get(offset)?, *page.get(offset + 1)?])));
    let header_bytes = match page.get(at)? {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return None,
    };
    let start = at + header_bytes + 2 * two(at + 3)?;
    // A page of 64 KiB has no cell yet when it says 0.
    let end = match two(at + 5)? {
        0 => 65_536,
        end => end,
    };
    (start <= end && end <= page.len()).then_some(start..end)
}

/// Whether something stands where nothing should.
#[must_use]
pub fn is_soiled(number: i64, page: &[u8]) -> bool {
    unused(number, page).is_some_and(|middle| page[middle].iter().any(|byte| *byte != 0))
}

/// Overwrites what stands where nothing should.
pub fn wipe(number: i64, page: &mut [u8]) {
    if let Some(middle) = unused(number, page) {
        page[middle].fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leaf with `cells` pointers and its cells from `content` on.
    fn leaf(at: usize, cells: u8, content: u16) -> Vec<u8> {
        let mut page = vec![7; 512];
        page[at] = 10;
        page[at + 3..at + 5].copy_from_slice(&[0, cells]);
        page[at + 5..at + 7].copy_from_slice(&content.to_be_bytes());
        page
    }

    #[test]
    fn only_the_middle_is_wiped() {
        for (number, at) in [(1, 100), (2, 0)] {
            let mut page = leaf(at, 3, 400);
            let before = page.clone();
            assert_eq!(unused(number, &page), Some(at + 14..400));
            assert!(is_soiled(number, &page));
            wipe(number, &mut page);
            assert!(!is_soiled(number, &page));
            assert_eq!((&page[..at + 14], &page[400..]), (&before[..at + 14], &before[400..]));
        }
    }

    #[test]
    fn what_is_not_a_sound_page_is_left_alone() {
        let overlapping = leaf(0, 200, 400);
        let outside = leaf(0, 1, 513);
        let mut overflow = leaf(0, 1, 400);
        overflow[0] = 0;
        for page in [overlapping, outside, overflow, Vec::new(), vec![13], vec![2; 7]] {
            let mut wiped = page.clone();
            wipe(2, &mut wiped);
            assert_eq!((unused(2, &page), &wiped), (None, &page));
        }
    }

    #[test]
    fn an_interior_page_has_a_longer_head() {
        let mut page = leaf(0, 1, 400);
        page[0] = 5;
        assert_eq!(unused(2, &page), Some(14..400));
    }
}
