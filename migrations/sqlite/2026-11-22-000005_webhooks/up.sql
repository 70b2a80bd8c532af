-- Where a customer wants to be told. An address may hold a secret, so it is sealed under the customer's key.
CREATE TABLE webhook_endpoints (
    customer_id     INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    public_id       BLOB NOT NULL CHECK (length(public_id) = 16),
    url_sealed      BLOB NOT NULL,
    key_version     INTEGER NOT NULL,
    description     TEXT,
    topics          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    disabled_at     INTEGER,
    disabled_reason INTEGER,
    failing_since   INTEGER,
    failures        INTEGER NOT NULL,
    closed_at       INTEGER,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What signs for an endpoint; two overlap while one takes over.
CREATE TABLE webhook_secrets (
    customer_id   INTEGER NOT NULL,
    endpoint_id   INTEGER NOT NULL,
    id            INTEGER NOT NULL,
    secret_sealed BLOB NOT NULL,
    key_version   INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    PRIMARY KEY (customer_id, endpoint_id, id),
    FOREIGN KEY (customer_id, endpoint_id) REFERENCES webhook_endpoints (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What is told. The body may name a person by the customer's ref: it is sealed, and gone once all have got it.
CREATE TABLE webhook_messages (
    customer_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    public_id   BLOB NOT NULL CHECK (length(public_id) = 16),
    topic       INTEGER NOT NULL,
    subject     BLOB CHECK (length(subject) = 16),
    person_id   INTEGER,
    body_sealed BLOB,
    key_version INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A message on its way to one endpoint, and when that said it had got it.
CREATE TABLE webhook_deliveries (
    customer_id     INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    public_id       BLOB NOT NULL CHECK (length(public_id) = 16),
    message_id      INTEGER NOT NULL,
    endpoint_id     INTEGER NOT NULL,
    state           INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    queued_at       INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    attempted_at    INTEGER,
    status          INTEGER,
    fault           INTEGER,
    acknowledged_at INTEGER,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id, message_id) REFERENCES webhook_messages (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, endpoint_id) REFERENCES webhook_endpoints (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_messages_of_person ON webhook_messages (customer_id, person_id) WHERE person_id IS NOT NULL;
CREATE INDEX webhook_messages_by_subject ON webhook_messages (customer_id, subject) WHERE subject IS NOT NULL;
CREATE INDEX webhook_messages_by_time ON webhook_messages (customer_id, created_at);
CREATE INDEX webhook_messages_held ON webhook_messages (customer_id, key_version) WHERE body_sealed IS NOT NULL;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (customer_id, endpoint_id, state, due_at);
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (customer_id, endpoint_id, id, state);
CREATE INDEX webhook_deliveries_of_message ON webhook_deliveries (customer_id, message_id, state);

-- As in the migrations before: what SQLite shall take these tables for.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('webhook_messages', 'webhook_messages', '100000 100000 1'),
    ('webhook_messages', 'sqlite_autoindex_webhook_messages_2', '100000 100000 1'),
    ('webhook_messages', 'webhook_messages_of_person', '100000 100000 2'),
    ('webhook_messages', 'webhook_messages_by_subject', '100000 100000 2'),
    ('webhook_messages', 'webhook_messages_by_time', '100000 100000 1'),
    ('webhook_messages', 'webhook_messages_held', '1000 1000 1000'),
    ('webhook_deliveries', 'webhook_deliveries', '100000 100000 1'),
    ('webhook_deliveries', 'sqlite_autoindex_webhook_deliveries_2', '100000 100000 1'),
    ('webhook_deliveries', 'webhook_deliveries_due', '100000 100000 50000 10000 1'),
    ('webhook_deliveries', 'webhook_deliveries_of_endpoint', '100000 100000 50000 1 1'),
    ('webhook_deliveries', 'webhook_deliveries_of_message', '100000 100000 2 1');
ANALYZE sqlite_schema;
