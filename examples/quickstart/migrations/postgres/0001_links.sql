-- In place of the file of the same version above, which makes its numbers in the words of SQLite.
CREATE TABLE links (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code       TEXT    NOT NULL UNIQUE,
    url        TEXT    NOT NULL,
    hits       BIGINT  NOT NULL DEFAULT 0,
    created_at BIGINT  NOT NULL,
    expires_at BIGINT
);
