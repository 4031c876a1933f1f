-- What a search by the gallery's codes loses, measured: samples of the case's faces searched by codes and again exactly.
-- Appended only.
CREATE SEQUENCE held.gallery_check_ids;
CREATE TABLE held.gallery_checks (
    check_id        BIGINT PRIMARY KEY DEFAULT nextval('held.gallery_check_ids'),
    officer_id      VARCHAR NOT NULL,
    operation_id    VARCHAR NOT NULL,
    reason          VARCHAR NOT NULL,
    checked_at      TIMESTAMPTZ NOT NULL,
    model           VARCHAR NOT NULL,
    gallery_size    BIGINT NOT NULL,
    gallery_version VARCHAR NOT NULL,
    list_limit      BIGINT NOT NULL,
    seed            BIGINT NOT NULL,
    probes          BIGINT NOT NULL,
    lost            BIGINT NOT NULL,
    differing       BIGINT NOT NULL,
    upper_bound     DOUBLE NOT NULL,
    bound           DOUBLE NOT NULL
);

-- Which engine a search was made with, and the newest check there was of it then. Null on searches made before, which
-- were exact.
ALTER TABLE held.searches ADD COLUMN engine VARCHAR;
ALTER TABLE held.searches ADD COLUMN gallery_check_id BIGINT;
