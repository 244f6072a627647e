//! `/info`.

use jiff::Timestamp;
use serde_json::json;

use super::{Call, Endpoint, Exposure, Reply};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::new("/info", Exposure::Management, info)
}

async fn info(call: Call) -> Reply {
    let info = call.app.info();
    let built_at = info
        .built_at
        .and_then(|second| Timestamp::from_second(second).ok())
        .map(|time| time.to_string());
    Reply::json(
        200,
        &json!({
            "name": info.name,
            "version": info.version,
            "profile": call.app.profile().as_str(),
            "git": { "commit": info.git_commit },
            "build": { "time": built_at, "rustc": info.rustc },
            "started_at": call.app.started_at().to_string(),
            "uptime_seconds": (call.app.uptime().as_secs_f64() * 1e3).round() / 1e3,
        }),
    )
}
