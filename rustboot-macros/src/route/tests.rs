//! What the route attributes expand to.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;
use crate::same_code::{assert_same_code, mistakes};

fn mistakes_of(method: Option<&'static str>, arguments: TokenStream) -> Vec<String> {
    mistakes(expand(
        method,
        arguments,
        quote!(
            async fn item() {}
        ),
    ))
}

#[test]
fn a_handler_with_parameters() {
    let item = quote! {
        #[post("/also")]
        async fn item(Path(id): Path<i64>, catalog: Inject<Catalog>) -> Result<Json<Item>> { body() }
    };
    let expected = quote! {
        #[post("/also")]
        async fn item(Path(id): Path<i64>, catalog: Inject<Catalog>) -> Result<Json<Item>> { body() }
        const _: () = {
            fn __check() {
                ::rustboot::__private::assert_parts::<Path<i64>>();
                ::rustboot::__private::assert_request::<Inject<Catalog>, _>();
                ::rustboot::__private::assert_response::<Result<Json<Item>>>();
            }
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::described! {
                ::rustboot::__private::RouteDef::new(
                    ::rustboot::__private::http::Method::GET,
                    "/items/{id}",
                    || {
                        use ::rustboot::__private::{ReturnsOther as _, ViaAxum as _, WithBody as _};
                        (&::rustboot::__private::Pick::<(Path<i64>, Inject<Catalog>,)>::NEW)
                            .handler(item, (&::rustboot::__private::Returns::<Result<Json<Item>>>::NEW).by())
                    },
                )
                .declared(
                    ::core::concat!(::core::module_path!(), "::item"),
                    ::rustboot::__private::Location::new(::core::file!(), ::core::line!())
                )
                .dependencies(
                    || {
                        use ::rustboot::__private::Otherwise as _;
                        [
                            ::rustboot::__private::Probe::<Path<i64>>::dependency(),
                            ::rustboot::__private::Probe::<Inject<Catalog>>::dependency()
                        ].into_iter().flatten().collect()
                    }
                ),
                    "", "", false, [Path<i64>, Inject<Catalog>], [Result<Json<Item>>]
                }
            }
        };
    };
    assert_same_code(expand(Some("GET"), quote!("/items/{id}"), item), expected);
}

