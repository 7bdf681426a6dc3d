//! Names for what is another thing in every run: devices, requests, tokens.

use serde_json::{Map, Value, json};

/// What has been seen, and what it is called.
#[derive(Debug, Default)]
pub struct Labels {
    known: Vec<(String, String)>,
    requests: u32,
    tokens: u32,
}

impl Labels {
    /// Calls `text` by this name.
    pub fn name(&mut self, text: &str, label: impl Into<String>) {
        self.known.push((text.to_owned(), label.into()));
    }

    /// Whether a value speaks of something that has a name.
    pub fn concerns(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.known.iter().any(|(known, _)| known == text),
            Value::Array(items) => items.iter().any(|item| self.concerns(item)),
            Value::Object(members) => members.values().any(|item| self.concerns(item)),
            _ => false,
        }
    }

    /// The value with names for what has one, and without times.
    pub fn apply(&mut self, value: Value) -> Value {
        match value {
            Value::Object(members) => {
                // What nodes may be asked to do is another matter.
                let members =
                    members.into_iter().filter(|(key, _)| key != "nodeSurface" && key != "pendingNodeSurface");
                let named = members.map(|(key, value)| {
                    let value = self.member(&key, value);
                    (key, value)
                });
                named.collect::<Map<_, _>>().into()
            }
            Value::Array(items) => items.into_iter().map(|item| self.apply(item)).collect(),
            Value::String(text) => self.text(&text).into(),
            other => other,
        }
    }

    fn member(&mut self, key: &str, value: Value) -> Value {
        if key == "ts" || key.ends_with("AtMs") {
            return json!("(time)");
        }
        if let Value::String(text) = &value {
            let is_known = self.known.iter().any(|(known, _)| known == text);
            if key == "requestId" && !is_known {
                self.requests += 1;
                self.name(text, format!("(request {})", self.requests));
            } else if matches!(key, "deviceToken" | "token") && !is_known {
                self.tokens += 1;
                self.name(text, format!("(token {})", self.tokens));
            } else if matches!(key, "recoveryScope" | "setupId" | "setupCode") {
                return json!("(any)");
            }
        }
        if let (Some(wait), "retryAfterMs") = (value.as_u64(), key) {
            // As good as a run on a busy machine knows it.
            return json!(format!("(about {} s)", wait.div_ceil(10_000) * 10));
        }
        self.apply(value)
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (known, label) in &self.known {
            text = text.replace(known, label);
        }
        // A close reason may have lost its end.
        if let Some((before, cut)) = text.split_once("(requestId: ").filter(|(_, rest)| !rest.ends_with(')')) {
            if let Some((_, label)) = self.known.iter().find(|(known, _)| known.starts_with(cut)) {
                return format!("{before}(requestId: {} characters of {label}", cut.len());
            }
        }
        text
    }
}
