//! The applications that are compared.

use std::fmt;

use crate::endpoint::Endpoint;

/// One application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// An axum router without a single layer, on `axum::serve`: the yardstick.
    Axum,
    /// Attribute routes of Rustboot, everything on, access log included.
    Rustboot,
    /// The same with 5,000 routes more, which must cost the four nothing.
    Crowded,
    /// The axum router of [`Variant::Axum`], mounted behind the pipeline of Rustboot.
    Mounted,
}

impl Variant {
    /// All of them, the yardstick first.
    pub const ALL: [Self; 4] = [Self::Axum, Self::Rustboot, Self::Crowded, Self::Mounted];

    /// The name in tables, budgets and arguments.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Rustboot => "rustboot",
            Self::Crowded => "crowded",
            Self::Mounted => "mounted",
        }
    }

    /// What it answers.
    pub const fn endpoints(self) -> &'static [Endpoint] {
        match self {
            Self::Axum | Self::Rustboot => &Endpoint::ALL,
            Self::Crowded | Self::Mounted => &Endpoint::WITHOUT_DATABASE,
        }
    }

    /// The variant of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.name() == name)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