#[test]
fn a_handler_that_takes_nothing_and_hides_its_answer() {
    let item = quote!(
        pub async fn r#type() -> impl IntoResponse {}
    );
    let expected = quote! {
        pub async fn r#type() -> impl IntoResponse {}
        const _: () = {
            boot::__private::inventory::submit! {
                boot::__private::described! {
                boot::__private::RouteDef::new(
                    boot::__private::http::Method::TRACE,
                    "/",
                    || {
                        use boot::__private::{ReturnsOther as _, ViaAxum as _, WithBody as _};
                        (&boot::__private::Pick::<()>::NEW).handler(r#type, boot::__private::AsAxumDoes)
                    },
                )
                .declared(
                    ::core::concat!(::core::module_path!(), "::type"),
                    boot::__private::Location::new(::core::file!(), ::core::line!())
                ),
                    "", "", false, [], []
                }
            }
        };
    };
    assert_same_code(
        expand(None, quote!(TRACE, "/", crate = boot), item),
        expected,
    );
}

#[test]
fn the_mistakes_of_path_arguments_and_function_come_together() {
    let expansion = expand(
        Some("PUT"),
        quote!("items", tga = "x"),
        quote!(
            fn item() {}
        ),
    );
    assert_eq!(
        mistakes(expansion),
        [
            "a path starts with `/`: write \"/items\"",
            "unknown argument `tga`, did you mean `tag`?",
            "`#[put]` needs an async function: write `async fn item`",
        ]
    );
}

#[test]
fn a_path_has_to_be_there() {
    assert_eq!(
        mistakes_of(Some("GET"), quote!()),
        ["the path is missing: write `#[get(\"/path\")]`"]
    );
    assert_eq!(
        mistakes_of(Some("GET"), quote!(PATH)),
        ["the path is missing: write `#[get(\"/path\")]`"]
    );
    assert_eq!(
        mistakes_of(None, quote!(GET, 1)),
        ["the path is missing: write `#[route(GET, \"/path\")]`"]
    );
}

#[test]
fn a_method_is_a_known_one() {
    assert_eq!(
        mistakes_of(None, quote!(get, "/")),
        ["unknown method `get`, did you mean `GET`?"]
    );
    assert_eq!(
        mistakes_of(None, quote!("GET", "/")),
        ["a method is written without quotes: `GET`"]
    );
    assert_eq!(
        mistakes_of(None, quote!("/")),
        ["a route starts with its method: write `#[route(GET, \"/path\")]`"]
    );
    assert_eq!(
        mistakes_of(None, quote!(PURGE, "/")),
        [
            "unknown method `PURGE`: the methods are GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS, TRACE, CONNECT"
        ]
    );
}

#[test]
fn a_handler_that_takes_names_and_all_is_served_through_a_function_beside_it() {
    let item = quote! {
        async fn send(#[named("eu")] mail: Inject<Mail>, Path(id): Path<i64>, all: Vec<Inject<dyn Mailer>>) -> impl IntoResponse {}
    };
    let expected = quote! {
        async fn send(mail: Inject<Mail>, Path(id): Path<i64>, all: Vec<Inject<dyn Mailer>>) -> impl IntoResponse {}
        const _: () = {
            struct __Name0;
            impl ::rustboot::__private::ComponentName for __Name0 {
                const NAME: &'static str = "eu";
            }
            async fn __handler(
                __a0: ::rustboot::__private::Injected<::rustboot::__private::ByName<__Name0, Inject<Mail>>>,
                __a1: Path<i64>,
                __a2: ::rustboot::__private::Injected<Vec<Inject<dyn Mailer>>>
            ) -> impl IntoResponse {
                send(__a0.0.0, __a1, __a2.0).await
            }
            fn __check() {
                ::rustboot::__private::assert_parts::<
                    ::rustboot::__private::Injected<::rustboot::__private::ByName<__Name0, Inject<Mail>>>
                >();
                ::rustboot::__private::assert_parts::<Path<i64>>();
                ::rustboot::__private::assert_request::<::rustboot::__private::Injected<Vec<Inject<dyn Mailer>>>, _>();
            }
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::described! {
                ::rustboot::__private::RouteDef::new(
                    ::rustboot::__private::http::Method::POST,
                    "/send",
                    || {
                        use ::rustboot::__private::{ReturnsOther as _, ViaAxum as _, WithBody as _};
                        (&::rustboot::__private::Pick::<(
                            ::rustboot::__private::Injected<::rustboot::__private::ByName<__Name0, Inject<Mail>>>,
                            Path<i64>,
                            ::rustboot::__private::Injected<Vec<Inject<dyn Mailer>>>,
                        )>::NEW).handler(__handler, ::rustboot::__private::AsAxumDoes)
                    },
                )
                .declared(
                    ::core::concat!(::core::module_path!(), "::send"),
                    ::rustboot::__private::Location::new(::core::file!(), ::core::line!())
                )
                .dependencies(
                    || {
                        use ::rustboot::__private::Otherwise as _;
                        [
                            ::rustboot::__private::Probe::<Inject<Mail>>::dependency_named("eu"),
                            ::rustboot::__private::Probe::<Path<i64>>::dependency(),
                            ::rustboot::__private::Probe::<Vec<Inject<dyn Mailer>>>::dependency()
                        ].into_iter().flatten().collect()
                    }
                ),
                    "", "", false,
                    [
                        ::rustboot::__private::Injected<::rustboot::__private::ByName<__Name0, Inject<Mail>>>,
                        Path<i64>,
                        ::rustboot::__private::Injected<Vec<Inject<dyn Mailer>>>
                    ],
                    []
                }
            }
        };
    };
    assert_same_code(expand(Some("POST"), quote!("/send"), item), expected);
}

#[test]
fn limits_and_roles_are_calls_on_the_definition() {
    let arguments = quote!(
        "/",
        timeout = "1m30s",
        body_limit = "1MiB",
        max_in_flight = 10,
        access_log = false,
        tag = "orders",
        security = "bearer",
        roles("admin", "support"),
    );
    let item = quote!(
        async fn item() -> impl IntoResponse {}
    );
    let expected = quote! {
        async fn item() -> impl IntoResponse {}
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::described! {
                ::rustboot::__private::RouteDef::new(
                    ::rustboot::__private::http::Method::GET,
                    "/",
                    || {
                        use ::rustboot::__private::{ReturnsOther as _, ViaAxum as _, WithBody as _};
                        (&::rustboot::__private::Pick::<()>::NEW).handler(item, ::rustboot::__private::AsAxumDoes)
                    },
                )
                .declared(
                    ::core::concat!(::core::module_path!(), "::item"),
                    ::rustboot::__private::Location::new(::core::file!(), ::core::line!())
                )
                .tag("orders")
                .settings(
                    ::rustboot::__private::RouteSettings::new()
                        .timeout(::core::time::Duration::from_millis(90000u64))
                        .body_limit(::rustboot::__private::ByteSize::bytes(1048576u64))
                        .max_in_flight(10)
                        .access_log(false)
                )
                .security(
                    ::rustboot::__private::RouteSecurity::new()
                        .scheme("bearer")
                        .roles(&["admin", "support"])
                ),
                    "", "", false, [], []
                }
            }
        };
    };
    assert_same_code(expand(Some("GET"), arguments, item), expected);
}

#[test]
fn the_mistakes_of_limits_and_roles_come_together() {
    let of = |arguments| mistakes_of(Some("GET"), arguments);
    assert_eq!(
        of(quote!(
            "/",
            timeout = "0s",
            body_limit = "2M",
            max_in_flight = 0,
            access_log = "no",
            tag = " ",
            roles("a", "a"),
        )),
        [
            "`tag` has at least one character: write `tag = \"orders\"`",
            "`timeout` has to be longer than nothing: write `timeout = \"2s\"`",
            "unknown unit `M`, did you mean `MiB`?",
            "there has to be room for one request: write `max_in_flight = 10`",
            "`access_log` is true or false: write `access_log = false`",
            "\"a\" is given twice",
        ]
    );
    assert_eq!(
        of(quote!("/", roles = "admin")),
        ["`roles` takes strings between parentheses: write `roles(\"admin\", \"support\")`"]
    );
    assert_eq!(
        of(quote!("/", permit_all = true)),
        ["`permit_all` takes no value: write `permit_all`"]
    );
    assert_eq!(
        of(quote!("/", permit_all, roles("admin"))),
        [
            "`permit_all` lets everybody call it, and `roles` and `security` do not: leave one of them out"
        ]
    );
    assert_eq!(of(quote!("/", public)), ["write `permit_all`"]);
}
