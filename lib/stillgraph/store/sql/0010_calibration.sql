-- Likelihood ratios: the curves learned from one set of searches of known truth. Appended only; the newest of a case's
-- model counts. Parameters are JSON: slope, intercept, lower, upper (decimal logarithms); checked is what
-- cross-validation found.
CREATE SEQUENCE held.calibration_ids;
CREATE TABLE held.calibrations (
    calibration_id  BIGINT PRIMARY KEY DEFAULT nextval('held.calibration_ids'),
    model           VARCHAR NOT NULL,
    gallery         BIGINT NOT NULL,
    gallery_version VARCHAR NOT NULL,
    source          VARCHAR NOT NULL,
    digest          VARCHAR NOT NULL,
    retailers       VARCHAR NOT NULL,
    method          VARCHAR NOT NULL,
    software        VARCHAR NOT NULL,
    seed            BIGINT NOT NULL,
    synthetic       BOOLEAN NOT NULL,
    officer_id      VARCHAR NOT NULL,
    operation_id    VARCHAR NOT NULL,
    reason          VARCHAR NOT NULL,
    made_at         TIMESTAMPTZ NOT NULL
);
CREATE TABLE held.calibration_curves (
    calibration_id   BIGINT NOT NULL,
    band             VARCHAR NOT NULL,
    gallery          BIGINT NOT NULL,
    same             BIGINT NOT NULL,
    same_people      BIGINT NOT NULL,
    different        BIGINT NOT NULL,
    different_people BIGINT NOT NULL,
    parameters       VARCHAR,
    checked          VARCHAR,
    insufficient     VARCHAR,
    PRIMARY KEY (calibration_id, band, gallery)
);

-- Thresholds for a stated FPIR, as an officer set them. Appended only; the newest of a case's model and target counts.
CREATE SEQUENCE held.policy_ids;
CREATE TABLE held.fpir_policies (
    policy_id        BIGINT PRIMARY KEY DEFAULT nextval('held.policy_ids'),
    model            VARCHAR NOT NULL,
    fpir             DOUBLE NOT NULL,
    gallery          BIGINT NOT NULL,
    measured_gallery BIGINT NOT NULL,
    gallery_version  VARCHAR NOT NULL,
    source           VARCHAR NOT NULL,
    digest           VARCHAR NOT NULL,
    retailers        VARCHAR NOT NULL,
    seed             BIGINT NOT NULL,
    synthetic        BOOLEAN NOT NULL,
    officer_id       VARCHAR NOT NULL,
    operation_id     VARCHAR NOT NULL,
    reason           VARCHAR NOT NULL,
    made_at          TIMESTAMPTZ NOT NULL
);
CREATE TABLE held.fpir_thresholds (
    policy_id    BIGINT NOT NULL,
    band         VARCHAR NOT NULL,
    threshold    DOUBLE,
    low          DOUBLE,
    high         DOUBLE,
    searches     BIGINT NOT NULL,
    people       BIGINT NOT NULL,
    returned     BIGINT,
    insufficient VARCHAR,
    PRIMARY KEY (policy_id, band)
);

-- Whether somebody else on the list looked nearly as alike as the first.
ALTER TABLE held.probes ADD COLUMN look_alike VARCHAR;

-- Which calibration and which policy a search used.
ALTER TABLE held.searches ADD COLUMN calibration_id BIGINT;
ALTER TABLE held.searches ADD COLUMN policy_id BIGINT;
ALTER TABLE held.searches ADD COLUMN without_ratio VARCHAR;
