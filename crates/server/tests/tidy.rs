//! The rules of the house, as tests: what may import what, how long things are, what is never
//! written. They read the sources and take under a second.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Files that are longer or hold longer functions than the rules allow. May only shrink.
const LONG_FILES: &[&str] = &[];
const LONG_FUNCTIONS: &[&str] = &[
    // One arm per event, exhaustive: splitting it would hide which are missing.
    "pub fn apply(&mut self, dispatch: &Dispatch) {",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// Path from the root, and text, of all files below a folder with this ending.
fn files(below: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if name != "target" && name != "node_modules" && name != "dist" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == ending) {
                let text = fs::read_to_string(&path).expect("readable text");
                let path = path.strip_prefix(root()).expect("below the root");
                found.push((path.to_string_lossy().into_owned(), text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no .{ending} below {below}");
    found
}

fn sources() -> Vec<(String, String)> {
    let mut all = files("crates", "rs");
    all.extend(files("xtask", "rs"));
    all
}

/// The part before the tests.
fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests").next().expect("split gives one part")
}

fn report(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let faults: Vec<_> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    report("begin with `//!`: one sentence what, one why", &faults);
}

#[test]
fn lines_and_files_fit() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            if line.chars().count() > 100 {
                faults.push(format!("{path}:{}: over 100 characters", number + 1));
            }
        }
        let lines = text.lines().count();
        if lines > 800 && !LONG_FILES.contains(&path.as_str()) {
            faults.push(format!("{path}: {lines} lines, 800 are enough"));
        }
    }
    report("too long", &faults);
}

#[test]
fn functions_fit_a_screen() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let mut start: Option<(usize, usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_fn = line.contains("fn ") && line.contains('(') && !line.contains("//");
            if start.is_none() && is_fn && !line.trim_end().ends_with([';', '}']) {
                start = Some((number, indent, line.trim().to_owned()));
            }
            // rustfmt closes a function at the indent that it began with.
            if let Some((first, depth, name)) = &start
                && indent == *depth
                && (line.trim_start().starts_with('}') || line.trim_end().ends_with(';'))
            {
                let long = number - first + 1;
                if long > 70 && !LONG_FUNCTIONS.contains(&name.as_str()) {
                    faults.push(format!("{path}:{}: {long} lines: {name}", first + 1));
                }
                start = None;
            }
        }
    }
    report("a function fits a screen, 70 lines", &faults);
}

#[test]
fn nothing_unfinished_and_no_empty_words() {
    let banned = ["todo!(", "dbg!(", "unimplemented!(", "FIXME", "XXX"];
    let empty = ["manager", "service", "helper", "util", "common", "types"];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        if path.ends_with("tests/tidy.rs") {
            continue;
        }
        for word in banned.iter().filter(|word| text.contains(**word)) {
            faults.push(format!("{path}: {word}"));
        }
        let stem = Path::new(&path).file_stem().expect("a name").to_string_lossy().to_lowercase();
        for word in empty.iter().filter(|word| stem.split('_').any(|part| part == **word)) {
            faults.push(format!("{path}: `{word}` says nothing"));
        }
        for line in code(&text).lines() {
            let words = ["struct ", "enum ", "trait ", "fn ", "mod "];
            let named = words.iter().any(|word| line.contains(word));
            let hit = ["Manager", "Service", "Helper", "_helper", "_util"];
            if named && hit.iter().any(|word| line.contains(word)) && !line.contains("//") {
                faults.push(format!("{path}: {}", line.trim()));
            }
        }
    }
    report("unfinished, or a name that says nothing", &faults);
}

/// Names of a manifest's dependencies, without those for tests.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("a manifest");
    let after = text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let block = after.split("\n[").next().unwrap_or_default();
    let name = |line: &str| {
        let name = line.split(['.', ' ', '=']).next()?;
        (!name.is_empty() && !name.starts_with('#')).then(|| name.to_owned())
    };
    block.lines().filter_map(name).collect()
}

#[test]
fn manifests_point_the_way_of_the_diagram() {
    let ours = ["proto", "domain", "backends", "server", "client"];
    let allowed: &[(&str, &[&str])] = &[
        ("proto", &[]),
        ("domain", &["proto"]),
        ("backends", &["proto", "domain"]),
        ("server", &["proto", "domain", "backends"]),
        ("client", &["proto"]),
    ];
    let mut faults = Vec::new();
    for (name, may) in allowed {
        let has = dependencies(&format!("crates/{name}/Cargo.toml"));
        for other in ours.iter().filter(|other| has.contains(**other) && !may.contains(other)) {
            faults.push(format!("{name} -> {other}"));
        }
    }
    report("arrows that the diagram does not have", &faults);
    let banned: &[(&str, &[&str])] = &[
        ("proto", &["tokio", "mio", "axum", "hyper", "rusqlite", "getrandom", "tracing", "anyhow"]),
        ("domain", &["mio", "axum", "hyper", "rusqlite", "toml", "clap"]),
        ("client", &["axum", "rusqlite", "mio"]),
    ];
    for (name, never) in banned {
        let has = dependencies(&format!("crates/{name}/Cargo.toml"));
        for other in never.iter().filter(|other| has.contains(**other)) {
            faults.push(format!("{name} must not need {other}"));
        }
    }
    report("a ring reaches out", &faults);
    let domain = fs::read_to_string(root().join("crates/domain/Cargo.toml")).expect("a manifest");
    let tokio = domain.lines().find(|line| line.starts_with("tokio")).expect("domain has locks");
    assert!(tokio.contains("[\"sync\"]"), "domain takes locks and channels from tokio, no more");
}

