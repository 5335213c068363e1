//! Every answer below `/api/v10` must be what the official description says it is.
//!
//! The description is not part of this repository; without it beside us answers are not compared.
//! <https://github.com/discord/discord-api-spec>

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use client::rest::Exchange;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The description, with unions as they are meant.
static SPEC: LazyLock<Option<Value>> = LazyLock::new(|| {
    let path = beside("discord/openapi.json")?;
    let text = std::fs::read_to_string(path).expect("readable");
    let mut spec = serde_json::from_str(&text).expect("JSON");
    relax(&mut spec);
    // COMPAT: the description has numbers for codes of fields; Discord sends names, and serenity
    // reads nothing else.
    spec["components"]["schemas"]["Error"]["properties"]["code"] = json!({});
    Some(spec)
});

type Key = (String, String, String);

static VALIDATORS: Mutex<BTreeMap<Key, Option<Arc<Validator>>>> = Mutex::new(BTreeMap::new());

/// What lies beside the repository in `shared`, if it is there.
pub fn beside(path: &str) -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    shared.exists().then_some(shared)
}

/// Panics if an answer is not as described. 5xx are not described.
pub fn check(exchange: &Exchange<'_>) {
    let Some(path) = exchange.target.strip_prefix("/api/v10") else { return };
    let (Some(spec), answer) = (SPEC.as_ref(), exchange.answer) else { return };
    if answer.status >= 500 || answer.body.is_empty() {
        return;
    }
    let path = path.split('?').next().expect("split gives one part");
    let method = exchange.method.as_str().to_ascii_lowercase();
    let Some(template) = find(spec, &method, path) else { return };
    let shown = format!("{} {} -> {answer}", exchange.method, exchange.target);
    // COMPAT: libraries compare it for equality.
    assert_eq!(answer.field("content-type"), Some("application/json"), "{shown}");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let Some(validator) = validator(spec, &template, &method, answer.status) else {
        panic!("no answer with this status is described for {template}: {shown}");
    };
    let faults: Vec<_> = validator
        .iter_errors(&body)
        .map(|error| format!("  at {}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "not as described: {shown}\n{}", faults.join("\n"));
}

/// The path of the description that this path is meant by: the one with the most plain words.
fn find(spec: &Value, method: &str, path: &str) -> Option<String> {
    let parts: Vec<_> = path.split('/').collect();
    let paths = spec["paths"].as_object()?;
    let fits = |template: &str| {
        let wanted: Vec<_> = template.split('/').collect();
        let same = |(wanted, part): (&&str, &&str)| wanted.starts_with('{') || wanted == part;
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(same)
    };
    let fitting = paths
        .iter()
        .filter(|(template, operations)| fits(template) && operations.get(method).is_some());
    let words = |template: &str| template.split('/').filter(|w| !w.starts_with('{')).count();
    fitting.max_by_key(|(template, _)| words(template)).map(|(template, _)| template.clone())
}

fn validator(spec: &Value, template: &str, method: &str, status: u16) -> Option<Arc<Validator>> {
    let responses = &spec["paths"][template][method]["responses"];
    let exact = status.to_string();
    let family = format!("{}XX", status / 100);
    let name = [exact, family].into_iter().find(|name| responses.get(name).is_some())?;
    let key = (template.to_owned(), method.to_owned(), name.clone());
    let mut made = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(key).or_insert_with(|| make(spec, &responses[&name]).map(Arc::new)).clone()
}

fn make(spec: &Value, response: &Value) -> Option<Validator> {
    let response = match response["$ref"].as_str() {
        Some(reference) => spec.pointer(reference.strip_prefix('#')?)?,
        None => response,
    };
    let schema = &response["content"]["application/json"]["schema"];
    let mut whole = match schema {
        Value::Object(schema) => schema.clone(),
        _ => Map::new(),
    };
    whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("components".to_owned(), json!({ "schemas": needed(spec, schema) }));
    Some(jsonschema::validator_for(&Value::Object(whole)).expect("the description is a schema"))
}

/// The parts of the description that a schema refers to, at any distance.
fn needed(spec: &Value, schema: &Value) -> HashMap<String, Value> {
    const PLACE: &str = "#/components/schemas/";
    let mut found = HashMap::new();
    let mut left = BTreeSet::new();
    references(schema, &mut left);
    while let Some(reference) = left.pop_first() {
        let name = reference.strip_prefix(PLACE).expect("all parts are in one place");
        if !found.contains_key(name) {
            let part = spec["components"]["schemas"][name].clone();
            references(&part, &mut left);
            found.insert(name.to_owned(), part);
        }
    }
    found
}

fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                into.insert(reference.to_owned());
            }
            map.values().for_each(|value| references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

/// One-of means any-of there, and its formats are not those of JSON Schema.
fn relax(value: &mut Value) {
    const FORMATS: &[&str] = &["int32", "int64", "double", "snowflake", "nonce", "uri"];
    match value {
        Value::Object(map) => {
            if let Some(one_of) = map.remove("oneOf") {
                map.insert("anyOf".to_owned(), one_of);
            }
            map.remove("discriminator");
            let format = map.get("format").and_then(Value::as_str);
            if format.is_some_and(|format| FORMATS.contains(&format)) {
                map.remove("format");
            }
            map.values_mut().for_each(relax);
        }
        Value::Array(items) => items.iter_mut().for_each(relax),
        _ => {}
    }
}
