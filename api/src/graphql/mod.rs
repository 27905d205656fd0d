//! The GraphQL schemas: one for all tenants, in [`platform`] one for the apex, and in [`operator`] one for operators.
//!
//! A resolver is short: from the input to the domain's types, one verb with the request's scope and actor, and an object
//! around the result. The rules and the permissions are the domain's. One file a noun, as everywhere; what they share:
//!
//! - [`http`] reads a request and answers it; `prepare` parses its document, by `syntax`, and checks it; [`answer`] finishes what the
//!   engine says, and `response` has the answers of what is not executed.
//! - [`admission`] is what a request has to pass, with `variables` and [`values`], [`documents`] the list of those that are trusted.
//! - [`subscription`] has what can be watched; [`live`](crate::live) serves it.
//! - [`context`] is what a request carries, [`limits`] what it may ask for; [`error`] has the codes.
//! - `resolved`, `selected`, `loader` and `loaders` keep a list with its relations at one statement, or at one more for each relation that
//!   look-ahead cannot see.
//! - `id`, `connection`, `input` and `scalar` translate between the two sides.

#![expect(clippy::unused_async, reason = "the engine asks for resolvers to be async")]

pub mod accept;
pub mod admission;
pub mod answer;
pub mod api_key;
pub mod audit_event;
pub mod authenticator;
pub mod connection;
pub mod context;
pub mod cookie;
pub mod department;
pub mod department_change;
pub mod documents;
pub mod domain;
pub mod employee;
pub mod emptied;
pub mod error;
pub mod export;
pub mod fate;
pub mod front_door;
pub mod http;
pub mod id;
pub mod identity_provider;
pub mod input;
pub mod invitation;
pub mod limits;
pub mod loader;
pub mod loaders;
pub mod location;
pub mod member;
pub mod mutation;
pub mod node;
pub mod operator;
pub mod parameters;
pub mod passkey;
pub mod password;
pub mod permission;
pub mod plan;
pub mod platform;
pub mod position;
pub(crate) mod prepare;
pub mod query;
pub mod resolved;
mod response;
pub mod scalar;
pub mod scan;
pub mod security;
pub mod selected;
pub mod session;
pub mod standing;
pub mod subscription;
pub mod support;
mod syntax;
pub mod tenant;
pub mod tenant_change;
mod times;
pub mod unrepeated;
pub mod values;
mod variables;
pub mod viewer;
pub mod visit;

use std::sync::LazyLock;

use async_graphql::{ID, SDLExportOptions, SimpleObject};
use chrono::{DateTime, Utc};

pub use mutation::Mutation;
pub use query::Query;
pub use subscription::Subscription;
use values::Types;

/// The schema, cheap to clone.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Builds the schema. It holds no state: what a request needs comes with the request.
pub fn schema() -> Schema {
    traced(async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription::default()))
        .override_output_type_description::<DateTime<Utc>>("An instant, RFC 3339 in UTC: `2026-11-21T09:30:00+00:00`.")
        // Guessing what a client meant costs time that only mistaken, or curious, clients take.
        .disable_suggestions()
        // `limits` has the limits, with what was counted; the engine's own messages say only that there was too much.
        .finish()
}

/// The types of the schema.
pub fn types() -> &'static Types {
    static TYPES: LazyLock<Types> = LazyLock::new(Types::of::<Query, Mutation, Subscription>);
    &TYPES
}

/// Lets the fields at the root be parts of traces, where there are any: else an extension would cost every field something.
fn traced<Q, M, S>(builder: async_graphql::SchemaBuilder<Q, M, S>) -> async_graphql::SchemaBuilder<Q, M, S> {
    #[cfg(feature = "opentelemetry")]
    if crate::telemetry::traces::are_sent() {
        return builder.extension(crate::telemetry::traces::RootFields);
    }
    builder
}

/// The schema as text, in the schema definition language.
pub fn sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().prefer_single_line_descriptions())
}

/// What was deleted.
#[derive(Debug, SimpleObject)]
pub struct DeletePayload {
    /// The opaque id of what was deleted.
    deleted_id: ID,
}
