//! Mail, read as a mail program reads it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A message with a text and the same as HTML.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The lines of the headers, as they came.
    pub headers: Vec<String>,
    /// The text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

impl Letter {
    /// Takes a message apart.
    pub fn parse(raw: &str) -> Self {
        let (headers, body) = raw.split_once("\r\n\r\n").expect("a message has headers and a body");
        let headers = unfold(headers);
        let boundary = headers.iter().find_map(|line| line.split_once("boundary=\"")).expect("the message has parts").1;
        let boundary = format!("--{}", boundary.split('"').next().unwrap());
        let parts: Vec<(Vec<String>, String)> = body
            .split(&boundary)
            .skip(1)
            .filter_map(|part| part.trim_start_matches("\r\n").split_once("\r\n\r\n"))
            .map(|(headers, body)| (unfold(headers), body.to_owned()))
            .collect();
        let part = |kind: &str| {
            let found = parts.iter().find(|(headers, _)| headers.iter().any(|line| line.contains(kind)));
            let (headers, body) = found.unwrap_or_else(|| panic!("there is no {kind} in {raw}"));
            decode(headers, body)
        };
        let (text, html) = (part("text/plain"), part("text/html"));
        Self { headers, text, html }
    }

    /// The value of a header, which is there once.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let prefix = format!("{name}: ");
        let values: Vec<&str> = self.headers.iter().filter_map(|line| line.strip_prefix(&prefix)).collect();
        assert_eq!(values.len(), 1, "{name} in {:?}", self.headers);
        values[0].to_owned()
    }

    /// The link of the text.
    #[track_caller]
    pub fn link(&self) -> String {
        let line = self.text.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("no link in {}", self.text));
        line.to_owned()
    }

    /// The token of the link.
    #[track_caller]
    pub fn token(&self) -> String {
        self.link().split_once('#').expect("the link has no token").1.to_owned()
    }
}

/// A long header is continued by lines that begin with a space.
fn unfold(headers: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in headers.split("\r\n") {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn decode(headers: &[String], body: &str) -> String {
    let encoding = headers.iter().find_map(|line| line.strip_prefix("Content-Transfer-Encoding: ")).unwrap_or("7bit");
    let bytes = match encoding {
        "base64" => STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap(),
        "quoted-printable" => unquote(body),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n").trim_end().to_owned()
}

fn unquote(body: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'=' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        if !after.starts_with(b"\r\n") {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
        }
        rest = &after[2..];
    }
    bytes
}
