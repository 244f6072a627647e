//! Finding programs.

use super::*;

#[test]
fn the_highest_version_is_found_first() {
    let root = tempfile::tempdir().expect("a folder");
    for version in ["9.6", "15", "14", "notes"] {
        std::fs::create_dir_all(root.path().join("postgresql").join(version).join("bin"))
            .expect("a folder");
    }
    let pattern = format!("{}/postgresql/*/bin", root.path().display());
    let names: Vec<String> = versions(&pattern)
        .iter()
        .map(|path| {
            path.strip_prefix(root.path())
                .expect("below")
                .display()
                .to_string()
        })
        .collect();
    assert_eq!(
        names,
        [
            "postgresql/15/bin",
            "postgresql/14/bin",
            "postgresql/9.6/bin",
            "postgresql/notes/bin"
        ]
    );
    let joined = format!("{}/postgresql/1*/bin", root.path().display());
    assert_eq!(versions(&joined).len(), 2);
    assert!(versions("/nonexistent/*/bin").is_empty());
}

#[test]
fn what_is_missing_says_what_to_install() {
    let programs = Programs {
        server: "Oracle",
        names: &["oracle-that-nobody-has"],
        folders: &["/opt/oracle/*/bin"],
        install: "apt-get install oracle",
        variable: "ORACLE_URL",
    };
    let error = programs.find().expect_err("nobody has it");
    assert_eq!(
        error.to_string(),
        "Oracle is not installed: found no `oracle-that-nobody-has` in PATH, /opt/oracle/*/bin\n\
         help: apt-get install oracle\n\
         help: or set ORACLE_URL to the URL of one that runs"
    );
}
