use rustboot::prelude::*;

#[derive(Debug, Problem)]
enum NoError {
    #[problem(status = 409)]
    Taken,
}

fn main() {}
