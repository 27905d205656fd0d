//! Signing an organisation up.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    context::PlatformResolverContext as _,
    session::{PlatformSessionPayload, begin},
    workspace::address,
};
use crate::{
    auth::{Confirmation, SignUpWish},
    graphql::platform::PlatformContext,
};

/// Who may sign an organisation up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::auth::SignUpMode")]
pub enum SignUpMode {
    /// Anybody.
    Open,
    /// Whoever has an invitation of the operator.
    Invited,
    /// Nobody.
    Closed,
}

/// Why an address cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::auth::SlugProblem")]
pub enum SlugProblem {
    /// It is none.
    Invalid,
    /// The platform keeps it for itself.
    Reserved,
    /// An organisation has it.
    Taken,
}

/// Whether a new organisation can have an address.
#[derive(Debug, SimpleObject)]
pub struct SlugAvailability {
    /// Whether it can.
    available: bool,
    /// Why it cannot.
    problem: Option<SlugProblem>,
    /// The same as a sentence.
    message: Option<String>,
    /// One that is free, where this one is not.
    suggestion: Option<String>,
    /// The address in full, where it can be had: `https://acme.example.com`.
    url: Option<String>,
}

/// A sign-up, as whoever asked for it may know it.
#[derive(Debug, SimpleObject)]
pub struct SignUpStatus {
    /// Whether the organisation is there.
    confirmed: bool,
    /// Its address, once it is there.
    url: Option<String>,
    /// Until when the sign-up can be confirmed.
    expires_at: DateTime<Utc>,
}

/// A sign-up, as whoever reads its mail may know it.
#[derive(Debug, SimpleObject)]
pub struct OpenSignUp {
    /// The organisation's name.
    organisation: String,
    /// Its label under the base domain.
    slug: String,
    /// The owner's e-mail address.
    email: String,
    /// Whether the e-mail address has an account: its owner signs in afterwards as always.
    has_account: bool,
    /// The organisation's address, where it has been made already.
    url: Option<String>,
    /// Until when the sign-up can be confirmed.
    expires_at: DateTime<Utc>,
}

/// An organisation to be signed up, and its owner.
#[derive(InputObject)]
pub struct SignUpInput {
    /// The organisation's name.
    organisation: String,
    /// Its label under the base domain: `acme`.
    slug: String,
    /// The owner's name.
    owner_name: String,
    /// The owner's e-mail address, where the mail goes.
    email: String,
    /// The password of the owner's account, at least 10 characters. An account that is there already keeps its own.
    #[graphql(secret)]
    password: String,
    /// 22 to 128 characters, made by chance for this one sign-up. Asking twice with one key is asking once. It proves to
    /// `confirmSignUp` that whoever confirms is whoever asked: keep it secret.
    #[graphql(secret)]
    idempotency_key: String,
    /// The operator's invitation, where `signUpMode` is `INVITED`.
    #[graphql(secret)]
    invitation: Option<String>,
}

/// A sign-up that waits for its confirmation.
#[derive(Debug, SimpleObject)]
pub struct SignUpPayload {
    /// Where the mail with the link goes.
    email: String,
    /// Until when the sign-up can be confirmed.
    expires_at: DateTime<Utc>,
}

/// The confirmation of a sign-up.
#[derive(InputObject)]
pub struct ConfirmSignUpInput {
    /// The token of the link in the mail.
    #[graphql(secret)]
    token: String,
    /// The key that the sign-up was asked for with. This or the password is needed where the e-mail address has no account.
    #[graphql(secret)]
    idempotency_key: Option<String>,
    /// The password that was chosen, in place of the key.
    #[graphql(secret)]
    password: Option<String>,
    /// Another address, where the one that was wished for is taken.
    slug: Option<String>,
    /// Keep the refresh token in an `HttpOnly` cookie of this host instead of returning it.
    #[graphql(default = false)]
    keep_in_cookie: bool,
}

/// What confirming a sign-up did.
#[derive(SimpleObject)]
pub struct ConfirmSignUpPayload {
    /// The organisation's name.
    name: String,
    /// Its label under the base domain.
    slug: String,
    /// Its address.
    url: String,
    /// A session on the apex, from which one enters the organisation; null where the account was there before, or the sign-up was
    /// confirmed before: then one signs in.
    session: Option<PlatformSessionPayload>,
}

