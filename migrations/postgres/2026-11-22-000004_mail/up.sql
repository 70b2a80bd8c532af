-- How a customer is named to people and written to. Sealed together: a contact is a person.
ALTER TABLE customers
    ADD COLUMN locale text NOT NULL DEFAULT 'da',
    ADD COLUMN contact_sealed bytea,
    ADD COLUMN key_version integer;
ALTER TABLE customers ALTER COLUMN contact_sealed SET STATISTICS 0;

-- Mails on their way out: to whom and what they say is sealed, and goes with the mail. Customer 0 is the service.
CREATE TABLE mails (
    customer_id    bigint NOT NULL,
    id             bigint NOT NULL,
    public_id      uuid NOT NULL,
    kind           text NOT NULL,
    -- 1 waits, 2 sent, 3 given up.
    state          smallint NOT NULL,
    -- When it is to be tried; of one that has ended, when it is to be purged.
    due_at         timestamptz NOT NULL,
    give_up_at     timestamptz NOT NULL,
    attempts       integer NOT NULL,
    last_error     text,
    created_at     timestamptz NOT NULL,
    ended_at       timestamptz,
    content_sealed bytea,
    key_version    integer,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id)
);
CREATE INDEX mails_by_time ON mails (customer_id, state, due_at);
ALTER TABLE mails ALTER COLUMN content_sealed SET STATISTICS 0;
