-- What a case may hold, how long, and what was done about it (docs/retention.md).

-- The day a still's retention is to be reviewed, by its rule when it was received and since, or as an officer set it.
ALTER TABLE held.stills ADD COLUMN review_due DATE;
ALTER TABLE held.stills ADD COLUMN review_set_by VARCHAR;
ALTER TABLE held.custody_images ADD COLUMN review_set_by VARCHAR;

-- The rules in force: one table, replaced whole by an officer. Periods are ISO 8601; empty: none.
CREATE TABLE held.retention_rules (
    position     INTEGER PRIMARY KEY,
    kind         VARCHAR NOT NULL,
    status       VARCHAR NOT NULL,
    basis        VARCHAR NOT NULL,
    keep_for     VARCHAR NOT NULL,
    counted_from VARCHAR NOT NULL,
    at_end       VARCHAR NOT NULL CHECK (at_end IN ('delete', 'review', 'keep')),
    apply_after  VARCHAR NOT NULL,
    source       VARCHAR NOT NULL,
    version      VARCHAR NOT NULL,
    ours         BOOLEAN NOT NULL,
    set_by       VARCHAR NOT NULL,
    set_at       TIMESTAMPTZ NOT NULL
);

-- Decisions to keep a record that was due, or would be: until when and why. Appended only.
CREATE TABLE held.retention_reviews (
    review_id    BIGINT PRIMARY KEY,
    kind         VARCHAR NOT NULL,
    record_id    VARCHAR NOT NULL,
    keep_until   DATE NOT NULL,
    because      VARCHAR NOT NULL,
    officer_id   VARCHAR NOT NULL,
    operation_id VARCHAR NOT NULL,
    reviewed_at  TIMESTAMPTZ NOT NULL
);

-- Legal holds: what is held is not deleted until the hold ends or is released.
CREATE TABLE held.retention_holds (
    hold_id         BIGINT PRIMARY KEY,
    kind            VARCHAR NOT NULL CHECK (kind IN ('nominal record', 'custody image', 'still', 'person')),
    record_id       VARCHAR NOT NULL,
    because         VARCHAR NOT NULL,
    until           DATE,
    placed_by       VARCHAR NOT NULL,
    operation_id    VARCHAR NOT NULL,
    placed_at       TIMESTAMPTZ NOT NULL,
    released_by     VARCHAR,
    released_at     TIMESTAMPTZ,
    release_because VARCHAR
);

-- Applications by a person to have what is held on them deleted, and how each was decided.
CREATE TABLE held.retention_applications (
    application_id BIGINT PRIMARY KEY,
    nominal_id     VARCHAR NOT NULL,
    received_on    DATE NOT NULL,
    ground         VARCHAR NOT NULL,
    recorded_by    VARCHAR NOT NULL,
    recorded_at    TIMESTAMPTZ NOT NULL,
    outcome        VARCHAR CHECK (outcome IN ('deleted', 'refused')),
    because        VARCHAR,
    purpose        VARCHAR,
    next_review    DATE,
    decided_by     VARCHAR,
    decided_at     TIMESTAMPTZ
);

-- Files that were written for people: where, with which bytes, and of whom or what.
CREATE TABLE held.exports (
    export_id    BIGINT PRIMARY KEY,
    kind         VARCHAR NOT NULL,
    path         VARCHAR NOT NULL,
    sha256       VARCHAR NOT NULL,
    about        VARCHAR[] NOT NULL,
    officer_id   VARCHAR NOT NULL,
    operation_id VARCHAR NOT NULL,
    exported_at  TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ,
    ended_how    VARCHAR
);

-- Deletions: one row for each, and one for each record that went. `finished_at` is null while files wait to be removed.
CREATE TABLE held.erasures (
    erasure_id   BIGINT PRIMARY KEY,
    because      VARCHAR NOT NULL,
    officer_id   VARCHAR NOT NULL,
    operation_id VARCHAR NOT NULL,
    erased_at    TIMESTAMPTZ NOT NULL,
    records      BIGINT NOT NULL,
    finished_at  TIMESTAMPTZ,
    left_over    BIGINT
);

CREATE TABLE held.erased_records (
    erasure_id BIGINT NOT NULL,
    kind       VARCHAR NOT NULL,
    record_id  VARCHAR NOT NULL,
    rule       VARCHAR NOT NULL,
    why        VARCHAR NOT NULL
);
