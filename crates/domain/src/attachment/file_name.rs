//! Names of files: what somebody typed becomes something harmless on every system, and is only
//! ever shown, never opened. Whoever downloads it saves it under this name.

use std::fmt::Write as _;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Bytes of a name: what common file systems take.
const BYTES: usize = 255;

/// Bytes of an ending that survives the shortening of a long name.
const ENDING_BYTES: usize = 16;

/// The name to keep: letters, digits and `._-()` of the last part, at most so many characters.
pub fn clean(given: &str, most: usize) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.nfc().map(|c| if allowed(c) { c } else { '_' }).collect();
    // A dot in front hides, a hyphen is taken for an option, dots at the end vanish on Windows.
    let kept = kept.trim_start_matches(['.', '-']).trim_end_matches('.');
    let kept = if is_device(kept) { format!("_{kept}") } else { kept.to_owned() };
    let kept = shorten(&kept, most.min(BYTES));
    if kept.chars().any(char::is_alphanumeric) { kept } else { "file".to_owned() }
}

/// As a segment of an address.
pub fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes everything");
        }
    }
    out
}

fn allowed(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || "._-()".contains(c)
}

/// Names that Windows takes for a device, with any ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" => true,
        _ => {
            let digit = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
            digit.is_some_and(|d| d.len() == 1 && d.bytes().all(|b| b.is_ascii_digit()))
        }
    }
}

/// Cuts the stem, so that the ending stays.
fn shorten(name: &str, most: usize) -> String {
    let fits = |text: &str| text.len() <= BYTES && text.chars().count() <= most;
    if fits(name) {
        return name.to_owned();
    }
    let (stem, ending) = match name.rfind('.') {
        Some(at) if name.len() - at <= ENDING_BYTES => name.split_at(at),
        _ => (name, ""),
    };
    let mut stem = stem.to_owned();
    while !stem.is_empty() && !fits(&format!("{stem}{ending}")) {
        stem.pop();
    }
    format!("{stem}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_harmless() {
        let long = "a".repeat(4_096);
        let cases = [
            ("../../etc/passwd", "passwd"),
            (r"..\..\windows\win.ini", "win.ini"),
            ("/etc/passwd", "passwd"),
            ("....//....//x", "x"),
            ("%2e%2e%2fx", "_2e_2e_2fx"),
            ("..%c0%afx", "_c0_afx"),
            ("x\0.png", "x_.png"),
            ("x.png\r\nX-Injected: 1", "x.png__X-Injected__1"),
            ("\"; filename=\"y.html", "___filename__y.html"),
            ("x.svg", "x.svg"),
            ("x.html", "x.html"),
            ("x.xhtml", "x.xhtml"),
            ("x.mhtml", "x.mhtml"),
            ("x.shtml", "x.shtml"),
            ("x.png.exe", "x.png.exe"),
            ("exe.\u{202e}gnp", "exe._gnp"),
            ("CON", "_CON"),
            (long.as_str(), &long[..255]),
            (".htaccess", "htaccess"),
            ("-rf", "rf"),
            ("`id`.png", "_id_.png"),
            ("$(id).png", "_(id).png"),
            ("x';alert(1)//.png", "png"),
            ("\"><img src=x onerror=alert(1)>.png", "___img_src_x_onerror_alert(1)_.png"),
            ("com1.txt", "_com1.txt"),
            ("..", "file"),
            ("", "file"),
            ("___", "file"),
            ("Grüße aus Köln.jpg", "Grüße_aus_Köln.jpg"),
            ("हिन्दी.txt", "हिन्दी.txt"),
        ];
        for (given, kept) in cases {
            assert_eq!(clean(given, 255), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = clean(&format!("{}.tar.gz", "ü".repeat(400)), 255);
        assert!(name.len() <= 255 && name.ends_with("ü.gz"), "{name}");
    }

    #[test]
    fn an_address_holds_no_special_character() {
        assert_eq!(escape("a b(ü).png"), "a%20b%28%C3%BC%29.png");
    }
}
