//! The tables, their version, and the migrations between versions.

use std::path::Path;

use rusqlite::Connection;

use super::StoreError;

/// SQLite's `application_id` of a whyhook store: "whyh" in ASCII.
pub const APPLICATION_ID: i32 = 0x7768_7968;

/// The schema version that this release writes (SQLite's `user_version`).
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// Bytes in a page of a new store: SQLite's default. Rows are narrow since the log holds the bytes, and
/// a commit writes whole pages; 16,384 was slower by a sixth at small deliveries, 8192 by a tenth.
const PAGE_BYTES: u32 = 4096;

/// Pages of SQLite's log (64 MiB) past which a commit brings them into the file by itself. Usually
/// [`super::checkpoint`] has done so before.
const CHECKPOINT_PAGES: u32 = 16_384;

/// In SQL, the codes of a diagnosis' first cause; NULL when it has none. A diagnosis may have been imported: anything may
/// stand in it.
macro_rules! cause_code {
    ($diagnosis:literal) => {
        concat!(
            "CASE WHEN json_valid(",
            $diagnosis,
            ") THEN substr((SELECT group_concat(change.value ->> '$.code', '+') FROM json_each(",
            $diagnosis,
            ", '$.causes[0].changes') change WHERE change.type = 'object'), 1, 200) END"
        )
    };
}
pub(super) use cause_code;

/// Step N brings a store from version N to N + 1. Steps are never edited once released.
const MIGRATIONS: &[&str] = &[
    // An answer comes later than its delivery's row: as a row of its own it appends instead of
    // rewriting the page with the facts.
    "CREATE TABLE deliveries (
        id              INTEGER PRIMARY KEY,
        received_us     INTEGER NOT NULL,   -- Unix microseconds
        remote          TEXT NOT NULL,
        method          TEXT NOT NULL,
        path            TEXT NOT NULL,
        webhook         TEXT,
        intake          TEXT NOT NULL,      -- complete, truncated, too_large, incomplete, malformed
        intake_reason   TEXT NOT NULL,
        event           TEXT,
        version         TEXT,
        agent           TEXT,
        simulation      INTEGER,
        event_ms        INTEGER,            -- the envelope's timestamp, Unix milliseconds
        items           INTEGER,
        verdict         TEXT NOT NULL,
        secret          TEXT,               -- the label, never the secret
        timestamp       TEXT,               -- the header, verbatim
        timestamp_unit  TEXT,
        age_ms          INTEGER,
        fresh           INTEGER,
        note            TEXT,
        body_bytes      INTEGER NOT NULL,
        image           TEXT,               -- JSON: form, bytes, total, format, width, height
        segment         INTEGER NOT NULL,   -- the log's file in which its record lies
        position        INTEGER NOT NULL,   -- where the record begins
        record_bytes    INTEGER NOT NULL    -- header, facts, head and body
    ) STRICT;
    CREATE TABLE answers (
        id              INTEGER PRIMARY KEY,
        outcome         TEXT NOT NULL,      -- sent, sender_gone
        status          INTEGER NOT NULL,
        rule            TEXT NOT NULL,
        latency_us      INTEGER NOT NULL,
        headers         TEXT NOT NULL,      -- JSON: array of pairs
        body            BLOB NOT NULL
    ) STRICT;
    CREATE TABLE diagnoses (
        id              INTEGER PRIMARY KEY,
        diagnosis       TEXT NOT NULL       -- JSON: complete, tried, causes, evidence
    ) STRICT;
    CREATE TABLE attempts (                 -- what was sent from here, and what came of it
        id              INTEGER PRIMARY KEY,
        delivery        INTEGER,            -- what it was made from; NULL for a made-up event
        kind            TEXT NOT NULL,      -- replay, forward, simulation
        mode            TEXT NOT NULL,      -- as_captured, resigned, edited, edited_unsigned, made
        at_us           INTEGER NOT NULL,   -- Unix microseconds
        target          TEXT NOT NULL,      -- the URL
        peer            TEXT,               -- the address, once a connection stood
        head            BLOB NOT NULL,      -- request line and headers as sent
        body            BLOB,               -- NULL when it is the delivery's own
        body_bytes      INTEGER NOT NULL,
        connect_us      INTEGER,
        tls_us          INTEGER,
        first_byte_us   INTEGER,
        latency_us      INTEGER NOT NULL,
        status          INTEGER,            -- NULL when there was no response
        response_head   BLOB,
        response_body   BLOB,               -- as far as it was read
        response_end    TEXT,               -- complete, limit, closed_early, timed_out, malformed
        error           TEXT,               -- refused, timeout_connect, tls …
        error_message   TEXT,
        advice          TEXT
    ) STRICT;
    CREATE INDEX attempts_of ON attempts (delivery);
    CREATE VIEW answered AS
        SELECT d.*, a.status, a.rule, a.latency_us / 1000.0 AS latency_ms,
               datetime(d.received_us / 1000000, 'unixepoch') AS received_utc
        FROM deliveries d LEFT JOIN answers a ON a.id = d.id;",
    // Segments whose file is not yet what the rows say; see `prune`.
    "CREATE TABLE prunings (
        segment         INTEGER PRIMARY KEY,
        stays           INTEGER NOT NULL    -- whether a copy takes its place, or it is deleted
    ) STRICT;",
    // What stands around a body and before an answer. The view keeps the columns that it had: SQLite would
    // read its `d.*` again.
    "ALTER TABLE deliveries ADD COLUMN framing_bytes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE answers ADD COLUMN interim BLOB NOT NULL DEFAULT x'';           -- as sent before the answer
    ALTER TABLE answers ADD COLUMN body_bytes INTEGER NOT NULL DEFAULT 0;       -- sent, also of what is not kept
    ALTER TABLE attempts ADD COLUMN response_interim BLOB NOT NULL DEFAULT x''; -- as received before it
    ALTER TABLE attempts ADD COLUMN response_bytes INTEGER NOT NULL DEFAULT 0;  -- of the body, kept or not
    CREATE TABLE log_keys (                 -- by which the log's records are known again; see `seal`
        number          INTEGER PRIMARY KEY,
        key             BLOB NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE losses (                   -- parts of the log that could not be read when rows were made from it
        segment         INTEGER NOT NULL,
        position        INTEGER NOT NULL,   -- where the part begins
        bytes           INTEGER NOT NULL,
        after_id        INTEGER NOT NULL,   -- the delivery before it; 0 when there is none
        before_id       INTEGER,            -- the delivery after it; NULL when there is none
        PRIMARY KEY (segment, position)
    ) STRICT;
    DROP VIEW answered;
    CREATE VIEW answered AS
        SELECT d.id, d.received_us, d.remote, d.method, d.path, d.webhook, d.intake, d.intake_reason, d.event,
               d.version, d.agent, d.simulation, d.event_ms, d.items, d.verdict, d.secret, d.timestamp,
               d.timestamp_unit, d.age_ms, d.fresh, d.note, d.body_bytes, d.image, d.segment, d.position,
               d.record_bytes,
               a.status, a.rule, a.latency_us / 1000.0 AS latency_ms,
               datetime(d.received_us / 1000000, 'unixepoch') AS received_utc
        FROM deliveries d LEFT JOIN answers a ON a.id = d.id;",
    // The cause by its codes, so that a filter need not read diagnoses; and what a person adds, of which the file beside
    // the log is the truth: see `marks`.
    concat!(
        "CREATE TABLE causes (
        id              INTEGER PRIMARY KEY,
        code            TEXT NOT NULL       -- of the likeliest cause; several changes joined by +
    ) STRICT;
    INSERT INTO causes SELECT id, code FROM (SELECT id, ",
        cause_code!("diagnosis"),
        " AS code FROM diagnoses) WHERE code IS NOT NULL;
    CREATE TABLE marks (
        id              INTEGER PRIMARY KEY,
        pinned          INTEGER NOT NULL,
        note            TEXT,
        tags            TEXT NOT NULL       -- joined by spaces
    ) STRICT;
    CREATE TABLE deleted (                  -- hidden until they are pruned
        id              INTEGER PRIMARY KEY
    ) STRICT;
    CREATE TABLE marks_file (               -- how much of the file these tables hold
        number          INTEGER PRIMARY KEY,
        bytes           INTEGER NOT NULL
    ) STRICT;"
    ),
    // Which writing of the file that is: see `marks_file`.
    "ALTER TABLE marks_file ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;",
];

