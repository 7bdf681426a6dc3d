//! What a damaged frame looks like.

use super::pipe::Cargo;
use crate::dice::Dice;
use crate::script::Damage;

/// The frame as it arrives.
pub(crate) fn damaged(text: &str, damage: Damage, dice: &mut Dice) -> Cargo {
    match damage {
        Damage::Truncated => Cargo::Text(truncated(text, dice)),
        Damage::Altered => Cargo::Text(altered(text, dice)),
        Damage::NotAnObject => Cargo::Text(format!("[{text}]")),
        Damage::UnknownType => Cargo::Text(text.replacen("\"type\":\"", "\"type\":\"x", 1)),
        Damage::Binary => Cargo::Binary(text.len()),
        Damage::Protocol => Cargo::Nonsense,
    }
}

/// Never the whole of it: without its last brace no object is one.
fn truncated(text: &str, dice: &mut Dice) -> String {
    let mut end = dice.place(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// One character is another one, anywhere.
fn altered(text: &str, dice: &mut Dice) -> String {
    let place = dice.place(text.chars().count());
    let other = dice.pick(&['0', '7', 'x', '"', '{', '}', ',', ':', '\\', ' ', '\u{1}', 'é']);
    text.chars().enumerate().map(|(at, c)| if at == place { other } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_frame_is_never_json_and_an_altered_one_has_the_same_length() {
        let text = r#"{"type":"event","event":"tick","payload":{"a":"é"}}"#;
        let mut dice = Dice::new(3);
        for _ in 0..200 {
            let short = truncated(text, &mut dice);
            assert!(serde_json::from_str::<serde_json::Value>(&short).is_err(), "{short}");
            assert_eq!(altered(text, &mut dice).chars().count(), text.chars().count());
        }
    }
}
