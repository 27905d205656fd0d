//! Signing in by the tenant's identity provider: the code flow of OpenID Connect, with PKCE.
//!
//! The state, the nonce and the PKCE verifier are made for one try and kept here, hashed where a hash will do. The try belongs
//! to one browser, by a cookie: an answer that another browser brings, or the same one twice, is refused.

use anyhow::{Context as _, anyhow};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    id::ChallengeId,
    platform::{identity_provider::Model, sign_in_challenge},
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, Set, Statement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tenancy::TenantId;
use url::{Url, form_urlencoded::byte_serialize};

use super::{IdentityProviders, Problem, ProviderRefusal, member::LetIn, published::Snapshot, token};

/// How long somebody may take at the provider.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// The kind of the challenges that are kept here.
const KIND: &str = "identity_provider";
/// Longer parameters of an answer are no provider's.
const LONGEST: usize = 4096;

/// Where to send the browser, and what it has to keep.
#[derive(Debug)]
pub struct SignInStart {
    /// The provider's page.
    pub address: Url,
    /// What the browser keeps in a cookie until it comes back.
    pub browser: String,
    /// Until when.
    pub lifetime: TimeDelta,
}

/// What the browser brings back.
#[derive(Debug, Default, Deserialize)]
pub struct ProviderAnswer {
    /// The code for a token.
    code: Option<String>,
    /// The try that it belongs to.
    state: Option<String>,
    /// Why there is no code.
    error: Option<String>,
    /// Who answers (RFC 9207).
    iss: Option<String>,
}

/// What is kept of a try.
#[derive(Serialize, Deserialize)]
struct Attempt {
    /// Hashes of the second half of the state, and of what the browser keeps.
    secret: String,
    browser: String,
    nonce: String,
    verifier: String,
    issuer: String,
    client_id: String,
    redirect_uri: String,
}

/// Somebody whom the provider vouches for.
pub(super) struct Vouched {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
}

