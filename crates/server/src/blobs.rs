//! Bytes of files on disk and, for tests, in memory.
//!
//! A blob is durable before any row names it: its file is fsynced, renamed, and its folder fsynced.

use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File, OpenOptions},
    io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, bail};
use bytes::{Bytes, BytesMut};
use domain::{
    blobs::{Blobs, Draft},
    store::BoxFuture,
};

/// Unfinished blobs; emptied at start.
const DRAFTS: &str = ".drafts";

/// Blobs as files in a folder; a name may have folders of its own: `avatar/4a7d`.
pub struct DiskBlobs {
    dir: PathBuf,
    next: AtomicU64,
}

impl DiskBlobs {
    pub fn open(dir: PathBuf) -> anyhow::Result<Self> {
        let drafts = dir.join(DRAFTS);
        make_dir(&drafts)?;
        let cannot = || format!("cannot look into {}", drafts.display());
        for left in std::fs::read_dir(&drafts).with_context(cannot)? {
            let left = left?.path();
            std::fs::remove_file(&left)
                .with_context(|| format!("cannot remove {}", left.display()))?;
        }
        sync_dir(&dir)?;
        Ok(Self { dir, next: AtomicU64::new(0) })
    }

    fn path(&self, name: &str) -> anyhow::Result<PathBuf> {
        check(name)?;
        Ok(self.dir.join(name))
    }
}

/// Names are made by us: ids, digests. Anything else is a mistake, and never becomes a path.
fn check(name: &str) -> anyhow::Result<()> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
    let parts = name.split('/');
    let sound = |part: &str| !part.is_empty() && part.len() <= 128 && part.bytes().all(plain);
    if name.len() > 256 || !parts.clone().all(sound) || parts.count() > 3 {
        bail!("not a name of a blob");
    }
    Ok(())
}

fn make_dir(dir: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(dir).with_context(|| format!("cannot make the folder {}", dir.display()))
}

fn sync_dir(dir: &Path) -> anyhow::Result<()> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.with_context(|| format!("cannot sync the folder {}", dir.display()))
}

/// File work blocks: off the runtime with it.
async fn off<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("file work was cut off")?
}

impl Blobs for DiskBlobs {
    fn begin(&self) -> BoxFuture<'_, anyhow::Result<Box<dyn Draft>>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (dir, path) = (self.dir.clone(), self.dir.join(DRAFTS).join(number.to_string()));
        Box::pin(off(move || {
            let mut options = OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(&path);
            let file = file.context("cannot begin a file")?;
            Ok(Box::new(DiskDraft { dir, path, file: Some(Arc::new(file)) }) as Box<dyn Draft>)
        }))
    }

    fn read<'a>(
        &'a self,
        name: &'a str,
        offset: u64,
        most: usize,
    ) -> BoxFuture<'a, anyhow::Result<Option<Bytes>>> {
        let path = self.path(name);
        Box::pin(async move {
            let path = path?;
            off(move || read(&path, offset, most)).await
        })
    }

    fn size<'a>(&'a self, name: &'a str) -> BoxFuture<'a, anyhow::Result<Option<u64>>> {
        let path = self.path(name);
        Box::pin(async move {
            let path = path?;
            off(move || Ok(found(std::fs::metadata(&path))?.map(|file| file.len()))).await
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        let path = self.path(name);
        Box::pin(async move {
            let path = path?;
            off(move || {
                found(std::fs::remove_file(&path))?;
                Ok(())
            })
            .await
        })
    }

    fn list(&self) -> BoxFuture<'_, anyhow::Result<Vec<String>>> {
        let dir = self.dir.clone();
        Box::pin(off(move || {
            let mut names = Vec::new();
            list(&dir, "", &mut names)?;
            Ok(names)
        }))
    }
}

fn found<T>(outcome: std::io::Result<T>) -> anyhow::Result<Option<T>> {
    match outcome {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("cannot reach a file"),
    }
}

fn read(path: &Path, offset: u64, most: usize) -> anyhow::Result<Option<Bytes>> {
    let Some(mut file) = found(File::open(path))? else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = BytesMut::zeroed(most);
    let mut filled = 0;
    while filled < most {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("cannot read a file"),
        }
    }
    bytes.truncate(filled);
    Ok(Some(bytes.freeze()))
}

fn list(dir: &Path, prefix: &str, names: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir).context("cannot list files")? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| *name != DRAFTS) else { continue };
        let name = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

struct DiskDraft {
    dir: PathBuf,
    path: PathBuf,
    /// `None` once it has its name.
    file: Option<Arc<File>>,
}

impl Draft for DiskDraft {
    fn append(&mut self, bytes: Bytes) -> BoxFuture<'_, anyhow::Result<()>> {
        let file = self.file.clone().expect("a draft is written before it is finished");
        Box::pin(off(move || {
            let mut file = &*file;
            file.write_all(&bytes).context("cannot write a file")
        }))
    }

    fn finish<'a>(mut self: Box<Self>, name: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        let to = check(name).map(|()| self.dir.join(name));
        Box::pin(async move {
            let to = to?;
            off(move || {
                let file = self.file.as_ref().expect("a draft is finished once");
                file.sync_all().context("cannot sync a file")?;
                let folder = to.parent().expect("a blob lies in the folder of blobs");
                if !folder.is_dir() {
                    make_dir(folder)?;
                    sync_dir(&self.dir)?;
                }
                std::fs::rename(&self.path, &to).context("cannot name a file")?;
                self.file = None;
                sync_dir(folder)
            })
            .await
        })
    }
}