/// Sets up a connection that writes: a new file's page size, and SQLite's write-ahead log, which is
/// synced before each checkpoint and not with every commit: what a power cut takes from it is in our
/// own log.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::sqlite(path, "set up", source);
    connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "normal").map_err(failed)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(failed)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024).map_err(failed)
}

/// Checks that `connection` is a whyhook store of a version that this release can read, without
/// changing it. An empty database passes: it is about to become one.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let failed = |source| StoreError::sqlite(path, "read", source);
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed);
    let version = number("user_version")?;
    let application = number("application_id")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application != i64::from(APPLICATION_ID) && (tables > 0 || version > 0 || application != 0) {
        return Err(StoreError::foreign(path, "another SQLite database"));
    }
    if version > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: SCHEMA_VERSION });
    }
    Ok(version)
}

/// Lets a connection that only reads see a store of an older `version` as if it had been migrated. Its views
/// take the tables' names, as far as this connection is concerned; once a writer has migrated the store, the
/// tables' own columns come first and are the ones that are seen.
pub(super) fn show_as_current(connection: &Connection, version: i64, path: &Path) -> Result<(), StoreError> {
    let run = |views: &str| connection.execute_batch(views).map_err(|source| StoreError::sqlite(path, "read", source));
    if version < 4 {
        // Of the marks that a writer adds later, this connection sees none.
        run(concat!(
            "PRAGMA temp_store = memory;
            CREATE TEMP VIEW causes AS SELECT id, ",
            cause_code!("diagnosis"),
            " AS code FROM main.diagnoses;
            CREATE TEMP VIEW marks AS SELECT 0 AS id, 0 AS pinned, NULL AS note, '' AS tags WHERE 0;
            CREATE TEMP VIEW deleted AS SELECT 0 AS id WHERE 0;"
        ))?;
    }
    if version >= 3 {
        return Ok(());
    }
    run("PRAGMA temp_store = memory;
        CREATE TEMP VIEW deliveries AS SELECT *, 0 AS framing_bytes FROM main.deliveries;
        CREATE TEMP VIEW answers AS SELECT *, x'' AS interim, 0 AS body_bytes FROM main.answers;
        CREATE TEMP VIEW attempts AS SELECT *, x'' AS response_interim, 0 AS response_bytes FROM main.attempts;")
}

/// Brings the store to [`SCHEMA_VERSION`] in one transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let version = check(connection, path)?;
    if version == SCHEMA_VERSION {
        return Ok(());
    }
    let failed = |source| StoreError::sqlite(path, "bring to this release's schema", source);
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    let done = usize::try_from(version).unwrap_or(0);
    for step in &MIGRATIONS[done..] {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(failed)?;
    transaction.commit().map_err(failed)
}
