//! The tables of the store and the steps from each format to the next. The format is SQLite's
//! `user_version`: the number of steps that were taken.

/// Marks the file as a store of this program (SQLite's `application_id`): "pgca".
pub(super) const APPLICATION_ID: i32 = 0x7067_6361;

/// The format that this release writes.
pub(super) const FORMAT: u32 = STEPS.len() as u32;

/// Step `n` leads from format `n` to `n + 1`. Steps that were released never change.
pub(super) const STEPS: &[&str] = &[
    // The surrogate key keeps the order in which certificates were ordered; the unique serial is
    // the promise that no serial is given twice, whatever process asks. Times are seconds since
    // 1970, digests are SHA-256 in hexadecimal.
    "CREATE TABLE certificate (
        id                INTEGER PRIMARY KEY,
        serial            TEXT NOT NULL UNIQUE,
        kind              TEXT NOT NULL,
        name              TEXT NOT NULL,
        subject           TEXT NOT NULL,
        not_before        INTEGER NOT NULL,
        not_after         INTEGER NOT NULL,
        public_key        TEXT NOT NULL,
        request           TEXT,
        requested_by      TEXT NOT NULL,
        requested_at      INTEGER NOT NULL,
        state             TEXT NOT NULL CHECK (state IN ('intended', 'issued', 'unused', 'revoked')),
        der               BLOB,
        fingerprint       TEXT,
        issued_at         INTEGER,
        revoked_at        INTEGER,
        revoked_by        TEXT,
        revocation_reason INTEGER,
        CHECK (state <> 'intended' OR der IS NULL),
        CHECK (state NOT IN ('issued', 'unused') OR der IS NOT NULL),
        CHECK ((der IS NULL) = (fingerprint IS NULL) AND (der IS NULL) = (issued_at IS NULL)),
        CHECK ((state = 'revoked') = (revoked_at IS NOT NULL))
    ) STRICT;
    CREATE INDEX certificate_name ON certificate (name, kind);",
];
