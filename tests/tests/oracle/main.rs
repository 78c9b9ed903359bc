//! The oracle: our reading of PostgreSQL's files and our certificates, judged by PostgreSQL and
//! OpenSSL of every version. Run by `cargo xtask oracle`.
