//! Input that nobody should send, and some do: each a clear answer, nothing half written, no failure of the server.

mod mutated;
mod pages;
mod random;
mod requests;
mod values;
