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
    // What was done, in order, each event chained to the one before it: the `log` module says how.
    // The triggers are against slips, in this program or at a prompt; against intent there is the
    // chain. The index holds all that a revocation list needs, so that a million entries are read
    // without their certificates. Numbers of lists, each taken before the list is signed; the digest
    // follows.
    "CREATE TABLE log (
        id     INTEGER PRIMARY KEY,
        at     INTEGER NOT NULL,
        actor  TEXT NOT NULL,
        event  TEXT NOT NULL,
        serial TEXT,
        detail TEXT NOT NULL,
        hash   TEXT NOT NULL
    ) STRICT;
    CREATE INDEX log_serial ON log (serial);
    CREATE TRIGGER log_only_grows BEFORE INSERT ON log
        WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM log)
        BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END;
    CREATE TRIGGER log_is_not_rewritten BEFORE UPDATE ON log
        BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END;
    CREATE TRIGGER log_is_not_shortened BEFORE DELETE ON log
        BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END;
    CREATE TRIGGER certificate_is_not_deleted BEFORE DELETE ON certificate
        BEGIN SELECT RAISE(ABORT, 'a serial stays on record'); END;
    CREATE TRIGGER certificate_keeps_what_was_ordered BEFORE UPDATE OF id, serial, kind, name, subject,
            not_before, not_after, public_key, request, requested_by, requested_at ON certificate
        BEGIN SELECT RAISE(ABORT, 'what was ordered stays on record'); END;
    CREATE TRIGGER certificate_is_not_exchanged BEFORE UPDATE OF der, fingerprint, issued_at ON certificate
        WHEN OLD.der IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'a certificate stays on record'); END;
    CREATE TRIGGER certificate_stays_revoked BEFORE UPDATE OF state, revoked_at, revoked_by,
            revocation_reason ON certificate
        WHEN OLD.state = 'revoked'
        BEGIN SELECT RAISE(ABORT, 'what is revoked stays revoked'); END;
    CREATE INDEX certificate_revoked ON certificate (revoked_at, serial, revocation_reason, not_after)
        WHERE state = 'revoked';
    CREATE TABLE crl (
        number      INTEGER PRIMARY KEY,
        at          INTEGER NOT NULL,
        this_update INTEGER NOT NULL,
        next_update INTEGER NOT NULL,
        fingerprint TEXT
    ) STRICT;
    CREATE TRIGGER crl_stays BEFORE DELETE ON crl
        BEGIN SELECT RAISE(ABORT, 'a number stays on record'); END;
    CREATE TRIGGER crl_is_signed_once BEFORE UPDATE ON crl
        WHEN OLD.fingerprint IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'a list stays on record'); END;",
];

/// The format from which on there is a log. Coming from an older one, it is filled from the rows.
pub(super) const LOGGED: u32 = 2;
