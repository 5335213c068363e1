//! What is on disk: the tables of `rows.rs` as SQL, and how an older file catches up with them.
//!
//! Made from the declarations, so that a new table or index is one line in `rows.rs` and never a
//! forgotten migration.

use anyhow::{Context as _, bail, ensure};
use domain::store::{Column, Index, Kind, Table};
use rusqlite::{Connection, OptionalExtension as _};

use super::sql::{columns, quoted};

/// The layout this build writes, in `PRAGMA user_version`.
const VERSION: i64 = 1;

/// A column of searched tables: most writes of a row leave its text as it is, and asking the
/// full-text index for nothing is what makes them cheap.
pub const TEXT_HASH: &str = "text_hash";

/// Brings the file to what is declared. `snapshot` is called before a file with data changes.
pub fn migrate(
    connection: &mut Connection,
    tables: &[&'static Table],
    snapshot: impl FnOnce(&Connection) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    ensure!(found <= VERSION, "the data were written by a newer version (layout {found})");
    let mut steps = Vec::new();
    for table in tables {
        steps.extend(missing(connection, table)?);
    }
    if steps.is_empty() && found == VERSION {
        return Ok(());
    }
    if found > 0 {
        snapshot(connection)?;
    }
    let transaction = connection.transaction()?;
    for step in &steps {
        transaction.execute_batch(step).with_context(|| format!("cannot run {step}"))?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit().context("cannot bring the database up to date")
}

/// What has to happen until the table is as declared.
fn missing(connection: &Connection, table: &'static Table) -> anyhow::Result<Vec<String>> {
    let mut steps = Vec::new();
    let there = column_names(connection, table)?;
    if !there.is_empty() {
        let key: Vec<_> = table.key.iter().map(|column| column.name).collect();
        if !there.iter().take(key.len()).eq(&key) {
            bail!("the key of {} is {key:?}, but the file has {there:?}", table.name);
        }
        let new = |column: &&Column| !there.iter().any(|name| name == column.name);
        steps.extend(table.columns.iter().filter(new).flat_map(|c| add_column(table, c)));
        if table.searched && !there.iter().any(|name| name == TEXT_HASH) {
            steps
                .push(format!("ALTER TABLE {} ADD COLUMN {TEXT_HASH} INTEGER", quoted(table.name)));
        }
    }
    let mut indexes = connection.prepare_cached(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql <> ''",
    )?;
    let wanted = create(table);
    for index in indexes.query_map([table.name], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let index: (String, String) = index?;
        // Declared differently or no more; an old unique index must not go on refusing rows.
        if !wanted.contains(&index) {
            steps.push(format!("DROP INDEX {}", quoted(&index.0)));
        }
    }
    for (name, sql) in wanted {
        let found = connection
            .prepare_cached("SELECT sql FROM sqlite_schema WHERE name = ?1")?
            .query_row([&name], |row| row.get::<_, String>(0))
            .optional()?;
        let is_index = sql.contains("INDEX");
        if found.is_none_or(|found| is_index && found != sql) {
            steps.push(sql);
        }
    }
    Ok(steps)
}

fn column_names(connection: &Connection, table: &Table) -> rusqlite::Result<Vec<String>> {
    let mut names = connection.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
    names.query_map([table.name], |row| row.get(0))?.collect()
}

/// The statements that make a table, its indexes and its full-text index, each with the name of
/// what it makes.
pub fn create(table: &'static Table) -> Vec<(String, String)> {
    let column = |column: &Column, null: &str| {
        let kind = kind(column.kind);
        format!("  {} {kind}{null},\n", quoted(column.name))
    };
    let keys = columns(table.key.iter().map(|column| column.name));
    let fields: String = table.key.iter().map(|c| column(c, " NOT NULL")).collect();
    let others: String = table.columns.iter().map(|c| column(c, "")).collect();
    let hash = if table.searched { format!("  {TEXT_HASH} INTEGER,\n") } else { String::new() };
    // Sorted by the key either way; an integer alone is what SQLite calls the row's id.
    let rowid = match table.key {
        [Column { kind: Kind::Int, .. }] => "",
        _ => ", WITHOUT ROWID",
    };
    let mut made = vec![(
        table.name.to_owned(),
        format!(
            "CREATE TABLE {} (\n{fields}{others}  body TEXT NOT NULL,\n{hash}  \
             PRIMARY KEY ({keys})\n) STRICT{rowid}",
            quoted(table.name)
        ),
    )];
    made.extend(table.indexes.iter().map(|index| create_index(table, index)));
    if table.searched {
        let name = text_table(table);
        let sql = format!(
            "CREATE VIRTUAL TABLE {} USING fts5(text, content='', contentless_delete=1, \
             prefix='2 3', tokenize=\"unicode61 remove_diacritics 2 categories 'L* N* Co M*'\")",
            quoted(&name)
        );
        made.push((name, sql));
    }
    made
}

fn create_index(table: &Table, index: &Index) -> (String, String) {
    let name = index_name(table, index);
    let unique = if index.unique { "UNIQUE " } else { "" };
    let on = columns(index.columns.iter().copied());
    let sql = format!("CREATE {unique}INDEX {} ON {} ({on})", quoted(&name), quoted(table.name));
    (name, sql)
}

/// A column that was declared after the table was made, and its values out of the bodies.
pub fn add_column(table: &Table, column: &Column) -> [String; 2] {
    let (table, name, kind) = (quoted(table.name), quoted(column.name), kind(column.kind));
    [
        format!("ALTER TABLE {table} ADD COLUMN {name} {kind}"),
        format!(
            "UPDATE {table} SET {name} = CAST(json_extract(body, '$.{}') AS {kind})",
            column.name
        ),
    ]
}

/// The name of an index in the file, where all tables share one namespace.
pub fn index_name(table: &Table, index: &Index) -> String {
    format!("{}_{}", table.name, index.name)
}

pub fn text_table(table: &Table) -> String {
    format!("{}_text", table.name)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "INTEGER",
        Kind::Text => "TEXT",
    }
}
