-- What people ask for by the public form, until it has become cases of those who decide. A request may name a customer
-- or none, so it is looked for by its own id; it holds no person's id.
CREATE TABLE privacy_requests (
    id               INTEGER NOT NULL,
    public_id        BLOB NOT NULL CHECK (length(public_id) = 16),
    customer_id      INTEGER,
    asked            INTEGER NOT NULL,
    locale           TEXT NOT NULL,
    received_at      INTEGER NOT NULL,
    asked_sealed     BLOB,
    code_digest      BLOB,
    code_expires_at  INTEGER,
    code_tries       INTEGER NOT NULL,
    codes_sent       INTEGER NOT NULL,
    verified_at      INTEGER,
    token_digest     BLOB,
    token_expires_at INTEGER,
    passed_on_at     INTEGER,
    expires_at       INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Cases of data subjects: the facts of the procedure. Customer 0 is the operator, for data of its own.
CREATE TABLE cases (
    customer_id      INTEGER NOT NULL,
    id               INTEGER NOT NULL,
    public_id        BLOB NOT NULL CHECK (length(public_id) = 16),
    request_id       INTEGER,
    about            BLOB CHECK (length(about) = 16),
    asked            INTEGER NOT NULL,
    channel          INTEGER NOT NULL,
    locale           TEXT NOT NULL,
    state            INTEGER NOT NULL,
    received_at      INTEGER NOT NULL,
    received_on      TEXT NOT NULL,
    safe_end_at      INTEGER NOT NULL,
    warned_percent   INTEGER NOT NULL,
    verified_at      INTEGER,
    verified_by      INTEGER,
    waited_days      INTEGER NOT NULL,
    waiting_since    INTEGER,
    extended_at      INTEGER,
    extension_ground INTEGER,
    decided_at       INTEGER,
    decided_by       TEXT,
    decision         INTEGER,
    grounds          TEXT NOT NULL,
    prepared_at      INTEGER,
    released_at      INTEGER,
    downloaded_at    INTEGER,
    closed_at        INTEGER,
    receipt_id       BLOB CHECK (length(receipt_id) = 16),
    held_until       INTEGER,
    is_held          INTEGER,
    asked_sealed     BLOB,
    reasons_sealed   BLOB,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id)
) STRICT, WITHOUT ROWID;

-- Whom a case is about; it goes with the person, the case stays.
CREATE TABLE case_people (
    customer_id INTEGER NOT NULL,
    case_id     INTEGER NOT NULL,
    person_id   INTEGER NOT NULL,
    PRIMARY KEY (customer_id, case_id, person_id),
    FOREIGN KEY (customer_id, case_id) REFERENCES cases (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The file of an answer, sealed piece by piece, until it is fetched or its time is over.
CREATE TABLE case_files (
    customer_id INTEGER NOT NULL,
    case_id     INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    PRIMARY KEY (customer_id, case_id, position),
    FOREIGN KEY (customer_id, case_id) REFERENCES cases (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Instructions by which a customer lets the service decide, once a person's identity is shown.
CREATE TABLE delegations (
    customer_id     INTEGER NOT NULL,
    asked           INTEGER NOT NULL,
    document_sha256 BLOB NOT NULL CHECK (length(document_sha256) = 32),
    instructed_at   INTEGER NOT NULL,
    actor           TEXT NOT NULL,
    PRIMARY KEY (customer_id, asked),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX privacy_requests_of_customer ON privacy_requests (customer_id);
CREATE INDEX cases_of_request ON cases (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX cases_by_end ON cases (customer_id, safe_end_at, id);
CREATE INDEX case_people_of_person ON case_people (customer_id, person_id);
