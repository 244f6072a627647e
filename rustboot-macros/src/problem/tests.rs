//! What `#[derive(Problem)]` expands to.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;
use crate::same_code::{assert_same_code, mistakes};

#[test]
fn an_enum_with_every_kind_of_variant() {
    let item = quote! {
        #[derive(Debug, Error, Problem)]
        #[problem(base = "https://shop.example/problems/")]
        enum BookingError {
            #[error("{room} is taken")]
            #[problem(status = 409, type = "room-taken")]
            RoomTaken {
                #[problem(member)]
                room: String,
                who: u32,
            },
            #[error("too many")]
            #[problem(status = 429, detail = "come back in {0} s", header = "Retry-After: {0}")]
            Busy(u64),
            #[error("down")]
            #[problem(status = 503, detail = "payments are not available")]
            Payments(#[source] io::Error),
            #[error(transparent)]
            #[problem(transparent)]
            Db(#[from] sqlx::Error),
            #[error("{0}")]
            #[problem(transparent)]
            Other(#[problem(from)] rustboot::Error),
        }
    };
    let expected = quote! {
        const _: () = {
            impl ::rustboot::__private::IntoError for BookingError {
                fn into_error(self) -> ::rustboot::__private::Error {
                    match self {
                        Self::Db { 0: __inner, .. } => ::core::convert::Into::<::rustboot::__private::Error>::into(__inner),
                        Self::Other { 0: __inner, .. } => ::core::convert::Into::<::rustboot::__private::Error>::into(__inner),
                        __this => {
                            let __error = match &__this {
                                Self::RoomTaken { room, .. } => ::rustboot::__private::Error::internal(::std::string::ToString::to_string(&__this))
                                    .with_status(409u16)
                                    .with_type("https://shop.example/problems/room-taken")
                                    .with_title("Room taken")
                                    .with_member("room", room),
                                Self::Busy { 0: __field_0, .. } => ::rustboot::__private::Error::internal(::std::format!("come back in {__field_0} s"))
                                    .with_status(429u16)
                                    .with_header("retry-after", ::std::format!("{__field_0}")),
                                Self::Payments { .. } => ::rustboot::__private::Error::internal("")
                                    .with_status(503u16)
                                    .with_public_detail("payments are not available"),
                                _ => ::rustboot::__private::Error::internal(""),
                            };
                            __error.with_source(__this)
                        }
                    }
                }
                const KINDS: &'static [::rustboot::__private::ProblemKind] = &[
                    ::rustboot::__private::ProblemKind::Of { status: 409u16, title: "Room taken", type_uri: "https://shop.example/problems/room-taken" },
                    ::rustboot::__private::ProblemKind::Of { status: 429u16, title: "", type_uri: "" },
                    ::rustboot::__private::ProblemKind::Of { status: 503u16, title: "", type_uri: "" },
                    ::rustboot::__private::ProblemKind::OfTheSource,
                    ::rustboot::__private::ProblemKind::OfTheSource
                ];
            }
            impl ::rustboot::__private::IntoResponse for BookingError {
                fn into_response(self) -> ::rustboot::__private::Response {
                    ::rustboot::__private::IntoResponse::into_response(::rustboot::__private::IntoError::into_error(self))
                }
            }
            impl ::core::convert::From<rustboot::Error> for BookingError {
                fn from(__inner: rustboot::Error) -> Self {
                    Self::Other { 0: __inner }
                }
            }
            ::rustboot::__private::inventory::submit! { ::rustboot::__private::ErrorDef::of::<BookingError>() }
        };
    };
    assert_same_code(expand(item), expected);
}

#[test]
fn a_struct_is_one_case() {
    let item = quote! {
        #[problem(status = 422, detail = "", title = "Not for sale", crate = boot)]
        struct NotForSale {
            #[problem(errors)]
            broken: Vec<FieldError>,
        }
    };
    let expected = quote! {
        const _: () = {
            impl boot::__private::IntoError for NotForSale {
                fn into_error(self) -> boot::__private::Error {
                    let __this = self;
                    let __error = match &__this {
                        Self { broken, .. } => boot::__private::Error::internal("")
                            .with_status(422u16)
                            .with_title("Not for sale")
                            .with_fields(::std::iter::Iterator::cloned(broken.iter())),
                    };
                    __error.with_source(__this)
                }
                const KINDS: &'static [boot::__private::ProblemKind] = &[
                    boot::__private::ProblemKind::Of { status: 422u16, title: "Not for sale", type_uri: "" }
                ];
            }
            impl boot::__private::IntoResponse for NotForSale {
                fn into_response(self) -> boot::__private::Response {
                    boot::__private::IntoResponse::into_response(boot::__private::IntoError::into_error(self))
                }
            }
            boot::__private::inventory::submit! { boot::__private::ErrorDef::of::<NotForSale>() }
        };
    };
    assert_same_code(expand(item), expected);
}

fn mistakes_of(item: TokenStream) -> Vec<String> {
    mistakes(expand(item))
}

#[test]
fn the_mistakes_of_all_variants_come_together() {
    let found = mistakes_of(quote! {
        #[problem(status = 400)]
        enum E {
            A,
            #[problem(title = "x")]
            B,
            #[problem(status = 200)]
            C,
            #[problem(status = "409")]
            D,
            #[problem(transparent, status = 409)]
            F(io::Error),
            #[problem(transparent)]
            G,
            #[problem(status = 500, detail = "{0}")]
            H(String),
            #[problem(status = 409, detail = "{name} {1}")]
            I(String),
            #[problem(status = 409, header = "Content-Type: text/plain", header = "Retry-After")]
            J,
            #[problem(status = 409)]
            K(#[problem(member)] u8, #[problem(member = "status")] u8),
            #[problem(status = 409)]
            L { #[problem(from)] a: u8, b: u8 },
            #[problem(status = 409, detail = "{x}")]
            M,
        }
    });
    let missing = "what does the client get? Write `#[problem(status = 409)]`, or `#[problem(transparent)]` when the error \
                   inside says it";
    assert_eq!(
        found,
        [
            "on an enum this goes on each variant; the enum itself takes `base` and `crate`",
            missing,
            missing,
            "200 is no status of an error: they are from 400 to 599",
            "`status` takes a number, without quotes: write `status = 409`",
            "with `transparent` the error inside says everything: leave `status` out",
            "`transparent` needs one error inside: a single field, or one that is marked `#[source]` or `#[from]`",
            "the client of a 5xx gets no values of it: write a text without `{…}`, and put values into `#[error(\"…\")]`, which \
             goes to the log",
            "a text shows fields; the fields are `{0}`",
            "a text shows fields; the fields are `{0}`",
            "`content-type` is set by the framework; an `ErrorBody` can change the body and its type",
            "`header` takes a name and a value: write `header = \"Retry-After: {seconds}\"`",
            "a field without a name needs one as a member: write `#[problem(member = \"balance\")]`",
            "a problem has a member `status` already: give this one another name, as in `#[problem(member = \"…\")]`",
            "`from` makes the error of one value: it has to be the only field",
            "a text shows fields, and there are none",
        ]
    );
}

#[test]
fn only_a_type_that_can_be_looked_up() {
    assert_eq!(
        mistakes_of(quote!(
            enum E<T> {
                A(T),
            }
        )),
        ["`#[derive(Problem)]` needs a type without parameters: `?` looks an error up by its type"]
    );
    assert_eq!(
        mistakes_of(quote!(
            union E {
                a: u8,
            }
        )),
        ["`#[derive(Problem)]` goes on an enum or a struct"]
    );
}
