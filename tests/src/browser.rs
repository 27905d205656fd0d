//! Somebody with a browser: goes to addresses, and keeps cookies.

use std::collections::HashMap;

use axum::{
    body::Body,
    http::{Request, header},
};

use crate::{Answer, Company};

/// A browser at one tenant's host.
pub struct Browser<'a> {
    company: &'a Company<'a>,
    /// What it keeps.
    pub cookies: HashMap<String, String>,
}

impl<'a> Browser<'a> {
    /// One without cookies.
    pub fn at(company: &'a Company<'a>) -> Self {
        Self { company, cookies: HashMap::new() }
    }

    /// Goes to a path.
    pub async fn go(&mut self, path: &str) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::get(path).header(header::HOST, self.company.host()).header(header::COOKIE, cookies.join("; "));
        let answer = self.company.anonymous().send(request.body(Body::empty()).unwrap()).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Goes to a path, and says where it leads.
    pub async fn follow(&mut self, path: &str) -> String {
        let answer = self.go(path).await;
        assert_eq!(answer.status, 303, "{path} {}", answer.body);
        answer.headers[header::LOCATION].to_str().unwrap().to_owned()
    }

    /// Renews the session of its cookie, and gives the access token.
    pub async fn access_token(&self) -> String {
        let request = Request::post("/graphql")
            .header(header::HOST, self.company.host())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, format!("tenantry_refresh={}", self.cookies["tenantry_refresh"]))
            .body(Body::from("{\"query\":\"mutation { refresh { accessToken } }\"}"))
            .unwrap();
        self.company.anonymous().send(request).await.text("/refresh/accessToken")
    }
}
