use rustboot::prelude::*;

#[derive(Debug, thiserror::Error, Problem)]
#[problem(status = 400)]
enum Wrong {
    #[error("nothing is said")]
    Nothing,
    #[error("no error")]
    #[problem(status = 200)]
    Success,
    #[error("quotes")]
    #[problem(status = "409")]
    Quotes,
    #[error("a typing error")]
    #[problem(staus = 409)]
    Typo,
    #[error("{0}")]
    #[problem(status = 500, detail = "the database says {0}")]
    Leaks(String),
    #[error("{0}")]
    #[problem(status = 409, detail = "{name} is taken")]
    Unknown(String),
    #[error("two")]
    #[problem(transparent)]
    Two(std::io::Error, std::io::Error),
    #[error("a member twice")]
    #[problem(status = 409)]
    Member {
        #[problem(member)]
        status: u8,
    },
    #[error("header")]
    #[problem(status = 429, header = "Retry-After = 5")]
    Header,
}

fn main() {}
