-- Rulings between faces, made in the open. Appended only; `sequence` is gapless, as for judgements. What one action
-- makes shares `act`, the sequence of its first ruling.
CREATE TABLE held.rulings (
    sequence     BIGINT PRIMARY KEY,
    act          BIGINT NOT NULL,
    faces        VARCHAR[] NOT NULL,
    others       VARCHAR[] NOT NULL,
    says         VARCHAR NOT NULL CHECK (says IN ('same', 'not same', 'taken back')),
    undoes       BIGINT,
    officer_id   VARCHAR NOT NULL,
    operation_id VARCHAR NOT NULL,
    reason       VARCHAR NOT NULL,
    ruled_at     TIMESTAMPTZ NOT NULL,
    simulated    BOOLEAN NOT NULL,
    salt         VARCHAR NOT NULL,
    CHECK ((says = 'taken back') = (undoes IS NOT NULL))
);

-- The corroborated person that officers rule a person to be too, which is not corroborated.
ALTER TABLE held.persons ADD COLUMN proposed_as VARCHAR;

-- The persons that a proposal would make one; the calibrated likelihood ratio where there is one.
ALTER TABLE held.proposals ADD COLUMN persons VARCHAR[];
ALTER TABLE held.proposals ADD COLUMN likelihood_ratio DOUBLE;
ALTER TABLE held.contradictions ADD COLUMN rulings BIGINT[];

-- The last linking run: one row, replaced by the next, as the persons are.
CREATE TABLE held.linking_run (
    linked_at TIMESTAMPTZ NOT NULL,
    model     VARCHAR NOT NULL,
    threshold DOUBLE NOT NULL
);
