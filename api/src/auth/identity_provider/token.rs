//! Tokens that a provider signed.

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde_json::{Map, Value};

/// The most seconds that clocks may differ.
const LEEWAY: i64 = 30;
/// A longer token is refused unread.
const LONGEST: usize = 16 * 1024;

/// The signatures that are taken: those whose verifying key cannot sign. With HS256 the public key would be the secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// A token whose signature is genuine.
#[derive(Debug)]
pub(super) struct GenuineToken {
    pub(super) subject: String,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) claims: Map<String, Value>,
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenRefusal {
    /// It is signed with a key that is not known: the provider may have a new one.
    #[error("the token's key is unknown")]
    UnknownKey,
    #[error(transparent)]
    Wrong(#[from] anyhow::Error),
}

/// Verifies a token: signed by one of the keys, issued by `issuer`, meant for `audience`, and not over.
pub(super) fn verify(
    token: &str,
    keys: &[Jwk],
    issuer: &str,
    audience: &str,
    now: DateTime<Utc>,
) -> Result<GenuineToken, TokenRefusal> {
    if token.len() > LONGEST {
        return Err(anyhow::anyhow!("the token is too long").into());
    }
    let header = decode_header(token).context("the token's header cannot be read")?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(anyhow::anyhow!("the token is signed with an algorithm that is not taken").into());
    }
    // What must be understood, and is not (RFC 7515, 4.1.11).
    if header.crit.is_some() {
        return Err(anyhow::anyhow!("the token asks for an extension").into());
    }
    let is_meant = |key: &&Jwk| header.kid.is_none() || header.kid == key.common.key_id;
    let mut fitting = keys.iter().filter(is_meant).filter(|key| fits(key, header.alg));
    let key = fitting.next().ok_or(TokenRefusal::UnknownKey)?;
    if fitting.next().is_some() {
        return Err(anyhow::anyhow!("it is not clear which key signed the token").into());
    }
    let key = DecodingKey::from_jwk(key).context("the provider's key cannot be read")?;
    let mut validation = Validation::new(header.alg);
    // All claims are checked below, against the request's clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let claims = decode::<Map<String, Value>>(token, &key, &validation).context("the token's signature is wrong")?.claims;
    Ok(check(claims, issuer, audience, now)?)
}

/// Whether a key is for this algorithm.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), algorithm) => matches!(
            algorithm,
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512
        ),
        (AlgorithmParameters::EllipticCurve(curve), Algorithm::ES256) => curve.curve == EllipticCurve::P256,
        (AlgorithmParameters::EllipticCurve(curve), Algorithm::ES384) => curve.curve == EllipticCurve::P384,
        (AlgorithmParameters::OctetKeyPair(pair), Algorithm::EdDSA) => pair.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    let is_for_signatures = key.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    kind && is_for_signatures && key.common.key_algorithm.is_none_or(|named| named == algorithm.into())
}

fn check(claims: Map<String, Value>, issuer: &str, audience: &str, now: DateTime<Utc>) -> anyhow::Result<GenuineToken> {
    let seconds = now.timestamp();
    ensure!(text(&claims, "iss") == Some(issuer), "the token is another issuer's");
    ensure!(is_for(&claims, audience), "the token is for another audience");
    let end = time(&claims, "exp")?.context("the token never ends")?;
    ensure!(end > seconds, "the token has expired");
    for name in ["nbf", "iat"] {
        ensure!(time(&claims, name)?.is_none_or(|at| at <= seconds + LEEWAY), "the token is of the future");
    }
    let subject = text(&claims, "sub").filter(|subject| !subject.is_empty()).context("the token is nobody's")?.to_owned();
    // OpenID Connect has no longer ones, and Postgres takes no NUL.
    ensure!(subject.len() <= 255 && !subject.contains('\0'), "the token's subject is too long");
    let expires_at = DateTime::from_timestamp_secs(end).context("the token ends too late")?;
    Ok(GenuineToken { subject, expires_at, claims })
}

/// Whether the token is for this audience, alone or among others.
fn is_for(claims: &Map<String, Value>, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(only)) => only == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one == audience),
        _ => false,
    }
}

/// Checks what an ID token has beyond other tokens: the nonce of the sign-in, and the party that it was issued to.
pub(super) fn check_id_token(token: &GenuineToken, client_id: &str, nonce: &str) -> anyhow::Result<()> {
    ensure!(text(&token.claims, "nonce") == Some(nonce), "the token belongs to another sign-in");
    let has_several = token.claims.get("aud").and_then(Value::as_array).is_some_and(|several| several.len() > 1);
    match text(&token.claims, "azp") {
        Some(party) => ensure!(party == client_id, "the token was issued to another party"),
        None => ensure!(!has_several, "the token has several audiences and does not say to whom it was issued"),
    }
    if !token.claims.contains_key("iat") {
        bail!("the token does not say when it was issued");
    }
    Ok(())
}

/// Seconds since 1970; some providers write a fraction.
fn time(claims: &Map<String, Value>, name: &str) -> anyhow::Result<Option<i64>> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    #[expect(clippy::cast_possible_truncation, reason = "the conversion saturates, and such a time is refused")]
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
    Ok(Some(seconds.with_context(|| format!("{name} is no time"))?))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}
