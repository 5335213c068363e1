//! kill -9 between and within commits: nothing half-written, nothing acknowledged lost.
//!
//! What a killed process wrote is still with the kernel; that the kernel's pages reach the disk is
//! what `synchronous=FULL` promises, and only a power cut can examine it.

use std::io::{BufRead as _, BufReader};
use std::ops::Bound;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use domain::store::{Op, SCAN_MAX, Scan, Search, Store, Value};

use super::{Folder, NOTE, Open, ROOM, batch, block_on, note, room};

const FOLDER: &str = "EXAM_FOLDER";
const FIRST: &str = "EXAM_FIRST";
const WRITERS: i64 = 8;
/// Ids of one round; more than it can write.
const ROUND: i64 = 1_000_000;

/// Kills a child that writes, again and again, and looks at what it left. `child` is the full name
/// of the test that calls `crash_child`.
pub fn survives_kill(open: Open, child: &str) {
    let folder = Folder::new();
    let mut acked: Vec<i64> = Vec::new();
    // Some die while they open, the first of them while it makes the file.
    for (round, wait_ms) in [4, 60, 12, 150, 8, 30, 100, 250].into_iter().enumerate() {
        let program = std::env::current_exe().expect("the path of this program");
        let mut running = Command::new(program)
            .args(["--exact", child, "--ignored", "--nocapture"])
            .env(FOLDER, &folder.0)
            .env(FIRST, (round as i64 * ROUND).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        std::thread::sleep(Duration::from_millis(wait_ms));
        running.kill().expect("a running child");
        let mut said = BufReader::new(running.stdout.take().expect("its output"));
        let mut line = String::new();
        while said.read_line(&mut line).expect("lines") > 0 {
            // The last line may be torn; then it was not acknowledged to anybody.
            if let Some(id) = line.strip_prefix("acked ").and_then(|id| id.strip_suffix(" .\n")) {
                acked.push(id.parse().expect("an id"));
            }
            line.clear();
        }
        running.wait().expect("an end");

        let store = open(&folder.0);
        let kept = block_on(look(&store));
        let lost: Vec<_> = acked.iter().filter(|id| !kept.contains(id)).collect();
        assert!(lost.is_empty(), "acknowledged and lost in round {round}: {lost:?}");
    }
    println!("acked={} acked_lost=0", acked.len());
    assert!(!acked.is_empty(), "the child never wrote");
}

/// Writes until it is killed. Each batch is a room, a note in it with words, and the note's twin.
pub fn crash_child(open: Open) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let first: i64 = std::env::var(FIRST).ok().and_then(|id| id.parse().ok()).expect("a first id");
    let store = open(folder.as_ref());
    block_on(async {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let store = Arc::clone(&store);
            writers.spawn(async move {
                for id in (first + writer..).step_by(WRITERS as usize) {
                    let ops = [
                        Op::Insert(&ROOM, room(id, Some(id), Some(&format!("room-{id}")))),
                        Op::Insert(&NOTE, note(writer, id, &format!("written by w{id}w"))),
                    ];
                    let results = store.commit(vec![batch(ops)]).await.expect("the disk is well");
                    assert_eq!(results, [Ok(())]);
                    println!("acked {id} .");
                }
            });
        }
        writers.join_all().await;
    });
}

/// All rooms, after checking that each batch is there as a whole, index and words included.
async fn look(store: &Arc<dyn Store>) -> Vec<i64> {
    let mut kept = Vec::new();
    let mut from = Bound::Unbounded;
    loop {
        let (prefix, to) = (Vec::new(), Bound::Unbounded);
        let scan = Scan { table: &ROOM, index: None, prefix, from, to, reverse: false, limit: 500 };
        let rows = store.scan(&scan).await.expect("a scan");
        let Some(last) = rows.last() else { break };
        from = Bound::Excluded(last.key.clone());
        for row in rows {
            let Value::Int(id) = row.key[0] else { panic!("an id") };
            let key = [(id % ROUND % WRITERS).into(), id.into()];
            let twin = store.get(&NOTE, &key).await.expect("a read");
            assert!(twin.is_some(), "room {id} without its note");
            let by =
                Scan { prefix: vec![format!("room-{id}").into()], ..scan.clone().by("by_slug") };
            let by = Scan { from: Bound::Unbounded, ..by };
            assert_eq!(store.scan(&by).await.expect("a scan"), [row]);
            let search = Search::new(&NOTE, vec![format!("w{id}w")], 9);
            assert_eq!(store.search(&search).await.expect("a search"), [id]);
            kept.push(id);
        }
    }
    let all = Scan { limit: SCAN_MAX, ..whole_notes() };
    let notes = store.scan(&all).await.expect("a scan").len();
    assert_eq!(notes, kept.len().min(SCAN_MAX), "a note without its room");
    kept
}

fn whole_notes() -> Scan {
    let (prefix, from, to) = (Vec::new(), Bound::Unbounded, Bound::Unbounded);
    Scan { table: &NOTE, index: None, prefix, from, to, reverse: false, limit: SCAN_MAX }
}
