-- The case file. Base tables live in schema `held` and are reached only by stillgraph.store;
-- everybody else reads the documented views in schema `main` (views.sql).
CREATE SCHEMA held;

CREATE TABLE held.settings (
    key   VARCHAR PRIMARY KEY,
    value VARCHAR NOT NULL
);

CREATE TABLE held.officers (
    officer_id VARCHAR PRIMARY KEY,
    role       VARCHAR,
    name       VARCHAR NOT NULL,
    simulated  BOOLEAN NOT NULL,
    added_at   TIMESTAMPTZ NOT NULL
);

CREATE TABLE held.operations (
    operation_id VARCHAR PRIMARY KEY,
    purpose      VARCHAR NOT NULL,
    opened_by    VARCHAR NOT NULL,
    opened_at    TIMESTAMPTZ NOT NULL,
    until        DATE
);

CREATE TABLE held.stores (
    store_id    VARCHAR PRIMARY KEY,
    retailer_id VARCHAR NOT NULL,
    retailer    VARCHAR NOT NULL,
    store       VARCHAR NOT NULL,
    borough     VARCHAR NOT NULL,
    latitude    DOUBLE NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude   DOUBLE NOT NULL CHECK (longitude BETWEEN -180 AND 180)
);

CREATE SEQUENCE held.delivery_ids;
CREATE TABLE held.deliveries (
    delivery_id  BIGINT PRIMARY KEY DEFAULT nextval('held.delivery_ids'),
    kind         VARCHAR NOT NULL CHECK (kind IN ('stills', 'custody', 'arrests')),
    retailer_id  VARCHAR,
    manifest     VARCHAR NOT NULL,
    sha256       VARCHAR NOT NULL,
    received_at  TIMESTAMPTZ NOT NULL,
    rows_read    BIGINT NOT NULL,
    elapsed_s    DOUBLE NOT NULL
);

CREATE TABLE held.refusals (
    delivery_id BIGINT NOT NULL,
    line        BIGINT NOT NULL,
    image       VARCHAR NOT NULL,
    field       VARCHAR NOT NULL,
    reason      VARCHAR NOT NULL
);

CREATE TABLE held.offences (
    offence_id   VARCHAR PRIMARY KEY,
    retailer_id  VARCHAR NOT NULL,
    store_id     VARCHAR NOT NULL,
    occurred_at  TIMESTAMPTZ NOT NULL,
    offence_code VARCHAR NOT NULL,
    offence      VARCHAR NOT NULL,
    value_pence  BIGINT NOT NULL CHECK (value_pence >= 0),
    violence     VARCHAR NOT NULL,
    method       VARCHAR NOT NULL,
    how_detected VARCHAR NOT NULL
);

CREATE TABLE held.stills (
    still_id    VARCHAR PRIMARY KEY,
    delivery_id BIGINT NOT NULL,
    retailer_id VARCHAR NOT NULL,
    offence_id  VARCHAR NOT NULL,
    image       VARCHAR NOT NULL,
    camera      VARCHAR NOT NULL,
    captured_at TIMESTAMPTZ NOT NULL,
    width_px    INTEGER NOT NULL,
    height_px   INTEGER NOT NULL,
    sha256      VARCHAR NOT NULL UNIQUE,
    line        BIGINT NOT NULL,
    note        VARCHAR NOT NULL
);

CREATE TABLE held.nominals (
    nominal_id    VARCHAR PRIMARY KEY,
    name          VARCHAR NOT NULL,
    date_of_birth DATE NOT NULL,
    sex           VARCHAR NOT NULL,
    ethnicity     VARCHAR NOT NULL
);

CREATE TABLE held.custody_images (
    custody_image_id  VARCHAR PRIMARY KEY,
    delivery_id       BIGINT NOT NULL,
    nominal_id        VARCHAR NOT NULL,
    image             VARCHAR NOT NULL,
    captured_on       DATE NOT NULL,
    custody_ref       VARCHAR NOT NULL,
    conviction_status VARCHAR NOT NULL,
    review_due        DATE NOT NULL,
    width_px          INTEGER NOT NULL,
    height_px         INTEGER NOT NULL,
    sha256            VARCHAR NOT NULL UNIQUE,
    line              BIGINT NOT NULL
);

CREATE TABLE held.arrests (
    nominal_id   VARCHAR NOT NULL,
    arrested_on  DATE NOT NULL,
    offence_code VARCHAR NOT NULL,
    offence      VARCHAR NOT NULL,
    disposal     VARCHAR NOT NULL
);

