//! `pg_hba.conf`: the document, and what its rules mean.
