//! The parameters of a GraphQL request, read strictly from a body or an address.

use async_graphql::Variables;
use axum::{extract::Query, http::Uri};
use serde::Deserialize;
use serde_json::Value;

use super::unrepeated::Unrepeated;

/// A request as it was sent, its parameters being of the right types.
#[derive(Debug)]
pub struct Parameters {
    /// The document; empty where it is named by its id alone.
    pub query: String,
    /// The id of the document, in one of the forms that clients have for it.
    pub document_id: Option<String>,
    /// Which operation of the document to execute.
    pub operation_name: Option<String>,
    /// Values for the variables of the operation.
    pub variables: Variables,
}

/// The parameters before their types are known. Absent and null are the same.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    query: Option<Value>,
    document_id: Option<Value>,
    operation_name: Option<Value>,
    variables: Option<Unrepeated>,
    extensions: Option<Unrepeated>,
}

/// Reads a JSON body. The error is a sentence for the client.
pub fn from_body(body: &[u8]) -> Result<Parameters, String> {
    // A derived reader also takes an array for a struct; and a batch deserves a sentence of its own.
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => {}
        Some(b'[') => return Err("Send one request at a time: batches are not supported.".to_owned()),
        Some(_) => return Err("The body is not a JSON object.".to_owned()),
        None => return Err("The body is empty; it must be a JSON object with a query.".to_owned()),
    }
    let raw: Raw = serde_json::from_slice(body).map_err(|error| format!("The body is not valid JSON: {error}."))?;
    raw.check()
}

/// Reads parameters that came within a message. The error is a sentence for the client.
pub fn from_value(value: Value) -> Result<Parameters, String> {
    if !value.is_object() {
        return Err("The payload is not a JSON object.".to_owned());
    }
    let raw: Raw = serde_json::from_value(value).map_err(|error| format!("The payload cannot be read: {error}."))?;
    raw.check()
}

/// Reads the query of an address, in which variables and extensions are JSON texts.
pub fn from_uri(uri: &Uri) -> Result<Parameters, String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| "The query of the address is not well-formed UTF-8.".to_owned())?;
    let mut raw = Raw::default();
    for (name, text) in pairs {
        let is_repeated = match name.as_str() {
            "query" => raw.query.replace(Value::String(text)).is_some(),
            "documentId" => raw.document_id.replace(Value::String(text)).is_some(),
            "operationName" => raw.operation_name.replace(Value::String(text)).is_some(),
            "variables" => raw.variables.replace(parse_json(&name, &text)?).is_some(),
            "extensions" => raw.extensions.replace(parse_json(&name, &text)?).is_some(),
            _ => continue,
        };
        if is_repeated {
            return Err(format!("The parameter {name:?} is given more than once."));
        }
    }
    raw.check()
}

fn parse_json(name: &str, text: &str) -> Result<Unrepeated, String> {
    serde_json::from_str(text).map_err(|error| format!("The parameter {name:?} is not valid JSON: {error}."))
}

