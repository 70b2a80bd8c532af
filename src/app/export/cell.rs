//! Cells of CSV that no spreadsheet takes for a formula (REQUIREMENTS S-28).

use std::borrow::Cow;

/// What a spreadsheet may begin a formula with, full-width forms among them, and what may hide it.
fn is_trigger(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
}

/// What parts cells for one program or another, whatever the file says: a Danish Excel parts at semicolons, and then
/// does not see the quotation marks.
fn parts(c: char) -> bool {
    matches!(c, ';' | ',' | '\t' | '\r' | '\n' | '|')
}

/// The text with an apostrophe before whatever could begin a formula, at its start or after something that parts
/// cells; blanks and quotation marks between do not matter.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_trigger) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 2);
    let mut at_start = true;
    for c in text.chars() {
        if at_start && is_trigger(c) {
            written.push('\'');
        }
        written.push(c);
        at_start = parts(c) || (at_start && matches!(c, ' ' | '"' | '\u{a0}'));
    }
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn what_could_begin_a_formula_is_text() {
        for (text, written) in [
            ("Åse", "Åse"),
            ("=1+1", "'=1+1"),
            ("+4512345678", "'+4512345678"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\0=1", "'\0=1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            (" =1", " '=1"),
            ("\"=1", "\"'=1"),
            ("a;=1", "a;'=1"),
            ("a; \"@b", "a; \"'@b"),
            ("a\n=1", "a\n'=1"),
            ("a-b=c@d.dk", "a-b=c@d.dk"),
            ("", ""),
        ] {
            assert_eq!(safe(text), written, "{text:?}");
        }
    }
}
