//! The lines and tokens that `pg_hba.conf` and `pg_ident.conf` share (`hba.c`, `tokenize_auth_file`).