-- Faces of stills and of custody images; image_kind says which, image_id is the still's or custody image's id.
CREATE TABLE held.faces (
    face_id         VARCHAR PRIMARY KEY,
    image_kind      VARCHAR NOT NULL CHECK (image_kind IN ('still', 'custody')),
    image_id        VARCHAR NOT NULL,
    x               DOUBLE NOT NULL,
    y               DOUBLE NOT NULL,
    width           DOUBLE NOT NULL,
    height          DOUBLE NOT NULL,
    landmarks       FLOAT[10] NOT NULL,
    inter_eye_px    DOUBLE NOT NULL,
    sharpness       DOUBLE NOT NULL,
    brightness      DOUBLE NOT NULL,
    contrast        DOUBLE NOT NULL,
    frontality      DOUBLE NOT NULL,
    detection_score DOUBLE NOT NULL,
    found_by        VARCHAR NOT NULL,
    usable          BOOLEAN NOT NULL,
    unusable_reason VARCHAR
);

-- A template belongs to a model: the pair is the key, so templates of two models never mix.
CREATE TABLE held.templates (
    face_id VARCHAR NOT NULL,
    model   VARCHAR NOT NULL,
    vector  FLOAT[] NOT NULL,
    PRIMARY KEY (face_id, model)
);

CREATE SEQUENCE held.search_ids;
CREATE TABLE held.searches (
    search_id       BIGINT PRIMARY KEY DEFAULT nextval('held.search_ids'),
    officer_id      VARCHAR NOT NULL,
    operation_id    VARCHAR NOT NULL,
    reason          VARCHAR NOT NULL,
    searched_at     TIMESTAMPTZ NOT NULL,
    model           VARCHAR NOT NULL,
    gallery_size    BIGINT NOT NULL,
    gallery_version VARCHAR NOT NULL,
    threshold       DOUBLE NOT NULL,
    list_limit      BIGINT NOT NULL,
    elapsed_s       DOUBLE NOT NULL
);

-- Every still a search covered, faces or none.
CREATE TABLE held.searched_stills (
    search_id BIGINT NOT NULL,
    still_id  VARCHAR NOT NULL,
    PRIMARY KEY (search_id, still_id)
);

CREATE TABLE held.probes (
    search_id BIGINT NOT NULL,
    face_id   VARCHAR NOT NULL,
    outcome   VARCHAR NOT NULL,
    PRIMARY KEY (search_id, face_id)
);

CREATE TABLE held.candidates (
    search_id        BIGINT NOT NULL,
    face_id          VARCHAR NOT NULL,
    rank             INTEGER NOT NULL,
    nominal_id       VARCHAR NOT NULL,
    custody_image_id VARCHAR NOT NULL,
    score            DOUBLE NOT NULL,
    likelihood_ratio DOUBLE,
    PRIMARY KEY (search_id, face_id, rank)
);

-- Appended only. `sequence` is gapless: it is assigned as max + 1 by the one writer.
CREATE TABLE held.judgements (
    sequence   BIGINT PRIMARY KEY,
    face_id    VARCHAR NOT NULL,
    search_id  BIGINT NOT NULL,
    officer_id VARCHAR NOT NULL,
    verdict    VARCHAR NOT NULL,
    nominal_id VARCHAR,
    reason     VARCHAR NOT NULL,
    judged_at  TIMESTAMPTZ NOT NULL,
    simulated  BOOLEAN NOT NULL,
    salt       VARCHAR NOT NULL,
    CHECK ((verdict = 'supports') = (nominal_id IS NOT NULL))
);

-- Derived by the last linking run, replaced by the next one.
CREATE TABLE held.persons (
    person_id  VARCHAR PRIMARY KEY,
    position   BIGINT NOT NULL,
    nominal_id VARCHAR,
    status     VARCHAR NOT NULL CHECK (status IN ('corroborated', 'proposed', 'unknown'))
);

CREATE TABLE held.person_faces (
    person_id VARCHAR NOT NULL,
    face_id   VARCHAR PRIMARY KEY
);

CREATE TABLE held.proposals (
    position BIGINT PRIMARY KEY,
    faces    VARCHAR[] NOT NULL,
    score    DOUBLE NOT NULL,
    reason   VARCHAR NOT NULL
);

CREATE TABLE held.contradictions (
    position BIGINT PRIMARY KEY,
    faces    VARCHAR[] NOT NULL,
    reason   VARCHAR NOT NULL
);

-- Appended only; a hash chain whose head is anchored outside this file.
CREATE TABLE held.audit (
    sequence    BIGINT PRIMARY KEY,
    recorded_at TIMESTAMPTZ NOT NULL,
    officer     VARCHAR NOT NULL,
    operation   VARCHAR NOT NULL,
    reason      VARCHAR NOT NULL,
    action      VARCHAR NOT NULL,
    result      VARCHAR NOT NULL,
    details     VARCHAR NOT NULL,
    previous    VARCHAR NOT NULL,
    digest      VARCHAR NOT NULL
);

-- Wall-clock time of a case's stages, as a demonstration measures them.
CREATE TABLE held.stage_times (
    position  INTEGER PRIMARY KEY,
    stage     VARCHAR NOT NULL,
    elapsed_s DOUBLE NOT NULL
);
