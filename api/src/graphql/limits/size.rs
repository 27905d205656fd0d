//! How much an operation asks for, measured on the parsed document.

use std::collections::HashMap;

use async_graphql::{
    Name, Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

use super::Refusal;

/// How much a selection set asks for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    /// Fields side by side.
    pub(super) width: u64,
    /// Fields within one another.
    pub(super) depth: usize,
    /// Fields within one another below an introspection field.
    pub(super) introspection_depth: usize,
    /// Lists within one another below an introspection field.
    pub(super) introspection_lists: usize,
    /// Fields to resolve, those of a list counted once an item.
    pub(super) cost: u64,
}

/// Measures an operation, with the fragments that it uses.
pub(super) fn of(document: &ExecutableDocument, operation: &OperationDefinition, variables: &Variables) -> Result<Size, Refusal> {
    let mut walk = Walk { document, operation, variables, fragments: HashMap::new() };
    walk.selection_set(&operation.selection_set.node, Place::default())
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            width: self.width.saturating_add(other.width),
            depth: self.depth.max(other.depth),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
            cost: self.cost.saturating_add(other.cost),
        }
    }
}

/// Where a selection set stands, as far as its size depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Place {
    /// Items of the connection that the set is selected on; 0 outside one.
    page: u64,
    introspection: bool,
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// The sizes found so far; none while a fragment is being walked. Each fragment is walked once a place, so that fragments
    /// that double each other cost the walk nothing.
    fragments: HashMap<(&'a str, Place), Option<Size>>,
}

impl<'a> Walk<'a> {
    fn selection_set(&mut self, set: &'a SelectionSet, place: Place) -> Result<Size, Refusal> {
        let mut size = Size::default();
        for selection in &set.items {
            let part = match &selection.node {
                Selection::Field(field) => self.field(&field.node, place)?,
                Selection::InlineFragment(fragment) => self.selection_set(&fragment.node.selection_set.node, place)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, place)?,
            };
            size = size.beside(part);
        }
        Ok(size)
    }

    fn field(&mut self, field: &'a Field, place: Place) -> Result<Size, Refusal> {
        let name = field.name.node.as_str();
        let introspection = place.introspection || matches!(name, "__schema" | "__type");
        let page = self.page(field);
        let inner = self.selection_set(&field.selection_set.node, Place { page, introspection })?;
        let items = match name {
            "edges" | "nodes" => place.page.max(1),
            // The lists without a page. A guess; the children of many departments are one statement in any case.
            "children" | "sessions" | "passkeys" | "workspaces" => 10,
            _ => 1,
        };
        // What one field costs by itself. These two run a statement each time, which no loader gathers.
        let weight = match name {
            "directReports" => 100,
            "totalCount" => 20,
            _ => 1,
        };
        Ok(Size {
            width: 1,
            depth: if introspection { 0 } else { inner.depth + 1 },
            introspection_depth: if introspection { inner.introspection_depth + 1 } else { inner.introspection_depth },
            introspection_lists: inner.introspection_lists
                + usize::from(introspection && matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields")),
            cost: inner.cost.saturating_mul(items).saturating_add(weight),
        })
    }

    fn fragment(&mut self, name: &'a Name, place: Place) -> Result<Size, Refusal> {
        let key = (name.as_str(), place);
        match self.fragments.get(&key) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Refusal::FragmentCycle(name.to_string())),
            None => {}
        }
        // An unknown fragment is the validator's to report. It costs something: fragments that double it would cost nothing
        // otherwise, and the validator expands them.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Size { width: 1, cost: 1, ..Size::default() });
        };
        self.fragments.insert(key, None);
        let size = self.selection_set(&fragment.node.selection_set.node, place)?;
        self.fragments.insert(key, Some(size));
        Ok(size)
    }

    /// How many items the connection `field` returns; 0 when it is none.
    fn page(&self, field: &Field) -> u64 {
        let default = match field.name.node.as_str() {
            "employees" | "directReports" | "auditEvents" | "apiKeys" => 50,
            "departments" | "positions" | "locations" | "members" | "invitations" => 100,
            _ => return 0,
        };
        ["first", "last"].into_iter().find_map(|name| self.integer(field, name)).unwrap_or(default)
    }

    fn integer(&self, field: &Field, argument: &str) -> Option<u64> {
        let argument = &field.get_argument(argument)?.node;
        match argument.clone().into_const_with(|name| self.variable(&name).ok_or(())) {
            Ok(Value::Number(number)) => number.as_u64(),
            _ => None,
        }
    }

    fn variable(&self, name: &Name) -> Option<Value> {
        if let Some(value) = self.variables.get(name) {
            return Some(value.clone());
        }
        let mut definitions = self.operation.variable_definitions.iter();
        let definition = definitions.find(|definition| definition.node.name.node == *name)?;
        definition.node.default_value.as_ref().map(|value| value.node.clone())
    }
}
