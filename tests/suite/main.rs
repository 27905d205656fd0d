//! The tests: one file a noun, each test on the real router, a real Postgres and tenants of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod audit;
mod connection;
mod departments;
mod directory;
mod employees;
mod fleet;
mod hosts;
mod interleaving;
mod isolation;
mod locations;
mod pooler;
mod positions;
mod provision;
mod sessions;
mod tokens;
mod viewer;
