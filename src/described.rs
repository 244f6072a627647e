//! What the route attributes say of a handler for OpenAPI. Without the feature it is nothing; rustboot-macros cannot know which
//! features the facade has.

/// A route, with what its types say.
#[cfg(feature = "openapi")]
#[doc(hidden)]
#[macro_export]
macro_rules! __described {
    ($route:expr, $summary:literal, $description:literal, $deprecated:literal, [$($input:ty),*], [$($output:ty)?]) => {
        $route.described(|__operation| {
            #[allow(unused_imports, reason = "types that all answer for themselves need no other answer")]
            use $crate::__private::probe::{Otherwise as _, Probe};
            __operation.documented($summary, $description, $deprecated);
            $(
                let __probe = Probe::<$input>::new();
                __probe.describe_input(__operation, __probe.input().schema());
            )*
            $crate::__described!(@output __operation [$($output)?]);
        })
    };
    (@output $operation:ident []) => {
        $operation.answers_anything()
    };
    (@output $operation:ident [$output:ty]) => {
        let __probe = Probe::<$output>::new();
        __probe.describe_failure($operation, __probe.fails());
        let __success = __probe.success();
        __success.describe_output($operation, __success.output().schema());
    };
}

/// A route, without what its types say.
#[cfg(not(feature = "openapi"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __described {
    ($route:expr, $($described:tt)*) => {
        $route
    };
}
