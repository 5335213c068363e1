//! A scan as a list of spans: equal values, then a range of one column.
//!
//! Databases compare tuples such as `(a, b) > (1, 2)` too, but rows with a null in them fall out of
//! every such comparison, and the contract says that nulls come first. Each span is a single range
//! of an index, so that none ever reads more than it answers.

use std::cmp::Ordering;
use std::ops::Bound;

use domain::store::{Scan, Value};

/// Rows whose first columns are `equal` and whose next column is in the range. As in SQL, a row
/// with a null there is only in a range without bounds; above null means "not null".
#[derive(Debug, PartialEq, Eq)]
pub struct Span {
    pub equal: Vec<Value>,
    pub low: Bound<Value>,
    pub high: Bound<Value>,
}

/// The spans of a scan in ascending order; they do not overlap.
pub fn spans(scan: &Scan) -> Vec<Span> {
    let order = scan.order();
    let of_key = |name: &&str| scan.table.key.iter().any(|column| column.name == *name);
    let nullable = order.iter().map(|name| !of_key(name)).collect();
    let mut splitter = Splitter { nullable, spans: Vec::new() };
    if let (Some(low), Some(high)) = (Edge::new(&scan.from), Edge::new(&scan.to)) {
        splitter.split(scan.prefix.clone(), low.within(), high.within());
    }
    splitter.spans
}

/// A bound that is compared value by value.
#[derive(Clone, Copy)]
struct Edge<'a> {
    values: &'a [Value],
    inclusive: bool,
}

impl<'a> Edge<'a> {
    /// `None` if nothing can be within the bound.
    fn new(bound: &'a Bound<Vec<Value>>) -> Option<Self> {
        match bound {
            Bound::Unbounded => Some(Self { values: &[], inclusive: true }),
            Bound::Included(values) => Some(Self { values, inclusive: true }),
            Bound::Excluded(values) if values.is_empty() => None,
            Bound::Excluded(values) => Some(Self { values, inclusive: false }),
        }
    }

    /// The bound if it has values left to compare.
    fn within(self) -> Option<Self> {
        (!self.values.is_empty()).then_some(self)
    }

    fn rest(self) -> Option<Self> {
        Self { values: &self.values[1..], ..self }.within()
    }

    /// The bound of its first column alone, once longer tuples that begin with it are dealt with.
    fn first(self) -> Bound<Value> {
        match self.values {
            [value] if self.inclusive => Bound::Included(value.clone()),
            values => Bound::Excluded(values[0].clone()),
        }
    }
}

struct Splitter {
    /// Whether a column of the order may be null.
    nullable: Vec<bool>,
    spans: Vec<Span>,
}

impl Splitter {
    fn split(&mut self, equal: Vec<Value>, low: Option<Edge>, high: Option<Edge>) {
        let with = |value: &Value| [equal.clone(), vec![value.clone()]].concat();
        if let (Some(low), Some(high)) = (low, high) {
            match low.values[0].cmp(&high.values[0]) {
                Ordering::Greater => return,
                Ordering::Equal => {
                    let ends_here = |edge: Edge| edge.rest().is_none() && !edge.inclusive;
                    if !ends_here(low) && !ends_here(high) {
                        self.split(with(&low.values[0]), low.rest(), high.rest());
                    }
                    return;
                }
                Ordering::Less => {}
            }
        }
        if let Some((low, rest)) = low.and_then(|low| Some((low, low.rest()?))) {
            self.split(with(&low.values[0]), Some(rest), None);
        }
        let first = |edge: Option<Edge>| edge.map_or(Bound::Unbounded, Edge::first);
        self.range(equal.clone(), first(low), first(high));
        if let Some((high, rest)) = high.and_then(|high| Some((high, high.rest()?))) {
            self.split(with(&high.values[0]), None, Some(rest));
        }
    }

    fn range(&mut self, equal: Vec<Value>, low: Bound<Value>, high: Bound<Value>) {
        let null = Bound::Included(Value::Null);
        let nulls = [equal.clone(), vec![Value::Null]].concat();
        let nullable = self.nullable.get(equal.len()).is_some_and(|nullable| *nullable);
        let from_null = low == Bound::Unbounded || low == null;
        let all = |equal| Span { equal, low: Bound::Unbounded, high: Bound::Unbounded };
        match high {
            Bound::Excluded(Value::Null) => {}
            Bound::Included(Value::Null) => self.spans.push(all(nulls)),
            Bound::Unbounded if from_null => self.spans.push(all(equal)),
            Bound::Unbounded => self.spans.push(Span { equal, low, high }),
            high if from_null => {
                if nullable {
                    self.spans.push(all(nulls));
                }
                self.spans.push(Span { equal, low: Bound::Unbounded, high });
            }
            high => self.spans.push(Span { equal, low, high }),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::store::{Column, IntoKey as _, Kind, Table};

    use super::*;

    static TABLE: Table = Table {
        name: "t",
        key: &[Column { name: "a", kind: Kind::Int }, Column { name: "b", kind: Kind::Int }],
        columns: &[Column { name: "x", kind: Kind::Int }],
        indexes: &[domain::store::Index { name: "by_x", columns: &["x"], unique: false }],
        searched: false,
    };

    fn all(index: bool) -> Scan {
        Scan {
            table: &TABLE,
            index: index.then_some(&TABLE.indexes[0]),
            prefix: Vec::new(),
            from: Bound::Unbounded,
            to: Bound::Unbounded,
            reverse: false,
            limit: 10,
        }
    }

    fn span(equal: &[i64], low: Bound<i64>, high: Bound<i64>) -> Span {
        let equal = equal.iter().map(|value| Value::Int(*value)).collect();
        Span { equal, low: low.map(Value::Int), high: high.map(Value::Int) }
    }

    #[test]
    fn a_page_of_history_is_one_span() {
        let scan = all(false).prefix(7).before(9);
        assert_eq!(spans(&scan), [span(&[7], Bound::Unbounded, Bound::Excluded(9))]);
        assert_eq!(spans(&all(false)), [span(&[], Bound::Unbounded, Bound::Unbounded)]);
    }

    #[test]
    fn a_tuple_is_split_at_each_of_its_values() {
        let scan = all(false).after((1, 2)).up_to((3, 4));
        assert_eq!(
            spans(&scan),
            [
                span(&[1], Bound::Excluded(2), Bound::Unbounded),
                span(&[], Bound::Excluded(1), Bound::Excluded(3)),
                span(&[3], Bound::Unbounded, Bound::Included(4)),
            ]
        );
    }

    #[test]
    fn nothing_is_in_a_range_that_is_upside_down() {
        assert_eq!(spans(&all(false).after(3).up_to(3)), []);
        assert_eq!(spans(&all(false).from((3, 2)).before((3, 1))), []);
        assert_eq!(spans(&all(false).after(Vec::new().into_key())), []);
    }

    #[test]
    fn nulls_come_before_everything_below_a_value() {
        let nulls =
            Span { equal: vec![Value::Null], low: Bound::Unbounded, high: Bound::Unbounded };
        let below = span(&[], Bound::Unbounded, Bound::Excluded(5));
        assert_eq!(spans(&all(true).before(5)), [nulls, below]);
        let above =
            Span { equal: Vec::new(), low: Bound::Excluded(Value::Null), high: Bound::Unbounded };
        assert_eq!(spans(&all(true).after(Value::Null)), [above]);
    }
}
