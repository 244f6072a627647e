//! The OpenAPI document: whether it is one, what it says, and whether the service keeps to it.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::harness::{Sandbox, Service};
use crate::http::Request;

/// The schema of OpenAPI 3.1 documents that the OpenAPI Initiative publishes.
const OPENAPI: &str = include_str!("openapi-3.1.schema.json");

async fn document(service: &Service) -> Value {
    let answer = service.get("/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

/// A validator for what `pointer` of the document has, with the components that it refers to.
fn validator(document: &Value, pointer: &str) -> Validator {
    let schema = json!({
        "allOf": [document.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"))],
        "components": document["components"],
    });
    jsonschema::draft202012::new(&schema).unwrap()
}

#[tokio::test]
async fn it_is_an_openapi_document_and_the_command_prints_the_same() {
    let service = Sandbox::new().start().await;
    let document = document(&service).await;
    let schema: Value = serde_json::from_str(OPENAPI).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    if let Err(error) = schema.validate(&document) {
        panic!("{error} at {}", error.instance_path());
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}");
    }
    let exit = Sandbox::new().run(&["openapi"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let printed: Value = serde_json::from_str(&exit.stdout).unwrap();
    assert_eq!(printed, document);
}

#[tokio::test]
async fn bytes_and_answers_with_headers_are_what_they_are() {
    let service = Sandbox::new().start().await;
    let document = document(&service).await;
    let success =
        |path: &str| document["paths"][path]["get"]["responses"]["200"]["content"].clone();
    assert_eq!(
        success("/large"),
        json!({"application/octet-stream": {"schema": {}}})
    );
    let number = &success("/with-a-header")["application/json"]["schema"];
    assert_eq!(number["type"], "integer");
    let answer = service.get("/with-a-header").await;
    assert_eq!(
        (answer.header("x-shelf"), &answer.body[..]),
        (Some("7"), &b"7"[..])
    );
}

#[tokio::test]
async fn a_path_is_there_once_whatever_its_parameters_are_called() {
    let service = Sandbox::new().start().await;
    let document = document(&service).await;
    let paths = document["paths"].as_object().unwrap();
    let shapes = paths.keys().filter(|path| path.starts_with("/twice"));
    assert_eq!(shapes.collect::<Vec<_>>(), ["/twice/{id}/of/{part}"]);
    for method in ["get", "delete"] {
        let parameters = &paths["/twice/{id}/of/{part}"][method]["parameters"];
        let names = parameters.as_array().unwrap().iter();
        let names: Vec<&Value> = names.map(|parameter| &parameter["name"]).collect();
        assert_eq!(names, ["id", "part"], "{method}");
    }
    assert_eq!(service.get("/twice/7/of/a").await.body, b"7 a");
}

#[tokio::test]
async fn it_says_what_the_types_say() {
    let service = Sandbox::new().start().await;
    let document = document(&service).await;
    let operation = |pointer: &str| document["paths"].pointer(pointer).unwrap().clone();

    let add = operation("/~1shelf~1books/post");
    assert_eq!(add["summary"], "Adds a book");
    assert_eq!(add["description"], "It is *not* kept:\n- this is a test");
    assert_eq!(add["tags"], json!(["shelf"]));
    assert_eq!(add["operationId"], "add_book");
    assert_eq!(add["requestBody"]["required"], true);
    let statuses: Vec<&String> = add["responses"].as_object().unwrap().keys().collect();
    assert_eq!(
        statuses,
        [
            "200", "400", "413", "415", "422", "4XX", "500", "503", "5XX"
        ]
    );
    assert_eq!(
        add["responses"]["422"]["content"]["application/problem+json"]["schema"],
        json!({"$ref": "#/components/schemas/Problem"})
    );

    let list = operation("/~1shelf~1books/get");
    assert_eq!(
        list["parameters"],
        json!([
            {"name": "after", "in": "query", "required": false, "description": "Where to go on.",
                "schema": {"type": "integer", "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX}},
            {"name": "limit", "in": "query", "required": true, "description": "How many at most.",
                "schema": {"type": "integer", "format": "uint8", "minimum": 1, "maximum": 50}},
        ])
    );

    let remove = operation("/~1shelf~1{shelf}~1books~1{rest}/delete");
    assert_eq!(remove["deprecated"], true);
    assert_eq!(remove["parameters"][0]["name"], "shelf");
    assert_eq!(remove["parameters"][0]["schema"]["maximum"], u16::MAX);
    assert_eq!(remove["parameters"][1]["schema"]["type"], "string");
    assert!(remove["responses"]["204"].get("content").is_none());

    let opaque = operation("/~1shelf~1opaque/put");
    let content = &opaque["requestBody"]["content"]["application/json"];
    assert_eq!(content["schema"], json!({}));

    let staff = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        .find(|operation| operation.get("security").is_some())
        .unwrap();
    assert!(staff["responses"]["401"].is_object() && staff["responses"]["403"].is_object());
    assert_eq!(
        document["components"]["securitySchemes"],
        json!({"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "NAME:ROLE"}})
    );
}

/// The statuses of answers and errors, as far as types say them.
#[tokio::test]
async fn statuses_and_headers_are_those_of_the_types() {
    let service = Sandbox::new().start().await;
    let document = document(&service).await;
    let operation = |pointer: &str| document["paths"].pointer(pointer).unwrap().clone();

    let place = operation("/~1shelf~1places/post");
    let responses = place["responses"].as_object().unwrap();
    let statuses: Vec<&String> = responses.keys().collect();
    assert_eq!(
        statuses,
        [
            "201", "400", "409", "413", "415", "422", "500", "503", "507"
        ]
    );
    let created = &responses["201"];
    assert_eq!(created["description"], "Created");
    assert_eq!(created["headers"]["Location"]["required"], true);
    assert_eq!(
        created["content"]["application/json"]["schema"],
        json!({"$ref": "#/components/schemas/BookOutput"})
    );
    assert_eq!(
        responses["409"]["description"],
        "Full (`https://shelf.example/problems/shelf-full`); Conflict"
    );
    assert_eq!(
        responses["422"]["description"],
        "The body is not valid; Too long"
    );

    let today = operation("/~1shelf~1today/get");
    assert!(today["responses"]["302"]["headers"]["Location"].is_object());
    assert!(today["responses"]["302"].get("content").is_none());
    assert!(
        today["responses"]["4XX"].is_object(),
        "an `Error` may be any"
    );

    let socket = operation("/~1extract~1our-socket/get");
    for status in ["101", "400", "403", "426"] {
        assert!(socket["responses"][status].is_object(), "{status}");
    }
    for text in ["/~1extract~1string/post", "/~1extract~1bytes/post"] {
        let body = &operation(text)["requestBody"];
        assert_eq!(body["required"], false, "nothing is a text as well: {text}");
    }
}

#[tokio::test]
async fn answers_have_the_status_of_their_type() {
    let service = Sandbox::new().start().await;
    let place = async |title: &str| {
        let book = json!({"title": title, "pageCount": 1}).to_string();
        let request = Request::post("/shelf/places").json(&book);
        service.send(request).await
    };
    let placed = place("a <b>\n\u{fc}").await;
    assert_eq!(placed.status, 201);
    assert_eq!(
        placed.header("location"),
        Some("/shelf/places/a%20%3Cb%3E%0A%C3%BC")
    );
    assert_eq!(placed.json()["pageCount"], 1);
    for (title, status) in [("full", 409), ("lent", 409), ("long", 422), ("broke", 507)] {
        let refused = place(title).await;
        assert_eq!(refused.status, status, "{title}");
        assert_eq!(refused.json()["status"], status, "{title}");
    }
    let today = service.get("/shelf/today").await;
    assert_eq!((today.status, today.text()), (302, ""));
    assert_eq!(today.header("location"), Some("/shelf/places/a%20book"));
}

/// What the document says is valid, the service takes, and what it says is not, the service refuses.
#[tokio::test]
async fn the_service_keeps_to_it() {
    let service = Sandbox::new().start().await;
    let document = document(&service).await;
    let body = validator(
        &document,
        "/paths/~1shelf~1books/post/requestBody/content/application~1json/schema",
    );
    let answered = validator(
        &document,
        "/paths/~1shelf~1books/post/responses/200/content/application~1json/schema",
    );
    let problem = validator(&document, "/components/schemas/Problem");
    for sent in [
        json!({"title": "x", "pageCount": 1}),
        json!({"title": "x", "pageCount": u32::MAX, "shelfMark": u64::MAX, "authors": [{"name": "a"}]}),
        json!({"title": "x", "pageCount": 1, "shelfMark": null, "more": true}),
        json!({"title": "", "pageCount": 1}),
        json!({"title": "x".repeat(201), "pageCount": 1}),
        json!({"title": "x", "pageCount": 0}),
        json!({"title": "x", "pageCount": u64::from(u32::MAX) + 1}),
        json!({"title": "x", "pageCount": -1}),
        json!({"title": "x", "pageCount": 1, "shelfMark": -1}),
        json!({"title": "x", "pageCount": 1, "authors": [{"name": ""}]}),
        json!({"title": "x", "pageCount": 1, "authors": [{"name": "a", "more": 1}]}),
        json!({"title": "x"}),
        json!("x"),
    ] {
        let answer = service
            .send(Request::post("/shelf/books").json(&sent.to_string()))
            .await;
        let expected = if body.is_valid(&sent) { 200 } else { 422 };
        assert_eq!(answer.status, expected, "{sent}: {answer:?}");
        let of_answer = if expected == 200 { &answered } else { &problem };
        assert!(of_answer.is_valid(&answer.json()), "{sent}: {answer:?}");
    }
}

#[tokio::test]
async fn it_can_be_switched_off_and_says_when_its_path_is_taken() {
    let service = Sandbox::new()
        .env("APP_OPENAPI__ENABLED", "false")
        .start()
        .await;
    assert_eq!(service.get("/openapi.json").await.status, 404);
    let exit = Sandbox::new()
        .env("APP_OPENAPI__ENABLED", "false")
        .run(&["openapi"])
        .await;
    assert_eq!(exit.code, Some(0), "{exit:?}");

    // Other shapes of errors have a schema that nobody knows.
    let service = Sandbox::new()
        .env("APP_CONFORMANCE__ERROR_SHAPE", "todo")
        .start()
        .await;
    let document = document(&service).await;
    assert!(document["components"]["schemas"].get("Problem").is_none());
    assert!(!document.to_string().contains("application/problem+json"));
}
