//! What a query, a form and a path are read into: what the OpenAPI document says of them, and whether that is so.

use serde_json::{Value, json};

use crate::harness::{Sandbox, Service};
use crate::http::Request;

async fn operations(service: &Service) -> Value {
    service.get("/openapi.json").await.json()["paths"].take()
}

/// As clients write a query, by what the document says of each parameter: its style is always `form`.
fn query(parameters: &Value, values: &Value) -> String {
    let mut pairs = Vec::new();
    for parameter in parameters.as_array().unwrap() {
        assert_eq!(parameter["in"], "query");
        let name = parameter["name"].as_str().unwrap();
        let explode = parameter["explode"].as_bool().unwrap_or(true);
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match &values[name] {
            Value::Null => assert_eq!(parameter["required"], false, "{name}"),
            Value::Array(items) if explode => {
                pairs.extend(items.iter().map(|item| format!("{name}={}", text(item))));
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(text).collect();
                pairs.push(format!("{name}={}", items.join(",")));
            }
            Value::Object(members) => {
                assert!(explode, "{name}");
                pairs.extend(
                    members
                        .iter()
                        .map(|(name, v)| format!("{name}={}", text(v))),
                );
            }
            value => pairs.push(format!("{name}={}", text(value))),
        }
    }
    let query = pairs.join("&");
    [('{', "%7B"), ('"', "%22"), ('}', "%7D")]
        .into_iter()
        .fold(query, |query, (sign, escaped)| query.replace(sign, escaped))
}

#[tokio::test]
async fn what_a_client_sends_by_the_document_is_read() {
    let service = Sandbox::new().start().await;
    let operations = operations(&service).await;
    for (path, values, expected) in [
        (
            "map",
            json!({"query": {"a": 1, "b": 2}}),
            json!({"a": 1, "b": 2}),
        ),
        ("map", json!({}), json!({})),
        (
            "list",
            json!({"query": {"a": "1", "b": "2"}}),
            json!([["a", "1"], ["b", "2"]]),
        ),
        ("opaque", json!({"query": {"a": "1"}}), json!({"a": "1"})),
        (
            "struct",
            json!({
                "text": "x", "page": 2, "sort": "price", "tags": ["a", "b"], "area": "{\"north\":1}",
                "query": {"more": "y"},
            }),
            json!({
                "text": "x", "page": 2, "sort": "price", "tags": ["a", "b"], "lists": [],
                "area": {"north": 1}, "more": "y",
            }),
        ),
        (
            "enum",
            json!({"by": "place", "place": "here"}),
            json!({"by": "place", "place": "here", "near": null}),
        ),
    ] {
        let path = format!("/pairs/{path}");
        let parameters = &operations[&path]["get"]["parameters"];
        let target = format!("{path}?{}", query(parameters, &values));
        let answer = service.get(&target).await;
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        assert_eq!(answer.json(), expected, "{target}");
    }
}

/// What is described as required is, and what is described as of a type is of no other.
#[tokio::test]
async fn what_the_document_does_not_allow_is_refused() {
    let service = Sandbox::new().start().await;
    for target in [
        "/pairs/map?a=x",
        "/pairs/map?a=65536",
        "/pairs/struct",
        "/pairs/struct?text=x&page=-1",
        "/pairs/struct?text=x&text=y",
        "/pairs/struct?text=x&sort=other",
        "/pairs/struct?text=x&lists=1",
        "/pairs/enum?place=x",
        "/pairs/path/list/1/x",
        "/pairs/path/map/1/x",
        "/pairs/path/pairs/x/1",
    ] {
        assert_eq!(service.get(target).await.status, 400, "{target}");
    }
}

