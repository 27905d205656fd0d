use rstest::rstest;

use super::*;

fn faults(text: &str) -> Vec<String> {
    match AdoptionMap::parse(text) {
        Ok(map) => panic!("{map:?}"),
        Err(AdoptionError::Map(faults)) => faults.iter().map(ToString::to_string).collect(),
        Err(error) => panic!("{error}"),
    }
}

const GOOD: &str = r#"
[departments]
from = "dept"
key = "no"
columns.name = "dname"

[people]
query = "SELECT * FROM emp"
key = "id"
order = ["since", "id"]
[people.columns]
name = "ename"
kind = { constant = 7 }
state = { column = "st", values = { A = "active", "" = "gone" } }
department_id = { column = "dept", reference = "departments" }
"#;

#[test]
fn each_form_is_read_with_its_lines() {
    let map = AdoptionMap::parse(GOOD).unwrap();
    let [departments, people] = &map.tables[..] else { panic!("{map:?}") };
    assert_eq!((departments.name.text.as_str(), departments.name.line), ("departments", 2));
    assert_eq!(departments.rows, Rows::From(Word { text: "dept".to_owned(), line: 3 }));
    assert_eq!(people.order.iter().map(|word| word.text.as_str()).collect::<Vec<_>>(), ["since", "id"]);
    let values = people.columns.iter().map(|column| (column.name.text.as_str(), column.name.line, &column.value));
    let [name, kind, state, department] = values.collect::<Vec<_>>().try_into().unwrap();
    assert!(matches!(name, ("name", 12, ValueMap::Column { values: None, .. })), "{name:?}");
    assert!(matches!(kind, ("kind", 13, ValueMap::Constant(constant)) if constant == "7"), "{kind:?}");
    assert!(matches!(state, ("state", 14, ValueMap::Column { values: Some(values), .. }) if values.len() == 2), "{state:?}");
    assert!(matches!(department, ("department_id", 15, ValueMap::Reference { .. })), "{department:?}");
}

#[rstest]
#[case("", "line 1: There is no table in it.")]
#[case("a = 1", "line 1: a is to be a table: write [a].")]
#[case("[a]\nfrom = \"x\n", "line 2: This is no TOML")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\nfilter = \"y\"\n[a.columns]", "line 4: filter is unknown here; known are from, query")]
#[case("[a]\nkey = \"k\"\n[a.columns]", "line 1: a needs either from")]
#[case("[a]\nfrom = \"x\"\nquery = \"SELECT 1\"\nkey = \"k\"\n[a.columns]", "line 1: a needs either from")]
#[case("\n[a]\nfrom = \"x\"\n[a.columns]", "line 2: a needs key")]
#[case("[a]\nfrom = 1\nkey = \"k\"\n[a.columns]", "line 2: from is to be a text.")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"", "line 1: a needs columns")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\ncolumns = 1", "line 4: columns is to be a table")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\norder = \"k\"\n[a.columns]", "line 4: order is a list")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\norder = [1]\n[a.columns]", "line 4: order is a list")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\n[a.columns]\nb = 1", "line 5: b is either the name")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\n[a.columns]\nb = { colum = \"c\" }", "line 5: colum is unknown here; known are column")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\n[a.columns]\nb = {}", "line 5: b is given by one of these")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\n[a.columns]\nb = { column = \"c\", constant = 1 }", "line 5: b is given by one of these")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\n[a.columns]\nb = { reference = \"c\" }", "line 5: b is given by one of these")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\n[a.columns]\nb = { column = \"c\", values = 1 }", "line 5: values is a table")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\n[a.columns]\nb = { column = \"c\", values = { x = [] } }", "line 5: x is to be a text")]
#[case("[a]\nfrom = \"x\"\nkey = \"k\"\n[a.columns]\nb = \"c\"\nb = \"d\"", "line 6: This is no TOML")]
fn what_is_not_in_the_language_is_refused_with_its_line(#[case] text: &str, #[case] expected: &str) {
    let faults = faults(text);
    assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{expected:?} is not in {faults:?}");
}

#[test]
fn all_faults_are_told_at_once() {
    let told = faults("[a]\nfrom = 1\nkey = \"k\"\n[a.columns]\nb = {}\n[c]\n");
    let line = |fault: &String| fault.split([' ', ':']).nth(1).and_then(|line| line.parse::<usize>().ok());
    assert!(told.len() >= 4 && told.is_sorted_by_key(line), "{told:?}");
}
