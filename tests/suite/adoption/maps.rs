//! Maps that do not fit the source or the tenant: told with the line, all at once, before a row is read.

use rstest::rstest;
use tenancy::{AdoptionError, Error};
use tests::{Server, new_tenant};

use super::{MAP, SOURCE, Source, adopt, traces};

/// What is wrong with the map, each fault with its line.
async fn faults(server: &Server, source: &Source, map: &str) -> Vec<String> {
    let new = new_tenant();
    let result = adopt(server.tenants(), source, map, &new).await;
    assert_eq!(traces(&new).await, [0, 0, 0]);
    match result.unwrap_err() {
        Error::Adoption(AdoptionError::Map(faults)) => faults.iter().map(ToString::to_string).collect(),
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_map_that_does_not_fit_is_told_with_its_line() {
    let server = Server::start().await;
    let source = Source::of(&format!(
        "{SOURCE} CREATE TYPE pair AS (a integer, b integer); \
         ALTER TABLE person ADD COLUMN twin pair, ADD COLUMN list date[], ADD COLUMN moment timestamptz; \
         ALTER TABLE site ADD COLUMN doc json"
    ))
    .await;
    for (good, bad, expected) in [
        ("[departments", "[department", "line 1: department is no table that can be adopted; these are: departments, "),
        ("[departments", "[audit_events", "line 1: audit_events is no table that can be adopted"),
        ("from = \"unit\"", "from = \"units\"", "line 2: The source cannot be asked for the rows of departments: relation"),
        ("key = \"id\"", "key = \"no\"", "line 3: The source of departments has no column no; it has id, title, parent, head."),
        ("key = \"id\"", "key = \"id\"\norder = [\"since\"]", "line 4: The source of departments has no column since"),
        ("name = \"title\"", "nam = \"title\"", "line 5: departments has no column nam; a map may give name, parent_id"),
        ("name = \"title\"\n", "", "line 1: departments needs the column name."),
        ("name = \"title\"", "name = \"titel\"", "line 5: The source of departments has no column titel"),
        (
            "name = \"title\"",
            "name = { column = \"titel\", values = {} }",
            "line 5: The source of departments has no column titel",
        ),
        ("name = \"title\"", "name = \"title\"\nid = \"id\"", "line 6: The id of departments follows from key"),
        (
            "reference = \"departments\"",
            "reference = \"positions\"",
            "line 6: parent_id names rows of departments, not of positions.",
        ),
        (
            "{ column = \"parent\", reference = \"departments\" }",
            "\"parent\"",
            "line 6: parent_id names rows of departments: write",
        ),
        (
            "{ column = \"parent\", reference = \"departments\" }",
            "{ constant = 1 }",
            "line 6: parent_id names rows of departments",
        ),
        ("SELECT DISTINCT job", "SELECT DISTINCT jib", "line 8: The source cannot be asked for the rows of positions: column"),
        ("SELECT DISTINCT job FROM person;", "DELETE FROM person", "line 8: The source cannot be asked"),
        ("SELECT DISTINCT job FROM person;", "SELECT 1; SELECT 2", "line 8: The source cannot be asked"),
        (
            "from = \"person\"",
            "query = \"SELECT p.*, u.id FROM person p JOIN unit u ON u.id = p.unit\"",
            "line 20: The source cannot be asked for the rows of employees: column reference \"id\" is ambiguous.",
        ),
        (
            "key = \"code\"",
            "key = \"doc\"",
            "line 13: The source cannot be asked for the rows of locations: could not identify an ordering operator for type json.",
        ),
        (
            "title = \"job\"",
            "title = { column = \"job\", reference = \"positions\" }",
            "line 11: title is a value and names no rows",
        ),
        (
            "hired_on = \"since\"",
            "hired_on = \"active\"",
            "line 31: active is of the type bool, which cannot become hired_on of the type date.",
        ),
        (
            "hired_on = \"since\"",
            "hired_on = \"moment\"",
            "line 31: moment is of the type timestamptz, which is another date in each time zone: give it by a query, as \
             (\"moment\" AT TIME ZONE 'Europe/Berlin')::date.",
        ),
        ("hired_on = \"since\"", "hired_on = \"list\"", "line 31: list is of the type date[], which cannot become"),
        ("salary_amount = \"pay\"", "salary_amount = \"since\"", "line 33: since is of the type date, which cannot become"),
        ("salary_amount = \"pay\"", "salary_amount = \"twin\"", "line 33: twin is of the type pair, which cannot become"),
        (
            "birth_date = \"born\"",
            "version = \"id\"",
            "line 35: version of employees is not for a map to give; these are: employee_number",
        ),
        ("birth_date = \"born\"", "birth_day = \"born\"", "line 35: employees has no column birth_day"),
        (
            "birth_date = \"born\"",
            "birth_date = { colum = \"born\" }",
            "line 35: colum is unknown here; known are column, reference",
        ),
    ] {
        let map = MAP.replace(good, bad);
        assert_ne!(map, MAP, "{good:?} is not in the map");
        let faults = faults(&server, &source, &map).await;
        assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{bad:?}: {expected:?} is not in {faults:?}");
    }
    let without_positions = MAP.replace(
        "[positions]\nquery = \"SELECT DISTINCT job FROM person;\"\nkey = \"job\"\n[positions.columns]\ntitle = \"job\"\n",
        "",
    );
    assert_ne!(without_positions, MAP);
    let told = faults(&server, &source, &without_positions).await;
    assert_eq!(told, ["line 22: position_id names rows of positions, which the map does not have."]);
    let several = MAP.replace("name = \"title\"", "nam = \"title\"").replace("hired_on = \"since\"", "hired_on = \"list\"");
    assert_eq!(faults(&server, &source, &several).await.len(), 3);
}

#[rstest]
#[case("from = \"hidden\"", "permission denied")]
#[case("from = \"unit\"", "")]
#[tokio::test]
async fn what_the_role_may_not_read_is_told_before_a_row_is(#[case] from: &str, #[case] part: &str) {
    let server = Server::start().await;
    let source = Source::of(&format!("{SOURCE} CREATE TABLE hidden AS TABLE unit")).await;
    let reader = super::rows::Reader::of(&source, "unit, site, person").await;
    let result = reader.adopt(&server, &MAP.replacen("from = \"unit\"", from, 1)).await;
    match result {
        Ok(_) => assert_eq!(part, ""),
        Err(error) => assert!(error.to_string().contains(part) && error.to_string().contains("line 2"), "{error}"),
    }
}
