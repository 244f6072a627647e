//! A service on Redis, for the black-box tests in `tests/databases`.

mod contest;
mod facts;
#[path = "../turns.rs"]
mod turns;

use rustboot::prelude::*;
use rustboot::redis;
use rustboot::ws::Message;

#[rustboot::app]
async fn main() {}

/// How often it was called.
#[get("/count")]
async fn count(mut redis: Redis) -> Result<String> {
    let count: u64 = redis.incr(redis.key("count"), 1).await?;
    Ok(count.to_string())
}

#[put("/notes/{name}")]
async fn put(Path(name): Path<String>, redis: Inject<Redis>, note: String) -> Result<StatusCode> {
    let mut redis = Redis::clone(&redis);
    let (): () = redis.set(redis.key(&name), note).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[get("/notes/{name}")]
async fn get(Path(name): Path<String>, mut redis: Redis) -> Result<String> {
    let note: Option<String> = redis.get(redis.key(&name)).await?;
    note.or_not_found()
}

/// Waits for somebody who brings work.
#[get("/work")]
async fn work(redis: Redis) -> Result<String> {
    let mut connection = redis.connection().await?;
    let work: Option<(String, String)> = connection.blpop(redis.key("work"), 10.0).await?;
    work.map(|(_, work)| work).or_not_found()
}

#[post("/work")]
async fn bring(mut redis: Redis, work: String) -> Result<StatusCode> {
    let (): () = redis.rpush(redis.key("work"), work).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A mistake: it would make all others wait.
#[get("/mistake")]
async fn mistake(mut redis: Redis) -> Result<String> {
    let work: Option<(String, String)> = redis.blpop("work", 10.0).await?;
    work.map(|(_, work)| work).or_not_found()
}

/// Another mistake: a text is no number.
#[get("/type")]
async fn wrong_type(mut redis: Redis) -> Result<String> {
    let key = redis.key("text");
    let count: u64 = redis::pipe()
        .set(&key, "text")
        .ignore()
        .incr(&key, 1)
        .query_async(&mut redis)
        .await?;
    Ok(count.to_string())
}

/// Holds a lock for a moment, if it is free.
#[post("/locks/{name}")]
async fn lock(Path(name): Path<String>, lock: Lock) -> Result<String> {
    let Some(guard) = lock.try_acquire(&name).await? else {
        return Err(Error::conflict("somebody else has it"));
    };
    rustboot::tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let token = guard.token();
    guard.release().await?;
    Ok(token.to_string())
}

/// A room whose guests are on several replicas.
#[get("/rooms/{room}")]
async fn room(
    Path(room): Path<String>,
    pubsub: PubSub,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let mut heard = pubsub.subscribe(&room).await?;
    Ok(upgrade.on_upgrade(async move |mut socket| {
        loop {
            rustboot::tokio::select! {
                said = socket.recv() => match said {
                    Some(Message::Text(text)) => pubsub.publish(&room, text.to_string()).await?,
                    Some(_) => {}
                    None => return Ok(()),
                },
                message = heard.recv() => match message {
                    Some(message) => socket.send(Message::text(message.text()?)).await?,
                    None => return Ok(()),
                },
            }
        }
    }))
}

/// Says something in a room.
#[post("/rooms/{room}")]
async fn say(Path(room): Path<String>, pubsub: PubSub, what: String) -> Result<StatusCode> {
    pubsub.publish(&room, what).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Needs no Redis.
#[get("/plain")]
async fn plain() -> &'static str {
    "plain"
}
