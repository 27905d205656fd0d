//! The cookies that keep refresh tokens out of reach of the page's scripts.

use async_graphql::Context;
use chrono::{DateTime, Utc};

/// A cookie for refresh tokens of one kind. It is sent to its host alone, to one API alone, and by that host's own pages alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshCookie {
    /// The cookie's name.
    pub name: &'static str,
    /// The path of the API that it is sent to.
    path: &'static str,
}

/// That of accounts, at tenants and on the apex.
pub const ACCOUNT: RefreshCookie = RefreshCookie { name: "tenantry_refresh", path: "/graphql" };
/// That of operators.
pub const OPERATOR: RefreshCookie = RefreshCookie { name: "tenantry_operator", path: "/operator/graphql" };

impl RefreshCookie {
    /// Puts the refresh token into the cookie, or leaves it for the answer.
    pub fn keep(
        self,
        ctx: &Context<'_>,
        refresh_token: String,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
        secure: bool,
        in_cookie: bool,
    ) -> Option<String> {
        if !in_cookie {
            return Some(refresh_token);
        }
        ctx.append_http_header("set-cookie", self.set(&refresh_token, expires_at, now, secure));
        None
    }

    /// Sets the cookie until the session ends.
    pub fn set(self, refresh_token: &str, expires_at: DateTime<Utc>, now: DateTime<Utc>, secure: bool) -> String {
        let seconds = (expires_at - now).num_seconds().max(0);
        format!("{}={refresh_token}; {}; Max-Age={seconds}", self.name, self.attributes(secure))
    }

    /// Removes the cookie.
    pub fn clear(self, secure: bool) -> String {
        format!("{}=; {}; Max-Age=0", self.name, self.attributes(secure))
    }

    fn attributes(self, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!("Path={}; HttpOnly; SameSite=Strict{secure}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_lives_as_long_as_the_session() {
        let now = DateTime::UNIX_EPOCH;
        let cookie = ACCOUNT.set("abc", now + chrono::TimeDelta::days(1), now, true);
        assert_eq!(cookie, "tenantry_refresh=abc; Path=/graphql; HttpOnly; SameSite=Strict; Secure; Max-Age=86400");
        assert_eq!(ACCOUNT.clear(false), "tenantry_refresh=; Path=/graphql; HttpOnly; SameSite=Strict; Max-Age=0");
        let cookie = OPERATOR.set("abc", now + chrono::TimeDelta::hours(1), now, true);
        assert_eq!(cookie, "tenantry_operator=abc; Path=/operator/graphql; HttpOnly; SameSite=Strict; Secure; Max-Age=3600");
    }
}
