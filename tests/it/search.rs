//! Canaries, and the search for them in raw bytes: in whatever encoding they may have got there.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::HashMap;
use std::fmt::Write;
use std::io::ErrorKind;
use std::net::Ipv6Addr;
use std::path::PathBuf;

/// Values that are found nowhere else, one core for each alphabet that a field allows.
///
/// The fields of a run share the core and differ in the number behind it, so that a search looks for three things only.
#[derive(Clone)]
pub struct Canary {
    word: String,
    digits: String,
    host: [u8; 12],
}

impl Canary {
    pub fn new() -> Self {
        let letters = uuid::Uuid::new_v4().into_bytes();
        let numbers = uuid::Uuid::new_v4().into_bytes();
        let mut host = [0; 12];
        host.copy_from_slice(&uuid::Uuid::new_v4().into_bytes()[..12]);
        // No group begins with a zero, so that the address has one spelling.
        host.iter_mut().step_by(2).for_each(|byte| *byte |= 0x10);
        Self {
            word: letters[..12].iter().map(|byte| char::from(b'a' + byte % 26)).collect(),
            digits: numbers[..12].iter().map(|byte| char::from(b'0' + byte % 10)).collect(),
            host,
        }
    }

    /// 14 letters and digits.
    pub fn text(&self, field: u8) -> String {
        format!("{}{field:02}", self.word)
    }

    pub fn email(&self, field: u8) -> String {
        format!("{}@example.dk", self.text(field))
    }

    /// 15 digits behind a plus, as many as a number may have.
    pub fn phone(&self, field: u8) -> String {
        format!("+9{}{field:02}", self.digits)
    }

    pub fn ip(&self) -> Ipv6Addr {
        let mut octets = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        octets[4..].copy_from_slice(&self.host);
        octets.into()
    }

    /// The search for all of it.
    pub fn search(&self) -> Search {
        let ip = self.ip().to_string();
        Search::default()
            .for_text("text", &self.word)
            .for_text("digits", &self.digits)
            .for_text("address", ip.trim_start_matches("2001:db8:"))
            .for_bytes("address", &self.host)
    }
}

/// What to look for.
pub struct Search {
    needles: Vec<(String, Vec<u8>)>,
    /// The first two bytes of each window, as a table, since most bytes belong to none.
    beginnings: Vec<bool>,
    /// Each four bytes that stand in the first eight places of a needle.
    windows: HashMap<[u8; 4], Vec<(usize, usize)>>,
}

/// The shortest needle: it covers four bytes from some place whose number divides by eight.
const SHORTEST: usize = 11;
const STRIDE: usize = 8;

impl Default for Search {
    fn default() -> Self {
        Self { needles: Vec::new(), beginnings: vec![false; 1 << 16], windows: HashMap::new() }
    }
}

impl Search {
    /// Text in UTF-8, UTF-16, hexadecimal and base64, as it is, in upper and in lower case.
    pub fn for_text(mut self, name: &str, text: &str) -> Self {
        let mut spellings = vec![text.to_owned(), text.to_lowercase(), text.to_uppercase()];
        spellings.sort();
        spellings.dedup();
        for spelling in spellings {
            self = self.for_bytes(name, spelling.as_bytes());
            let wide: Vec<u8> = spelling.encode_utf16().flat_map(u16::to_le_bytes).collect();
            // Without the last zero it is found in big-endian text as well.
            self = self.needle(format!("{name} in UTF-16"), wide[..wide.len() - 1].to_vec());
        }
        self
    }

    /// Bytes as they are, in hexadecimal and in base64.
    pub fn for_bytes(mut self, name: &str, bytes: &[u8]) -> Self {
        let digits = hex(bytes);
        self = self.needle(format!("{name} as it is"), bytes.to_vec());
        self = self.needle(format!("{name} in hexadecimal"), digits.to_uppercase().into_bytes());
        self = self.needle(format!("{name} in hexadecimal"), digits.into_bytes());
        for before in 0..3 {
            let shifted = [&[0; 2][..before], bytes].concat();
            // The digits that hold bits of the neighbours are not known.
            let known = |text: String| text.as_bytes()[(before * 8).div_ceil(6)..shifted.len() * 8 / 6].to_vec();
            self = self.needle(format!("{name} in base64"), known(STANDARD_NO_PAD.encode(&shifted)));
            self = self.needle(format!("{name} in base64url"), known(URL_SAFE_NO_PAD.encode(&shifted)));
        }
        self
    }

