//! Where a JSON value ends: the one pass over a received frame.
//!
//! A frame's payload is skipped, not read, but it is checked on the way: what passes here is JSON, exactly as serde_json
//! sees it. Nothing is built and nothing is allocated up to 64 levels of nesting; there is no limit to the nesting, and no
//! recursion. Escapes in strings are checked for their form only: half a surrogate pair passes, as it does on the wire.

/// Why a text is not JSON. One word, so that results of the scanner stay in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(usize);

impl Fault {
    /// It ends too early.
    pub(crate) const EARLY: Self = Self(usize::MAX);

    /// The byte at this place does not belong there.
    const fn at(place: usize) -> Self {
        Self(place)
    }

    /// Where the byte is that does not belong there; none if the text ends too early.
    pub(crate) fn place(self) -> Option<usize> {
        (self != Self::EARLY).then_some(self.0)
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Past white space.
#[inline]
fn blank(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}

/// The first byte that is no white space, and its place.
#[inline(always)]
fn next(text: &[u8], at: usize) -> Result<(u8, usize), Fault> {
    match text.get(at) {
        Some(byte) if *byte > b' ' => Ok((*byte, at)),
        _ => {
            let at = blank(text, at);
            text.get(at).map(|byte| (*byte, at)).ok_or(Fault::EARLY)
        }
    }
}

/// Which bytes of a word end the plain part of a string, as a high bit each: quote, backslash, control characters.
/// Bits above the lowest one may be wrong; only the lowest is used.
#[inline]
fn special(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ (ONES * b'"' as u64));
    let backslash = zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS
}

/// Past the blocks that hold nothing but plain text. For long strings only: the compiler makes wide instructions of it.
#[inline(never)]
fn plain_blocks(mut rest: &[u8]) -> &[u8] {
    while let Some((block, after)) = rest.split_first_chunk::<64>() {
        let ends = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
        if block.iter().fold(false, |found, byte| found | ends(byte)) {
            break;
        }
        rest = after;
    }
    rest
}

/// `at` is behind the opening quote; gives what is behind the closing one. Most strings are short: two words end them.
#[inline(always)]
fn string(text: &[u8], at: usize) -> Result<usize, Fault> {
    if let Some([first, second]) = words(text, at) {
        let mut place = at;
        let mut found = special(first);
        if found == 0 {
            place += 8;
            found = special(second);
        }
        place += found.trailing_zeros() as usize / 8;
        if found != 0 && text.get(place) == Some(&b'"') {
            return Ok(place + 1);
        }
        return long_string(text, place);
    }
    long_string(text, at)
}

/// The next sixteen bytes, if there are as many.
#[inline(always)]
fn words(text: &[u8], at: usize) -> Option<[u64; 2]> {
    let (first, rest) = text.get(at..)?.split_first_chunk::<8>()?;
    let second = rest.first_chunk::<8>()?;
    Some([u64::from_le_bytes(*first), u64::from_le_bytes(*second)])
}

/// The same for those that go on, or have escapes.
#[inline(never)]
fn long_string(text: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        let mut rest = text.get(at..).ok_or(Fault::EARLY)?;
        let mut words = 0;
        at = loop {
            let Some((word, after)) = rest.split_first_chunk::<8>() else { break text.len() - rest.len() };
            let found = special(u64::from_le_bytes(*word));
            if found != 0 {
                break text.len() - rest.len() + found.trailing_zeros() as usize / 8;
            }
            rest = after;
            words += 1;
            if words == 4 {
                rest = plain_blocks(rest);
                words = 0;
            }
        };
        match text.get(at).ok_or(Fault::EARLY)? {
            b'"' => return Ok(at + 1),
            b'\\' => at = escape(text, at + 1)?,
            0..0x20 => return Err(Fault::at(at)),
            // The tail that is too short for a word, byte by byte.
            _ => at += 1,
        }
    }
}

/// `at` is behind a backslash.
fn escape(text: &[u8], at: usize) -> Result<usize, Fault> {
    match text.get(at).ok_or(Fault::EARLY)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => {
            for place in at + 1..at + 5 {
                if !text.get(place).ok_or(Fault::EARLY)?.is_ascii_hexdigit() {
                    return Err(Fault::at(place));
                }
            }
            Ok(at + 5)
        }
        _ => Err(Fault::at(at)),
    }
}