impl IdentityProviders {
    /// Begins a try.
    pub(crate) async fn begin(
        &self,
        tenant: TenantId,
        redirect_uri: String,
        now: DateTime<Utc>,
    ) -> Result<SignInStart, ProviderRefusal> {
        let provider = self.of(tenant).await?.ok_or_else(|| Problem::NoProvider.because("there is no identity provider"))?;
        let snapshot = self.snapshot(&provider, now).await?;
        let (id, secret, browser, nonce, verifier) = (ChallengeId::generate(), random(), random(), random(), random());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut address = snapshot.authorization_endpoint.clone();
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &format!("{}.{secret}", id.uuid().simple()))
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let attempt = Attempt {
            secret: hash(&secret),
            browser: hash(&browser),
            nonce,
            verifier,
            issuer: provider.issuer.clone(),
            client_id: provider.client_id.clone(),
            redirect_uri,
        };
        let row = sign_in_challenge::ActiveModel {
            id: Set(id),
            kind: Set(KIND.to_owned()),
            account_id: Set(None),
            tenant_id: Set(Some(tenant.0)),
            state: Set(serde_json::to_value(attempt).map_err(|error| Problem::Failed.because(anyhow!(error)))?),
            tries: Set(0),
            created_at: Set(now),
            expires_at: Set(now + LIFETIME),
        };
        row.insert(&self.platform).await?;
        Ok(SignInStart { address, browser, lifetime: LIFETIME })
    }

    /// Ends a try with what the browser brought back. Gives the member.
    pub(crate) async fn complete(
        &self,
        tenant: TenantId,
        answer: ProviderAnswer,
        browser: Option<&str>,
        takes_members: bool,
        now: DateTime<Utc>,
    ) -> Result<LetIn, ProviderRefusal> {
        let expired = |reason: &'static str| Problem::Expired.because(reason);
        let state = answer.state.as_deref().filter(|state| state.len() <= LONGEST).ok_or_else(|| expired("there is no state"))?;
        let browser = browser.ok_or_else(|| expired("the browser has no cookie of a sign-in"))?;
        let attempt = self.take(tenant, state, browser, now).await?.ok_or_else(|| expired("there is no such sign-in"))?;
        let provider = self.of(tenant).await?.ok_or_else(|| Problem::NoProvider.because("there is no identity provider"))?;
        if provider.issuer != attempt.issuer || provider.client_id != attempt.client_id {
            return Err(expired("the provider has changed since"));
        }
        let snapshot = self.snapshot(&provider, now).await?;
        if answer.iss.as_ref().map_or(snapshot.names_itself, |issuer| *issuer != provider.issuer) {
            return Err(Problem::Untrusted.because("the answer is another issuer's"));
        }
        if let Some(error) = &answer.error {
            let error: String = error.chars().filter(|character| !character.is_control()).take(100).collect();
            return Err(Problem::Refused.because(anyhow!("the provider says {error:?}")));
        }
        let code = answer.code.filter(|code| !code.is_empty() && code.len() <= LONGEST);
        let code = code.ok_or_else(|| Problem::Refused.because("there is no code"))?;
        let vouched = self.exchange(&provider, &snapshot, &attempt, &code, now).await?;
        self.member(&provider, &vouched.subject, &vouched.claims, takes_members, now).await
    }

    async fn snapshot(&self, provider: &Model, now: DateTime<Utc>) -> Result<std::sync::Arc<Snapshot>, ProviderRefusal> {
        let published = self.published(provider).await;
        published.get(&self.web, &provider.issuer, now).await.map_err(|error| Problem::Unreachable.because(error))
    }

    /// Uses up a try: found by its state and its browser, or not at all.
    async fn take(
        &self,
        tenant: TenantId,
        state: &str,
        browser: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Attempt>, ProviderRefusal> {
        let Some((id, secret)) = state.split_once('.') else {
            return Ok(None);
        };
        let Ok(id) = id.parse::<ChallengeId>() else {
            return Ok(None);
        };
        let sql = "DELETE FROM platform.sign_in_challenges WHERE id = $1 AND kind = $2 AND tenant_id = $3 \
                   AND state->>'secret' = $4 AND state->>'browser' = $5 RETURNING state, expires_at";
        let values = [id.uuid().into(), KIND.into(), tenant.0.into(), hash(secret).into(), hash(browser).into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let Some(row) = self.platform.query_one_raw(statement).await? else {
            return Ok(None);
        };
        let expires_at: DateTime<Utc> = row.try_get("", "expires_at")?;
        let state: Value = row.try_get("", "state")?;
        let attempt = serde_json::from_value(state).map_err(|error| Problem::Failed.because(anyhow!(error)))?;
        Ok(Some(attempt).filter(|_| now < expires_at))
    }

    /// Exchanges the code for tokens, and checks them.
    async fn exchange(
        &self,
        provider: &Model,
        snapshot: &Snapshot,
        attempt: &Attempt,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Vouched, ProviderRefusal> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &attempt.redirect_uri),
            ("code_verifier", &attempt.verifier),
        ];
        // RFC 6749, 2.3.1: both are encoded as a form's values are.
        let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let id = encode(&provider.client_id);
        let secret = provider.client_secret.as_deref().map(encode);
        let mut basic = None;
        match (&provider.client_secret, &secret) {
            (Some(_), Some(encoded)) if !snapshot.secret_in_form => basic = Some((id.as_str(), encoded.as_str())),
            (Some(plain), _) => form.extend([("client_id", provider.client_id.as_str()), ("client_secret", plain)]),
            (None, _) => form.push(("client_id", &provider.client_id)),
        }
        let answer = self.web.post(&snapshot.token_endpoint, &form, basic).await;
        let answer = answer.map_err(|error| Problem::Refused.because(error.context("the code was not exchanged")))?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let untrusted = |error: anyhow::Error| Problem::Untrusted.because(error);
        let id_token = text("id_token").context("there is no ID token").map_err(untrusted)?;
        let genuine = self.verify(provider, id_token, &provider.client_id, now).await;
        let genuine = genuine.map_err(|refusal| untrusted(refusal.into()))?;
        token::check_id_token(&genuine, &provider.client_id, &attempt.nonce).map_err(untrusted)?;
        let mut claims = genuine.claims;
        let lacks = |name: &str| !claims.contains_key(name);
        if (lacks("email") || provider.role_claim.as_deref().is_some_and(lacks))
            && let (Some(endpoint), Some(access_token)) = (&snapshot.userinfo_endpoint, text("access_token"))
        {
            let more = self.web.get(endpoint, Some(access_token)).await;
            let more = more.map_err(|error| Problem::Unreachable.because(error.context("the claims could not be read")))?;
            if more.get("sub").and_then(Value::as_str) != Some(genuine.subject.as_str()) {
                return Err(Problem::Untrusted.because("the claims are another's"));
            }
            // What is signed comes first.
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(Vouched { subject: genuine.subject, claims })
    }
}

/// 32 random bytes.
fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}