    fn needle(mut self, name: String, bytes: Vec<u8>) -> Self {
        assert!(bytes.len() >= SHORTEST, "too short to be looked for: {name}");
        if self.needles.iter().all(|(_, known)| *known != bytes) {
            for at in 0..STRIDE {
                let window: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
                self.beginnings[usize::from(u16::from_le_bytes([window[0], window[1]]))] = true;
                self.windows.entry(window).or_default().push((self.needles.len(), at));
            }
            self.needles.push((name, bytes));
        }
        self
    }

    /// What is found, by name and with what stands around it.
    pub fn of(&self, hay: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (place, window) in hay.chunks(STRIDE).enumerate() {
            if window.len() < 4 || !self.beginnings[usize::from(u16::from_le_bytes([window[0], window[1]]))] {
                continue;
            }
            for &(needle, offset) in self.windows.get(&window[..4]).into_iter().flatten() {
                let (name, bytes) = &self.needles[needle];
                let Some(start) = (place * STRIDE).checked_sub(offset) else { continue };
                if hay[start..].starts_with(bytes) {
                    let around = &hay[start.saturating_sub(40)..hay.len().min(start + bytes.len() + 24)];
                    found.push(format!("{name} at {start}: {:?}", String::from_utf8_lossy(around)));
                }
            }
        }
        found
    }

    /// What is found in the files, with their names; a file that goes meanwhile holds nothing any more.
    pub fn in_files(&self, files: &[PathBuf]) -> Vec<String> {
        let mut found = Vec::new();
        for file in files {
            if !self.of(file.to_string_lossy().as_bytes()).is_empty() {
                found.push(format!("{}: in its name", file.display()));
            }
            match std::fs::read(file) {
                Ok(hay) => found.extend(self.of(&hay).into_iter().map(|hit| format!("{}: {hit}", file.display()))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => panic!("{}: {error}", file.display()),
            }
        }
        found
    }
}

/// Two lower-case digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}

#[test]
fn a_canary_is_found_in_every_encoding_at_every_place() {
    let canary = Canary::new();
    let search = canary.search();
    let text = format!("Åse {} Ø", canary.text(7));
    let wide: Vec<u16> = text.encode_utf16().collect();
    let spellings: Vec<(&str, Vec<u8>)> = vec![
        ("as it is", text.clone().into_bytes()),
        ("as it is", text.to_uppercase().into_bytes()),
        ("as it is", canary.phone(3).into_bytes()),
        ("as it is", canary.ip().to_string().to_uppercase().into_bytes()),
        ("as it is", canary.ip().octets().to_vec()),
        ("UTF-16", wide.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
        ("UTF-16", wide.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
        ("hexadecimal", hex(text.as_bytes()).into_bytes()),
        ("hexadecimal", hex(&canary.ip().octets()).to_uppercase().into_bytes()),
        ("base64", STANDARD_NO_PAD.encode(&text).into_bytes()),
        ("base64", STANDARD_NO_PAD.encode(&text[1 + 'Å'.len_utf8()..]).into_bytes()),
        ("base64", STANDARD_NO_PAD.encode(&text['Å'.len_utf8()..]).into_bytes()),
        ("base64", URL_SAFE_NO_PAD.encode(canary.ip().octets()).into_bytes()),
    ];
    for (name, bytes) in &spellings {
        for before in 0..STRIDE {
            let hay = [vec![b'x'; before], bytes.clone(), vec![b'y'; 3]].concat();
            let found = search.of(&hay);
            assert!(found.iter().any(|hit| hit.contains(name)), "{name} {before}: {hay:?}");
        }
        let cut = &bytes[..bytes.len().min(10)];
        assert!(search.of(cut).is_empty());
        assert!(Canary::new().search().of(bytes).is_empty());
    }
}
