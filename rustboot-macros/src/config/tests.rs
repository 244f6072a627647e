//! What `#[config]` expands to.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;
use crate::same_code::{assert_same_code, mistakes};

#[test]
fn a_section_with_all_kinds_of_fields() {
    let item = quote! {
        /// The shop.
        #[derive(Debug)]
        #[serde(rename_all = "kebab-case")]
        pub struct Shop {
            /// The currency
            /// of all prices.
            pub currency: String,
            #[config(default = "30s")]
            hold_time: Option<Duration>,
            #[config(default)]
            #[serde(rename = "zones")]
            delivery_zones: Vec<Zone>,
            #[serde(skip)]
            cache: Cache,
            #[cfg(feature = "more")]
            #[serde(flatten)]
            more: More,
        }
    };
    let expected = quote! {
        #[derive(::rustboot::__private::serde::Deserialize)]
        #[serde(crate = "::rustboot::__private::serde")]
        /// The shop.
        #[derive(Debug)]
        #[serde(rename_all = "kebab-case")]
        pub struct Shop {
            /// The currency
            /// of all prices.
            pub currency: String,
            hold_time: Option<Duration>,
            #[serde(rename = "zones")]
            #[serde(default)]
            delivery_zones: Vec<Zone>,
            #[serde(skip)]
            cache: Cache,
            #[cfg(feature = "more")]
            #[serde(rename = "$rustboot::flatten::more")]
            more: More,
        }
        const _: () = {
            impl ::rustboot::__private::Describe for Shop {
                fn fields() -> ::std::vec::Vec<::rustboot::__private::Field> {
                    use ::rustboot::__private::Otherwise as _;
                    let mut __fields = ::std::vec::Vec::new();
                    __fields.push(
                        ::rustboot::__private::Field::new("currency", "String", "The currency of all prices.")
                            .optional(::rustboot::__private::Probe::<String>::optional())
                            .secret(::rustboot::__private::Probe::<String>::secret())
                            .nested(::rustboot::__private::Probe::<String>::nested())
                            .shape(::rustboot::__private::Probe::<String>::shape()),
                    );
                    __fields.push(
                        ::rustboot::__private::Field::new("hold-time", "Option<Duration>", "")
                            .default_text("30s")
                            .optional(::rustboot::__private::Probe::<Option<Duration>>::optional())
                            .secret(::rustboot::__private::Probe::<Option<Duration>>::secret())
                            .nested(::rustboot::__private::Probe::<Option<Duration>>::nested())
                            .shape(::rustboot::__private::Probe::<Option<Duration>>::shape()),
                    );
                    __fields.push(
                        ::rustboot::__private::Field::new("zones", "Vec<Zone>", "")
                            .optional(true)
                            .secret(::rustboot::__private::Probe::<Vec<Zone>>::secret())
                            .nested(::rustboot::__private::Probe::<Vec<Zone>>::nested())
                            .shape(::rustboot::__private::Probe::<Vec<Zone>>::shape()),
                    );
                    #[cfg(feature = "more")]
                    __fields.extend(
                        ::rustboot::__private::Probe::<More>::nested().map(|__nested| __nested()).into_iter().flatten()
                    );
                    __fields
                }
            }
            impl ::rustboot::__private::Properties for Shop {
                const PREFIX: &'static str = "shop";
                const NAME: &'static str = "Shop";
                const LOCATION: ::rustboot::__private::Location =
                    ::rustboot::__private::Location::new(::core::file!(), ::core::line!());
            }
            ::rustboot::__private::inventory::submit! { ::rustboot::__private::ConfigDef::of::<Shop>() }
        };
    };
    assert_same_code(expand(quote!(prefix = "shop"), item), expected);
}

#[test]
fn a_part_without_a_prefix_only_describes_itself() {
    let expected = quote! {
        #[derive(boot::__private::serde::Deserialize)]
        #[serde(crate = "boot::__private::serde")]
        struct Empty {}
        const _: () = {
            impl boot::__private::Describe for Empty {
                fn fields() -> ::std::vec::Vec<boot::__private::Field> {
                    use boot::__private::Otherwise as _;
                    let mut __fields = ::std::vec::Vec::new();
                    __fields
                }
            }
        };
    };
    assert_same_code(
        expand(
            quote!(crate = boot),
            quote!(
                struct Empty {}
            ),
        ),
        expected,
    );
}

#[test]
fn all_mistakes_of_a_struct_are_reported_and_it_stays_usable() {
    let item = quote! {
        #[derive(Debug, serde::Deserialize)]
        struct Shop {
            #[config(default = Duration::from_secs(1))] a: Duration,
            #[config(range(min = 1, max = 10))] b: u8,
            #[config(defualt = 1)] c: u8,
            #[config] d: u8,
            #[config(default(1))] e: u8,
        }
    };
    let expansion = expand(quote!(prefix = "Shop"), item);
    let text = expansion.to_string();
    assert!(
        text.contains("Describe for Shop") && !text.contains("# [config"),
        "{text}"
    );
    assert_eq!(
        mistakes(expansion),
        [
            "a prefix is lower case words with dots between them, did you mean \"shop\"?",
            "a default is a literal, such as `\"30s\"`, `8080` or `[\"a\", \"b\"]`; write `#[config(default)]` for the `Default` of the type",
            "unknown argument `range`; `#[config]` knows `default`",
            "unknown argument `defualt`, did you mean `default`?",
            "on a field, write `#[config(default = …)]` or `#[config(default)]`",
            "write `default = \"…\"`, or `default` alone for the `Default` of the type",
            "`#[config]` derives `Deserialize` itself: remove this one",
        ]
    );
}

#[test]
fn other_items_are_told_what_to_be() {
    let mistake = |item: TokenStream| mistakes(expand(quote!(prefix = "shop"), item)).remove(0);
    let wanted = "`#[config]` goes on a struct with named fields";
    assert_eq!(
        mistake(quote!(
            enum Mode {
                A,
            }
        )),
        format!("{wanted}; an enum derives serde's `Deserialize` and is the type of a field")
    );
    assert_eq!(
        mistake(quote!(
            fn shop() {}
        )),
        wanted
    );
    assert_eq!(
        mistake(quote!(
            struct Shop(u8);
        )),
        format!("{wanted}: their names are the keys")
    );
    assert_eq!(
        mistake(quote!(
            struct Shop;
        )),
        format!("{wanted}: write `struct Shop {{ … }}`")
    );
    assert_eq!(
        mistake(quote!(
            struct Shop<T> {
                a: T,
            }
        )),
        "a section of the configuration has one type: write a struct without parameters"
    );
}

#[test]
fn a_struct_that_is_refused_keeps_none_of_our_attributes() {
    let expansion = expand(
        quote!(),
        quote!(
            struct Shop<T> {
                #[config(default = 1)]
                a: T,
            }
        ),
    );
    assert!(!expansion.to_string().contains("# [config"));
}

#[test]
fn a_wrong_prefix_is_still_a_section() {
    let text = expand(
        quote!(prefix = "Shop"),
        quote!(
            struct Shop {
                a: u8,
            }
        ),
    )
    .to_string();
    assert!(text.contains("Properties for Shop"), "{text}");
}
