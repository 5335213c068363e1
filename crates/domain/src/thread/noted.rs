//! What the audit log says of threads. That one archived itself, or was opened by writing in it, is
//! nobody's deed, and not noted.

use proto::{Id, channel::PRIVATE_THREAD, marker};

use crate::{audit_log::Entry, rows::ThreadRow};

/// What became of a thread; `None`: it was not there before, or is gone.
pub(super) fn entry(action: u8, before: Option<&ThreadRow>, after: Option<&ThreadRow>) -> Entry {
    let target: Option<Id<marker::AuditLogTarget>> = before.or(after).map(|row| row.id.cast());
    let private = |row: &ThreadRow| row.kind == i64::from(PRIVATE_THREAD);
    let invitable = |row: &ThreadRow| private(row).then_some(row.invitable);
    let both = |of: fn(&ThreadRow) -> serde_json::Value| (before.map(of), after.map(of));
    let keys: [(&str, fn(&ThreadRow) -> serde_json::Value); 6] = [
        ("name", |row| row.name.clone().into()),
        ("type", |row| row.kind.into()),
        ("archived", |row| row.archived_at.is_some().into()),
        ("locked", |row| row.locked.into()),
        ("auto_archive_duration", |row| row.auto_archive.into()),
        ("rate_limit_per_user", |row| row.rate_limit_per_user.into()),
    ];
    let entry = keys.into_iter().fold(Entry::new(action, target), |entry, (key, of)| {
        let (old, new) = both(of);
        entry.change(key, old, new)
    });
    entry.change("invitable", before.and_then(invitable), after.and_then(invitable))
}
