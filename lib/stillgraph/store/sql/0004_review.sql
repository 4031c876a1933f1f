-- What a judgement rests on, as JSON: both assessments, checklist, strength. Null on judgements made before it was asked
-- for, whose seals stay as they are.
ALTER TABLE held.judgements ADD COLUMN comparison VARCHAR;

-- How reviews are dealt; each change is a new row, and the newest holds.
CREATE TABLE held.review_policies (
    number           BIGINT PRIMARY KEY,
    blind            BOOLEAN NOT NULL,
    shuffled         BOOLEAN NOT NULL,
    trial_share      DOUBLE NOT NULL CHECK (trial_share BETWEEN 0 AND 0.5),
    present_share    DOUBLE NOT NULL CHECK (present_share BETWEEN 0 AND 0.5),
    reserved_minutes BIGINT NOT NULL CHECK (reserved_minutes > 0),
    seed             BIGINT NOT NULL,
    set_by           VARCHAR NOT NULL,
    set_at           TIMESTAMPTZ NOT NULL
);

-- Lists put before an officer, one at a time, and how each ended. `turn` is 1, 2 or 3, as it was for the face; of a
-- trial always 1, since it looks like a first review.
CREATE TABLE held.deals (
    deal_id        BIGINT PRIMARY KEY,
    officer_id     VARCHAR NOT NULL,
    face_id        VARCHAR NOT NULL,
    search_id      BIGINT NOT NULL,
    turn           INTEGER NOT NULL CHECK (turn BETWEEN 1 AND 3),
    policy         BIGINT NOT NULL,
    shown          VARCHAR[] NOT NULL,
    dealt_at       TIMESTAMPTZ NOT NULL,
    reserved_until TIMESTAMPTZ NOT NULL,
    ended_at       TIMESTAMPTZ,
    ended_by       VARCHAR CHECK (ended_by IN ('judged', 'given back'))
);

-- Trials: lists whose answer is known, mixed into an officer's queue. Nothing of them is in `judgements`, or in any view.
-- `list` is which list is shown: the corroborated nominal left out (absent) or in (present).
CREATE TABLE held.trial_lists (
    face_id       VARCHAR NOT NULL,
    kind          VARCHAR NOT NULL CHECK (kind IN ('absent', 'present')),
    search_id     BIGINT NOT NULL,
    nominal_id    VARCHAR NOT NULL,
    nominals      VARCHAR[] NOT NULL,
    custody_image_ids VARCHAR[] NOT NULL,
    made_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (face_id, kind)
);

CREATE TABLE held.trials (
    trial_id   BIGINT PRIMARY KEY,
    officer_id VARCHAR NOT NULL,
    face_id    VARCHAR NOT NULL,
    kind       VARCHAR NOT NULL,
    beside     VARCHAR NOT NULL,
    policy     BIGINT NOT NULL,
    mixed_in_at TIMESTAMPTZ NOT NULL,
    UNIQUE (officer_id, face_id),
    UNIQUE (officer_id, beside)
);

-- What officers said in trials; appended only, numbered in one sequence with the judgements so that neither shows.
CREATE TABLE held.trial_answers (
    sequence   BIGINT PRIMARY KEY,
    trial_id   BIGINT NOT NULL,
    face_id    VARCHAR NOT NULL,
    search_id  BIGINT NOT NULL,
    officer_id VARCHAR NOT NULL,
    verdict    VARCHAR NOT NULL,
    nominal_id VARCHAR,
    reason     VARCHAR NOT NULL,
    judged_at  TIMESTAMPTZ NOT NULL,
    simulated  BOOLEAN NOT NULL,
    salt       VARCHAR NOT NULL,
    comparison VARCHAR,
    CHECK ((verdict = 'supports') = (nominal_id IS NOT NULL))
);

-- Photo arrays: one candidate among fillers, in a recorded order, and what a witness answered.
CREATE TABLE held.arrays (
    array_id   BIGINT PRIMARY KEY,
    face_id    VARCHAR,
    nominal_id VARCHAR NOT NULL,
    seed       BIGINT NOT NULL,
    made_by    VARCHAR NOT NULL,
    made_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE held.array_positions (
    array_id         BIGINT NOT NULL,
    position         INTEGER NOT NULL,
    nominal_id       VARCHAR NOT NULL,
    custody_image_id VARCHAR NOT NULL,
    why              VARCHAR NOT NULL,
    PRIMARY KEY (array_id, position)
);

CREATE TABLE held.array_answers (
    answer_id   BIGINT PRIMARY KEY,
    array_id    BIGINT NOT NULL,
    position    INTEGER,
    words       VARCHAR NOT NULL,
    recorded_by VARCHAR NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL
);
