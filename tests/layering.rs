//! The rules of the house that a compiler does not check: who may depend on whom, what a source file looks like, and that
//! every crate has the workspace's lints. Each test reports everything that it finds, and what to do about it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What a crate may depend on.
struct Rule {
    name: &'static str,
    /// Crates of ours. Anything else of ours is an arrow that the design does not have.
    ours: &'static [&'static str],
    outsiders: Outsiders,
    /// Outsiders that are allowed behind a feature, whatever `outsiders` says.
    optional: &'static [&'static str],
}

/// Crates that are not ours; a `*` at the end stands for any rest of a name.
enum Outsiders {
    /// Any, without these.
    Without(&'static [&'static str]),
    /// These, and no others.
    Only(&'static [&'static str]),
}

/// The picture at the top of `docs/ARCHITECTURE.md`: `web → core, observe`; `data → core, observe`; `observe → core`; the facade knows everybody, and
/// core and the macros know nobody. Siblings that need each other ask core for a trait.
const RULES: [Rule; 10] = [
    Rule {
        name: "rustboot-core",
        ours: &[],
        outsiders: Outsiders::Without(&[
            "axum*",
            "deadpool*",
            "http*",
            "hyper*",
            "matchit",
            "metrics-exporter-*",
            "opentelemetry*",
            "redis*",
            "sqlx*",
            "tower*",
            "tracing-subscriber",
        ]),
        // axum's traits for the types of core: the orphan rule wants them there.
        optional: &["axum-core", "http"],
    },
    Rule {
        name: "rustboot-web",
        ours: &["rustboot-core", "rustboot-observe"],
        outsiders: Outsiders::Without(&[
            "deadpool*",
            "metrics-exporter-*",
            "opentelemetry*",
            "redis*",
            "sqlx*",
            "tracing-subscriber",
        ]),
        optional: &[],
    },
    Rule {
        name: "rustboot-data",
        ours: &["rustboot-core", "rustboot-observe"],
        outsiders: Outsiders::Without(&[
            "axum*",
            "http*",
            "hyper*",
            "matchit",
            "metrics-exporter-*",
            "opentelemetry*",
            "tower*",
            "tracing-subscriber",
        ]),
        // The databases as extractors.
        optional: &["axum-core", "http"],
    },
    Rule {
        name: "rustboot-observe",
        ours: &["rustboot-core"],
        outsiders: Outsiders::Without(&[
            "axum*",
            "deadpool*",
            "matchit",
            "redis*",
            "sqlx*",
            "tower*",
        ]),
        optional: &[],
    },
    Rule {
        name: "rustboot-vault",
        ours: &["rustboot-core"],
        outsiders: Outsiders::Without(&["axum*", "deadpool*", "matchit", "redis*", "sqlx*"]),
        optional: &[],
    },
    // Outsiders of a server: it hands out URLs, and knows no client.
    Rule {
        name: "rustboot-servers",
        ours: &[],
        outsiders: Outsiders::Only(&["fastrand", "rustix", "thiserror"]),
        optional: &[],
    },
    // It starts programs, and knows no client of them.
    Rule {
        name: "rustboot-dev",
        ours: &["rustboot-core", "rustboot-servers"],
        outsiders: Outsiders::Only(&["serde", "tokio"]),
        optional: &[],
    },
    // It stands beside the facade, on top of everything: what it tests is the whole.
    Rule {
        name: "rustboot-test",
        ours: &[
            "rustboot-core",
            "rustboot-data",
            "rustboot-observe",
            "rustboot-servers",
        ],
        outsiders: Outsiders::Without(&["axum*", "deadpool*", "matchit", "tower*"]),
        optional: &[],
    },
    Rule {
        name: "rustboot-macros",
        ours: &[],
        outsiders: Outsiders::Only(&["proc-macro2", "quote", "syn"]),
        optional: &[],
    },
    Rule {
        name: "rustboot",
        ours: &[
            "rustboot-core",
            "rustboot-data",
            "rustboot-dev",
            "rustboot-macros",
            "rustboot-observe",
            "rustboot-servers",
            "rustboot-test",
            "rustboot-vault",
            "rustboot-web",
        ],
        // It re-exports and lists modules; what these are for is done one crate further down.
        outsiders: Outsiders::Without(&["figment", "hyper*", "matchit", "tower*"]),
        optional: &[],
    },
];