/// The part of the queries that is about signing up.
#[derive(Default)]
pub struct SignUpQuery;

#[Object]
impl SignUpQuery {
    /// Who may sign an organisation up.
    async fn sign_up_mode(&self, ctx: &Context<'_>) -> Result<SignUpMode> {
        Ok(ctx.platform()?.front_door.auth.sign_up_policy().mode.into())
    }

    /// Whether a new organisation can have this address. It says what the address itself would, one at a time and only so often.
    async fn slug_availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The label under the base domain.")] slug: String,
    ) -> Result<SlugAvailability> {
        let request = ctx.platform()?;
        let door = &request.front_door;
        let answer = door.auth.slug_availability(&slug, &door.visitor, door.now).await?;
        let available = answer.problem.is_none();
        let (problem, message) = answer.problem.map(|(problem, message)| (problem.into(), message)).unzip();
        let suggestion = answer.suggestion.map(|slug| slug.to_string());
        let url = available.then(|| request.addresses.of(&format!("{slug}.{}", door.hosts.base())));
        Ok(SlugAvailability { available, problem, message, suggestion, url })
    }

    /// What became of a sign-up; null where none is known, or not any more.
    async fn sign_up_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key that it was asked for with.", secret)] idempotency_key: String,
    ) -> Result<Option<SignUpStatus>> {
        let request = ctx.platform()?;
        let door = &request.front_door;
        let found = door.auth.sign_up_progress(&idempotency_key, door.now).await?;
        Ok(found.map(|progress| SignUpStatus {
            confirmed: progress.tenant.is_some(),
            url: progress.tenant.map(|tenant| address(request, &tenant)),
            expires_at: progress.expires_at,
        }))
    }

    /// The sign-up that a mail was about; null where its link is not good any more.
    async fn open_sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the link in the mail.", secret)] token: String,
    ) -> Result<Option<OpenSignUp>> {
        let request = ctx.platform()?;
        let found = request.front_door.auth.open_sign_up(&token, request.front_door.now).await?;
        Ok(found.map(|open| OpenSignUp {
            organisation: open.row.organisation,
            slug: open.row.slug,
            email: open.row.email,
            has_account: open.has_account,
            url: open.tenant.map(|tenant| address(request, &tenant)),
            expires_at: open.row.expires_at,
        }))
    }
}

/// The mutations of signing up.
#[derive(Default)]
pub struct SignUpMutation;

#[Object]
impl SignUpMutation {
    /// Asks for an organisation to be signed up. Nothing is made yet: a mail with a link goes to the owner's address, and the answer is
    /// the same whether that has an account or not. An address that is taken is the error `CONFLICT` with the field `slug`.
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation and its owner.")] input: SignUpInput,
    ) -> Result<SignUpPayload> {
        let door = &ctx.platform()?.front_door;
        let wish = SignUpWish {
            organisation: input.organisation,
            slug: input.slug,
            owner_name: input.owner_name,
            email: input.email,
            password: input.password.into(),
            key: input.idempotency_key,
            invitation: input.invitation,
        };
        let asked = door.auth.sign_up(&door.mail, wish, &door.visitor, door.now).await?;
        Ok(SignUpPayload { email: asked.email, expires_at: asked.expires_at })
    }

    /// Makes the organisation of a sign-up and its owner, at once. Confirming again gives the same organisation. Where the address was
    /// taken meanwhile, the error is `CONFLICT` with the field `slug`, and another one can be given with the same token.
    async fn confirm_sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token, and proof that whoever confirms is whoever asked.")] input: ConfirmSignUpInput,
    ) -> Result<ConfirmSignUpPayload> {
        let request: &PlatformContext = ctx.platform()?;
        request.check_may_sign_in()?;
        let door = &request.front_door;
        let confirmation = Confirmation {
            token: &input.token,
            key: input.idempotency_key.as_deref(),
            password: input.password.as_deref(),
            slug: input.slug.as_deref(),
        };
        let confirmed = door.auth.confirm_sign_up(&confirmation, &door.visitor, door.now).await?;
        let session = confirmed.session.map(|session| begin(ctx, request, session, input.keep_in_cookie)).transpose()?;
        Ok(ConfirmSignUpPayload {
            name: confirmed.tenant.name.clone(),
            slug: confirmed.tenant.slug.to_string(),
            url: address(request, &confirmed.tenant),
            session,
        })
    }
}
