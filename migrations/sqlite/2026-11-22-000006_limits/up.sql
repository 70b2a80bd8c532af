-- To what a person has objected, or for what consent was withdrawn (Articles 21 and 7(3)).
CREATE TABLE objections (
    customer_id    INTEGER NOT NULL,
    person_id      INTEGER NOT NULL,
    purpose        INTEGER NOT NULL,
    claim          INTEGER NOT NULL,
    state          INTEGER NOT NULL,
    grounds_sealed BLOB,
    received_at    INTEGER NOT NULL,
    decided_at     INTEGER,
    PRIMARY KEY (customer_id, person_id, purpose),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What of a person must be kept beyond an erasure, on what ground and until when (Article 17(3)).
CREATE TABLE holds (
    customer_id INTEGER NOT NULL,
    person_id   INTEGER NOT NULL,
    public_id   BLOB NOT NULL CHECK (length(public_id) = 16),
    ref_digest  BLOB NOT NULL CHECK (length(ref_digest) = 32),
    ground      INTEGER NOT NULL,
    law_sealed  BLOB NOT NULL,
    fields      INTEGER NOT NULL,
    placed_at   INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,
    erased_at   INTEGER,
    PRIMARY KEY (customer_id, person_id, public_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What a person says beside what is held of the person (Article 16).
CREATE TABLE statements (
    customer_id INTEGER NOT NULL,
    person_id   INTEGER NOT NULL,
    text_sealed BLOB NOT NULL,
    made_at     INTEGER NOT NULL,
    PRIMARY KEY (customer_id, person_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_by_ref ON holds (customer_id, ref_digest);
CREATE INDEX holds_by_end ON holds (customer_id, ends_at);

-- As in the migrations before: what SQLite shall take these tables for.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('objections', 'objections', '1000 1000 1 1'),
    ('holds', 'holds', '1000 1000 1 1'),
    ('holds', 'holds_by_ref', '1000 1000 1'),
    ('holds', 'holds_by_end', '1000 1000 1'),
    ('statements', 'statements', '1000 1000 1');
ANALYZE sqlite_schema;
