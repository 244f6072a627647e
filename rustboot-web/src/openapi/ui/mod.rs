//! Swagger UI at `/docs`, out of the binary: a browser loads nothing from anywhere else, and may not (Content-Security-Policy).
//!
//! What is served lies in the program as it is sent, compressed. Half a megabyte is no reason for a feature of its own: it is
//! read from disk when somebody opens the page, and not before. `scripts/vendor-swagger-ui` renews it; its licence is served beside it.
//!
//! | path | what |
//! |---|---|
//! | `/docs` | the page |
//! | `/docs/` | sends to it: the page's addresses are relative to `/docs`, whatever prefix a proxy has put in front |
//! | `/docs/…` | its files |

mod asset;
mod page;

use rustboot_core::AppBuilder;
use rustboot_core::management::{Endpoint, Exposure, Reply, ReplyBody};

use self::asset::Asset;
use super::OpenApiConfig;
use crate::negotiation::Coding;
use crate::route::table::Table;

const PATH: &str = "/docs";
const WITH_SLASH: &str = "/docs/";

/// Where the page's files are, with what they are.
const FILES: [(&str, Asset); 6] = [
    (
        "/docs/swagger-ui-bundle.js",
        Asset {
            content_type: "text/javascript; charset=utf-8",
            coding: Coding::Gzip,
            body: include_bytes!("../../../assets/swagger-ui/swagger-ui-bundle.js.gz"),
            is_versioned: true,
        },
    ),
    (
        "/docs/swagger-ui.css",
        Asset {
            content_type: "text/css; charset=utf-8",
            coding: Coding::Gzip,
            body: include_bytes!("../../../assets/swagger-ui/swagger-ui.css.gz"),
            is_versioned: true,
        },
    ),
    (
        "/docs/favicon-32x32.png",
        Asset {
            content_type: "image/png",
            coding: Coding::Identity,
            body: include_bytes!("../../../assets/swagger-ui/favicon-32x32.png"),
            is_versioned: true,
        },
    ),
    (
        "/docs/docs.js",
        Asset {
            content_type: "text/javascript; charset=utf-8",
            coding: Coding::Identity,
            body: include_bytes!("docs.js"),
            is_versioned: false,
        },
    ),
    (
        "/docs/docs.css",
        Asset {
            content_type: "text/css; charset=utf-8",
            coding: Coding::Identity,
            body: include_bytes!("docs.css"),
            is_versioned: false,
        },
    ),
    (
        "/docs/licenses.txt",
        Asset {
            content_type: "text/plain; charset=utf-8",
            coding: Coding::Identity,
            body: LICENSES.as_bytes(),
            is_versioned: false,
        },
    ),
];

/// Apache-2.0, section 4: whoever gets Swagger UI gets its licence and its notice. Also those of what is bundled with it.
const LICENSES: &str = concat!(
    include_str!("../../../assets/swagger-ui/NOTICE"),
    "\n",
    include_str!("../../../assets/swagger-ui/LICENSE"),
    "\n",
    include_str!("../../../assets/swagger-ui/swagger-ui-bundle.js.LICENSE.txt"),
);

/// Serves the page and its files. A route of the application on one of the paths is a problem.
pub(super) fn register(app: &mut AppBuilder, config: &OpenApiConfig, title: &str, table: &Table) {
    let paths = FILES
        .iter()
        .map(|(path, _)| *path)
        .chain([PATH, WITH_SLASH]);
    for path in paths {
        for route in table.routes.iter().filter(|route| route.path == path) {
            app.problem(
                route
                    .problem("the path is that of Swagger UI")
                    .note("help: choose another path, or set openapi.ui to false"),
            );
        }
    }
    let page = page::page(title);
    let policy = page::policy(&config.servers);
    let etag = asset::etag(page.as_bytes(), Coding::Identity);
    app.endpoint(
        Endpoint::new(PATH, Exposure::Application, move |call| {
            let reply = match asset::is_known(&call, &etag) {
                true => asset::not_modified(),
                false => Reply::Body(ReplyBody {
                    status: 200,
                    content_type: "text/html; charset=utf-8",
                    headers: Vec::new(),
                    body: page.clone().into_bytes().into(),
                }),
            };
            let reply = reply
                .with_header("etag", etag.clone())
                .with_header("cache-control", "no-cache")
                .with_header("content-security-policy", policy.clone());
            async move { reply }
        })
        .reading(asset::READS),
    );
    app.endpoint(Endpoint::new(WITH_SLASH, Exposure::Application, |_| {
        let reply = Reply::Body(ReplyBody {
            status: 308,
            content_type: "",
            headers: vec![("location", "../docs".to_owned())],
            body: (&[][..]).into(),
        });
        async move { reply }
    }));
    for (path, asset) in FILES {
        let etag = asset::etag(asset.body, asset.coding);
        app.endpoint(
            Endpoint::new(path, Exposure::Application, move |call| {
                let reply = asset.reply(&call, &etag);
                async move { reply }
            })
            .reading(asset::READS),
        );
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    /// What lies there is what the script has put there: nobody has edited a file, and no tool has changed line ends.
    #[test]
    fn the_files_of_swagger_ui_are_unchanged() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/swagger-ui");
        let sums = include_str!("../../../assets/swagger-ui/SHA256SUMS");
        let mut listed = vec!["SHA256SUMS".to_owned()];
        for line in sums.lines() {
            let (sum, name) = line.split_once("  ").unwrap();
            let file = std::fs::read(format!("{folder}/{name}")).unwrap();
            let found: String = Sha256::digest(&file)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(found, sum, "{name}");
            listed.push(name.to_owned());
        }
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        listed.sort();
        assert_eq!(there, listed);
    }
}
