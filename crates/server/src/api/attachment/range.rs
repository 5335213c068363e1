//! `Range` of one piece (RFC 9110 14): films are sought in, downloads go on where they broke off.

/// What part of a file is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Range {
    Whole,
    /// From the first to before the second.
    Part(u64, u64),
    /// Nothing of it is there.
    Beyond,
}

/// Several pieces at once, other units and what cannot be read count as not asked.
pub fn of(wanted: Option<&str>, size: u64) -> Range {
    let pieces = wanted.and_then(|wanted| wanted.trim().strip_prefix("bytes="));
    let Some((first, last)) = pieces.and_then(|pieces| pieces.trim().split_once('-')) else {
        return Range::Whole;
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || !digits(last) || (first.is_empty() && last.is_empty()) {
        return Range::Whole;
    }
    // Numbers beyond 64 bits are beyond every file.
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let (from, to) = if first.is_empty() {
        (size.saturating_sub(number(last)), size)
    } else if last.is_empty() {
        (number(first), size)
    } else if number(first) > number(last) {
        return Range::Whole;
    } else {
        (number(first), number(last).saturating_add(1).min(size))
    };
    if from < to { Range::Part(from, to) } else { Range::Beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_read_as_the_standard_says() {
        let of = |wanted| of(Some(wanted), 100);
        assert_eq!(of("bytes=0-0"), Range::Part(0, 1));
        assert_eq!(of("bytes=10-"), Range::Part(10, 100));
        assert_eq!(of("bytes=-10"), Range::Part(90, 100));
        assert_eq!(of("bytes=-1000"), Range::Part(0, 100));
        assert_eq!(of("bytes=90-1000"), Range::Part(90, 100));
        assert_eq!(of("bytes=100-"), Range::Beyond);
        assert_eq!(of("bytes=-0"), Range::Beyond);
        assert_eq!(of("bytes=99999999999999999999-"), Range::Beyond);
        for other in ["bytes=5-4", "bytes=0-1,3-4", "bytes=-", "bytes=a-b", "lines=1-2", "bytes"] {
            assert_eq!(of(other), Range::Whole, "{other}");
        }
    }
}
