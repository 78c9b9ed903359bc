//! The options behind a rule's method (`hba.c`, `parse_hba_auth_opt`).