impl Drop for DiskDraft {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Blobs that end with the process.
#[derive(Default)]
pub struct MemoryBlobs(Arc<Mutex<BTreeMap<String, Bytes>>>);

impl MemoryBlobs {
    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.0.lock().expect("no panic while locked")
    }
}

impl Blobs for MemoryBlobs {
    fn begin(&self) -> BoxFuture<'_, anyhow::Result<Box<dyn Draft>>> {
        let draft = MemoryDraft { all: self.0.clone(), bytes: BytesMut::new() };
        Box::pin(async move { Ok(Box::new(draft) as Box<dyn Draft>) })
    }

    fn read<'a>(
        &'a self,
        name: &'a str,
        offset: u64,
        most: usize,
    ) -> BoxFuture<'a, anyhow::Result<Option<Bytes>>> {
        let bytes = self.all().get(name).cloned();
        Box::pin(async move {
            check(name)?;
            Ok(bytes.map(|bytes| {
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                bytes.slice(from..from.saturating_add(most).min(bytes.len()))
            }))
        })
    }

    fn size<'a>(&'a self, name: &'a str) -> BoxFuture<'a, anyhow::Result<Option<u64>>> {
        let size = self.all().get(name).map(|bytes| bytes.len() as u64);
        Box::pin(async move { Ok(size) })
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        self.all().remove(name);
        Box::pin(async { Ok(()) })
    }

    fn list(&self) -> BoxFuture<'_, anyhow::Result<Vec<String>>> {
        let names = self.all().keys().cloned().collect();
        Box::pin(async move { Ok(names) })
    }
}

struct MemoryDraft {
    all: Arc<Mutex<BTreeMap<String, Bytes>>>,
    bytes: BytesMut,
}

impl Draft for MemoryDraft {
    fn append(&mut self, bytes: Bytes) -> BoxFuture<'_, anyhow::Result<()>> {
        self.bytes.extend_from_slice(&bytes);
        Box::pin(async { Ok(()) })
    }

    fn finish<'a>(self: Box<Self>, name: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            check(name)?;
            let mut all = self.all.lock().expect("no panic while locked");
            all.insert(name.to_owned(), self.bytes.freeze());
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    async fn keeps_its_promises(blobs: &dyn Blobs) {
        let mut draft = blobs.begin().await.expect("begins");
        draft.append(Bytes::from_static(b"hello ")).await.expect("appends");
        draft.append(Bytes::from_static(b"world")).await.expect("appends");
        assert_eq!(blobs.read("7", 0, 99).await.expect("reads"), None, "not before it is finished");
        draft.finish("7").await.expect("finishes");
        let mut picture = blobs.begin().await.expect("begins");
        picture.append(Bytes::from_static(b"png")).await.expect("appends");
        picture.finish("avatar/4a7d").await.expect("finishes");
        drop(blobs.begin().await.expect("begins"));

        let part = |from, most| blobs.read("7", from, most);
        assert_eq!(part(0, 99).await.expect("reads").as_deref(), Some(&b"hello world"[..]));
        assert_eq!(part(6, 3).await.expect("reads").as_deref(), Some(&b"wor"[..]));
        assert_eq!(part(11, 3).await.expect("reads").as_deref(), Some(&b""[..]));
        assert_eq!(part(99, 3).await.expect("reads").as_deref(), Some(&b""[..]));
        assert_eq!(blobs.size("7").await.expect("sizes"), Some(11));
        let mut names = blobs.list().await.expect("lists");
        names.sort();
        assert_eq!(names, ["7", "avatar/4a7d"]);

        for name in ["", "../7", "a/../7", "/7", "a//b", ".drafts/0", "a\0b", "a\\b"] {
            assert!(blobs.read(name, 0, 1).await.is_err(), "{name:?}");
        }
        blobs.remove("7").await.expect("removes");
        blobs.remove("7").await.expect("removes what is gone");
        assert_eq!(blobs.size("7").await.expect("sizes"), None);
    }

    #[tokio::test]
    async fn blobs_in_memory_and_on_disk_are_alike() {
        keeps_its_promises(&MemoryBlobs::default()).await;
        let name = format!("osc-blobs-{}", std::process::id());
        let scratch = Scratch(std::env::temp_dir().join(name));
        let blobs = DiskBlobs::open(scratch.0.clone()).expect("opens");
        keeps_its_promises(&blobs).await;
        let left = std::fs::read_dir(scratch.0.join(DRAFTS)).expect("lists").count();
        assert_eq!(left, 0, "drafts leave nothing behind");
    }

    #[tokio::test]
    async fn drafts_of_a_crash_are_gone_after_it() {
        let name = format!("osc-drafts-{}", std::process::id());
        let scratch = Scratch(std::env::temp_dir().join(name));
        let blobs = DiskBlobs::open(scratch.0.clone()).expect("opens");
        let draft = blobs.begin().await.expect("begins");
        std::mem::forget(draft);
        DiskBlobs::open(scratch.0.clone()).expect("opens again");
        let left = std::fs::read_dir(scratch.0.join(DRAFTS)).expect("lists").count();
        assert_eq!(left, 0);
    }
}