/// One digit or more.
#[inline]
fn digits(text: &[u8], at: usize) -> Result<usize, Fault> {
    let mut end = at;
    while let Some(b'0'..=b'9') = text.get(end) {
        end += 1;
    }
    if end > at {
        return Ok(end);
    }
    Err(if at < text.len() { Fault::at(at) } else { Fault::EARLY })
}

#[inline]
fn number(text: &[u8], mut at: usize) -> Result<usize, Fault> {
    if text.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(text, at)? };
    match text.get(at) {
        Some(b'.' | b'e' | b'E') => fraction(text, at),
        _ => Ok(at),
    }
}

/// What may follow the integer part.
fn fraction(text: &[u8], mut at: usize) -> Result<usize, Fault> {
    if text.get(at) == Some(&b'.') {
        at = digits(text, at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        at = digits(text, at)?;
    }
    Ok(at)
}

fn literal(text: &[u8], at: usize, word: &[u8]) -> Result<usize, Fault> {
    for (place, expected) in (at..).zip(word) {
        if text.get(place).ok_or(Fault::EARLY)? != expected {
            return Err(Fault::at(place));
        }
    }
    Ok(at + word.len())
}

/// A member's name and its colon; gives the ends of both.
#[inline(always)]
fn name(text: &[u8], at: usize) -> Result<(usize, usize), Fault> {
    if text.get(at) != Some(&b'"') {
        return Err(if at < text.len() { Fault::at(at) } else { Fault::EARLY });
    }
    let end = string(text, at + 1)?;
    if text.get(end) == Some(&b':') {
        return Ok((end, end + 1));
    }
    match next(text, end)? {
        (b':', at) => Ok((end, at + 1)),
        (_, at) => Err(Fault::at(at)),
    }
}

/// The containers that are open, a bit each: set for an object.
#[derive(Default)]
struct Nesting {
    top: u64,
    depth: usize,
    /// Full words below `top`.
    rest: alloc::vec::Vec<u64>,
}

impl Nesting {
    #[inline]
    fn open(&mut self, object: bool) {
        if self.depth > 0 && self.depth % 64 == 0 {
            self.rest.push(self.top);
        }
        self.top = self.top << 1 | u64::from(object);
        self.depth += 1;
    }

    #[inline]
    fn close(&mut self) {
        self.depth -= 1;
        self.top >>= 1;
        if self.depth > 0 && self.depth % 64 == 0 {
            self.top = self.rest.pop().unwrap_or_default();
        }
    }

    #[inline]
    fn in_object(&self) -> bool {
        self.top & 1 == 1
    }
}

/// The end of the value that begins at or after `at`.
fn value(text: &[u8], mut at: usize) -> Result<usize, Fault> {
    let mut nesting = Nesting::default();
    loop {
        let (byte, begin) = next(text, at)?;
        at = match byte {
            b'"' => string(text, begin + 1)?,
            b'{' => {
                let (byte, inner) = next(text, begin + 1)?;
                if byte != b'}' {
                    nesting.open(true);
                    at = name(text, inner)?.1;
                    continue;
                }
                inner + 1
            }
            b'[' => {
                let (byte, inner) = next(text, begin + 1)?;
                if byte != b']' {
                    nesting.open(false);
                    at = inner;
                    continue;
                }
                inner + 1
            }
            b'-' | b'0'..=b'9' => number(text, begin)?,
            b't' => literal(text, begin, b"true")?,
            b'f' => literal(text, begin, b"false")?,
            b'n' => literal(text, begin, b"null")?,
            _ => return Err(Fault::at(begin)),
        };
        loop {
            if nesting.depth == 0 {
                return Ok(at);
            }
            let (byte, place) = next(text, at)?;
            at = place + 1;
            match byte {
                b',' if nesting.in_object() => {
                    at = name(text, blank(text, at))?.1;
                    break;
                }
                b',' => break,
                b'}' if nesting.in_object() => nesting.close(),
                b']' if !nesting.in_object() => nesting.close(),
                _ => return Err(Fault::at(place)),
            }
        }
    }
}

/// Nothing but white space may follow.
fn end(text: &[u8], at: usize) -> Result<(), Fault> {
    let at = blank(text, at);
    if at == text.len() { Ok(()) } else { Err(Fault::at(at)) }
}

/// Whether a text is one JSON value.
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    let (_, begin) = next(bytes, 0)?;
    end(bytes, value(bytes, begin)?)
}

