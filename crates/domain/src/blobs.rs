//! The third contract: bytes of files, by name. Written and durable before the row that names them.

use bytes::Bytes;

use crate::store::BoxFuture;

pub trait Blobs: Send + Sync {
    /// Starts a new blob; nobody sees it before `finish`.
    fn begin(&self) -> BoxFuture<'_, anyhow::Result<Box<dyn Draft>>>;

    /// Up to `most` bytes from `offset`; `None` if there is no such blob, empty at its end.
    fn read<'a>(
        &'a self,
        name: &'a str,
        offset: u64,
        most: usize,
    ) -> BoxFuture<'a, anyhow::Result<Option<Bytes>>>;

    /// Bytes of a blob; `None` if there is no such blob.
    fn size<'a>(&'a self, name: &'a str) -> BoxFuture<'a, anyhow::Result<Option<u64>>>;

    /// Removes a blob. No error if it is gone.
    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, anyhow::Result<()>>;

    /// All names, for the sweep of orphans.
    fn list(&self) -> BoxFuture<'_, anyhow::Result<Vec<String>>>;
}

/// A blob being written. Dropped unfinished it leaves nothing.
pub trait Draft: Send {
    /// Adds bytes. A full disk is an error whose cause is `std::io::ErrorKind::StorageFull`.
    fn append(&mut self, bytes: Bytes) -> BoxFuture<'_, anyhow::Result<()>>;

    /// Makes it durable under this name: file fsynced, renamed, folder fsynced.
    fn finish<'a>(self: Box<Self>, name: &'a str) -> BoxFuture<'a, anyhow::Result<()>>;
}
