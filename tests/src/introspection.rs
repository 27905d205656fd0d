//! What the API says of itself.

use serde_json::Value;

use crate::{Answer, Caller};

/// The query that GraphiQL and code generators send, with every option of version 16 of `graphql`.
pub const INTROSPECTION: &str = "
    query IntrospectionQuery {
      __schema {
        description
        queryType { name kind }
        mutationType { name kind }
        subscriptionType { name kind }
        types { ...FullType }
        directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
      }
    }
    fragment FullType on __Type {
      kind name description specifiedByURL isOneOf
      fields(includeDeprecated: true) {
        name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
      }
      inputFields(includeDeprecated: true) { ...InputValue }
      interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue {
      name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
    }
    fragment TypeRef on __Type {
      kind name ofType { name kind ofType { name kind ofType { name kind ofType { name kind ofType { name kind ofType { name kind
        ofType { name kind ofType { name kind ofType { name kind } } } } } } } } }
    }";

/// The schema, as the API tells it.
#[derive(Debug, Clone)]
pub struct Introspection(Value);

/// A field of a type.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The name of its type, without lists and exclamation marks.
    pub kind: String,
    /// The names of its arguments that have to be given.
    pub required: Vec<String>,
}

impl Caller {
    /// Asks for the schema.
    pub async fn introspect(&self) -> Introspection {
        let answer: Answer = self.ask(INTROSPECTION).await;
        Introspection(answer.data("/__schema"))
    }
}

impl Introspection {
    /// Every type, the ones of the language itself left out.
    pub fn types(&self) -> impl Iterator<Item = &Value> {
        let types = self.0["types"].as_array().unwrap();
        types.iter().filter(|kind| !kind["name"].as_str().unwrap().starts_with("__"))
    }

    /// Every directive.
    pub fn directives(&self) -> &[Value] {
        self.0["directives"].as_array().unwrap()
    }

    /// A type by its name.
    pub fn find(&self, name: &str) -> &Value {
        self.types().find(|kind| kind["name"] == name).unwrap_or_else(|| panic!("there is no type {name}"))
    }

    /// The fields of a type; none of a scalar or an enum.
    pub fn fields(&self, name: &str) -> Vec<Field> {
        let field = |field: &Value| {
            let arguments = field["args"].as_array().unwrap().iter();
            let required =
                arguments.filter(|argument| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null());
            Field {
                name: text(&field["name"]),
                kind: innermost(&field["type"]),
                required: required.map(|argument| text(&argument["name"])).collect(),
            }
        };
        self.find(name)["fields"].as_array().into_iter().flatten().map(field).collect()
    }

    /// Whether a type has no fields.
    pub fn is_leaf(&self, name: &str) -> bool {
        matches!(self.find(name)["kind"].as_str(), Some("SCALAR" | "ENUM"))
    }

    /// Whether a type has an interface.
    pub fn implements(&self, name: &str, interface: &str) -> bool {
        self.find(name)["interfaces"].as_array().into_iter().flatten().any(|other| other["name"] == interface)
    }

    /// A selection of everything of a type that can be read without an argument and without another selection.
    pub fn selection(&self, name: &str) -> String {
        if self.is_leaf(name) {
            return String::new();
        }
        let fields = self.fields(name);
        if fields.iter().any(|field| field.name == "nodes") {
            return "{ nodes { id } }".to_owned();
        }
        let leaves = fields.into_iter().filter(|field| field.required.is_empty() && self.is_leaf(&field.kind));
        let names: Vec<String> = leaves.map(|field| field.name).collect();
        format!("{{ {} }}", names.join(" "))
    }
}

fn innermost(kind: &Value) -> String {
    if kind["ofType"].is_null() { text(&kind["name"]) } else { innermost(&kind["ofType"]) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