/// (files, what must not stand in their code, why)
const IMPORTS: &[(&str, &[&str], &str)] = &[
    ("crates/proto/src/", &["std::fs", "std::net", "std::thread", "SystemTime"], "proto is pure"),
    ("crates/proto/src/", &["Instant::now("], "time is handed in"),
    ("crates/domain/src/", &["std::fs", "std::net", "std::thread"], "domain touches no world"),
    ("crates/domain/src/", &["SystemTime::now(", "Instant::now("], "time is handed in"),
    ("crates/domain/src/", &["http::", "StatusCode"], "domain knows no HTTP"),
    // With what stands before it: a select of a message is none.
    (
        "crates/domain/src/",
        &["rusqlite", "\"SELECT ", " SELECT ", "INSERT INTO"],
        "domain knows no SQL",
    ),
    ("crates/server/src/api/", &["crate::gateway"], "the API does not know the gateway"),
    ("crates/server/src/gateway/", &["crate::api"], "the gateway does not know the API"),
    ("crates/server/src/", &["rusqlite"], "SQL stops at backends"),
    ("crates/backends/src/", &["axum", "hyper"], "backends know no HTTP"),
];

#[test]
fn imports_keep_to_their_ring() {
    let mut faults = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
        for (below, never, why) in IMPORTS.iter().filter(|(below, ..)| path.starts_with(below)) {
            let lines = code(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in lines.filter(|line| never.iter().any(|word| line.contains(word))) {
                faults.push(format!("{path}: {why} ({below}): {}", line.trim()));
            }
        }
    }
    report("imports out of their ring", &faults);
}

#[test]
fn nothing_but_the_lane_publishes_or_commits() {
    let mut faults = Vec::new();
    for (path, text) in files("crates/domain/src", "rs") {
        let exempt = ["lane.rs", "bus.rs", "app.rs", "store.rs", "store/memory.rs", "testing.rs"];
        if exempt.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        for line in code(&text).lines() {
            if line.contains(".publish(") || line.contains(".commit(") {
                faults.push(format!("{path}: {}", line.trim()));
            }
        }
    }
    report("only lane.rs commits and publishes", &faults);
}

#[test]
fn user_text_never_becomes_markup() {
    let banned = ["{@html", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"];
    let mut faults = Vec::new();
    for ending in ["ts", "svelte"] {
        for (path, text) in files("web/src", ending) {
            if path.ends_with(".test.ts") || path.contains("/proto/") {
                continue;
            }
            for word in banned.iter().filter(|word| text.contains(**word)) {
                faults.push(format!("{path}: {word}"));
            }
        }
    }
    for (path, text) in files("crates/server/src", "rs") {
        if code(&text).contains("PreEscaped") {
            faults.push(format!("{path}: PreEscaped"));
        }
    }
    report("text of users is never markup", &faults);
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let block = text.split("[workspace.dependencies]").nth(1).expect("dependencies");
    let block = block.split("\n[").next().expect("an end");
    let silent = block.lines().filter(|line| line.contains('=') && !line.contains(" # "));
    let faults: Vec<_> = silent.map(str::to_owned).collect();
    report("one comment each", &faults);
}

#[test]
fn architecture_names_files_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named = text.split('`').skip(1).step_by(2);
    let paths = named.filter(|word| {
        let plain = !word.contains([' ', '*', '<', '{', '(', ':']);
        plain && word.contains('/') && !word.starts_with('/')
    });
    let missing: Vec<_> = paths
        .filter(|path| !root().join(path).exists() && !root().join("crates").join(path).exists())
        .map(str::to_owned)
        .collect();
    report("ARCHITECTURE.md names what is not there", &missing);
}

#[test]
fn licences_are_permissive() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let permissive = [
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "Unicode-3.0",
        "Unicode-DFS-2016",
        "0BSD",
        "CC0-1.0",
        "Unlicense",
        "BSL-1.0",
        "MIT-0",
        // Data: the certificates that browsers trust.
        "CDLA-Permissive-2.0",
        "blessing",
        "Apache-2.0 WITH LLVM-exception",
    ];
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let licence = package["license"].as_str().unwrap_or("none").replace('/', " OR ");
        let licence = licence.replace(['(', ')'], "");
        // `A AND B` needs both, `A OR B` one of them.
        let ok = licence
            .split(" OR ")
            .any(|choice| choice.split(" AND ").all(|one| permissive.contains(&one.trim())));
        if !ok {
            faults.push(format!("{}: {licence}", package["name"]));
        }
    }
    report("licences that are not permissive", &faults);
}

/// An expectation compares the bytes of a body: a field that is written while it has its default
/// would make each row of before the field lose.
#[test]
fn a_field_with_a_default_is_not_written_while_it_has_it() {
    let mut files = vec![root().join("crates/domain/src/rows.rs")];
    let inside = fs::read_dir(root().join("crates/domain/src/rows")).expect("more rows");
    files.extend(inside.map(|file| file.expect("a file").path()));
    let mut faults = Vec::new();
    for file in files {
        let rows = fs::read_to_string(&file).expect("the rows");
        let lines = rows.lines().enumerate().filter(|(_, line)| line.contains("#[serde("));
        let faulty = lines
            .filter(|(_, line)| line.contains("default") != line.contains("skip_serializing_if"));
        faults.extend(faulty.map(|(at, line)| format!("{file:?}:{}: {}", at + 1, line.trim())));
    }
    report("these need both `default` and `skip_serializing_if`", &faults);
}
