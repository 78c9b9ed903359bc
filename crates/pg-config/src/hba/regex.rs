//! The regular expressions whose answer is sure without PostgreSQL's engine.
