//! The schema of operators: the tenants as the control plane knows them, and what is done with them. It reads no tenant's data.

pub mod certificate;
pub mod context;
pub mod event;
pub mod fleet;
pub mod limit;
pub mod list;
pub mod mutation;
pub mod plan;
pub mod query;
pub mod session;
pub mod setup;
pub mod support;
pub mod tenant;
pub mod tenant_change;
pub mod tenant_details;
pub mod tenant_plan;

use std::sync::LazyLock;

use async_graphql::{EmptySubscription, SDLExportOptions};
use chrono::{DateTime, Utc};

pub use context::OperatorContext;
pub use mutation::Mutation;
pub use query::Query;

use super::values::Types;

/// The schema of operators, cheap to clone.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// Builds the schema. What a request needs comes with the request.
pub fn schema() -> Schema {
    super::traced(async_graphql::Schema::build(Query::default(), Mutation::default(), EmptySubscription))
        .override_output_type_description::<DateTime<Utc>>("An instant, RFC 3339 in UTC: `2026-11-21T09:30:00+00:00`.")
        .disable_suggestions()
        .finish()
}

/// The types of the schema.
pub fn types() -> &'static Types {
    static TYPES: LazyLock<Types> = LazyLock::new(Types::of::<Query, Mutation, EmptySubscription>);
    &TYPES
}

/// The schema as text, in the schema definition language.
pub fn sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().prefer_single_line_descriptions())
}
