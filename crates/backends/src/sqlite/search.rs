//! The question of `search` as FTS5 understands it.
//!
//! FTS5 has a query language; what people type must never reach it. Only words that
//! `store::words` made are put between quotes.
//! <https://www.sqlite.org/fts5.html#full_text_query_syntax>

use domain::store::words::words;

/// All of these, each a phrase whose last word may be only a beginning; `None` if nothing is asked.
pub fn expression(asked: &[String]) -> Option<String> {
    let phrases = asked.iter().map(|asked| words(asked)).filter(|words| !words.is_empty());
    let phrases: Vec<_> = phrases.map(|words| format!("\"{}\" *", words.join(" "))).collect();
    (!phrases.is_empty()).then(|| phrases.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_of_the_index_is_only_text() {
        let ask = |text: &str| expression(&[text.to_owned()]);
        assert_eq!(ask("\" OR text:* NEAR(").as_deref(), Some("\"or text near\" *"));
        assert_eq!(ask("東京tower").as_deref(), Some("\"東 京 tower\" *"));
        assert_eq!(ask("\"*^-+:(){}\0"), None);
        assert_eq!(expression(&[]), None);
        let two = ["one".to_owned(), "two".to_owned()];
        assert_eq!(expression(&two).as_deref(), Some("\"one\" * AND \"two\" *"));
    }
}
