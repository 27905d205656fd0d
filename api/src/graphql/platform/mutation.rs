//! The root of the mutations on the apex.

use async_graphql::MergedObject;

use super::{session::PlatformSessionMutation, workspace::WorkspaceMutation};
use crate::graphql::{
    authenticator::AuthenticatorMutation, passkey::PasskeyMutation, password::PasswordMutation, security::SecurityMutation,
};

/// What can be changed on the apex: sessions, and how one signs in.
#[derive(MergedObject, Default)]
pub struct Mutation(
    PlatformSessionMutation,
    WorkspaceMutation,
    PasswordMutation,
    SecurityMutation,
    AuthenticatorMutation,
    PasskeyMutation,
);
