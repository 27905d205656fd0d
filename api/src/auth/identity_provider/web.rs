//! Asking identity providers: bounded in time and size, without redirects, and only addresses that may be asked.

use std::{sync::OnceLock, time::Duration};

use anyhow::{Context as _, bail};
use reqwest::{Client, RequestBuilder, redirect::Policy};
use serde_json::{Map, Value};
use url::Url;

use super::address::{PublicAddresses, check};

/// How long an answer may take, from the connection to its last byte.
const LONGEST: Duration = Duration::from_secs(6);
const LONGEST_CONNECT: Duration = Duration::from_secs(3);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 256 * 1024;

/// Asks identity providers.
#[derive(Debug)]
pub(super) struct Web {
    allow_local: bool,
    client: OnceLock<Client>,
}

impl Web {
    pub(super) fn new(allow_local: bool) -> Self {
        Self { allow_local, client: OnceLock::new() }
    }

    /// Parses an address that may be asked.
    pub(super) fn parse(&self, text: &str) -> anyhow::Result<Url> {
        let url = Url::parse(text).context("an address cannot be read")?;
        check(&url, self.allow_local)?;
        Ok(url)
    }

    /// Asks for a JSON object.
    pub(super) async fn get(&self, url: &Url, bearer: Option<&str>) -> anyhow::Result<Map<String, Value>> {
        let mut request = self.client()?.get(url.clone());
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        self.send(url, request).await
    }

    /// Posts a form, and takes a JSON object. The name and password are those of HTTP's basic authentication.
    pub(super) async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> anyhow::Result<Map<String, Value>> {
        let mut request = self.client()?.post(url.clone()).form(form);
        if let Some((name, password)) = basic {
            request = request.basic_auth(name, Some(password));
        }
        self.send(url, request).await
    }

    async fn send(&self, url: &Url, request: RequestBuilder) -> anyhow::Result<Map<String, Value>> {
        check(url, self.allow_local)?;
        let mut response = request.header("accept", "application/json").send().await?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                bail!("the answer of {url} is too large");
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            // The error's name, as RFC 6749 has it, tells the operator what to correct. Nothing else of the answer is kept.
            let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
            let error: String = answer.get("error").and_then(Value::as_str).unwrap_or_default().chars().take(100).collect();
            bail!("{url} answers {status} {error:?}");
        }
        serde_json::from_slice(&body).with_context(|| format!("the answer of {url} is no JSON object"))
    }

    /// Made when it is first needed: it reads the machine's certificates.
    fn client(&self) -> anyhow::Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut builder = Client::builder()
            .redirect(Policy::none())
            // A proxy would resolve the names by itself.
            .no_proxy()
            .timeout(LONGEST)
            .connect_timeout(LONGEST_CONNECT)
            .https_only(!self.allow_local)
            .user_agent(concat!("tenantry/", env!("CARGO_PKG_VERSION")));
        if !self.allow_local {
            builder = builder.dns_resolver(PublicAddresses);
        }
        let client = builder.build().context("no client for identity providers could be made")?;
        Ok(self.client.get_or_init(|| client))
    }
}
