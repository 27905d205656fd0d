//! The rows of Tenantry as SeaORM entities, and the typed ids that name them.
//!
//! There is no logic here. [`platform`] holds the tables of the control plane, which live in the schema
//! `platform`; [`tenant`] holds the tables that every organisation has for itself, named without a schema
//! because the connection chooses the tenant.

pub mod id;
pub mod platform;
pub mod tenant;
