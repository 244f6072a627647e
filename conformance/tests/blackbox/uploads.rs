//! Forms with files: what gets through, and what each thing that may be wrong with one is answered with.

use serde_json::{Value, json};

use crate::harness::{Sandbox, Service};
use crate::http::{Request, Response};
use crate::problems::problem;

const TARGETS: [&str; 4] = [
    "/uploads",
    "/mounted/uploads",
    "/uploads/axum",
    "/uploads/plain",
];

const KIND: &str = "multipart/form-data; boundary=edge";

fn form(target: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::post(target)
        .header("content-type", KIND)
        .body(body)
}

/// A text and a file.
fn whole(file: &[u8]) -> Vec<u8> {
    let head = "--edge\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n\u{fc}ber\r\n\
        --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n";
    [head.as_bytes(), file, b"\r\n--edge--\r\n"].concat()
}

fn detail(target: &str, answer: &Response, status: u16) -> String {
    let problem = problem(target, answer, status);
    problem["detail"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_form_is_read_field_by_field() {
    let service = Sandbox::new().start().await;
    let file = b"\r\n--edg\r\n-".repeat(50_000);
    let expected = format!(
        "title:-:-:5 file:a.bin:application/octet-stream:{}",
        file.len()
    );
    for target in TARGETS {
        let request = form(target, whole(&file));
        for request in [request.clone(), request.chunked()] {
            let answer = service.send(request).await;
            assert_eq!(answer.status, 200, "{target}: {answer:?}");
            let ours = ["/uploads", "/mounted/uploads"].contains(&target);
            match ours {
                true => assert_eq!(answer.text(), expected),
                false => assert_eq!(answer.text(), (file.len() + 5).to_string()),
            }
        }
    }
    let text = service.send(form("/uploads/text", whole(&file))).await;
    assert_eq!((text.status, text.text()), (200, "\u{fc}ber"));
    let none = service.send(Request::post("/uploads/text")).await;
    assert_eq!((none.status, none.text()), (200, "no form"));
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let service = Sandbox::new().start().await;
    for (kind, status, says) in [
        (None, 415, "multipart/form-data"),
        (Some("application/json"), 415, "multipart/form-data"),
        (
            Some("multipart/mixed; boundary=edge"),
            415,
            "multipart/form-data",
        ),
        (Some("multipart/form-data"), 400, "`boundary`"),
        (
            Some("multipart/form-data; boundary=other"),
            400,
            "not complete",
        ),
    ] {
        for target in TARGETS {
            let mut request = Request::post(target).body(whole(b"x"));
            if let Some(kind) = kind {
                request = request.header("content-type", kind);
            }
            let answer = service.send(request).await;
            if target == "/uploads" || target == "/mounted/uploads" {
                let said = detail(target, &answer, status);
                assert!(said.contains(says), "{kind:?}: {said}");
            } else {
                // axum knows 400 only.
                assert_ne!(detail(target, &answer, 400), "", "{kind:?}");
            }
        }
    }
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    let request = Request::post("/uploads").header("content-type", &long);
    let said = detail("/uploads", &service.send(request.body("x")).await, 400);
    assert!(said.contains("1 to 70"), "{said}");

    let latin = service
        .send(form(
            "/uploads/text",
            b"--edge\r\ncontent-disposition: form-data; name=\"t\"\r\n\r\n\xfc\r\n--edge--"
                .as_slice(),
        ))
        .await;
    let problem = problem("/uploads/text", &latin, 400);
    assert_eq!(
        problem["errors"],
        json!([{"pointer": "/t", "detail": "is not valid UTF-8"}])
    );
}

#[tokio::test]
async fn a_form_that_is_too_large_is_a_413() {
    let service = Sandbox::new().start().await;
    // The routes have 1 MiB of their own, the mounted router the 2 MiB of the server.
    let large = whole(&vec![b'x'; 3 << 20]);
    for target in TARGETS {
        let request = form(target, large.clone());
        for request in [request.clone(), request.chunked()] {
            let answer = service.send(request).await;
            assert_ne!(detail(target, &answer, 413), "", "{target}");
        }
    }
    let many: Vec<u8> = (0..1001)
        .flat_map(|_| b"--edge\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n\r\n".to_vec())
        .collect();
    let answer = service.send(form("/uploads", many)).await;
    assert_eq!(
        detail("/uploads", &answer, 413),
        "the form has more than 1000 fields"
    );
    let mut long = b"--edge\r\nx: ".to_vec();
    long.resize(900 << 10, b'y');
    let answer = service.send(form("/uploads", long)).await;
    assert_eq!(
        detail("/uploads", &answer, 413),
        "the head of a field is longer than 8192 bytes"
    );

    let service = Sandbox::new()
        .env("APP_MULTIPART__MAX_FIELDS", "1")
        .start()
        .await;
    let answer = service.send(form("/uploads", whole(b"x"))).await;
    assert_eq!(
        detail("/uploads", &answer, 413),
        "the form has more than 1 fields"
    );
    let exit = Sandbox::new()
        .env("APP_MULTIPART__MAX_FIELDS", "0")
        .run(&["check"])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(exit.stderr.contains("multipart.max_fields"), "{exit:?}");
}

/// The client closes its side in the middle of a field. It has promised more, or was in the middle of a chunk.
#[tokio::test]
async fn a_form_that_is_cut_off_is_a_400() {
    let service = Sandbox::new().start().await;
    for target in TARGETS {
        // Complete for HTTP, and not for the form.
        let sent = whole(b"the data of a file");
        let short = form(target, &sent[..sent.len() - 30]);
        let answer = service.send(short).await;
        let said = detail(target, &answer, 400);
        assert!(said.contains("file"), "{target}: {said}");

        let request = form(target, sent.clone());
        for request in [request.clone(), request.chunked()] {
            let bytes = request.bytes();
            let mut connection = service.connect().await;
            connection.write(&bytes[..bytes.len() - 40]).await.unwrap();
            connection.end().await.unwrap();
            let answer = connection.answer("POST").await.unwrap();
            assert_eq!(
                detail(target, &answer, 400),
                "the body could not be read to its end",
                "{target}"
            );
        }
    }
    complained(service).await;
}

/// A client that goes away leaves nothing behind, neither a request in flight nor an error in the log.
#[tokio::test]
async fn the_client_goes_away() {
    let service = Sandbox::new().start().await;
    for target in TARGETS {
        let id = format!("gone{}", target.replace('/', "-"));
        let request = form(target, whole(b"the data of a file")).header("x-request-id", &id);
        let bytes = request.bytes();
        let mut connection = service.connect().await;
        connection.write(&bytes[..bytes.len() - 40]).await.unwrap();
        drop(connection);
        let line = service.access_line(&id).await;
        assert!(line["status"].as_u64().unwrap() < 500, "{line}");
    }
    complained(service).await;
}

/// Whether the service goes on, and has logged nothing as an error of its own.
async fn complained(service: Service) {
    service.settle().await;
    let errors: Vec<Value> = service
        .log()
        .into_iter()
        .filter(|line| line["level"] == "ERROR" || line["level"] == "WARN")
        .collect();
    assert_eq!(errors, Vec::<Value>::new());
}

/// The cause of what is refused is in the log for whoever looks for it.
#[tokio::test]
async fn the_cause_is_not_lost() {
    let service = Sandbox::new().env("APP_LOG__LEVEL", "debug").start().await;
    for target in ["/uploads", "/uploads/axum"] {
        let sent = whole(b"x");
        service.send(form(target, &sent[..sent.len() - 12])).await;
        let line = service
            .log_line("why it was refused", |line| {
                line["message"] == "request refused"
            })
            .await;
        let error = line["error"].as_str().unwrap();
        assert!(error.contains("incomplete data"), "{error}");
    }
}

/// What a form is in the OpenAPI document.
#[tokio::test]
async fn it_is_described() {
    let service = Sandbox::new().start().await;
    let document = service.get("/openapi.json").await.json();
    for (path, statuses) in [
        ("/~1uploads", vec!["400", "413", "415"]),
        ("/~1uploads~1axum", vec!["400", "413"]),
    ] {
        let operation = document["paths"].pointer(&format!("{path}/post")).unwrap();
        let body = &operation["requestBody"];
        assert_eq!(body["required"], true, "{path}");
        assert_eq!(
            body["content"],
            json!({"multipart/form-data": {"schema": {"type": "object"}}})
        );
        for status in statuses {
            assert!(
                operation["responses"][status].is_object(),
                "{path}: {status}"
            );
        }
    }
    let optional = &document["paths"]["/uploads/text"]["post"]["requestBody"];
    assert_eq!(optional["required"], false);
}
