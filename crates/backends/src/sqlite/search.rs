//! The question of `search` as FTS5 understands it.
//!
//! FTS5 has a query language; what people type must never reach it. Only words that
//! `store::words` made are put between quotes.
//! <https://www.sqlite.org/fts5.html#full_text_query_syntax>

use domain::store::{Search, words::words};

/// The question; `None` if nothing fits it, or nothing is asked.
pub fn expression(search: &Search) -> Option<String> {
    let mut all = phrases(&search.words, " *");
    all.extend(phrases(&search.phrases, ""));
    for list in &search.any {
        let list = phrases(list, "");
        if list.is_empty() {
            return None;
        }
        all.push(format!("({})", list.join(" OR ")));
    }
    if all.is_empty() {
        return None;
    }
    let none = phrases(&search.none, "");
    let all = all.join(" AND ");
    Some(if none.is_empty() { all } else { format!("({all}) NOT ({})", none.join(" OR ")) })
}

fn phrases(texts: &[String], end: &str) -> Vec<String> {
    let phrases = texts.iter().map(|text| words(text)).filter(|words| !words.is_empty());
    phrases.map(|words| format!("\"{}\"{end}", words.join(" "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::rows::DirectoryRow;
    use domain::store::Entity as _;

    fn asked(words: &[&str]) -> Search {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Search::new(DirectoryRow::TABLE, words, 9)
    }

    #[test]
    fn syntax_of_the_index_is_only_text() {
        let ask = |text: &str| expression(&asked(&[text]));
        assert_eq!(ask("\" OR text:* NEAR(").as_deref(), Some("\"or text near\" *"));
        assert_eq!(ask("東京tower").as_deref(), Some("\"東 京 tower\" *"));
        assert_eq!(ask("\"*^-+:(){}\0"), None);
        assert_eq!(expression(&asked(&[])), None);
        let two = asked(&["one", "two"]);
        assert_eq!(expression(&two).as_deref(), Some("\"one\" * AND \"two\" *"));
        let own = |text: &str| text.to_owned();
        let more = Search {
            phrases: vec![own("x y")],
            any: vec![vec![own("a"), own("b")]],
            none: vec![own("c")],
            ..asked(&["one"])
        };
        let whole = "(\"one\" * AND \"x y\" AND (\"a\" OR \"b\")) NOT (\"c\")";
        assert_eq!(expression(&more).as_deref(), Some(whole));
        assert_eq!(expression(&Search { any: vec![vec![]], ..more }), None);
    }
}
