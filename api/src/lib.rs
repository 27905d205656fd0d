//! Tenantry, the program: command line, configuration, HTTP, sign-in, and the GraphQL API on top of the domain.
//!
//! The way of a request: [`http`](mod@http) finds the tenant and the actor, [`graphql`] parses the operation and calls a verb of
//! `domain`, which reaches the tenant's schema through a connection of `tenancy` and nothing else.
//!
//! The binary `tenantry` is [`run`]; everything is public for the tests, which drive the same router.

pub mod app;
pub mod auth;
mod background;
pub mod backup;
mod claim;
pub mod cli;
mod commands;
pub mod config;
pub mod demo;
pub mod domains;
pub mod exports;
pub mod graphql;
pub mod http;
pub mod lifecycle;
pub mod live;
pub mod local_postgres;
pub mod mail;
mod named_file;
pub mod operators;
pub mod plan;
pub mod secret;
pub mod support;
mod telemetry;
pub mod traffic;
pub mod usage;

pub use commands::{run, sentence};