/// The longest source file, tests not counted.
const LINES: usize = 400;

/// Files that may be longer: the path from the root, and why it would not get better in two.
const LONGER: [(&str, &str); 0] = [];

/// Names that say nothing about what is inside.
const DRAWERS: [&str; 8] = [
    "common", "helper", "helpers", "misc", "type", "types", "util", "utils",
];

#[test]
fn arrows() {
    let packages = packages();
    let mut problems = Vec::new();
    for package in framework(&packages) {
        let name = text(package, "name");
        match RULES.iter().find(|rule| rule.name == name) {
            Some(rule) => problems.extend(broken(rule, package)),
            None => problems.push(format!(
                "{name} is new: add a row for it to RULES of tests/layering.rs, and a line to docs/ARCHITECTURE.md"
            )),
        }
    }
    for rule in &RULES {
        if !packages
            .iter()
            .any(|package| text(package, "name") == rule.name)
        {
            problems.push(format!(
                "there is no {}: remove its row from RULES",
                rule.name
            ));
        }
    }
    report("dependencies that the layers do not allow", &problems);
}

#[test]
fn sources() {
    let packages = packages();
    let mut problems = Vec::new();
    let mut long = Vec::new();
    for package in framework(&packages) {
        for file in sources_of(package) {
            let path = from_root(&file);
            let source = fs::read_to_string(&file).expect("a source file is readable");
            if !source.starts_with("//!") {
                problems.push(format!(
                    "{path}: starts without a `//!` header; say in a sentence what the file is for"
                ));
            }
            problems.extend(
                named_like_a_drawer(&file).map(|name| {
                    format!("{path}: `{name}` says nothing; name it after what it does")
                }),
            );
            let lines = source.lines().count();
            if lines > LINES {
                long.push(path.clone());
            }
            if lines > LINES && !LONGER.iter().any(|(longer, _)| *longer == path) {
                problems.push(format!(
                    "{path}: {lines} lines, and {LINES} is the limit; split it by idea, or add it to LONGER with a reason"
                ));
            }
        }
    }
    for (path, _) in LONGER {
        if !long.iter().any(|file| file == path) {
            problems.push(format!(
                "{path}: is not longer than {LINES} lines; remove it from LONGER"
            ));
        }
    }
    report("source files that do not follow the house style", &problems);
}

#[test]
fn lints() {
    let problems: Vec<String> = packages()
        .iter()
        .map(|package| PathBuf::from(text(package, "manifest_path")))
        .filter(|manifest| {
            !inherits_lints(&fs::read_to_string(manifest).expect("a manifest is readable"))
        })
        .map(|manifest| {
            format!(
                "{}: add `[lints]` with `workspace = true`",
                from_root(&manifest)
            )
        })
        .collect();
    report("crates without the workspace's lints", &problems);
}

#[test]
fn a_rule_finds_what_it_forbids() {
    let package = serde_json::json!({ "dependencies": [
        { "name": "rustboot-core", "kind": null, "optional": false },
        { "name": "rustboot-web", "kind": null, "optional": false },
        { "name": "rustboot-web", "kind": "dev", "optional": false },
        { "name": "axum-core", "kind": null, "optional": true },
        { "name": "axum", "kind": null, "optional": true },
        { "name": "http", "kind": "build", "optional": false },
        { "name": "serde", "kind": null, "optional": false },
    ] });
    let [_, _, data, ..] = &RULES;
    assert_eq!(
        broken(data, &package),
        [
            "rustboot-data → rustboot-web: it may use rustboot-core, rustboot-observe of ours; what siblings tell each other goes through rustboot-core",
            "rustboot-data → axum: not in this layer",
            "rustboot-data → http: only behind a feature here; make it optional",
        ]
    );
}

