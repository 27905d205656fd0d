//! Trusted documents: with a list of them, nothing else is executed.
//!
//! The build of a client writes the list, as JSON: `{"<SHA-256 of the document, in hex>": "<document>"}`.

use std::{collections::HashMap, fmt::Write as _};

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

use super::parameters::Parameters;

/// The documents that may be executed, by their hashes.
#[derive(Debug)]
pub struct TrustedDocuments(HashMap<String, String>);

/// The part of a request that says which document it means.
impl TrustedDocuments {
    /// Reads a list. Every entry has to stand under its own hash: a slip would otherwise show when a client asks for it.
    pub fn parse(text: &[u8]) -> anyhow::Result<Self> {
        let documents: HashMap<String, String> = serde_json::from_slice(text).context("it is no JSON object of texts")?;
        ensure!(!documents.is_empty(), "it has no documents");
        for (hash, document) in &documents {
            let actual = hash_of(document);
            ensure!(*hash == actual, "the document under {hash} has the hash {actual}");
            async_graphql::parser::parse_query(document).with_context(|| format!("the document {hash} cannot be parsed"))?;
        }
        Ok(Self(documents))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Puts the document that is meant in its place. The error is a sentence for the client.
pub fn resolve(parameters: &mut Parameters, trusted: Option<&TrustedDocuments>) -> Result<(), &'static str> {
    let Some(TrustedDocuments(documents)) = trusted else {
        return if parameters.query.is_empty() && parameters.document_id.is_some() {
            Err("No document is known here by an id; send it as \"query\".")
        } else {
            Ok(())
        };
    };
    let hash = match &parameters.document_id {
        Some(id) => id.strip_prefix("sha256:").unwrap_or(id).to_owned(),
        None => hash_of(&parameters.query),
    };
    match documents.get(&hash) {
        Some(document) if parameters.query.is_empty() || parameters.query == *document => {
            document.clone_into(&mut parameters.query);
            Ok(())
        }
        Some(_) => Err("The document is not the one that its id names."),
        None => Err("This server executes only the documents that it was given; this is none of them."),
    }
}

/// The SHA-256 of a document, in hex.
pub fn hash_of(document: &str) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(document.as_bytes()) {
        // Writing to a text cannot fail.
        let _written = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::parameters::from_body;

    fn trusted() -> TrustedDocuments {
        let document = "{ tenant { slug } }";
        let text = serde_json::json!({ hash_of(document): document }).to_string();
        TrustedDocuments::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_hash_is_that_of_everyone() {
        assert_eq!(hash_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_list_that_is_wrong_is_not_served() {
        for text in ["", "[]", "{}", r#"{"a": 1}"#, r#"{"ab": "{ tenant { slug } }"}"#] {
            assert!(TrustedDocuments::parse(text.as_bytes()).is_err(), "{text}");
        }
        let broken = serde_json::json!({ hash_of("{"): "{" }).to_string();
        assert!(TrustedDocuments::parse(broken.as_bytes()).is_err());
    }

    #[test]
    fn only_what_is_listed_is_executed() {
        let trusted = trusted();
        let document = "{ tenant { slug } }";
        let hash = hash_of(document);
        let resolved = |body: serde_json::Value| {
            let mut parameters = from_body(body.to_string().as_bytes())?;
            resolve(&mut parameters, Some(&trusted)).map_err(str::to_owned)?;
            Ok::<_, String>(parameters.query)
        };
        for body in [
            serde_json::json!({ "query": document }),
            serde_json::json!({ "documentId": hash }),
            serde_json::json!({ "documentId": format!("sha256:{hash}") }),
            serde_json::json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } }),
            serde_json::json!({ "query": document, "extensions": { "persistedQuery": { "sha256Hash": hash } } }),
        ] {
            assert_eq!(resolved(body.clone()).as_deref(), Ok(document), "{body}");
        }
        for body in [
            serde_json::json!({ "query": "{ tenant { slug name } }" }),
            serde_json::json!({ "query": "{ tenant { slug name } }", "documentId": hash }),
            serde_json::json!({ "documentId": "nonsense" }),
            serde_json::json!({ "documentId": "" }),
            serde_json::json!({ "documentId": hash.to_uppercase() }),
        ] {
            assert!(resolved(body.clone()).is_err(), "{body}");
        }
    }

    #[test]
    fn without_a_list_an_id_alone_says_nothing() {
        let mut parameters = from_body(br#"{"documentId":"abc"}"#).unwrap();
        assert!(resolve(&mut parameters, None).is_err());
        let mut parameters = from_body(br#"{"query":"{a}","documentId":"abc"}"#).unwrap();
        assert!(resolve(&mut parameters, None).is_ok());
    }
}
