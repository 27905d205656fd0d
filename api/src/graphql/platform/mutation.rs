//! The root of the mutations on the apex.

use async_graphql::MergedObject;

use super::{parting::PartingMutation, session::PlatformSessionMutation, sign_up::SignUpMutation, workspace::WorkspaceMutation};
use crate::graphql::{
    authenticator::AuthenticatorMutation, passkey::PasskeyMutation, password::PasswordMutation, security::SecurityMutation,
};

/// What can be changed on the apex: sessions, new organisations, and how one signs in.
#[derive(MergedObject, Default)]
pub struct Mutation(
    PlatformSessionMutation,
    SignUpMutation,
    WorkspaceMutation,
    PartingMutation,
    PasswordMutation,
    SecurityMutation,
    AuthenticatorMutation,
    PasskeyMutation,
);
