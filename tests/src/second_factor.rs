//! An authenticator app, as somebody has it on the telephone.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::{Answer, Caller};

/// An app that shows codes, and the recovery codes that came with it.
pub struct CodeApp {
    totp: Totp,
    /// The recovery codes.
    pub recovery_codes: Vec<String>,
}

impl CodeApp {
    /// Sets up and confirms an app for whoever is signed in. The code of that moment is used up by it.
    pub async fn set_up(caller: &Caller, password: &str, now: DateTime<Utc>) -> Self {
        let made = caller.mutate("setUpAuthenticator", json!({ "password": password }), "secret uri").await;
        let totp = Totp::from_url(made.text("/setUpAuthenticator/uri")).unwrap();
        assert_eq!(totp.secret().to_base32(), made.text("/setUpAuthenticator/secret"));
        let mut app = Self { totp, recovery_codes: Vec::new() };
        let confirmed = caller.mutate("confirmAuthenticator", json!({ "code": app.code(now) }), "recoveryCodes").await;
        app.recovery_codes = texts(&confirmed.data("/confirmAuthenticator/recoveryCodes"));
        app
    }

    /// The app that a secret is typed into.
    pub fn of(uri: &str) -> Self {
        Self { totp: Totp::from_url(uri).unwrap(), recovery_codes: Vec::new() }
    }

    /// The code that the app shows.
    pub fn code(&self, now: DateTime<Utc>) -> String {
        self.totp.generate(now.timestamp().try_into().unwrap()).to_string()
    }

    /// A code that the app does not show.
    pub fn wrong_code(&self, now: DateTime<Utc>) -> String {
        let shown: Vec<String> = (-2..=2).map(|step| self.code(now + chrono::TimeDelta::seconds(30 * step))).collect();
        (0..1_000_000).map(|number| format!("{number:06}")).find(|code| !shown.contains(code)).unwrap()
    }
}

impl Caller {
    /// Signs in by a password, and returns the challenge that a second factor has to answer.
    pub async fn challenge(&self, email: &str, password: &str) -> String {
        let answer = self.mutate("signIn", json!({ "email": email, "password": password }), "accessToken").await;
        assert_eq!(answer.code(), "SECOND_FACTOR_REQUIRED", "{}", answer.body);
        answer.body["errors"][0]["extensions"]["challenge"].as_str().unwrap().to_owned()
    }

    /// Goes on with a sign-in by a code of the app.
    pub async fn complete_by_code(&self, challenge: &str, code: &str) -> Answer {
        self.mutate("completeSignIn", json!({ "challenge": challenge, "code": code }), "accessToken refreshToken").await
    }

    /// Goes on with a sign-in by a recovery code.
    pub async fn complete_by_recovery_code(&self, challenge: &str, code: &str) -> Answer {
        let input = json!({ "challenge": challenge, "recoveryCode": code });
        self.mutate("completeSignIn", input, "accessToken refreshToken").await
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}
