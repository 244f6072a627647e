use rustboot::prelude::*;

struct Shop {
    cache: Cache,
}

struct Db;

impl Shop {
    #[cached(key = "user:{id}")]
    async fn user(&self, id: i64) -> Result<i64> {
        Ok(id)
    }
}

#[cached(key = "user:{id}", skip = [db])]
async fn user(cache: &Cache, db: &Db, id: i64) -> Result<i64> {
    let _ = db;
    Ok(id)
}

fn main() {}
