//! Components: what is taken, what is not and why, and what a form gives back.

use super::*;
use crate::reject::Error;

fn button(custom_id: &str) -> Json {
    json!({ "type": 2, "style": 1, "label": "B", "custom_id": custom_id })
}

fn row(inside: Vec<Json>) -> Json {
    json!({ "type": 1, "components": inside })
}

/// Where it is wrong, and how.
fn faults(components: Json, v2: bool) -> Vec<(String, &'static str)> {
    let components = components.as_array().cloned().expect("a list");
    match message(components, v2) {
        Ok(sound) => panic!("taken: {sound:?}"),
        Err(Error::Reject(Reject::Invalid(fields))) => {
            fields.into_iter().map(|field| (field.path, field.code)).collect()
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_is_known_is_kept_and_numbered() {
    let given = json!({ "type": 1, "x": 1, "components": [
        { "type": 2, "style": 5, "label": "L", "url": "https://example.org/", "evil": "<b>" },
        { "type": 2, "style": 2, "custom_id": "c", "emoji": { "name": "🦀", "id": null } },
    ] });
    let sound = message(vec![given], false).expect("sound");
    let expected = json!([{ "type": 1, "id": 1, "components": [
        { "type": 2, "id": 2, "style": 5, "label": "L", "url": "https://example.org/" },
        { "type": 2, "id": 3, "style": 2, "custom_id": "c", "emoji": { "name": "🦀" } },
    ] }]);
    assert_eq!(Json::from(sound.clone()), expected);
    assert_eq!(find(&sound, "c").map(|found| found["id"].clone()), Some(json!(3)));
    assert_eq!(find(&sound, "d"), None);
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    let twice = json!([row(vec![button("a"), button("a")])]);
    let path = "components.0.components.1.custom_id".to_owned();
    assert_eq!(faults(twice, false), [(path, "COMPONENT_CUSTOM_ID_DUPLICATED")]);
    let wide: Vec<_> = (0..6).map(|n| button(&n.to_string())).collect();
    assert_eq!(faults(json!([row(wide)]), false)[0].1, "BASE_TYPE_BAD_LENGTH");
    let beside = vec![button("a"), json!({ "type": 5, "custom_id": "u" })];
    assert_eq!(faults(json!([row(beside)]), false)[0].1, "COMPONENT_LAYOUT_WIDTH_EXCEEDED");
    for (wrong, code) in [
        (json!([button("a")]), "UNION_TYPE_CHOICES"),
        (json!([{ "type": 10, "content": "x" }]), "UNION_TYPE_CHOICES"),
        (json!([7]), "MODEL_TYPE_CONVERT"),
        (json!([{ "type": 1 }]), "BASE_TYPE_REQUIRED"),
        (json!([{ "type": 1, "components": {} }]), "LIST_TYPE_CONVERT"),
        (json!([row(vec![json!({ "type": 2, "style": 9 })])]), "NUMBER_TYPE_RANGE"),
        (
            json!([row(vec![json!({ "type": 2, "style": 1, "custom_id": "x" })])]),
            "BASE_TYPE_REQUIRED",
        ),
        (
            json!([row(vec![json!({ "type": 2, "style": 5, "label": "x",
            "url": "javascript:alert(1)" })])]),
            "URL_TYPE_INVALID_SCHEME",
        ),
        (
            json!([row(vec![json!({ "type": 3, "custom_id": "s", "options": [] })])]),
            "BASE_TYPE_REQUIRED",
        ),
        (
            json!([row(vec![json!({ "type": 3, "custom_id": "s", "options": [
            { "label": "A", "value": "a" }, { "label": "B", "value": "a" }] })])]),
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        ),
    ] {
        assert_eq!(faults(wrong.clone(), false)[0].1, code, "{wrong}");
    }
    let many = Json::from(vec![row(vec![button("a")]); 6]);
    assert_eq!(faults(many, false)[0].1, "BASE_TYPE_BAD_LENGTH");
}

#[test]
fn the_new_layout_has_its_own_bounds() {
    let text = |text: &str| json!({ "type": 10, "content": text });
    let file = "attachment://a.png";
    let whole = json!([
        { "type": 17, "accent_color": 1, "components": [
            { "type": 9, "components": [text("# Hi")], "accessory": button("go") },
            { "type": 12, "items": [{ "media": { "url": file } }] },
            { "type": 14, "spacing": 2 },
        ] },
        { "type": 13, "file": { "url": "attachment://b.txt" } },
    ]);
    let mut sound = message(whole.as_array().cloned().expect("a list"), true).expect("sound");
    assert_eq!(named_files(&sound), ["a.png", "b.txt"]);
    assert!(find(&sound, "go").is_some());
    let known = |name: &str| {
        (name == "b.txt").then(|| json!({ "url": "https://x/b", "filename": name, "size": 3 }))
    };
    with_files(&mut sound, &known);
    assert_eq!(sound[1]["file"]["url"], "https://x/b");
    assert_eq!((&sound[1]["name"], &sound[1]["size"]), (&json!("b.txt"), &json!(3)));
    let many = Json::from(vec![text("x"); 41]);
    assert_eq!(faults(many, true)[0].1, "BASE_TYPE_BAD_LENGTH");
    let long = Json::from(vec![text(&"x".repeat(2_001)); 2]);
    assert_eq!(faults(long, true)[0].1, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED");
    let nested = json!([{ "type": 17, "components": [{ "type": 17, "components": [text("x")] }] }]);
    assert_eq!(faults(nested, true)[0].1, "UNION_TYPE_CHOICES");
    let web = json!([{ "type": 13, "file": { "url": "https://example.org/a" } }]);
    assert_eq!(faults(web, true)[0].1, "URL_TYPE_INVALID_SCHEME");
}

#[test]
fn a_form_takes_what_it_asks_for() {
    let form = json!({ "custom_id": "f", "title": "T", "components": [
        { "type": 18, "label": "Name", "component":
            { "type": 4, "custom_id": "n", "style": 1, "min_length": 2 } },
        { "type": 18, "label": "Pick", "component":
            { "type": 3, "custom_id": "p", "options": [{ "label": "A", "value": "a" }] } },
        { "type": 10, "content": "That is all" },
    ] });
    let form = modal(&form).expect("a form").components;
    let send = |values: Json| {
        submitted(&form, values.as_object().expect("an object"), &|_: u64, _: &str| false)
    };
    let rows = send(json!({ "n": "Ann", "p": ["a"], "more": "x" })).expect("taken");
    assert_eq!(rows[0]["component"]["value"], "Ann");
    assert_eq!(rows[1]["component"]["values"], json!(["a"]));
    assert_eq!(rows.len(), 3);
    for values in [json!({}), json!({ "n": "A", "p": ["a"] }), json!({ "n": "Ann", "p": ["b"] })] {
        assert!(send(values).is_err());
    }
    for wrong in [
        json!({}),
        json!({ "custom_id": "f", "title": "T", "components": [] }),
        json!({ "custom_id": "f", "title": "T", "components": [row(vec![button("b")])] }),
    ] {
        assert!(modal(&wrong).is_err(), "{wrong}");
    }
}
