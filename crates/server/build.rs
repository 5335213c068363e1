//! Puts the web client into the binary; a server without Node at hand still builds.
//!
//! In this order: `WEB_DIST` (packagers), `web/dist` if it was made from these very sources, what
//! `npm` makes of them, else a page that says what to do. `SKIP_WEB=1` leaves it out. Debug builds
//! hold nothing: they read `web/dist` (or `WEB_DIST` of their environment) when asked, so that a
//! change of the page needs no build here.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What the page is made from, beside `src`.
const SOURCES: [&str; 6] = [
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

/// In `dist`: the hash of the sources it was made from.
const STAMP: &str = ".stamp";

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let web = root.join("../../web");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=WEB_DIST");
    println!("cargo:rerun-if-env-changed=SKIP_WEB");
    let debug = env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    let dist = match env::var_os("WEB_DIST") {
        Some(given) => Some(packaged(PathBuf::from(given))),
        None if env::var_os("SKIP_WEB").is_some() => None,
        None if debug && web.join("dist/index.html").exists() => None,
        None => made(&web, debug),
    };
    let embedded = dist.filter(|_| !debug || env::var_os("WEB_DIST").is_some());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("files.rs"), table(embedded.as_deref())).expect("OUT_DIR can be written");
}

/// Somebody says where the page is: then it has to be there.
fn packaged(dist: PathBuf) -> PathBuf {
    println!("cargo:rerun-if-changed={}", dist.display());
    assert!(dist.join("index.html").exists(), "WEB_DIST={} has no index.html", dist.display());
    dist
}

/// `web/dist`, made anew unless it is fresh. `None`: it cannot be made here.
fn made(web: &Path, debug: bool) -> Option<PathBuf> {
    // A debug build makes it once, for a first look; from then on `npm run build` is the way.
    if !debug {
        println!("cargo:rerun-if-changed={}", web.join("src").display());
        for source in SOURCES {
            println!("cargo:rerun-if-changed={}", web.join(source).display());
        }
    }
    let (dist, stamp) = (web.join("dist"), stamp(web));
    let is_fresh = fs::read_to_string(dist.join(STAMP)).is_ok_and(|made_from| made_from == stamp);
    if is_fresh && dist.join("index.html").exists() {
        return Some(dist);
    }
    if !npm(web, &["--version"], false) {
        warn("no Node.js found: the server is built without its page (install Node.js 20.19+)");
        return None;
    }
    let installed = web.join("node_modules/.package-lock.json").exists();
    let install = || npm(web, &["ci", "--no-audit", "--no-fund"], true);
    let build = || npm(web, &["run", "--silent", "build"], true);
    // What is installed may be of an older lock file.
    let ok = if installed { build() || (install() && build()) } else { install() && build() };
    if !ok {
        warn(
            "the page did not build: the server is built without it (cd web && npm ci, then \
              npm run build, says why; Node.js 20.19+ is needed)",
        );
        return None;
    }
    let _ = fs::write(dist.join(STAMP), stamp);
    Some(dist)
}

/// Its standard output is not for cargo, which reads ours.
fn npm(web: &Path, arguments: &[&str], loud: bool) -> bool {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(arguments).current_dir(web).stdin(Stdio::null()).stdout(Stdio::null());
    if !loud {
        command.stderr(Stdio::null());
    }
    command.status().is_ok_and(|status| status.success())
}

fn warn(message: &str) {
    println!("cargo:warning={message}");
}

/// FNV-1a of names and contents: the same on every machine, unlike the standard library's.
fn stamp(web: &Path) -> String {
    let mut files = Vec::new();
    walk(&web.join("src"), &mut files);
    files.extend(SOURCES.iter().map(|source| web.join(source)));
    let mut hash = FNV_START;
    for file in files {
        let name = file.strip_prefix(web).expect("it is in there").to_string_lossy();
        hash = fnv(hash, name.replace('\\', "/").as_bytes());
        hash = fnv(fnv(hash, &[0]), &fs::read(&file).unwrap_or_default());
    }
    format!("{hash:016x}")
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(hash, step)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// The files as Rust: path below `/`, bytes.
fn table(dist: Option<&Path>) -> String {
    let mut files = Vec::new();
    if let Some(dist) = dist {
        walk(dist, &mut files);
    }
    let mut code = String::from("pub static FILES: &[(&str, &[u8])] = &[\n");
    for file in files {
        let name = file.strip_prefix(dist.expect("it has files")).expect("it is in there");
        let name = name.to_string_lossy().replace('\\', "/");
        if name != STAMP {
            let file = fs::canonicalize(&file).expect("it is there");
            code += &format!("    ({name:?}, include_bytes!({file:?})),\n");
        }
    }
    code + "];\n"
}