impl Raw {
    fn check(self) -> Result<Parameters, String> {
        let extensions = match self.extensions {
            None | Some(Unrepeated(Value::Null)) => None,
            Some(Unrepeated(extensions @ Value::Object(_))) => Some(extensions),
            Some(_) => return Err("The parameter \"extensions\" must be an object or null.".to_owned()),
        };
        let document_id = match self.document_id {
            Some(Value::String(id)) => Some(id),
            None | Some(Value::Null) => {
                // As clients name it that were made for persisted queries. Nothing else of the extensions is read.
                let hash = extensions.as_ref().and_then(|extensions| extensions.pointer("/persistedQuery/sha256Hash"));
                hash.and_then(Value::as_str).map(str::to_owned)
            }
            Some(_) => return Err("The parameter \"documentId\" must be a string or null.".to_owned()),
        };
        let query = match self.query {
            Some(Value::String(query)) => query,
            None | Some(Value::Null) if document_id.is_some() => String::new(),
            None | Some(Value::Null) => return Err("The parameter \"query\" is missing.".to_owned()),
            Some(_) => return Err("The parameter \"query\" must be a string.".to_owned()),
        };
        let operation_name = match self.operation_name {
            Some(Value::String(name)) => Some(name),
            None | Some(Value::Null) => None,
            Some(_) => return Err("The parameter \"operationName\" must be a string or null.".to_owned()),
        };
        let variables = match self.variables {
            Some(Unrepeated(object @ Value::Object(_))) => Variables::from_json(object),
            None | Some(Unrepeated(Value::Null)) => Variables::default(),
            Some(_) => return Err("The parameter \"variables\" must be an object or null.".to_owned()),
        };
        Ok(Parameters { query, document_id, operation_name, variables })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"query":"{a}"}"#, None)]
    #[case(r#" {"query":"{a}","variables":null,"operationName":null,"extensions":null,"other":1}"#, None)]
    #[case(r#"{"query":"{a}","variables":{"x":[1,{"y":null}]},"operationName":"A","extensions":{}}"#, None)]
    #[case("", Some("empty"))]
    #[case("null", Some("not a JSON object"))]
    #[case(r#"[{"query":"{a}"}]"#, Some("batches"))]
    #[case(r#"["{a}"]"#, Some("batches"))]
    #[case("{\"query", Some("not valid JSON"))]
    #[case(r#"{"query":"{a}"} x"#, Some("not valid JSON"))]
    #[case(r#"{"query":"{a}","query":"{b}"}"#, Some("duplicate"))]
    #[case(r#"{"query":"{a}","variables":{"x":1,"x":2}}"#, Some("the key \"x\" is given more than once"))]
    #[case(r#"{"query":"{a}","variables":{"x":[{"y":1,"y":1}]}}"#, Some("the key \"y\" is given more than once"))]
    #[case("{}", Some("\"query\" is missing"))]
    #[case(r#"{"query":null}"#, Some("\"query\" is missing"))]
    #[case(r#"{"query":7}"#, Some("\"query\" must be a string"))]
    #[case(r#"{"query":"{a}","variables":[]}"#, Some("\"variables\" must be"))]
    #[case(r#"{"query":"{a}","variables":"{}"}"#, Some("\"variables\" must be"))]
    #[case(r#"{"query":"{a}","operationName":false}"#, Some("\"operationName\" must be"))]
    #[case(r#"{"query":"{a}","extensions":0}"#, Some("\"extensions\" must be"))]
    #[case(r#"{"documentId":"a"}"#, None)]
    #[case(r#"{"documentId":7}"#, Some("\"documentId\" must be"))]
    #[case(r#"{"extensions":{"persistedQuery":{"sha256Hash":"a"}}}"#, None)]
    #[case(r#"{"extensions":{"persistedQuery":{"sha256Hash":7}}}"#, Some("\"query\" is missing"))]
    fn bodies(#[case] body: &str, #[case] refused: Option<&str>) {
        match (from_body(body.as_bytes()), refused) {
            (Ok(_), None) => {}
            (Err(message), Some(part)) => assert!(message.contains(part), "{message}"),
            (result, _) => panic!("{result:?}"),
        }
    }

    #[test]
    fn a_body_that_is_not_utf8_is_refused() {
        assert!(from_body(b"{\"query\":\"{a(b:\\\"\xff\\\")}\"}").is_err());
        assert!(from_body(br#"{"query":"\ud800"}"#).is_err());
    }

    #[rstest]
    #[case("/graphql?query=%7Ba%7D", None)]
    #[case("/graphql?query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=A&other=1", None)]
    #[case("/graphql?query=%7Ba%7D&variables=null", None)]
    #[case("/graphql", Some("\"query\" is missing"))]
    #[case("/graphql?query=a&query=b", Some("more than once"))]
    #[case("/graphql?query=%7Ba%7D&variables=%5B%5D", Some("\"variables\" must be"))]
    #[case("/graphql?query=%7Ba%7D&variables=%7B%22x%22%3A1%2C%22x%22%3A2%7D", Some("more than once"))]
    #[case("/graphql?query=%7Ba%7D&variables=x", Some("\"variables\" is not valid JSON"))]
    fn addresses(#[case] uri: &'static str, #[case] refused: Option<&str>) {
        match (from_uri(&Uri::from_static(uri)), refused) {
            (Ok(_), None) => {}
            (Err(message), Some(part)) => assert!(message.contains(part), "{message}"),
            (result, _) => panic!("{result:?}"),
        }
    }
}
