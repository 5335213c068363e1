//! Our chores in Rust, one subcommand each: `cargo run --release -p xtask -- bench-store`.
//!
//! Not shipped; whatever would be a shell script elsewhere is here, so that it is compiled with the
//! code it works on.
#![forbid(unsafe_code)]

mod bench_api;
mod bench_chat;
mod bench_lanes;
mod bench_store;
mod chance;
mod faults;
mod figures;
mod kills;
mod ledger;
mod process;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.collect::<Vec<_>>()) {
        (Some("bench-store"), args) => bench_store::run(&args),
        (Some("bench-lanes"), args) => bench_lanes::run(&args),
        (Some("bench-api"), args) => bench_api::run(&args),
        (Some("bench-chat"), args) => bench_chat::run(&args),
        (Some("faults"), args) => faults::run(&args),
        (Some("kills"), args) => kills::run(&args),
        _ => anyhow::bail!(
            "usage: xtask kills [ROUNDS] [SEED] | faults | bench-store [FOLDER] | bench-lanes | \
             bench-chat | bench-api [SECONDS]"
        ),
    }
}
