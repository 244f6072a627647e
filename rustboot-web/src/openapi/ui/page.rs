//! The page, and what it may load.

use http::Uri;

/// Swagger UI's, in the addresses of its files: under one address they never change.
const VERSION: &str = include_str!("../../../assets/swagger-ui/VERSION").trim_ascii();

/// The page. It has no script of its own, so that the policy need not allow any.
pub(super) fn page(title: &str) -> String {
    let title = escaped(title);
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" sizes="32x32" href="docs/favicon-32x32.png?{VERSION}">
<link rel="stylesheet" href="docs/swagger-ui.css?{VERSION}">
<link rel="stylesheet" href="docs/docs.css">
<script src="docs/swagger-ui-bundle.js?{VERSION}" defer></script>
<script src="docs/docs.js" defer></script>
</head>
<body>
<div id="swagger-ui"></div>
<noscript>The document itself is at <a href="openapi.json">openapi.json</a>.</noscript>
<footer class="licenses"><a href="docs/licenses.txt">Swagger UI {VERSION}, and its licences</a></footer>
</body>
</html>
"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Scripts, styles and requests of this origin, and requests to the servers that the document names. Swagger UI has images in its style
/// sheet and styles on its elements; what it can execute is in files only.
pub(super) fn policy(servers: &[String]) -> String {
    let mut origins = String::new();
    for server in servers {
        if let Some(origin) = origin(server) {
            origins.push(' ');
            origins.push_str(&origin);
        }
    }
    format!(
        "default-src 'none'; base-uri 'none'; connect-src 'self'{origins}; form-action 'none'; frame-ancestors 'none'; \
         img-src 'self' data:; script-src 'self'; style-src 'self'"
    )
}

/// Of a server that is named with its host.
fn origin(server: &str) -> Option<String> {
    let uri: Uri = server.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_text() {
        let page = page("<script>alert(1)</script> & co");
        assert!(page.contains("<title>&lt;script&gt;alert(1)&lt;/script&gt; &amp; co</title>"));
    }

    #[test]
    fn addresses_are_relative() {
        let page = page("x");
        let addresses = page
            .split(['"'])
            .skip(1)
            .step_by(2)
            .filter(|value| value.contains('.'))
            .filter(|value| !value.contains('='))
            .collect::<Vec<_>>();
        assert!(addresses.len() >= 6, "{addresses:?}");
        for address in addresses {
            assert!(
                !address.starts_with('/') && !address.contains("://"),
                "{address}"
            );
        }
    }

    #[test]
    fn requests_may_go_to_the_servers_of_the_document() {
        let servers = ["/v1", "https://api.example/v1"].map(str::to_owned);
        let policy = policy(&servers);
        assert!(
            policy.contains("connect-src 'self' https://api.example;"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
