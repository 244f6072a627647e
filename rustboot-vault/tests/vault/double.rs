//! A Vault of a few lines: real sockets, and of the protocol what a reader of secrets sees.
//!
//! Shapes of requests and answers: Vault's HTTP API documentation (KV version 2, AppRole, Kubernetes).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What is in it, and how it behaves.
#[derive(Default)]
pub(crate) struct State {
    /// By path, such as `secret/data/shop`.
    pub(crate) documents: HashMap<String, Value>,
    pub(crate) tokens: Vec<String>,
    /// Path of the login, the proof in the body, and the token for it.
    pub(crate) logins: Vec<(String, Value, String)>,
    /// For the next so many requests.
    pub(crate) sealed_for: usize,
    /// Takes requests, and never answers.
    pub(crate) is_stuck: bool,
    /// Answers this to everything, whatever it is.
    pub(crate) instead: Option<(u16, String)>,
    /// What was asked: method, path, and the headers in lower case.
    pub(crate) requests: Vec<(String, String, HashMap<String, String>)>,
}

pub(crate) struct Double {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

impl Double {
    pub(crate) async fn start(state: State) -> Self {
        Self::serve(state, None).await
    }

    pub(crate) async fn start_with_tls(state: State, acceptor: TlsAcceptor) -> Self {
        Self::serve(state, Some(acceptor)).await
    }

    async fn serve(state: State, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        // Ends with the runtime of the test.
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => match acceptor.accept(socket).await {
                            Ok(socket) => answer(socket, &shared).await,
                            Err(_refused_by_the_client) => {}
                        },
                        None => answer(socket, &shared).await,
                    }
                });
            }
        });
        Self {
            address: format!("{scheme}://localhost:{port}")
                .replace("http://localhost", "http://127.0.0.1"),
            state,
        }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state
            .requests
            .iter()
            .map(|(method, path, _)| format!("{method} {path}"))
            .collect()
    }

    pub(crate) fn last_header(&self, name: &str) -> Option<String> {
        let state = self.state.lock().unwrap();
        state.requests.last()?.2.get(name).cloned()
    }
}

/// One request, one answer, and the end of the connection.
async fn answer(mut socket: impl AsyncRead + AsyncWrite + Unpin, state: &Mutex<State>) {
    let mut text = Vec::new();
    let (head, body) = loop {
        let mut more = [0; 4096];
        match socket.read(&mut more).await {
            Ok(0) | Err(_) => return,
            Ok(read) => text.extend_from_slice(&more[..read]),
        }
        let all = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = all.split_once("\r\n\r\n")
            && body.len()
                >= header(head, "content-length").map_or(0, |length| length.parse().unwrap())
        {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut first = head.lines().next().unwrap().split(' ');
    let method = first.next().unwrap().to_owned();
    // The client ends every path with a question mark.
    let path = first.next().unwrap().trim_end_matches('?').to_owned();
    let headers = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    let headers: HashMap<String, String> = headers
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let reply = {
        let mut state = state.lock().unwrap();
        state
            .requests
            .push((method.clone(), path.clone(), headers.clone()));
        reply(&mut state, &method, &path, &headers, &body)
    };
    let Some((status, body)) = reply else {
        std::future::pending::<()>().await;
        return;
    };
    let text = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _client_left =
        socket.write_all(text.as_bytes()).await.is_ok() && socket.shutdown().await.is_ok();
}

fn reply(
    state: &mut State,
    method: &str,
    path: &str,
    headers: &HashMap<String, String>,
    body: &str,
) -> Option<(u16, String)> {
    let failed =
        |status: u16, errors: &[&str]| Some((status, json!({ "errors": errors }).to_string()));
    if state.is_stuck {
        return None;
    }
    if state.instead.is_some() {
        return state.instead.clone();
    }
    if state.sealed_for > 0 {
        state.sealed_for -= 1;
        return failed(503, &["Vault is sealed"]);
    }
    let Some(path) = path.strip_prefix("/v1/") else {
        return failed(404, &[]);
    };
    if let ("POST" | "PUT", Some(_)) = (method, path.strip_prefix("auth/")) {
        let proof: Value = serde_json::from_str(body).unwrap_or_default();
        let login = state
            .logins
            .iter()
            .find(|(known, accepted, _)| known == path && *accepted == proof);
        return match login {
            Some((_, _, token)) => {
                let auth = json!({
                    "client_token": token, "accessor": "a", "policies": ["default"], "token_policies": ["default"],
                    "metadata": {"role_name": "shop"}, "lease_duration": 2764800, "renewable": true, "entity_id": "e",
                    "token_type": "service", "orphan": true,
                });
                state.tokens.push(token.clone());
                Some((200, envelope(Value::Null, auth)))
            }
            None => failed(400, &["invalid role or secret ID"]),
        };
    }
    let token = headers.get("x-vault-token");
    if !token.is_some_and(|token| state.tokens.contains(token)) {
        return failed(403, &["permission denied"]);
    }
    match state.documents.get(path) {
        Some(document) if method == "GET" => {
            let metadata = json!({
                "created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "custom_metadata": null,
                "destroyed": false, "version": 1,
            });
            Some((
                200,
                envelope(
                    json!({ "data": document, "metadata": metadata }),
                    Value::Null,
                ),
            ))
        }
        _ => failed(404, &[]),
    }
}

fn envelope(data: Value, auth: Value) -> String {
    json!({
        "request_id": "r", "lease_id": "", "renewable": false, "lease_duration": 0, "data": data, "wrap_info": null,
        "warnings": null, "auth": auth,
    })
    .to_string()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(": ")?;
        known.eq_ignore_ascii_case(name).then_some(value)
    })
}
