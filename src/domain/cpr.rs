//! Danish civil registration numbers (CPR), so that they can be kept out.
//!
//! Only the date is judged. The modulus-11 check is not used: numbers given out since 2007 may fail it
//! (REQUIREMENTS L-06; databeskyttelsesloven section 11).

use unicode_normalization::UnicodeNormalization;

/// What may stand between the six digits of the date and the four of the serial number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Nothing, one dash or one space.
    Any,
    /// One dash.
    Hyphenated,
}

/// Whether a date-plausible civil registration number stands anywhere in `text`, in any form.
///
/// DDMMYYXXXX, bare or with one dash or one space after the sixth digit, also inside a word, but not
/// as part of a longer run of digits. Ten digits right behind a `+` and not starting with 0 are a
/// phone number (E.164); digits inside a UUID are not a number at all.
#[must_use]
pub fn found_in(text: &str) -> bool {
    search(text, Form::Any)
}

/// Whether one stands in `text` with its dash, as it does on cards and letters.
///
/// For identifiers and phone numbers, whose ten bare digits may mean something else.
#[must_use]
pub fn hyphenated_in(text: &str) -> bool {
    search(text, Form::Hyphenated)
}

fn search(text: &str, form: Form) -> bool {
    // Nearly every name leaves here: nothing in it is, or normalises to, a digit.
    if text.chars().all(|c| if c.is_ascii() { !c.is_ascii_digit() } else { c.is_alphabetic() }) {
        return false;
    }
    let mut plain = plain(text);
    blank_uuids(&mut plain);
    (0..plain.len()).any(|at| starts_at(&plain, at, form))
}

/// The text as ASCII: NFKC, every dash as `-`, characters without width left out, any other as `x`.
fn plain(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        return text.as_bytes().to_vec();
    }
    text.nfkc()
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'))
        .map(|c| match c {
            '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2e3a}' | '\u{2e3b}' => b'-',
            _ => u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'x'),
        })
        .collect()
}

/// Blanks what is written as a UUID: one in eight thousand random ones would pass for a number with its dash.
fn blank_uuids(plain: &mut [u8]) {
    const LENGTH: usize = 36;
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let mut at = 0;
    while let Some(window) = plain.get_mut(at..at + LENGTH) {
        let shaped = window.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        let alone = shaped && !is_hex(plain.get(at + LENGTH)) && !(at > 0 && is_hex(plain.get(at - 1)));
        if alone {
            plain[at..at + LENGTH].fill(b'x');
        }
        at += if alone { LENGTH } else { 1 };
    }
}

