//! The schema of the apex: the control plane, as far as the one who asks may see it. It knows no tenant's data.

pub mod context;
pub mod mutation;
pub mod parting;
pub mod query;
pub mod session;
pub mod sign_up;
pub mod workspace;

use std::sync::LazyLock;

use async_graphql::{EmptySubscription, SDLExportOptions};
use chrono::{DateTime, Utc};

pub use context::PlatformContext;
pub use mutation::Mutation;
pub use query::Query;

use super::values::Types;

/// The schema of the apex, cheap to clone.
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
