//! Traces, as a collector gets them from the program.

mod apart;
mod failure;
mod path;
mod sending;
mod told;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::CollectedSpan;

use super::{Home, Serving, free_port};

/// Nothing is sent before it has to be.
const MUCH_LATER: &str = "600000";

/// A program that sends traces.
struct Traced<'a> {
    home: &'a Home,
    variables: BTreeMap<&'static str, String>,
    flags: Vec<&'static str>,
}

impl<'a> Traced<'a> {
    fn to(home: &'a Home, endpoint: String) -> Self {
        Self { home, variables: BTreeMap::from([("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]), flags: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    fn flags(mut self, flags: &[&'static str]) -> Self {
        self.flags.extend(flags);
        self
    }

    async fn serve(self) -> Serving {
        let port = free_port();
        let mut command = self.home.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        Serving::start(command.envs(self.variables).args(self.flags), port).await
    }
}

/// Sends an operation that may fail, with these headers; the answer and the request's id.
async fn send(serving: &Serving, slug: &str, token: &str, body: Value, headers: &[(&str, &str)]) -> (Value, String) {
    let mut request = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{}/graphql?code=in-the-address", serving.port))
        .header("host", format!("{slug}.localhost"))
        .bearer_auth(token)
        .json(&body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    (response.json().await.unwrap(), id)
}

fn one<'a>(spans: &'a [CollectedSpan], name: &str) -> &'a CollectedSpan {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name} in {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    found[0]
}

/// The names of the spans from the first of a trace down to one.
fn way_to(spans: &[CollectedSpan], span: &CollectedSpan) -> Vec<String> {
    let mut way = vec![span.name.clone()];
    let mut above = &span.parent;
    while let Some(span) = spans.iter().find(|span| span.id == *above) {
        way.insert(0, span.name.clone());
        above = &span.parent;
    }
    way
}

const HIRE: &str = "mutation Hire($input: HireEmployeeInput!) { hireEmployee(input: $input) { employee { id } } }";
const LIST: &str = "query List($search: String) { employees(first: 50, search: $search) { totalCount
    nodes { id name workEmail hiredOn version salary { amount } department { name parent { name } } manager { name } } } }";

/// Hires so many people; gives the id of their department.
async fn hire(serving: &Serving, slug: &str, token: &str, count: usize) {
    let root = serving
        .ask(slug, Some(token), r#"mutation { createDepartment(input: { name: "Company" }) { department { id } } }"#, json!({}))
        .await;
    let parent = &root["createDepartment"]["department"]["id"];
    let create =
        "mutation($parent: ID!) { createDepartment(input: { name: \"Workshop\", parentId: $parent }) { department { id } } }";
    let department = serving.ask(slug, Some(token), create, json!({ "parent": parent })).await;
    let title = "mutation { createPosition(input: { title: \"Mechanic\" }) { position { id } } }";
    let position = serving.ask(slug, Some(token), title, json!({})).await;
    for number in 0..count {
        let input = json!({
            "givenName": format!("Given{number}"),
            "familyName": "Somebodyprivate",
            "workEmail": format!("work{number}@private.test"),
            "departmentId": department["createDepartment"]["department"]["id"],
            "positionId": position["createPosition"]["position"]["id"],
            "employmentType": "FULL_TIME",
            "hiredOn": "2020-02-29",
        });
        serving.ask(slug, Some(token), HIRE, json!({ "input": input })).await;
    }
}