/// The arrows of a package that its rule does not have.
fn broken(rule: &Rule, package: &Value) -> Vec<String> {
    array(package, "dependencies")
        .iter()
        .filter(|dependency| dependency["kind"] != "dev")
        .filter_map(|dependency| {
            let wrong = objection(
                rule,
                text(dependency, "name"),
                dependency["optional"] == true,
            )?;
            Some(format!(
                "{} → {}: {wrong}",
                rule.name,
                text(dependency, "name")
            ))
        })
        .collect()
}

/// What is wrong with a dependency, if anything is.
fn objection(rule: &Rule, name: &str, is_optional: bool) -> Option<String> {
    if is_ours(name) {
        return (!rule.ours.contains(&name)).then(|| match rule.ours {
            [] => "it may use no crate of ours".to_owned(),
            ours => format!(
                "it may use {} of ours; what siblings tell each other goes through rustboot-core",
                ours.join(", ")
            ),
        });
    }
    if rule.optional.contains(&name) {
        return (!is_optional).then(|| "only behind a feature here; make it optional".to_owned());
    }
    match rule.outsiders {
        Outsiders::Without(forbidden) => forbidden
            .iter()
            .any(|pattern| matches(pattern, name))
            .then(|| "not in this layer".to_owned()),
        Outsiders::Only(allowed) => (!allowed.iter().any(|pattern| matches(pattern, name)))
            .then(|| format!("it may use {} only", allowed.join(", "))),
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn is_ours(name: &str) -> bool {
    name == "rustboot" || name.starts_with("rustboot-")
}

/// The file or a folder of a path below `src` that is named like a drawer.
fn named_like_a_drawer(file: &Path) -> impl Iterator<Item = &str> {
    let names = file.iter().filter_map(|part| part.to_str());
    let below_src = names.rev().take_while(|name| *name != "src");
    below_src
        .map(|name| name.strip_suffix(".rs").unwrap_or(name))
        .filter(|name| DRAWERS.contains(name))
}

/// The source files of a package: below `src`, and the build script. Tests have their own shape: `tests.rs`, and whatever
/// is below a `tests` folder.
fn sources_of(package: &Value) -> Vec<PathBuf> {
    let manifest = PathBuf::from(text(package, "manifest_path"));
    let folder = manifest.parent().expect("a manifest is in a folder");
    let mut files = Vec::new();
    collect(&folder.join("src"), &mut files);
    files.extend(Some(folder.join("build.rs")).filter(|file| file.is_file()));
    files.sort();
    assert!(
        !files.is_empty(),
        "{} has no source files",
        folder.display()
    );
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder is readable") {
        let path = entry.expect("a source folder is readable").path();
        if path.is_dir() && !path.ends_with("tests") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            files.push(path);
        }
    }
}

/// `[lints]` with `workspace = true` as its first line, or `lints.workspace = true`.
fn inherits_lints(manifest: &str) -> bool {
    let mut lines = manifest
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    while let Some(line) = lines.next() {
        if line == "lints.workspace = true" {
            return true;
        }
        if line == "[lints]" {
            return lines.next() == Some("workspace = true");
        }
    }
    false
}

/// All members of the workspace, as cargo sees them.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    array(&metadata, "packages").clone()
}

/// The crates that are the framework: those that are published. The others are examples, benchmarks and tests of it.
fn framework(packages: &[Value]) -> impl Iterator<Item = &Value> {
    packages.iter().filter(|package| {
        let has_rule = RULES.iter().any(|rule| rule.name == text(package, "name"));
        has_rule || package["publish"].is_null()
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn from_root(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a text in cargo's metadata")
}

fn array<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().expect("a list in cargo's metadata")
}

fn report(what: &str, problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{what}:\n  {}\n",
        problems.join("\n  ")
    );
}
