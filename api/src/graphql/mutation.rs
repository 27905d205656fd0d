//! The root of the mutations.

use async_graphql::MergedObject;

use super::{
    department::DepartmentMutation, employee::EmployeeMutation, location::LocationMutation, position::PositionMutation,
    session::SessionMutation,
};

/// What can be changed. The fields of a request run one after another, each in a transaction of its own: one that fails undoes
/// nothing of the others.
#[derive(MergedObject, Default)]
pub struct Mutation(SessionMutation, EmployeeMutation, DepartmentMutation, PositionMutation, LocationMutation);
