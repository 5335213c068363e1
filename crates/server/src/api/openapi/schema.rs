//! Types in the notation of TypeScript as JSON schemas: as much of it as ts-rs writes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The types of the wire, by name.
pub struct Types(BTreeMap<String, Value>);

/// The one that no declaration has.
const ERROR: &str = "{ code: number, message: string, errors?: Record<string, unknown> }";

impl Types {
    /// Those that `proto` declares.
    pub fn generated() -> Self {
        let text = include_str!("../../../../../web/src/proto/index.ts");
        let mut types = BTreeMap::from([("Error".to_owned(), read(ERROR))]);
        for declared in text.split("export type ").skip(1) {
            let (name, rest) = declared.split_once('=').expect("a name and a type");
            types.insert(name.trim().to_owned(), read(rest));
        }
        Self(types)
    }

    /// A type, as in a table of operations.
    pub fn read(&self, text: &str) -> Value {
        read(text)
    }

    /// All that these paths name, and what that names.
    pub fn used_by(&self, paths: &Value) -> Value {
        let (mut used, mut next) = (Map::new(), names(paths));
        while let Some(name) = next.pop() {
            if used.contains_key(&name) {
                continue;
            }
            let known = self.0.get(&name);
            let schema = known.unwrap_or_else(|| panic!("there is no type {name}")).clone();
            next.extend(names(&schema));
            used.insert(name, schema);
        }
        Value::Object(used)
    }
}

fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let own =
                map.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            let below = map.values().flat_map(names);
            own.map(str::to_owned).into_iter().chain(below).collect()
        }
        Value::Array(items) => items.iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}

fn read(text: &str) -> Value {
    Reader { rest: text, said: None }.union()
}

struct Reader<'t> {
    rest: &'t str,
    /// The comment before what comes next.
    said: Option<String>,
}

impl Reader<'_> {
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix("/**") else { return };
            let (comment, rest) = comment.split_once("*/").expect("a comment ends");
            let lines = comment.lines().map(|line| line.trim().trim_start_matches('*').trim());
            self.said = Some(lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" "));
            self.rest = rest;
        }
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> String {
        self.skip();
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        assert!(!word.is_empty(), "a word before {:?}", rest.get(..40).unwrap_or(rest));
        self.rest = rest;
        word.to_owned()
    }

    fn union(&mut self) -> Value {
        self.eat("|");
        let mut all = vec![self.both()];
        while self.eat("|") {
            all.push(self.both());
        }
        if let [_] = all[..] {
            return all.remove(0);
        }
        let texts = all.iter().map(|one| one.get("const").cloned());
        match texts.collect::<Option<Vec<_>>>() {
            Some(texts) => json!({ "type": "string", "enum": texts }),
            None => json!({ "anyOf": all }),
        }
    }

    fn both(&mut self) -> Value {
        let mut all = vec![self.list()];
        while self.eat("&") {
            all.push(self.list());
        }
        all.retain(|one| all_keys(one) != Some(0));
        match all.len() {
            0 => json!({ "type": "object" }),
            1 => all.remove(0),
            _ => json!({ "allOf": all }),
        }
    }

    fn list(&mut self) -> Value {
        let mut one = self.one();
        while self.eat("[]") {
            one = json!({ "type": "array", "items": one });
        }
        one
    }

    fn one(&mut self) -> Value {
        if self.eat("{") {
            return self.object();
        }
        if self.eat("(") {
            let inner = self.union();
            assert!(self.eat(")"), "a bracket closes");
            return inner;
        }
        if self.eat("[") {
            let mut items = Vec::new();
            while !self.eat("]") {
                items.push(self.union());
                self.eat(",");
            }
            let most = items.len();
            return json!({ "type": "array", "prefixItems": items, "maxItems": most });
        }
        if self.eat("\"") {
            let (text, rest) = self.rest.split_once('"').expect("a text ends");
            self.rest = rest;
            return json!({ "const": text });
        }
        let name = self.word();
        let mut inner = Vec::new();
        if self.eat("<") {
            while !self.eat(">") {
                inner.push(self.union());
                self.eat(",");
            }
        }
        match name.as_str() {
            "string" | "number" | "boolean" | "null" => json!({ "type": name }),
            "unknown" | "never" | "symbol" => json!({}),
            "Array" => json!({ "type": "array", "items": inner.remove(0) }),
            "Record" => json!({ "type": "object" }),
            _ => json!({ "$ref": format!("#/components/schemas/{name}") }),
        }
    }

    fn object(&mut self) -> Value {
        let (mut keys, mut needed) = (Map::new(), Vec::new());
        while !self.eat("}") {
            let said = self.said.take();
            let quoted = self.eat("\"");
            let key = self.word();
            assert!(!quoted || self.eat("\""), "a key ends");
            let optional = self.eat("?");
            assert!(self.eat(":"), "a type behind {key}");
            let mut schema = self.union();
            if let Some(said) = said {
                schema["description"] = said.into();
            }
            if !optional {
                needed.push(key.clone());
            }
            keys.insert(key, schema);
            let _ = self.eat(",") || self.eat(";");
        }
        json!({ "type": "object", "properties": keys, "required": needed })
    }
}

/// How many keys an object has; `None`: it is something else.
fn all_keys(schema: &Value) -> Option<usize> {
    schema.get("properties").and_then(Value::as_object).map(Map::len)
}