/// The members of an object or the items of an array, raw.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    text: &'a str,
    at: usize,
    close: u8,
    begun: bool,
}

impl<'a> Parts<'a> {
    /// The members of `text`; none if it does not begin as an object.
    pub(crate) fn of_object(text: &'a str) -> Option<Self> {
        Self::of(text, b'{', b'}')
    }

    /// The items of `text`; none if it does not begin as an array.
    pub(crate) fn of_array(text: &'a str) -> Option<Self> {
        Self::of(text, b'[', b']')
    }

    fn of(text: &'a str, open: u8, close: u8) -> Option<Self> {
        let (byte, at) = next(text.as_bytes(), 0).ok()?;
        (byte == open).then_some(Self { text, at: at + 1, close, begun: false })
    }

    /// Moves to the next part; false at the end, behind which nothing else may stand.
    fn advance(&mut self) -> Result<bool, Fault> {
        let bytes = self.text.as_bytes();
        let (byte, at) = next(bytes, self.at)?;
        if byte == self.close {
            end(bytes, at + 1)?;
            return Ok(false);
        }
        self.at = match (core::mem::replace(&mut self.begun, true), byte) {
            (false, _) => at,
            (true, b',') => blank(bytes, at + 1),
            (true, _) => return Err(Fault::at(at)),
        };
        Ok(true)
    }

    fn value(&mut self) -> Result<&'a str, Fault> {
        let (_, begin) = next(self.text.as_bytes(), self.at)?;
        self.at = value(self.text.as_bytes(), begin)?;
        self.cut(begin, self.at)
    }

    /// The next item of an array.
    pub(crate) fn item(&mut self) -> Result<Option<&'a str>, Fault> {
        if self.advance()? { self.value().map(Some) } else { Ok(None) }
    }

    /// The next member of an object: its name with quotes and escapes, and its value.
    pub(crate) fn member(&mut self) -> Result<Option<(&'a str, &'a str)>, Fault> {
        if !self.advance()? {
            return Ok(None);
        }
        let begin = self.at;
        let (end, colon) = name(self.text.as_bytes(), begin)?;
        self.at = colon;
        Ok(Some((self.cut(begin, end)?, self.value()?)))
    }

    /// Tokens begin and end with ASCII, so this is always there.
    fn cut(&self, begin: usize, end: usize) -> Result<&'a str, Fault> {
        self.text.get(begin..end).ok_or(Fault(begin))
    }
}

