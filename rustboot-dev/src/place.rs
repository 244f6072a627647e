//! Where data is kept: `target/rustboot/APP`, beside what cargo builds, and gone with `cargo clean`.

use std::path::{Path, PathBuf};

/// What marks the folder that cargo builds into, whatever it is called.
const MARK: &str = "CACHEDIR.TAG";

/// The folder for the data of an application; `configured` starts from `base`.
pub(crate) fn folder(app: &str, base: &Path, configured: Option<&str>) -> PathBuf {
    if let Some(configured) = configured {
        return base.join(configured).join(app);
    }
    let program = std::env::current_exe().unwrap_or_default();
    let target = program
        .ancestors()
        .skip(1)
        .find(|folder| folder.join(MARK).is_file());
    target
        .map_or_else(|| base.join("target"), Path::to_owned)
        .join("rustboot")
        .join(app)
}

/// A path as a person in that folder would write it.
pub(crate) fn shown(path: &Path, base: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    [here.as_path(), base]
        .into_iter()
        .find_map(|folder| path.strip_prefix(folder).ok())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_where_cargo_builds() {
        let base = Path::new("/nowhere");
        let folder = folder("shop", base, None);
        assert!(folder.ends_with("rustboot/shop"), "{}", folder.display());
        let target = folder.ancestors().nth(2).expect("a folder");
        assert!(target.join(MARK).is_file(), "{}", folder.display());
        assert_eq!(
            super::folder("shop", base, Some("data")),
            Path::new("/nowhere/data/shop")
        );
    }

    #[test]
    fn a_path_is_shown_from_where_people_are() {
        let base = Path::new("/shop");
        assert_eq!(shown(Path::new("/shop/target/x"), base), "target/x");
        assert_eq!(shown(Path::new("/other/target/x"), base), "/other/target/x");
    }
}
