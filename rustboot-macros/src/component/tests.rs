//! What `#[component]` expands to.

use quote::quote;

use super::expand;
use crate::same_code::{assert_same_code, mistakes};

#[test]
fn an_async_factory_that_can_fail() {
    let item = quote! {
        async fn catalog(db: Inject<Db>, Config(cfg): Config<Shop>) -> Result<Catalog> { body() }
    };
    let expected = quote! {
        async fn catalog(db: Inject<Db>, Config(cfg): Config<Shop>) -> Result<Catalog> { body() }
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::ComponentDef {
                    key: ::rustboot::__private::ComponentKey::of::<<Result<Catalog> as ::rustboot::__private::ResultOf>::Ok>,
                    location: ::rustboot::__private::Location::new(::core::file!(), ::core::line!()),
                    dependencies: || {
                        use ::rustboot::__private::Otherwise as _;
                        [
                            ::rustboot::__private::Probe::<Inject<Db>>::dependency(),
                            ::rustboot::__private::Probe::<Config<Shop>>::dependency()
                        ].into_iter().flatten().collect()
                    },
                    build: |__r| {
                        let __a0 = <Inject<Db> as ::rustboot::__private::Injectable>::inject(__r)?;
                        let __a1 = <Config<Shop> as ::rustboot::__private::Injectable>::inject(__r)?;
                        ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                            let __made: <Result<Catalog> as ::rustboot::__private::ResultOf>::Ok = catalog(__a0, __a1).await?;
                            ::core::result::Result::<_, ::rustboot::__private::Error>::Ok(
                                ::rustboot::__private::Instance::new::<<Result<Catalog> as ::rustboot::__private::ResultOf>::Ok>(__made)
                            )
                        }))
                    },
                }
            }
        };
    };
    assert_same_code(expand(quote!(), item), expected);
}

#[test]
fn a_plain_factory_with_a_name_under_another_root() {
    let item = quote!(
        pub fn clock() -> Clock {
            Clock
        }
    );
    let expected = quote! {
        pub fn clock() -> Clock { Clock }
        const _: () = {
            boot::__private::inventory::submit! {
                boot::__private::ComponentDef {
                    key: || boot::__private::ComponentKey::of::<Clock>().named("utc"),
                    location: boot::__private::Location::new(::core::file!(), ::core::line!()),
                    dependencies: ::std::vec::Vec::new,
                    build: |__r| {
                        ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                            let __made: Clock = clock();
                            ::core::result::Result::<_, boot::__private::Error>::Ok(
                                boot::__private::Instance::new::<Clock>(__made)
                            )
                        }))
                    },
                }
            }
        };
    };
    assert_same_code(expand(quote!(name = "utc", crate = boot), item), expected);
}

#[test]
fn the_mistakes_of_arguments_and_function_come_together() {
    let item = quote!(
        fn clock<T>() -> T {
            todo!()
        }
    );
    assert_eq!(
        mistakes(expand(quote!(nam = "x"), item)),
        [
            "unknown argument `nam`, did you mean `name`?",
            "`#[component]` needs a function without generic parameters: nobody would say what they are",
        ]
    );
}

#[test]
fn a_struct_is_told_to_be_made_by_a_function() {
    assert_eq!(
        mistakes(expand(
            quote!(),
            quote!(
                struct Catalog;
            )
        )),
        [
            "`#[component]` does not go here: put it on the function that makes the component: `fn catalog(…) -> Catalog`"
        ]
    );
}

#[test]
fn a_component_has_a_type() {
    assert_eq!(
        mistakes(expand(
            quote!(),
            quote!(
                fn nothing() {}
            )
        )),
        ["a component is what the function returns: write `-> T` or `-> Result<T>`"]
    );
    assert_eq!(
        mistakes(expand(
            quote!(),
            quote!(
                fn hidden() -> Result<impl Clock> {}
            )
        )),
        ["a component is found by its type: return a type that has a name, not `impl Trait`"]
    );
    assert_eq!(
        mistakes(expand(
            quote!(name = ""),
            quote!(
                fn clock() -> Clock {}
            )
        )),
        ["a name has to say something: without one, leave `name` out"]
    );
}

#[test]
fn a_component_that_can_be_taken_as_traits() {
    let item = quote!(
        fn smtp() -> Smtp {
            Smtp
        }
    );
    let expected = quote! {
        fn smtp() -> Smtp { Smtp }
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::ComponentDef {
                    key: || ::rustboot::__private::ComponentKey::of::<Smtp>().named("eu"),
                    location: ::rustboot::__private::Location::new(::core::file!(), ::core::line!()),
                    dependencies: ::std::vec::Vec::new,
                    build: |__r| {
                        ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                            let __made: Smtp = smtp();
                            ::core::result::Result::<_, ::rustboot::__private::Error>::Ok(
                                ::rustboot::__private::Instance::new::<Smtp>(__made)
                            )
                        }))
                    },
                }
            }
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::AliasDef {
                    key: || ::rustboot::__private::ComponentKey::of::<dyn Mailer>().named("eu"),
                    component: || ::rustboot::__private::ComponentKey::of::<Smtp>().named("eu"),
                    location: ::rustboot::__private::Location::new(::core::file!(), ::core::line!()),
                    cast: |__i| __i.get::<Smtp>().map(|__component|
                        ::rustboot::__private::Instance::shared::<dyn Mailer>(__component)
                    ),
                }
            }
        };
    };
    assert_same_code(expand(quote!(as = dyn Mailer, name = "eu"), item), expected);
}

#[test]
fn a_trait_is_given_as_a_trait_object_and_once() {
    let smtp = || {
        quote!(
            fn smtp() -> Smtp {}
        )
    };
    assert_eq!(
        mistakes(expand(quote!(as = Mailer, as = "dyn Mailer", as), smtp())),
        [
            "`as` takes a trait object: write `as = dyn Mailer`",
            "`as` takes a trait object, without quotes: write `as = dyn Mailer`",
            "`as` takes a value: write `as = dyn Mailer`",
        ]
    );
    assert_eq!(
        mistakes(expand(quote!(as = dyn A, as = dyn B, as = dyn A), smtp())),
        ["`as = dyn A` is given twice"]
    );
}
