//! Schemas of what is answered, made from the shapes in PROTOCOL.md (which a test compares with what really comes), so
//! that the document and `/openapi.json` cannot differ.

use serde_json::{Map, Value, json};

const PROTOCOL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/PROTOCOL.md"));

/// In front of the names of answers' schemas: a request may have the same name.
const PREFIX: &str = "answer.";

/// The insides of the fenced blocks of this kind.
fn blocks(kind: &str) -> impl Iterator<Item = &'static str> {
    let fence = format!("```{kind}\n");
    let starts: Vec<usize> = PROTOCOL.match_indices(&fence).map(|(at, _)| at + fence.len()).collect();
    starts.into_iter().map(|at| PROTOCOL[at..].split("```").next().unwrap_or_default())
}

/// A line without what is said of it in words, behind two spaces or more.
fn said(line: &str) -> &str {
    line.split("  ").next().unwrap_or(line).trim_end()
}

/// The shape that a command (by name) or a path (`GET /audit`) answers, as a schema.
pub fn answer_of(name: &str) -> Option<Value> {
    let lines = blocks("answers").flat_map(str::lines).filter_map(|line| line.split_once(": "));
    let mut named = lines.flat_map(|(names, shape)| names.split(", ").map(move |name| (name, shape)));
    let found = named.find(|(known, _)| known.split(" (").next() == Some(name));
    found.map(|(_, shape)| schema(shape))
}

/// Every shape by the name under which [`answer_of`] refers to it; lists of events apart.
pub fn all() -> Map<String, Value> {
    let mut shapes: Map<String, Value> = Map::new();
    for block in blocks("shapes") {
        let mut current = None;
        for line in block.lines().filter(|line| !line.is_empty() && !line.starts_with("group ")) {
            let Some(field) = line.strip_prefix("  ") else {
                current = Some(format!("{PREFIX}{}", said(line))).filter(|name| !name.ends_with(" events"));
                if let Some(name) = &current {
                    shapes.insert(name.clone(), json!({"type": "object", "properties": {}, "required": []}));
                }
                continue;
            };
            let shape = current.as_ref().and_then(|name| shapes.get_mut(name));
            let (Some(shape), Some((name, kind))) = (shape, said(field).split_once(": ")) else { continue };
            shape["properties"][name.trim_end_matches('?')] = schema(kind);
            if let (false, Some(required)) = (name.ends_with('?'), shape["required"].as_array_mut()) {
                required.push(json!(name));
            }
        }
    }
    // OpenAPI 3.0 takes no empty list
    for shape in shapes.values_mut().filter_map(Value::as_object_mut) {
        if shape.get("required").is_some_and(|required| *required == json!([])) {
            shape.remove("required");
        }
    }
    shapes
}

fn schema(kind: &str) -> Value {
    if let Some(inside) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        return json!({"type": "array", "items": schema(inside)});
    }
    if let Some(inside) = kind.strip_prefix('{').and_then(|kind| kind.strip_suffix('}')) {
        return json!({"type": "object", "additionalProperties": schema(inside)});
    }
    if let Some(kind) = kind.strip_suffix(" or null") {
        return json!({"nullable": true, "allOf": [schema(kind)]});
    }
    if kind.contains(" or ") {
        return json!({"oneOf": kind.split(" or ").map(schema).collect::<Vec<_>>()});
    }
    match kind {
        "text" | "id" => json!({"type": "string"}),
        "time" => json!({"type": "string", "format": "date-time"}),
        "date" => json!({"type": "string", "format": "date"}),
        "number" => json!({"type": "integer"}),
        "decimal" => json!({"type": "number"}),
        "yes/no" => json!({"type": "boolean"}),
        "object" => json!({"type": "object"}),
        words if words.contains('/') => json!({"type": "string", "enum": words.split('/').collect::<Vec<_>>()}),
        shape => json!({"$ref": format!("#/components/schemas/{PREFIX}{shape}")}),
    }
}
