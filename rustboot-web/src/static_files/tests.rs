use std::fs;
use std::io::{ErrorKind, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tower_http::services::fs::{Backend as _, File as _, Metadata as _};

use super::StaticFilesConfig;
use super::answer::{accepts_html, conditions, with_charset};
use super::files::check;
use super::inside::Inside;

fn folder() -> (TempDir, PathBuf, Inside) {
    let dir = tempfile::tempdir().unwrap();
    let public = dir.path().join("public");
    fs::create_dir_all(public.join("assets")).unwrap();
    fs::write(public.join("a.txt"), "0123456789").unwrap();
    let inside = Inside(Arc::from(public.as_path()));
    (dir, public, inside)
}

#[tokio::test]
async fn what_is_appended_to_an_open_file_is_not_read() {
    let (_dir, public, inside) = folder();
    let path = public.join("a.txt");
    let mut opened = inside.open(path.clone()).await.unwrap();
    assert_eq!(opened.metadata().await.unwrap().len(), 10);
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    file.write_all(b"and more").unwrap();
    let mut text = String::new();
    opened.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "0123456789");
    opened.seek(SeekFrom::Start(7)).await.unwrap();
    text.clear();
    opened.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "789");
}

#[tokio::test]
async fn a_name_that_cannot_be_is_not_there() {
    let (_dir, public, inside) = folder();
    for name in ["b.txt", "a.txt/b", "assets", "a\0", &"a".repeat(300)] {
        let error = inside.open(public.join(name)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name:?}");
    }
    assert!(
        inside
            .metadata(public.join("assets"))
            .await
            .unwrap()
            .is_dir()
    );
    // That is nobody's wrong name.
    fs::remove_dir_all(&public).unwrap();
    let error = inside.open(public.join("a.txt")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert!(error.to_string().contains("public"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn links_go_where_they_want_within_the_directory() {
    use std::os::unix::fs::symlink;
    let (dir, public, inside) = folder();
    fs::write(dir.path().join("secret"), "secret").unwrap();
    // As a ConfigMap is mounted.
    fs::create_dir(public.join("..2026")).unwrap();
    fs::write(public.join("..2026/page.html"), "page").unwrap();
    symlink("..2026", public.join("..data")).unwrap();
    symlink("..data/page.html", public.join("page.html")).unwrap();
    symlink("../secret", public.join("out")).unwrap();
    symlink(dir.path(), public.join("above")).unwrap();
    symlink("loop", public.join("loop")).unwrap();
    assert!(inside.open(public.join("page.html")).await.is_ok());
    for name in ["out", "above", "above/secret", "above/public/../secret"] {
        let error = inside.open(public.join(name)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
        let error = inside.metadata(public.join(name)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
    }
    assert!(inside.open(public.join("loop")).await.is_err());
    // The directory itself may be a link that goes somewhere else tomorrow.
    let current = dir.path().join("current");
    symlink("public", &current).unwrap();
    let inside = Inside(Arc::from(current.as_path()));
    assert!(inside.open(current.join("a.txt")).await.is_ok());
}

#[tokio::test]
async fn a_time_that_is_none_is_not_told() {
    let (_dir, public, inside) = folder();
    let path = public.join("a.txt");
    let file = fs::File::options().append(true).open(&path).unwrap();
    for (seconds, is_told) in [
        (0, false),
        (1, false),
        (315_532_800, false),
        (1_000_000_000, true),
    ] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        file.set_modified(time).unwrap();
        let known = inside.metadata(path.clone()).await.unwrap();
        assert_eq!(known.modified().ok(), is_told.then_some(time), "{seconds}");
    }
}

#[test]
fn what_is_configured_has_to_be_there() {
    let (dir, public, _) = folder();
    let base = dir.path();
    let fault = |fallback: Option<&str>, directory: &Path, base: &Path| {
        let config = StaticFilesConfig {
            fallback: fallback.map(str::to_owned),
            ..StaticFilesConfig::off()
        };
        check(&config, directory, base).err().map(|fault| fault.key)
    };
    assert_eq!(fault(None, &public, base), None);
    assert_eq!(fault(Some("a.txt"), &public, base), None);
    assert_eq!(fault(None, &base.join("none"), base), Some("directory"));
    assert_eq!(fault(None, &public.join("a.txt"), base), Some("directory"));
    assert_eq!(fault(None, base, base), Some("directory"));
    assert_eq!(fault(None, base, &public), Some("directory"));
    assert_eq!(fault(Some("none"), &public, base), Some("fallback"));
    assert_eq!(fault(Some("assets"), &public, base), Some("fallback"));
}

#[test]
fn a_page_is_asked_for_by_name() {
    let accepts = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        accepts_html(&headers)
    };
    assert!(accepts(&[
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    ]));
    assert!(accepts(&["application/json", "Text/HTML ; q=0.5"]));
    for other in [
        "*/*",
        "text/*",
        "application/json",
        "text/html;q=0",
        "text/html; q=0.000",
        "text/htmlx",
        "",
    ] {
        assert!(!accepts(&[other]), "{other}");
    }
    assert!(!accepts(&[]));
}

#[test]
fn text_has_a_character_set() {
    let with = |value: &'static str| with_charset(&HeaderValue::from_static(value));
    assert_eq!(with("text/html").unwrap(), "text/html; charset=utf-8");
    assert_eq!(
        with("application/javascript").unwrap(),
        "application/javascript; charset=utf-8"
    );
    for other in [
        "text/xml",
        "text/plain; charset=latin1",
        "image/png",
        "application/json",
    ] {
        assert_eq!(with(other), None, "{other}");
    }
}

#[test]
fn conditions_on_several_lines_are_one_list() {
    let mut headers = HeaderMap::new();
    for tag in ["\"a\"", "W/\"b\""] {
        headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(tag));
    }
    for name in [header::IF_MODIFIED_SINCE, header::RANGE, header::COOKIE] {
        headers.append(&name, HeaderValue::from_static("x"));
    }
    headers.append(header::IF_UNMODIFIED_SINCE, HeaderValue::from_static("x"));
    headers.append(header::IF_UNMODIFIED_SINCE, HeaderValue::from_static("y"));
    let conditions = conditions(&headers);
    assert_eq!(conditions.len(), 2);
    assert_eq!(conditions[header::IF_NONE_MATCH], "\"a\", W/\"b\"");
    assert_eq!(conditions[header::IF_MODIFIED_SINCE], "x");
}
