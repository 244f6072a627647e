//! All signatures that `main` may have compile; none is run, since each would serve until it is stopped.

#![deny(warnings)]
#![allow(dead_code, reason = "no `main` of a module is called")]

mod empty {
    #[rustboot::app]
    async fn main() {}
}

mod fallible {
    use rustboot::prelude::*;

    #[rustboot::app(env_prefix = "SHOP")]
    async fn main() -> Result<()> {
        Ok(())
    }
}

mod configured {
    use rustboot::prelude::*;

    /// With documentation, a mutable pattern and another path to the framework.
    #[rustboot::app(crate = rustboot)]
    async fn main(mut _app: &mut AppBuilder) -> Result<()> {
        Ok(())
    }
}
