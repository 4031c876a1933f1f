-- What a face is measured by grows; null on faces analysed before.
ALTER TABLE held.faces ADD COLUMN roll_degrees DOUBLE;
ALTER TABLE held.faces ADD COLUMN pitch DOUBLE;
ALTER TABLE held.faces ADD COLUMN underexposed DOUBLE;
ALTER TABLE held.faces ADD COLUMN overexposed DOUBLE;
ALTER TABLE held.faces ADD COLUMN jpeg_quality DOUBLE;
ALTER TABLE held.faces ADD COLUMN occlusion DOUBLE;
ALTER TABLE held.faces ADD COLUMN detail DOUBLE;
ALTER TABLE held.faces ADD COLUMN band VARCHAR;

-- With what, and how fast, images were analysed.
CREATE SEQUENCE held.analysis_run_ids;
CREATE TABLE held.analysis_runs (
    run_id       BIGINT PRIMARY KEY DEFAULT nextval('held.analysis_run_ids'),
    purpose      VARCHAR NOT NULL,
    delivery_id  BIGINT,
    analysed_at  TIMESTAMPTZ NOT NULL,
    pack         VARCHAR NOT NULL,
    model        VARCHAR NOT NULL,
    provider     VARCHAR NOT NULL,
    workers      BIGINT NOT NULL,
    images       BIGINT NOT NULL,
    elapsed_s    DOUBLE NOT NULL,
    images_per_s DOUBLE
);

-- A still worked on by an officer: the steps make the same pixels again from the original, and the SHA-256 says so.
CREATE TABLE held.enhancements (
    enhancement_id VARCHAR PRIMARY KEY,
    still_id       VARCHAR NOT NULL,
    steps          VARCHAR NOT NULL,
    width_px       INTEGER NOT NULL,
    height_px      INTEGER NOT NULL,
    pixels_sha256  VARCHAR NOT NULL,
    software       VARCHAR NOT NULL,
    officer_id     VARCHAR NOT NULL,
    operation_id   VARCHAR NOT NULL,
    reason         VARCHAR NOT NULL,
    made_at        TIMESTAMPTZ NOT NULL
);

-- The faces of the still as an enhancement shows them; x to height in pixels of the enhanced picture.
CREATE TABLE held.enhanced_templates (
    enhancement_id VARCHAR NOT NULL,
    face_id        VARCHAR NOT NULL,
    model          VARCHAR NOT NULL,
    x              DOUBLE NOT NULL,
    y              DOUBLE NOT NULL,
    width          DOUBLE NOT NULL,
    height         DOUBLE NOT NULL,
    landmarks      FLOAT[10] NOT NULL,
    vector         FLOAT[] NOT NULL,
    PRIMARY KEY (enhancement_id, face_id, model)
);

-- A search may add an enhancement to its probes.
ALTER TABLE held.searches ADD COLUMN enhancement_id VARCHAR;

-- Or be of several faces that an officer takes for one person, by the mean of their templates.
ALTER TABLE held.searches ADD COLUMN together BOOLEAN;
ALTER TABLE held.searches ALTER COLUMN together SET DATA TYPE BOOLEAN USING (false);
ALTER TABLE held.searches ALTER COLUMN together SET DEFAULT false;
