-- How a customer is named to people and written to. Sealed together: a contact is a person.
ALTER TABLE customers ADD COLUMN locale TEXT NOT NULL DEFAULT 'da';
ALTER TABLE customers ADD COLUMN contact_sealed BLOB;
ALTER TABLE customers ADD COLUMN key_version INTEGER;

-- Mails on their way out: to whom and what they say is sealed, and goes with the mail. Customer 0 is the service.
CREATE TABLE mails (
    customer_id    INTEGER NOT NULL,
    id             INTEGER NOT NULL,
    public_id      BLOB NOT NULL CHECK (length(public_id) = 16),
    kind           TEXT NOT NULL,
    -- 1 waits, 2 sent, 3 given up.
    state          INTEGER NOT NULL,
    -- When it is to be tried; of one that has ended, when it is to be purged.
    due_at         INTEGER NOT NULL,
    give_up_at     INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    last_error     TEXT,
    created_at     INTEGER NOT NULL,
    ended_at       INTEGER,
    content_sealed BLOB,
    key_version    INTEGER,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mails_by_time ON mails (customer_id, state, due_at);
