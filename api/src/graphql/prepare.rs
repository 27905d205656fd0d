//! A document, parsed once and held to everything that it has to pass before it is executed.

use async_graphql::{
    ServerError,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType},
};

use super::{
    admission::Admission,
    documents,
    error::{self, Code, request_error},
    limits,
    parameters::Parameters,
    syntax, values, variables,
};

/// Parses the document once, holds it to the limits, and finds out what it is.
pub(crate) fn prepare(
    parameters: &mut Parameters,
    admission: &Admission<'_>,
) -> Result<(ExecutableDocument, OperationType), Vec<ServerError>> {
    let limits = admission.limits;
    documents::resolve(parameters, admission.documents).map_err(|message| vec![request_error(Code::BadUserInput, message)])?;
    limits::check_text(&parameters.query, limits).map_err(|refusal| vec![error::refused(&refusal)])?;
    let document = syntax::parse(&parameters.query).map_err(|error| vec![error])?;
    limits::check_document(&document, &parameters.variables, limits, admission.signed_in)
        .map_err(|refusal| vec![error::refused(&refusal)])?;
    values::check(&parameters.query, &document, admission.types)?;
    let bad = |message| vec![request_error(Code::BadUserInput, message)];
    let operation = operation(&document, parameters.operation_name.as_deref()).map_err(bad)?;
    variables::complete(&document, operation, &mut parameters.variables).map_err(bad)?;
    let kind = operation.ty;
    Ok((document, kind))
}

fn operation<'a>(document: &'a ExecutableDocument, wanted: Option<&str>) -> Result<&'a OperationDefinition, String> {
    let mut operations = document.operations.iter();
    let operation = match (wanted, operations.next(), operations.next()) {
        (None, Some((_, only)), None) => Some(only),
        (None, _, _) => return Err("The document has several operations: say which by operationName.".to_owned()),
        (Some(wanted), _, _) => {
            document.operations.iter().find(|(name, _)| name.is_some_and(|name| name == wanted)).map(|(_, operation)| operation)
        }
    };
    match operation {
        Some(operation) => Ok(&operation.node),
        None => Err(format!("The document has no operation {:?}.", wanted.unwrap_or_default())),
    }
}

/// The name of the only operation of a document, or of the first.
pub(crate) fn only_name(document: &ExecutableDocument) -> Option<String> {
    let (name, _) = document.operations.iter().next()?;
    Some(name?.to_string())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("{ a }", None, Ok(OperationType::Query))]
    #[case("query A { a }", None, Ok(OperationType::Query))]
    #[case("query A { a } mutation B { b }", Some("B"), Ok(OperationType::Mutation))]
    #[case("query A { a } mutation B { b }", None, Err("several"))]
    #[case("query A { a }", Some("B"), Err("no operation \"B\""))]
    #[case("{ a }", Some("A"), Err("no operation \"A\""))]
    fn the_operation(#[case] text: &str, #[case] name: Option<&str>, #[case] expected: Result<OperationType, &str>) {
        match (operation(&parse_query(text).unwrap(), name).map(|operation| operation.ty), expected) {
            (Ok(kind), Ok(expected)) => assert_eq!(kind, expected),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (result, _) => panic!("{result:?}"),
        }
    }
}
