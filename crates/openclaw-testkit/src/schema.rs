//! Closed schemas and the words in which gateways complain of their violation.

use crate::json::Json;

/// What a value must be.
#[derive(Debug)]
pub(crate) enum Kind {
    Any,
    Boolean,
    /// A whole number of at least this much.
    Integer(i32),
    /// A text of at least and at most so many characters.
    Text(usize, usize),
    Const(&'static str),
    OneOf(&'static [&'static str]),
    ListOf(&'static Self),
    /// A list of different things, at least and at most so many.
    SetOf(&'static Self, usize, usize),
    MapOf(&'static Self),
    /// An object that may have these members and no others.
    Closed(&'static [Field]),
    /// An object that may have any members beside these.
    Open(&'static [Field]),
}

/// A text without limits.
pub(crate) const STRING: Kind = Kind::Text(0, usize::MAX);
/// A text of at least one character.
pub(crate) const NON_EMPTY: Kind = Kind::Text(1, usize::MAX);

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

/// A member that must be there.
pub(crate) const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

/// A member that may be there.
pub(crate) const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

/// How a gateway's validator speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// v4: of missing and of unexpected members of an object only the first is named.
    First,
    /// v3: all of them are, and the word "not" is shouted.
    All,
}

/// What is wrong with a value; none when it is right.
pub(crate) fn violations(value: &Json, kind: &Kind, voice: Voice) -> Option<String> {
    let mut found = Vec::new();
    check(value, kind, voice, "", &mut found);
    (!found.is_empty()).then(|| found.join("; "))
}

fn check(value: &Json, kind: &Kind, voice: Voice, path: &str, found: &mut Vec<String>) {
    let mut complain = |message: String| {
        let text = if path.is_empty() { message } else { format!("at {path}: {message}") };
        if !found.contains(&text) {
            found.push(text);
        }
    };
    let not = if voice == Voice::All { "NOT" } else { "not" };
    match (kind, value) {
        (Kind::Any, _) | (Kind::Boolean, Json::Bool(_)) => {}
        (Kind::Boolean, _) => complain("must be boolean".into()),
        (Kind::Integer(least), Json::Number(number)) if number.fract() == 0.0 => {
            if *number < f64::from(*least) {
                complain(format!("must be >= {least}"));
            }
        }
        (Kind::Integer(_), _) => complain("must be integer".into()),
        (Kind::Text(least, most), Json::Text(text)) => {
            let length = text.chars().count();
            if length < *least {
                complain(format!("must {not} have fewer than {least} characters"));
            }
            if length > *most {
                complain(format!("must {not} have more than {most} characters"));
            }
        }
        (Kind::Text(..), _) => complain("must be string".into()),
        (Kind::Const(wanted), _) if value.text() == Some(wanted) => {}
        (Kind::Const(_), _) => complain("must be equal to constant".into()),
        (Kind::OneOf(wanted), _) if value.text().is_some_and(|text| wanted.contains(&text)) => {}
        (Kind::OneOf(_), _) => complain("must be equal to one of the allowed values".into()),
        (Kind::ListOf(kind), Json::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                check(item, kind, voice, &format!("{path}/{index}"), found);
            }
        }
        (Kind::SetOf(kind, min, max), Json::List(items)) => {
            if items.len() < *min {
                complain(format!("must {not} have fewer than {min} items"));
            }
            if items.len() > *max {
                complain(format!("must {not} have more than {max} items"));
            }
            if items.iter().enumerate().any(|(index, item)| items.iter().take(index).any(|other| other == item)) {
                complain(format!("must {not} have duplicate items"));
            }
            for (index, item) in items.iter().enumerate() {
                check(item, kind, voice, &format!("{path}/{index}"), found);
            }
        }
        (Kind::ListOf(_) | Kind::SetOf(..), _) => complain("must be array".into()),
        (Kind::MapOf(kind), Json::Object(members)) => {
            for (name, value) in members {
                check(value, kind, voice, &format!("{path}/{}", escaped(name)), found);
            }
        }
        (Kind::Closed(fields), Json::Object(members)) => object(members, fields, true, voice, path, found),
        (Kind::Open(fields), Json::Object(members)) => object(members, fields, false, voice, path, found),
        (Kind::MapOf(_) | Kind::Closed(_) | Kind::Open(_), _) => complain("must be object".into()),
    }
}

fn object(
    members: &[(String, Json)],
    fields: &[Field],
    closed: bool,
    voice: Voice,
    path: &str,
    found: &mut Vec<String>,
) {
    let limit = if voice == Voice::First { 1 } else { usize::MAX };
    let at = if path.is_empty() { String::new() } else { format!("at {path}: ") };
    let has = |name: &str| members.iter().any(|(known, _)| known == name);
    let missing = fields.iter().filter(|field| field.required && !has(field.name));
    found.extend(missing.take(limit).map(|field| format!("{at}must have required property '{}'", field.name)));
    if closed {
        let at = if path.is_empty() { "at root: ".to_owned() } else { at };
        let unexpected = members.iter().filter(|(name, _)| !fields.iter().any(|field| field.name == name));
        found.extend(unexpected.take(limit).map(|(name, _)| format!("{at}unexpected property '{name}'")));
    }
    for field in fields {
        if let Some((_, value)) = members.iter().find(|(name, _)| name == field.name) {
            check(value, &field.kind, voice, &format!("{path}/{}", escaped(field.name)), found);
        }
    }
}

/// A name as part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
