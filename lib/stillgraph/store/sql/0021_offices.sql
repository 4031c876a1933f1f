-- What an officer may do changes: role, whether they see faces, suspension. Appended only; the newest row of an officer
-- counts. `by_name` is false where nobody said the role: of the first officer, who is administrator of itself.
CREATE TABLE held.officer_changes (
    sequence   BIGINT PRIMARY KEY,
    officer_id VARCHAR NOT NULL,
    role       VARCHAR,
    by_name    BOOLEAN NOT NULL,
    sees_faces BOOLEAN NOT NULL,
    suspended  BOOLEAN NOT NULL,
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

INSERT INTO held.officer_changes
SELECT row_number() OVER (ORDER BY added_at, officer_id), officer_id, role,
       role IS NOT NULL AND NOT (role = 'administrator' AND added_at = (SELECT min(added_at) FROM held.officers)),
       false, false, officer_id, added_at
FROM held.officers;

-- An operation is opened, extended and closed: its terms from then on. Appended only; the newest row counts.
CREATE TABLE held.operation_changes (
    sequence      BIGINT PRIMARY KEY,
    operation_id  VARCHAR NOT NULL,
    change        VARCHAR NOT NULL CHECK (change IN ('opened', 'extended', 'closed')),
    begins        DATE,
    until         DATE,
    legal_basis   VARCHAR,
    authorised_by VARCHAR,
    reason        VARCHAR NOT NULL,
    changed_by    VARCHAR NOT NULL,
    changed_at    TIMESTAMPTZ NOT NULL
);

INSERT INTO held.operation_changes
SELECT row_number() OVER (ORDER BY opened_at, operation_id), operation_id, 'opened', NULL, until,
       NULL, NULL, purpose, opened_by, opened_at
FROM held.operations;
