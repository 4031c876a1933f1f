-- Faces that an officer compared among the stills: a search that gives no list to review, and bars from reviewing it.
CREATE TABLE held.alike_searches (
    face_id         VARCHAR NOT NULL,
    officer_id      VARCHAR NOT NULL,
    operation_id    VARCHAR NOT NULL,
    reason          VARCHAR NOT NULL,
    searched_at     TIMESTAMPTZ NOT NULL,
    model           VARCHAR NOT NULL,
    faces           BIGINT NOT NULL,
    gallery_version VARCHAR NOT NULL,
    filters         VARCHAR NOT NULL,
    faces_searched  BIGINT NOT NULL,
    threshold       DOUBLE NOT NULL,
    list_limit      BIGINT NOT NULL
);
