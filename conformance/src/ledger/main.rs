//! A service on PostgreSQL, for the black-box tests in `tests/databases`. It writes pairs of rows: half a pair is a bug of the
//! framework.

#[path = "../turns.rs"]
mod turns;

use std::time::Duration;

use rustboot::axum::Router;
use rustboot::axum::routing::post as axum_post;
use rustboot::prelude::*;
use rustboot::sqlx;
use rustboot::tokio::time::sleep;

#[rustboot::app]
async fn main(app: &mut AppBuilder) -> Result<()> {
    app.router(Router::new().route("/mounted/pairs/{name}/{outcome}", axum_post(mounted_pair)));
    Ok(())
}

#[post("/pairs/{name}/{outcome}")]
async fn pair(Path((name, outcome)): Path<(String, String)>, tx: Tx<PgDb>) -> Result<Response> {
    write_pair(name, outcome, tx).await
}

async fn mounted_pair(
    rustboot::axum::extract::Path((name, outcome)): rustboot::axum::extract::Path<(String, String)>,
    tx: Tx<PgDb>,
) -> Result<Response> {
    write_pair(name, outcome, tx).await
}

/// Both halves, and then whatever the client asks for.
async fn write_pair(name: String, outcome: String, mut tx: Tx<PgDb>) -> Result<Response> {
    for half in ["a", "b"] {
        sqlx::query("INSERT INTO pair (name, half) VALUES ($1, $2)")
            .bind(&name)
            .bind(half)
            .execute(&mut tx)
            .await?;
        if outcome == "slow" {
            sleep(Duration::from_millis(3)).await;
        }
        if outcome == "half" && half == "a" {
            return Err(Error::bad_request("that was half of it"));
        }
    }
    Ok(match outcome.as_str() {
        "ok" | "slow" => StatusCode::CREATED.into_response(),
        "moved" => Redirect::to("/plain").into_response(),
        "teapot" => StatusCode::IM_A_TEAPOT.into_response(),
        "error" => return Err(Error::internal("wrong on purpose")),
        "panic" => panic!("wrong on purpose"),
        // A failed statement fails the transaction; the handler has not noticed.
        "refused" => {
            let twice = sqlx::query("INSERT INTO pair (name, half) VALUES ($1, 'a')");
            let _ignored = twice.bind(&name).execute(&mut tx).await.is_err();
            StatusCode::CREATED.into_response()
        }
        _ => return Err(Error::not_found("no such outcome")),
    })
}

#[get("/pairs")]
async fn pairs(db: PgDb) -> Result<Json<Vec<(String, i64)>>> {
    let sql = "SELECT name, count(*) FROM pair GROUP BY name ORDER BY name";
    Ok(Json(sqlx::query_as(sql).fetch_all(&db).await?))
}

#[get("/count")]
async fn count(db: PgDb) -> Result<String> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM pair")
        .fetch_one(&db)
        .await?;
    Ok(count.to_string())
}

#[get("/user")]
async fn user(db: PgDb) -> Result<String> {
    let sql = "SELECT current_user::text";
    Ok(sqlx::query_scalar(sql).fetch_one(&db).await?)
}

/// Needs no database.
#[get("/plain")]
async fn plain() -> &'static str {
    "plain"
}
