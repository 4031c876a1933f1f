-- Queries that officers keep by a name, their text with every value as it was written. No view shows them.
CREATE TABLE held.saved_queries (
    saved_id     BIGINT PRIMARY KEY,
    name         VARCHAR NOT NULL,
    officer_id   VARCHAR NOT NULL,
    operation_id VARCHAR NOT NULL,
    shared       BOOLEAN NOT NULL,
    sql          VARCHAR NOT NULL,
    saved_at     TIMESTAMPTZ NOT NULL
);
CREATE SEQUENCE held.saved_query_ids;