/// Line and column of a place, both from 1, the column in bytes.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    (line + 1, column + 1)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;
    use alloc::{format, vec};

    use serde_json::value::RawValue;

    use super::*;

    fn ours(text: &str) -> Result<&str, Fault> {
        let (_, begin) = next(text.as_bytes(), 0)?;
        let at = value(text.as_bytes(), begin)?;
        end(text.as_bytes(), at)?;
        Ok(&text[begin..at])
    }

    /// serde_json's verdict and ours are the same, and so is what they cut out.
    fn compare(text: &str) {
        let theirs = serde_json::from_str::<&RawValue>(text);
        match (&theirs, ours(text)) {
            (Ok(theirs), Ok(ours)) => assert_eq!(theirs.get(), ours, "{text:?}"),
            (Err(_), Err(_)) => {}
            (theirs, ours) => panic!("{text:?}: {theirs:?} against {ours:?}"),
        }
    }

    /// Passing blocks makes long strings cheap; what it must not pass is in the way of words anyway.
    #[test]
    fn whole_blocks_of_plain_text_are_passed_and_no_others() {
        assert_eq!(plain_blocks(&[b'a'; 200]).len(), 8);
        for special in [b'"', b'\\', 0, 0x1f] {
            let mut text = [b'a'; 192];
            text[100] = special;
            assert_eq!(plain_blocks(&text).len(), 128, "{special}");
        }
        assert_eq!(plain_blocks(&[b' '; 64]).len(), 0);
    }

    const SAMPLES: &[&str] = &[
        r#"{"type":"event","event":"chat","payload":{"a":[1,-2.5e+3,0,true,false,null,"x\u00e9\"\\"],"b":{}},"seq":7}"#,
        " [ 1 , [ ] , { } , [ [ \"\" ] ] , -0.0E-0 ] \n",
        r#""a string of more than sixty-four bytes, so that the blocks of plain text are passed as well as words, é and \ud800""#,
        "-",
        "-0",
        "01",
        "1.",
        "1e",
        "1e+",
        ".5",
        "+1",
        "tru",
        "nul",
        "falsey",
        "",
        "  ",
        "{",
        "[",
        "[1,]",
        "{,}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        "[1 2]",
        "[}",
        "{]",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\",
        "{} {}",
        "\"tab\there\"",
        "\u{feff}{}",
        "{\"a\":1}x",
        "[\"\u{7f}é😀\"]",
    ];

    #[test]
    fn what_is_json_is_what_serde_json_says() {
        for sample in SAMPLES {
            for end in (0..=sample.len()).filter(|end| sample.is_char_boundary(*end)) {
                compare(&sample[..end]);
            }
        }
    }

    #[test]
    fn a_changed_byte_anywhere_is_judged_as_by_serde_json() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % below
        };
        let odd = b"\"\\{}[]:,0123456789-+.eEtfn ulras\t\n\x00\x1f";
        for _ in 0..40_000 {
            let mut bytes = SAMPLES[next(SAMPLES.len())].as_bytes().to_vec();
            for _ in 0..=next(3) {
                let byte = odd[next(odd.len())];
                match next(3) {
                    0 if !bytes.is_empty() => {
                        let at = next(bytes.len());
                        bytes[at] = byte;
                    }
                    1 if !bytes.is_empty() => drop(bytes.remove(next(bytes.len()))),
                    _ => bytes.insert(next(bytes.len() + 1), byte),
                }
            }
            if let Ok(text) = String::from_utf8(bytes) {
                compare(&text);
            }
        }
    }

    #[test]
    fn strings_end_where_they_end_at_every_length_and_place() {
        for length in 0..200 {
            for special in ["", "\"", "\\n", "\n", "é"] {
                let text = format!("[\"{}{special}{}\"]", "x".repeat(length), "y".repeat(200 - length));
                compare(&text);
            }
        }
    }

    #[test]
    fn nesting_has_no_limit_and_brackets_have_to_match() {
        for depth in [1, 63, 64, 65, 127, 128, 129, 1_000, 100_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                assert_eq!(ours(&text), Ok(&*text), "{depth}");
                assert_eq!(ours(&text[..text.len() - 1]), Err(Fault::EARLY));
                let wrong = format!("{}1{}]}}", open.repeat(depth), close.repeat(depth - 1));
                assert!(ours(&wrong).is_err(), "{depth}");
            }
            let mixed = format!("{}1{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
            assert_eq!(ours(&mixed), Ok(&*mixed), "{depth}");
        }
    }

    #[test]
    fn what_ends_too_early_is_told_from_what_is_wrong() {
        for text in ["", " ", "{", "[1", "[1,", "{\"a\"", "{\"a\":", "\"a", "\"\\", "\"\\u12", "-", "1.", "1e", "tr"] {
            assert_eq!(ours(text), Err(Fault::EARLY), "{text:?}");
        }
        for (text, place) in [("x", 0), ("[1 2]", 3), ("{1:2}", 1), ("\"\n\"", 1), ("01", 1), ("{} x", 3), ("trua", 3)]
        {
            assert_eq!(ours(text), Err(Fault::at(place)), "{text:?}");
        }
    }

    #[test]
    fn members_and_items_come_in_order_with_what_stands_between_them_left_out() {
        let mut parts = Parts::of_object(" { \"a\" : [1 , 2] ,\"b\\\"\":\"x\"} ").unwrap();
        let mut seen = Vec::new();
        while let Some(member) = parts.member().unwrap() {
            seen.push(member);
        }
        assert_eq!(seen, [("\"a\"", "[1 , 2]"), ("\"b\\\"\"", "\"x\"")]);
        let mut items = Parts::of_array("[1, {} ,\"\"]").unwrap();
        let mut seen = vec![];
        while let Some(item) = items.item().unwrap() {
            seen.push(item);
        }
        assert_eq!(seen, ["1", "{}", "\"\""]);
        assert!(Parts::of_array("{}").is_none() && Parts::of_object("1").is_none());
    }

    #[test]
    fn places_are_told_as_line_and_column() {
        assert_eq!(position("ab", 0), (1, 1));
        assert_eq!(position("a\nbc", 3), (2, 2));
        assert_eq!(position("a\n", 2), (2, 1));
    }
}
