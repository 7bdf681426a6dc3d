//! The shape of a JSON value: what is left of it when only types are looked at.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The same objects with the same members, the names of types for everything else; a list becomes a list of the distinct
/// shapes in it.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(items) => {
            let shapes: BTreeSet<String> = items.iter().map(|item| shape(item).to_string()).collect();
            shapes.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok()).collect()
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), shape(value))).collect::<Map<_, _>>().into()
        }
    }
}

/// In what `shape` is something that `model` is not: members that the model lacks, and other types. Members of the model
/// that are missing are no difference.
pub(crate) fn foreign(model: &Value, shape: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk("", model, shape, &mut found);
    found
}

fn walk(path: &str, model: &Value, shape: &Value, found: &mut Vec<String>) {
    match (model, shape) {
        (Value::Object(model), Value::Object(members)) => {
            for (name, shape) in members {
                let path = format!("{path}/{name}");
                match model.get(name) {
                    Some(model) => walk(&path, model, shape, found),
                    None => found.push(format!("{path} is not in the model")),
                }
            }
        }
        // One that has no items says nothing of their shape.
        (Value::Array(model), Value::Array(items)) if model.is_empty() || items.is_empty() => {}
        (Value::Array(model), Value::Array(items)) => {
            for item in items {
                let differences = model.iter().map(|model| foreign(model, item));
                found.extend(
                    differences.min_by_key(Vec::len).unwrap_or_default().iter().map(|d| format!("{path}[]{d}")),
                );
            }
        }
        // What may be null is something else at other times.
        (Value::String(model), _) if model == "null" => {}
        (_, Value::String(shape)) if shape == "null" => {}
        (model, shape) if model == shape => {}
        (model, shape) => found.push(format!("{path} is {shape}, in the model {model}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_types_instead_of_values() {
        let value = json!({"a": [1, 2, "x", {"b": null}], "c": true});
        assert_eq!(shape(&value), json!({"a": ["number", "string", {"b": "null"}], "c": "boolean"}));
    }

    #[test]
    fn saying_less_is_no_difference_and_saying_something_else_is() {
        let model = shape(&json!({"a": [{"x": 1, "y": 2}], "b": "text", "n": null}));
        assert_eq!(foreign(&model, &shape(&json!({"a": [{"x": 3}], "n": 7}))), Vec::<String>::new());
        assert_eq!(foreign(&model, &shape(&json!({"a": [{"x": "3"}]}))).len(), 1);
        assert_eq!(foreign(&model, &shape(&json!({"c": 1}))), ["/c is not in the model"]);
        assert_eq!(foreign(&model, &shape(&json!({"b": 1}))).len(), 1);
    }
}
