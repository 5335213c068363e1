//! Checks that keys, rows, batches and scans have the shape their table declares.
//!
//! A wrong shape is a mistake in our own code: every store refuses it at its door, on the task of
//! the caller, so that it never reaches the one writer that everybody shares.

use std::ops::Bound;

use super::{Batch, Column, Kind, Op, Row, Scan, Table, Value};

impl Table {
    /// Panics unless this is a whole key.
    pub fn check_key(&self, key: &[Value]) {
        assert_eq!(key.len(), self.key.len(), "a whole key of {}", self.name);
        self.check_key_prefix(key);
    }

    /// Panics unless a key can begin with this.
    pub fn check_key_prefix(&self, prefix: &[Value]) {
        assert!(prefix.len() <= self.key.len(), "no more than the key of {}", self.name);
        for (value, column) in prefix.iter().zip(self.key) {
            assert!(*value != Value::Null, "no null in the key of {}", self.name);
            self.check_value(value, column);
        }
    }

    /// Panics unless this is a row of the table.
    pub fn check_row(&self, row: &Row) {
        self.check_key(&row.key);
        assert_eq!(row.columns.len(), self.columns.len(), "all columns of {}", self.name);
        for (value, column) in row.columns.iter().zip(self.columns) {
            self.check_value(value, column);
        }
        assert!(self.searched || row.text.is_empty(), "{} is not searched", self.name);
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> &'static Column {
        let mut columns = self.key.iter().chain(self.columns);
        columns.find(|column| column.name == name).expect("a declared column")
    }

    fn check_value(&self, value: &Value, column: &Column) {
        let fits = match value {
            Value::Null => true,
            Value::Int(_) => column.kind == Kind::Int,
            Value::Text(_) => column.kind == Kind::Text,
        };
        assert!(fits, "{}.{} is {:?}", self.name, column.name, column.kind);
    }
}

impl Batch {
    /// Panics if an operation does not fit its table.
    pub fn check(&self) {
        for op in &self.ops {
            match op {
                Op::Put(table, row) | Op::Insert(table, row) | Op::Expect(table, row) => {
                    table.check_row(row);
                }
                Op::Delete(table, key) => table.check_key(key),
                Op::Prune { table, prefix, below, .. } => {
                    let whole: Vec<_> = prefix.iter().chain(below).cloned().collect();
                    table.check_key_prefix(&whole);
                }
            }
        }
    }
}

impl Scan {
    /// Panics if the range does not fit the columns it goes over.
    pub fn check(&self) {
        let order = self.order();
        for bound in [&self.from, &self.to] {
            let rest: &[Value] = match bound {
                Bound::Unbounded => &[],
                Bound::Included(values) | Bound::Excluded(values) => values,
            };
            let len = self.prefix.len() + rest.len();
            assert!(len <= order.len(), "a range within the order of {}", self.table.name);
            for (value, name) in self.prefix.iter().chain(rest).zip(&order) {
                self.table.check_value(value, self.table.column(name));
            }
        }
    }
}
