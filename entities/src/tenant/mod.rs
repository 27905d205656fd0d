//! Tables that every tenant has for itself. Their names carry no schema: the scope decides whose they are.

pub mod audit_event;
pub mod department;
pub mod employee;
pub mod location;
pub mod number_sequence;
pub mod position;
