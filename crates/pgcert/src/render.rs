//! Values in words: plans with their diffs, proofs.

pub(crate) mod diff;
pub(crate) mod findings;
mod pem;
pub(crate) mod plan;
pub(crate) mod proof;
pub(crate) mod table;