fn starts_at(plain: &[u8], at: usize, form: Form) -> bool {
    let before = at.checked_sub(1).map(|index| plain[index]);
    if before.is_some_and(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let text = &plain[at..];
    let written = match (digits(text), text.get(6)) {
        (10, _) => form == Form::Any && !(before == Some(b'+') && text[0] != b'0'),
        (6, Some(b'-')) => digits(&text[7..]) == 4,
        (6, Some(b' ')) => form == Form::Any && digits(&text[7..]) == 4,
        _ => false,
    };
    written && is_date(text)
}

/// How many digits `text` starts with.
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether six digits are a DDMMYY of some century; 29 February is, when the year is a leap year in any.
fn is_date(text: &[u8]) -> bool {
    let pair = |at: usize| (text[at] - b'0') * 10 + (text[at + 1] - b'0');
    let (day, month, year) = (pair(0), pair(2), pair(4));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Days, NaiveDate};
    use proptest::prelude::*;

    const FORMS: [&str; 9] = ["", " ", "\u{a0}", "-", "\u{2010}", "\u{2011}", "\u{2013}", "\u{2212}", "\u{ff0d}"];

    #[test]
    fn ten_thousand_generated_numbers_are_found_in_every_form() {
        let first = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap();
        for n in 0..10_000_u32 {
            let date = first.checked_add_days(Days::new(u64::from(n) * 4)).unwrap().format("%d%m%y");
            let serial = n * 7919 % 10_000;
            for separator in FORMS {
                let number = format!("{date}{separator}{serial:04}");
                assert!(found_in(&number), "{number}");
                assert_eq!(hyphenated_in(&number), !matches!(separator, "" | " " | "\u{a0}"), "{number}");
            }
        }
    }

    #[test]
    fn found_wherever_it_stands() {
        for text in [
            "cpr0101901234x",
            "CPR: 010190-1234.",
            "nr.010190 1234,",
            "12 010190-1234 5",
            "0101901234",
            "010190¹²³⁴",
            "01019\u{200b}01234",
            "010190\u{ad}1234",
            "+0101901234",
            "æøå 2902001234",
            "290224-1234",
        ] {
            assert!(found_in(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_passes() {
        for text in [
            "",
            "Jens Æbelø 3.",
            "01019012345",
            "0010190-1234",
            "010190-12345",
            "010190--1234",
            "010190  1234",
            "3201901234",
            "0013901234",
            "0113901234",
            "310490-1234",
            "300296-1234",
            "290223-1234",
            "010190 - 1234",
            "½ 01019012",
            "VS-2024-000123",
        ] {
            assert!(!found_in(text), "{text}");
            assert!(!hyphenated_in(text), "{text}");
        }
    }

    #[test]
    fn phone_numbers_pass() {
        for text in [
            "12345678",
            "12 34 56 78",
            "1234 5678",
            "01 01 90 12",
            "+45 12 34 56 78",
            "+4512345678",
            "4512345678",
            "0045 12 34 56 78",
            "004512345678",
            "00 45 12345678",
            "+2203012345",
            "+2911201234",
        ] {
            assert!(!found_in(text), "{text}");
        }
    }

    #[test]
    fn a_uuid_is_not_a_number() {
        assert!(!hyphenated_in("ab010190-1234-4abc-8abc-0123456789ab"));
        assert!(!found_in("guest/ab010190-1234-4abc-8abc-a0101901234b"));
        assert!(found_in("ab010190-1234-4abc-8abc-0123456789abc"));
        assert!(found_in("ab010190-1234-4abc-8abc-0123456789ab 010190-1234"));
    }

    #[test]
    fn no_letter_normalises_to_a_digit() {
        for letter in ('\u{80}'..=char::MAX).filter(|c| c.is_alphabetic()) {
            assert!(!letter.nfkc().any(|c| c.is_ascii_digit()), "{:x}", u32::from(letter));
        }
    }

    proptest! {
        #[test]
        fn found_in_the_midst_of_anything(
            before in "([^0-9\\p{N}\\p{So}]|[0-9]{1,12}[a-zæ ])*", after in "([^0-9\\p{N}\\p{So}][^\\p{N}\\p{So}]*)?",
            day in 1..=28_u8, month in 1..=12_u8, year in 0..=99_u8, serial in 0..=9999_u16, form in 0..FORMS.len(),
        ) {
            prop_assume!(plain(&before).last() != Some(&b'+'));
            let text = format!("{before}{day:02}{month:02}{year:02}{}{serial:04}{after}", FORMS[form]);
            prop_assert!(found_in(&text));
        }

        #[test]
        fn eight_digits_and_e164_pass(danish in "[0-9]{8}", spaced in "[0-9]{2}( [0-9]{2}){3}", world in "\\+[1-9][0-9]{6,14}") {
            for number in [danish.clone(), format!("+45{danish}"), format!("0045{danish}"), format!("+45 {spaced}"), spaced, world] {
                prop_assert!(!found_in(&number));
                prop_assert!(!hyphenated_in(&number));
            }
        }

        #[test]
        fn uuids_pass(bits in any::<u128>()) {
            prop_assert!(!found_in(&uuid::Uuid::from_u128(bits).to_string()));
        }

        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            prop_assert!(found_in(&text) || !hyphenated_in(&text));
        }
    }
}
