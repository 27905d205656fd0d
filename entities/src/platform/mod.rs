//! Tables of the control plane, in the schema `platform`.

pub mod account;
pub mod membership;
pub mod session;
pub mod signing_key;
