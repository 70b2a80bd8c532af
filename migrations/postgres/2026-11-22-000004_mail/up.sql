-- How a customer is named to people and written to. Sealed together: a contact is a person.
ALTER TABLE customers
    ADD COLUMN locale text NOT NULL DEFAULT 'da',
    ADD COLUMN contact_sealed bytea,
    ADD COLUMN key_version integer;
ALTER TABLE customers ALTER COLUMN contact_sealed SET STATISTICS 0;
