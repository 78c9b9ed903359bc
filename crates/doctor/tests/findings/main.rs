//! Every finding as people read it.

mod alert;
mod client;
mod refusal;
mod server_certificate;
mod stage;
mod success;
mod transport;
