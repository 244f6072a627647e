//! What `#[routes]` and `route_group!` expand to.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, expand_inside};
use crate::same_code::{assert_same_code, mistakes};

fn mistakes_of(arguments: TokenStream) -> Vec<String> {
    mistakes(expand(
        arguments,
        quote!(
            mod orders {}
        ),
    ))
}

#[test]
fn a_module_stays_as_it_is_beside_its_group() {
    let item = quote! {
        /// Orders.
        pub(crate) mod orders {
            #[get("/")]
            async fn all() {}
        }
    };
    let arguments = quote!(
        prefix = "/api/v1",
        tag = "orders",
        timeout = "2s",
        roles("admin"),
        layers(timing(), audit(true)),
        crate = boot,
    );
    let expected = quote! {
        /// Orders.
        pub(crate) mod orders {
            #[get("/")]
            async fn all() {}
        }
        const _: () = {
            boot::__private::inventory::submit! {
                boot::__private::RouteGroup::new(::core::concat!(::core::module_path!(), "::orders"))
                    .declared(boot::__private::Location::new(::core::file!(), ::core::line!()))
                    .prefix("/api/v1")
                    .tag("orders")
                    .settings(boot::__private::RouteSettings::new().timeout(::core::time::Duration::from_millis(2000u64)))
                    .security(boot::__private::RouteSecurity::new().roles(&["admin"]))
                    .layers(|| ::std::vec![
                        boot::__private::RouteLayer::new(timing()),
                        boot::__private::RouteLayer::new(audit(true))
                    ])
            }
        };
    };
    assert_same_code(expand(arguments, item), expected);
}

#[test]
fn a_file_has_its_group_inside() {
    let expected = quote! {
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::RouteGroup::new(::core::module_path!())
                    .declared(::rustboot::__private::Location::new(::core::file!(), ::core::line!()))
                    .prefix("/orders")
            }
        };
    };
    assert_same_code(expand_inside(quote!(prefix = "/orders")), expected);
}

#[test]
fn a_prefix_is_the_beginning_of_a_path() {
    for (prefix, told) in [
        ("", "a prefix says something: leave it out"),
        ("/", "a prefix says something: leave it out"),
        ("api", "a path starts with `/`: write \"/api\""),
        (
            "/api/",
            "the paths of the routes begin with a slash: write \"/api\"",
        ),
        (
            "/files/{*rest}",
            "`{*…}` takes the rest of the path, and the paths of the routes have to follow",
        ),
        (
            "/{id}/{id}",
            "the parameter `id` is there twice: give each its own name",
        ),
    ] {
        assert_eq!(mistakes_of(quote!(prefix = #prefix)), [told], "{prefix}");
    }
}

#[test]
fn all_mistakes_are_reported_together() {
    let item = quote!(
        fn orders() {}
    );
    let mistakes = mistakes(expand(
        quote!(prefix = "api", timeout = "soon", layers()),
        item,
    ));
    assert_eq!(
        mistakes,
        [
            "a path starts with `/`: write \"/api\"",
            "`soon` is not a duration: write one such as `30s` or `1h30m`",
            "`layers` takes values between parentheses: write `layers(compression(), auth())`",
            "`#[routes]` does not go here: put it on the module that has the routes",
        ]
    );
}

#[test]
fn a_group_says_something_about_routes_that_can_be_seen() {
    assert_eq!(
        mistakes_of(quote!()),
        ["what do the routes have in common? Write `#[routes(prefix = \"/api/v1\")]`"]
    );
    assert_eq!(
        mistakes(expand_inside(quote!())),
        ["what do the routes have in common? Write `route_group!(prefix = \"/api/v1\")`"]
    );
    assert_eq!(
        mistakes(expand(
            quote!(prefix = "/orders"),
            quote!(
                pub mod orders;
            )
        )),
        [
            "the module is in a file of its own: write `rustboot::route_group!(…)` in that file, with the same arguments"
        ]
    );
}
