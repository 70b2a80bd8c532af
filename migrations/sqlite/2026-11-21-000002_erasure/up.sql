-- Which life of the ref this is: a person whom the customer makes anew after a deletion is another one.
ALTER TABLE people ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
-- Since when it lasts; events that happened before are of the life before, and stay refused.
ALTER TABLE people ADD COLUMN epoch_at INTEGER;

-- Whom the customer has deleted: a keyed digest, so that a late event cannot bring the person back.
CREATE TABLE tombstones (
    customer_id INTEGER NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    epoch       INTEGER NOT NULL,
    erased_at   INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (customer_id, digest),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Deletions with their signed receipts; nothing here names a person.
CREATE TABLE deletions (
    customer_id       INTEGER NOT NULL,
    id                INTEGER NOT NULL,
    public_id         BLOB NOT NULL CHECK (length(public_id) = 16),
    origin            INTEGER NOT NULL,
    reconciliation_id BLOB CHECK (length(reconciliation_id) = 16),
    completed_at      INTEGER NOT NULL,
    refs              INTEGER NOT NULL,
    people            INTEGER NOT NULL,
    verified          INTEGER NOT NULL,
    receipt           TEXT NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Fingerprints of erased ciphertext, by which a search of the raw files can show that it is gone.
CREATE TABLE erasure_marks (
    customer_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    marks       BLOB NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- People whose data must be kept but not used (Article 18).
CREATE TABLE restrictions (
    customer_id   INTEGER NOT NULL,
    person_id     INTEGER NOT NULL,
    ground        INTEGER NOT NULL,
    reason_sealed BLOB,
    placed_at     INTEGER NOT NULL,
    PRIMARY KEY (customer_id, person_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Comparisons with the list of people whom the customer still holds.
CREATE TABLE reconciliations (
    customer_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    public_id   BLOB NOT NULL CHECK (length(public_id) = 16),
    state       INTEGER NOT NULL,
    dry_run     INTEGER NOT NULL,
    snapshot_at INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    refs        INTEGER NOT NULL,
    held        INTEGER NOT NULL,
    absent      INTEGER NOT NULL,
    erased      INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    restricted  INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Whom a running comparison has still to delete.
CREATE TABLE reconciliation_people (
    customer_id       INTEGER NOT NULL,
    reconciliation_id INTEGER NOT NULL,
    person_id         INTEGER NOT NULL,
    PRIMARY KEY (customer_id, reconciliation_id, person_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Written agreements by which a customer lets data go after a time.
CREATE TABLE retention_agreements (
    customer_id     INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    public_id       BLOB NOT NULL CHECK (length(public_id) = 16),
    document_sha256 BLOB NOT NULL CHECK (length(document_sha256) = 32),
    parties         TEXT NOT NULL,
    signed_at       INTEGER,
    in_force_from   INTEGER NOT NULL,
    in_force_until  INTEGER,
    people_days     INTEGER,
    visits_days     INTEGER,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What a customer, or with customer 0 the operator, should know of.
CREATE TABLE notices (
    customer_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    public_id   BLOB NOT NULL CHECK (length(public_id) = 16),
    kind        TEXT NOT NULL,
    raised_at   INTEGER NOT NULL,
    details     TEXT NOT NULL,
    PRIMARY KEY (customer_id, id)
) STRICT, WITHOUT ROWID;

-- Who did what to whose data, without saying whose.
CREATE TABLE audit_entries (
    customer_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    action      TEXT NOT NULL,
    subject     BLOB CHECK (length(subject) = 16),
    details     TEXT NOT NULL,
    PRIMARY KEY (customer_id, id)
) STRICT, WITHOUT ROWID;

-- Work to be done later: one row a kind, a customer (0 is the service) and a subject.
CREATE TABLE jobs (
    customer_id INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    subject     INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    leased_to   INTEGER,
    attempts    INTEGER NOT NULL,
    ran_at      INTEGER,
    PRIMARY KEY (customer_id, kind, subject)
) STRICT, WITHOUT ROWID;

-- Keys of the service itself, wrapped by the master key, so that another master key can take over.
CREATE TABLE service_keys (
    purpose       TEXT NOT NULL,
    version       INTEGER NOT NULL,
    wrapped       BLOB NOT NULL,
    master_key_id TEXT NOT NULL,
    public_key    BLOB,
    created_at    INTEGER NOT NULL,
    retired_at    INTEGER,
    PRIMARY KEY (purpose, version)
) STRICT, WITHOUT ROWID;

-- Master keys that are or were in use; the keys themselves are in files outside.
CREATE TABLE master_keys (
    id           TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    retired_at   INTEGER,
    destroyed_at INTEGER,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

-- How far the journal of erasures has been compared with this database.
CREATE TABLE journal_marks (
    journal_id   BLOB NOT NULL CHECK (length(journal_id) = 16),
    compared_to  INTEGER NOT NULL,
    compared_at  INTEGER NOT NULL,
    PRIMARY KEY (journal_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstones_by_expiry ON tombstones (customer_id, expires_at);
CREATE INDEX deletions_by_time ON deletions (customer_id, completed_at);
CREATE INDEX reconciliation_people_of_person ON reconciliation_people (customer_id, person_id);
CREATE INDEX jobs_by_time ON jobs (due_at);

-- What SQLite shall take the tables for. It knows nothing of tables that were never analysed, and then reads all rows of
-- a customer instead of using the index of a person, in foreign keys as well. A database with one customer is the
-- usual one, so the first column of each key tells nothing. The numbers are of a busy site and of nobody.
ANALYZE restrictions;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('people', 'people', '100000 100000 1'),
    ('people', 'sqlite_autoindex_people_2', '100000 100000 1'),
    ('people', 'people_by_email', '50000 50000 1'),
    ('people', 'people_by_phone', '50000 50000 1'),
    ('events', 'events', '1000000 1000000 1'),
    ('events', 'sqlite_autoindex_events_2', '1000000 1000000 1'),
    ('events', 'events_of_person', '1000000 1000000 10 1'),
    ('events', 'events_by_time', '1000000 1000000 2 1'),
    ('events', 'events_correcting', '10000 10000 1'),
    ('event_hosts', 'event_hosts', '500000 500000 1'),
    ('event_hosts', 'event_hosts_of_person', '500000 500000 50'),
    ('event_recipients', 'event_recipients', '500000 500000 1 1'),
    ('event_recipients', 'event_recipients_of_person', '500000 500000 50'),
    ('visits', 'visits', '500000 500000 1'),
    ('visits', 'visits_of_person', '500000 500000 5'),
    ('visits', 'visits_by_start', '500000 500000 2 1'),
    ('visits', 'visits_by_arrival', '500000 500000 250000 2'),
    ('restrictions', 'restrictions', '1000 1000 1'),
    ('reconciliation_people', 'reconciliation_people', '10000 10000 10000 1'),
    ('reconciliation_people', 'reconciliation_people_of_person', '10000 10000 1'),
    ('tombstones', 'tombstones', '10000 10000 1'),
    ('tombstones', 'tombstones_by_expiry', '10000 10000 2'),
    ('deletions', 'deletions', '10000 10000 1'),
    ('deletions', 'sqlite_autoindex_deletions_2', '10000 10000 1'),
    ('deletions', 'deletions_by_time', '10000 10000 2');
ANALYZE sqlite_schema;
