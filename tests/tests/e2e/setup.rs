//! `pgcert setup` on one machine: what is asked for works, what is not asked for is refused, and
//! nobody else notices.

mod again;
mod authorities;
mod consents;
mod maps;
mod others;
mod settings;
mod waiting;
mod whole;
