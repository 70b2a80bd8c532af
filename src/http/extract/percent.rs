//! Percent-encoding (RFC 3986, 2.1), read strictly.

/// Decodes `text`; none when a `%` is not followed by two hexadecimal digits, or the octets are not UTF-8.
///
/// Actix replaces such octets by U+FFFD, which would make one thing of two.
pub(in crate::http) fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(octets).ok()
}

fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn decodes_what_is_encoded_and_nothing_else() {
        for (text, decoded) in [
            ("guest-42", Some("guest-42")),
            ("a%2Fb%2fc", Some("a/b/c")),
            ("%C3%A6", Some("æ")),
            ("a+b", Some("a+b")),
            ("%25%32%35", Some("%25")),
            ("", Some("")),
            ("100%", None),
            ("%4", None),
            ("%zz", None),
            ("%+1", None),
            ("%FF", None),
        ] {
            assert_eq!(decode(text).as_deref(), decoded, "{text}");
        }
    }
}
