CREATE TABLE pair (
    name text NOT NULL,
    half text NOT NULL,
    PRIMARY KEY (name, half)
);
