//! Read-only connections on threads of their own, so that a slow disk never blocks the runtime.
//!
//! The thread that was busy last is asked first: its page cache and statements are warm.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use anyhow::{Context as _, anyhow};
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

type Job = Box<dyn FnOnce(&Connection) + Send>;

pub struct Pool {
    shared: Arc<Shared>,
    /// One for each job that runs or waits; who gets none waits for its turn.
    permits: Arc<Semaphore>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    /// One per thread.
    wake: Vec<Condvar>,
}

struct State {
    waiting: VecDeque<Job>,
    /// Threads without work, the one that worked last on top.
    idle: Vec<usize>,
    /// The job handed to each thread.
    handed: Vec<Option<Job>>,
    closed: bool,
}

impl Pool {
    /// One thread per connection, and at most `queue` jobs that wait for one.
    pub fn start(connections: Vec<Connection>, queue: usize) -> anyhow::Result<Self> {
        let count = connections.len();
        let state = State {
            waiting: VecDeque::new(),
            idle: Vec::new(),
            handed: (0..count).map(|_| None).collect(),
            closed: false,
        };
        let wake = (0..count).map(|_| Condvar::new()).collect();
        let shared = Arc::new(Shared { state: Mutex::new(state), wake });
        let start = |(at, connection): (usize, Connection)| {
            let shared = Arc::clone(&shared);
            let named = std::thread::Builder::new().name(format!("store-read-{at}"));
            named.spawn(move || shared.work(at, &connection))
        };
        let threads = connections.into_iter().enumerate().map(start).collect::<Result<_, _>>();
        let threads = Mutex::new(threads.context("cannot start the threads of the store")?);
        let permits = Arc::new(Semaphore::new(count + queue));
        Ok(Self { shared, permits, threads })
    }

    /// Runs this on a read-only connection.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Connection) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|_| anyhow!("the store is closed"))?;
        let (reply, answer) = oneshot::channel();
        self.shared.submit(Box::new(move |connection| {
            // Nobody waits any more: the request was given up.
            if !reply.is_closed() {
                let result = f(connection);
                drop(permit);
                let _ = reply.send(result);
            }
        }));
        answer.await.map_err(|_| anyhow!("a read of the store did not end"))?
    }

    /// Ends the threads after what is queued. Reads fail from now on.
    pub fn close(&self) {
        self.permits.close();
        self.shared.lock().closed = true;
        self.shared.wake.iter().for_each(Condvar::notify_one);
        let threads = std::mem::take(&mut *self.threads.lock().expect("no panic while locked"));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a reading thread of the store panicked");
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while locked")
    }

    fn submit(&self, job: Job) {
        let mut state = self.lock();
        if state.closed {
            // Dropping the job tells the one who asked.
            return;
        }
        if let Some(at) = state.idle.pop() {
            state.handed[at] = Some(job);
            drop(state);
            self.wake[at].notify_one();
        } else {
            state.waiting.push_back(job);
        }
    }

    fn work(&self, at: usize, connection: &Connection) {
        while let Some(job) = self.next(at) {
            // A panic costs the one who asked an answer, not everybody a thread.
            if catch_unwind(AssertUnwindSafe(|| job(connection))).is_err() {
                tracing::error!("a read of the store panicked");
                if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
                    return;
                }
            }
        }
    }

    /// `None`: the pool is closed and nothing waits.
    fn next(&self, at: usize) -> Option<Job> {
        let mut state = self.lock();
        if let Some(job) = state.waiting.pop_front() {
            return Some(job);
        }
        state.idle.push(at);
        loop {
            if let Some(job) = state.handed[at].take() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.wake[at].wait(state).expect("no panic while locked");
        }
    }
}
