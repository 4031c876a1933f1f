-- An entry is keyed with the case's key, and says what its action left in each table it wrote.
ALTER TABLE held.audit ADD COLUMN tables VARCHAR;
ALTER TABLE held.audit ADD COLUMN keyed VARCHAR;
-- The newest entry that says how each table stands, so that it need not be looked for.
CREATE TABLE held.table_marks (
    name     VARCHAR PRIMARY KEY,
    sequence BIGINT NOT NULL
);