#[tokio::test]
async fn parameters_of_the_query_are_those_of_the_type() {
    let service = Sandbox::new().start().await;
    let operations = operations(&service).await;
    let parameters = |path: &str| operations[path]["get"]["parameters"].clone();
    let uint16 = json!({"type": "integer", "format": "uint16", "minimum": 0, "maximum": 65535});
    let free = |schema: Value| {
        json!([{
            "name": "query", "in": "query", "required": false, "style": "form", "explode": true,
            "schema": schema,
        }])
    };
    assert_eq!(
        parameters("/pairs/map"),
        free(json!({"type": "object", "additionalProperties": uint16}))
    );
    assert_eq!(
        parameters("/pairs/list"),
        free(json!({"type": "object", "additionalProperties": {"type": "string"}}))
    );
    assert_eq!(parameters("/pairs/opaque"), free(json!({"type": "object"})));
    assert_eq!(parameters("/pairs/nothing"), Value::Null);

    let search = parameters("/pairs/struct");
    let of = |name: &str| {
        let all = search.as_array().unwrap();
        all.iter().find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!(of("text")["required"], true);
    assert_eq!(of("text")["description"], "What to look for.");
    assert_eq!(of("page")["schema"], uint16);
    assert_eq!(of("page")["required"], false);
    assert_eq!(
        of("sort")["schema"],
        json!({"$ref": "#/components/schemas/Sort"})
    );
    assert_eq!(of("tags")["explode"], false);
    assert_eq!(of("tags")["schema"]["items"], json!({"type": "string"}));
    assert_eq!(of("area")["schema"]["type"], "string");
    assert_eq!(of("area")["description"], "As JSON.");
    assert_eq!(
        of("query")["schema"]["additionalProperties"],
        json!({"type": "string"})
    );

    let found = parameters("/pairs/enum");
    let told: Vec<(&str, bool)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].as_str().unwrap(), it["required"] == true))
        .collect();
    assert_eq!(
        told,
        [
            ("by", true),
            ("name", false),
            ("near", false),
            ("place", false)
        ]
    );
    assert_eq!(
        found[0]["schema"]["anyOf"],
        json!([{"type": "string", "const": "name"}, {"type": "string", "const": "place"}])
    );
}

#[tokio::test]
async fn forms_are_pairs_as_well() {
    let service = Sandbox::new().start().await;
    let operations = operations(&service).await;
    let kind = "application/x-www-form-urlencoded";
    let content = |path: &str| operations[path]["post"]["requestBody"]["content"][kind].clone();
    assert_eq!(
        content("/pairs/form"),
        json!({"schema": {"type": "object", "additionalProperties": {"type": "string"}}})
    );
    assert_eq!(
        content("/pairs/labels")["encoding"],
        json!({"labels": {"style": "form", "explode": false}})
    );
    let send = async |path: &str, body: &str| {
        let request = Request::post(path).header("content-type", kind);
        service.send(request.body(body)).await.json()
    };
    assert_eq!(
        send("/pairs/form", "a=1&a=2").await,
        json!([["a", "1"], ["a", "2"]])
    );
    assert_eq!(
        send("/pairs/labels", "labels=x,y").await,
        json!({"labels": ["x", "y"]})
    );
}

#[tokio::test]
async fn parameters_of_the_path_are_those_of_the_type() {
    let service = Sandbox::new().start().await;
    let operations = operations(&service).await;
    for (path, expected) in [
        ("/pairs/path/list", json!([1, 2])),
        ("/pairs/path/map", json!({"a": 1, "b": 2})),
        ("/pairs/path/pairs", json!([["a", 1], ["b", 2]])),
        ("/pairs/axum-path/pairs", json!([["a", 1], ["b", 2]])),
        ("/pairs/path/opaque", json!({"a": "1", "b": "2"})),
    ] {
        let parameters = &operations[format!("{path}/{{a}}/{{b}}")]["get"]["parameters"];
        let number = !path.ends_with("opaque");
        for (i, name) in ["a", "b"].into_iter().enumerate() {
            assert_eq!(parameters[i]["name"], name, "{path}");
            let schema = &parameters[i]["schema"];
            assert_eq!(
                schema["type"],
                if number { "integer" } else { "string" },
                "{path}"
            );
        }
        assert_eq!(parameters.as_array().unwrap().len(), 2);
        let answer = service.get(&format!("{path}/1/2")).await;
        assert_eq!((answer.status, answer.json()), (200, expected), "{path}");
    }
}
