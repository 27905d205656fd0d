//! The cookie that keeps a refresh token out of reach of the page's scripts.

use async_graphql::Context;
use chrono::{DateTime, Utc};

use super::{front_door::FrontDoor, session::REFRESH_COOKIE as NAME};

/// Puts the refresh token into the cookie, or leaves it for the answer.
pub fn keep(
    ctx: &Context<'_>,
    door: &FrontDoor,
    refresh_token: String,
    expires_at: DateTime<Utc>,
    in_cookie: bool,
) -> Option<String> {
    if !in_cookie {
        return Some(refresh_token);
    }
    ctx.append_http_header("set-cookie", set(&refresh_token, expires_at, door.now, door.secure));
    None
}

/// Sets the cookie until the session ends. It is sent to this host alone, to the API alone, and by its own pages alone.
pub fn set(refresh_token: &str, expires_at: DateTime<Utc>, now: DateTime<Utc>, secure: bool) -> String {
    let seconds = (expires_at - now).num_seconds().max(0);
    format!("{NAME}={refresh_token}; {}; Max-Age={seconds}", attributes(secure))
}

/// Removes the cookie.
pub fn clear(secure: bool) -> String {
    format!("{NAME}=; {}; Max-Age=0", attributes(secure))
}

fn attributes(secure: bool) -> &'static str {
    if secure { "Path=/graphql; HttpOnly; SameSite=Strict; Secure" } else { "Path=/graphql; HttpOnly; SameSite=Strict" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_lives_as_long_as_the_session() {
        let now = DateTime::UNIX_EPOCH;
        let cookie = set("abc", now + chrono::TimeDelta::days(1), now, true);
        assert_eq!(cookie, "tenantry_refresh=abc; Path=/graphql; HttpOnly; SameSite=Strict; Secure; Max-Age=86400");
        assert_eq!(clear(false), "tenantry_refresh=; Path=/graphql; HttpOnly; SameSite=Strict; Max-Age=0");
    }
}
