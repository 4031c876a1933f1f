-- What lets an officer sign in to the pages: a token's Argon2id hash, never the token. Appended only; what takes a token
-- back is a row of its own.
CREATE TABLE held.sign_in_tokens (
    token_id   BIGINT PRIMARY KEY,
    officer_id VARCHAR NOT NULL,
    hash       VARCHAR NOT NULL,
    issued_by  VARCHAR NOT NULL,
    issued_at  TIMESTAMPTZ NOT NULL,
    until      DATE NOT NULL
);

CREATE TABLE held.revoked_tokens (
    token_id   BIGINT PRIMARY KEY,
    revoked_by VARCHAR NOT NULL,
    revoked_at TIMESTAMPTZ NOT NULL
);
