//! The tests: one file a noun, each test on the real router, a real Postgres and tenants of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod adoption;
mod api_keys;
mod archive;
mod assets;
mod audit;
mod backups;
mod bad_input;
mod by_hand;
mod catalogue;
mod command_line;
mod conformance;
mod connection;
mod deletion;
mod departments;
mod directory;
mod domains;
mod employees;
mod exports;
mod fleet;
mod hosts;
mod identity_providers;
mod interleaving;
mod invitations;
mod isolation;
mod limits;
mod locations;
mod mail;
mod members;
mod operators;
mod origins;
mod passkeys;
mod passwords;
mod permissions;
mod plans;
mod pooler;
mod positions;
mod provision;
mod rates;
mod rename;
mod schema;
mod second_factor;
mod secrets;
mod server;
mod sessions;
mod sign_up;
mod signing_keys;
mod standby;
mod standing;
mod subscriptions;
mod support;
mod throttle;
mod tokens;
mod trusted_documents;
mod viewer;
mod workspaces;
