DROP TABLE mails;
ALTER TABLE customers
    DROP COLUMN key_version,
    DROP COLUMN contact_sealed,
    DROP COLUMN locale;
