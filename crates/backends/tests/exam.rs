//! Who sits the exam: one line per store.

use std::path::Path;
use std::sync::Arc;

use backends::exam;
use backends::sqlite::{Options, SqliteStore};
use domain::store::{Store, memory::MemoryStore};

macro_rules! exam {
    ($store:ident $(, $durable:ident)?) => {
        mod $store {
            #[test]
            fn cases() {
                backends::exam::cases(super::$store);
            }

            #[test]
            fn agrees_with_memory() {
                backends::exam::agrees_with_memory(super::$store);
            }

            $(
                mod $durable {
                    #[test]
                    fn survives_kill() {
                        let child = concat!(stringify!($store), "::durable::crash_child");
                        backends::exam::survives_kill(crate::$store, child);
                    }

                    #[test]
                    #[ignore = "the child that survives_kill kills"]
                    fn crash_child() {
                        backends::exam::crash_child(crate::$store);
                    }
                }
            )?
        }
    };
}

exam!(memory);
exam!(sqlite, durable);

fn memory(_: &Path) -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn sqlite(folder: &Path) -> Arc<dyn Store> {
    let store = SqliteStore::open(folder, &exam::TABLES, Options::default());
    Arc::new(store.expect("a store in an own folder"))
}
