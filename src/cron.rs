//! What `#[scheduled(cron = "…")]` expands to. Without the feature it is an error that names it, where the user wrote the
//! expression; rustboot-macros cannot know which features the facade has.

/// The trigger of a cron expression in a time zone.
#[cfg(feature = "cron")]
#[doc(hidden)]
#[macro_export]
macro_rules! __cron_trigger {
    ($expression:literal, $zone:literal) => {
        $crate::__private::Trigger::Cron {
            expression: $expression,
            zone: $zone,
        }
    };
}

/// The trigger of a cron expression in a time zone.
#[cfg(not(feature = "cron"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __cron_trigger {
    ($expression:literal, $zone:literal) => {
        ::core::compile_error!(
            "`cron` needs the feature `cron` of rustboot: write `rustboot = { version = \"…\", features = [\"cron\"] }` in Cargo.toml"
        )
    };
}
