//! Setting an operator's account up, by the link that `tenantry operator create` has printed.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use secrecy::SecretString;

use super::{
    context::OperatorResolverContext as _,
    session::{OperatorSessionPayload, begin},
};
use crate::{auth::ChosenAccess, graphql::authenticator::SetUpAuthenticatorPayload};

/// An account that waits to be set up.
#[derive(SimpleObject)]
pub struct OperatorSetup {
    /// The operator's name.
    name: String,
    /// The operator's e-mail address.
    email: String,
    /// What the authenticator app is told.
    authenticator: SetUpAuthenticatorPayload,
}

/// What an operator chooses.
#[derive(InputObject)]
pub struct CompleteOperatorSetupInput {
    /// What stands behind the `#` of the link.
    #[graphql(secret)]
    token: String,
    /// The password, at least 10 characters.
    #[graphql(secret)]
    password: String,
    /// The code that the authenticator app shows.
    #[graphql(secret)]
    code: String,
    /// Keep the refresh token in an `HttpOnly` cookie of this host instead of returning it.
    #[graphql(default = false)]
    keep_in_cookie: bool,
}

/// The query of an account that waits to be set up.
#[derive(Default)]
pub struct SetupQuery;

#[Object]
impl SetupQuery {
    /// The account that a link sets up. `BAD_USER_INPUT` when the link is not good, or not any more.
    async fn operator_setup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What stands behind the `#` of the link.", secret)] token: String,
    ) -> Result<OperatorSetup> {
        let request = ctx.operator_request()?;
        let found = request.auth.operator_setup(&token, request.now).await?;
        Ok(OperatorSetup { name: found.name, email: found.email, authenticator: found.authenticator.into() })
    }
}

/// The mutation that sets an account up.
#[derive(Default)]
pub struct SetupMutation;

#[Object]
impl SetupMutation {
    /// Sets an account up and signs the operator in. The link is good once.
    async fn complete_operator_setup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link, and what the operator chooses.")] input: CompleteOperatorSetupInput,
    ) -> Result<OperatorSessionPayload> {
        let request = ctx.operator_request()?;
        request.check_may_sign_in()?;
        let chosen = ChosenAccess { token: &input.token, password: SecretString::from(input.password), code: &input.code };
        let session = request.auth.complete_operator_setup(chosen, &request.visitor, request.now).await?;
        Ok(begin(ctx, request, session, input.keep_in_cookie))
    }
}
