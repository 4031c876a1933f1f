-- Backups that were made of this case, so that what was deleted since can be looked for in them, and old ones go.
CREATE SEQUENCE held.backup_ids;
CREATE TABLE held.backups (
    backup_id   BIGINT PRIMARY KEY DEFAULT nextval('held.backup_ids'),
    place       VARCHAR NOT NULL,
    officer_id  VARCHAR NOT NULL,
    reason      VARCHAR NOT NULL,
    made_at     TIMESTAMPTZ NOT NULL,
    entries     BIGINT NOT NULL,
    images      BIGINT NOT NULL,
    size_bytes  BIGINT NOT NULL,
    sha256      VARCHAR NOT NULL,
    keep_until  DATE NOT NULL,
    removed_at  TIMESTAMPTZ,
    removed_by  VARCHAR
);
